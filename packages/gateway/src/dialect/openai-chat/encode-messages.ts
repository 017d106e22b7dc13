/** Canonical messages -> OpenAI chat messages. */
import type { CacheControl, CanonicalMessage, CanonicalPart, CanonicalRequest } from '@bud-foundry/core'
import { toDataUrl } from '../data-url.ts'
import type { DropPolicy } from '../drop-policy.ts'
import type { OpenaiQuirks } from './quirks.ts'

type Json = Record<string, unknown>
type Part<Kind extends CanonicalPart['kind']> = Extract<CanonicalPart, { kind: Kind }>

interface Encoding {
  readonly quirks: OpenaiQuirks
  readonly policy: DropPolicy
}

const dialect = 'openai-chat'

/** The mark of a cache boundary, where the upstream knows one. */
function cacheMark(cacheControl: CacheControl | undefined, field: string, { quirks, policy }: Encoding): Json {
  if (cacheControl === undefined) return {}
  if (quirks.cacheControl === 'cache_control') return { cache_control: cacheControl }
  if (quirks.cacheControl === 'prompt_cache_breakpoint') return { prompt_cache_breakpoint: { mode: 'explicit' } }
  policy.harmless(`${field}.cache_control`, 'the upstream caches prompts on its own')
  return {}
}

function encodeImage(part: Part<'image'>, field: string, encoding: Encoding): Json | undefined {
  if (!encoding.quirks.images) return encoding.policy.impossible(field, 'it takes no images')
  const { source } = part
  if (source.kind === 'file-id' || source.kind === 'text') return encoding.policy.impossible(field, 'an image is a URL or base64 there')
  const url = source.kind === 'url' ? source.url : toDataUrl(source.mediaType, source.data)
  return {
    type: 'image_url',
    image_url: { url, ...(part.detail === undefined ? {} : { detail: part.detail }) },
    ...cacheMark(part.cacheControl, field, encoding),
  }
}

function encodeFile(part: Part<'file'>, field: string, encoding: Encoding): Json {
  const { source } = part
  const mark = cacheMark(part.cacheControl, field, encoding)
  if (source.kind === 'text') {
    const text =
      part.filename === undefined ? source.text : `<document title=${JSON.stringify(part.filename)}>\n${source.text}\n</document>`
    return { type: 'text', text, ...mark }
  }
  if (!encoding.quirks.files) return encoding.policy.impossible(field, 'it takes no documents')
  if (source.kind === 'url') return encoding.policy.impossible(field, 'it fetches no documents from URLs; send the bytes')
  if (source.kind === 'file-id') return { type: 'file', file: { file_id: source.fileId }, ...mark }
  // OpenAI asks for a name beside the data.
  const filename = part.filename ?? 'document.pdf'
  return { type: 'file', file: { filename, file_data: toDataUrl(source.mediaType, source.data) }, ...mark }
}

function encodePart(part: CanonicalPart, field: string, encoding: Encoding): Json | undefined {
  switch (part.kind) {
    case 'text':
      return { type: 'text', text: part.text, ...cacheMark(part.cacheControl, field, encoding) }
    case 'image':
      return encodeImage(part, field, encoding)
    case 'file':
      return encodeFile(part, field, encoding)
    case 'audio':
      return { type: 'input_audio', input_audio: { data: part.data, format: part.format } }
    case 'refusal':
      return { type: 'refusal', refusal: part.text }
    case 'other':
      if (part.dialect === dialect) return { ...part.value }
      encoding.policy.material(field, `a block of type '${part.type}' has no counterpart there`)
      return undefined
    case 'thinking':
    case 'redacted-thinking':
    case 'tool-call':
    case 'tool-result':
      return encoding.policy.impossible(field, `a block of type '${part.kind}' cannot stand in this message`)
  }
}

/** A text alone becomes a string, which every imitator of OpenAI understands. */
function encodeContent(parts: readonly CanonicalPart[], field: string, encoding: Encoding): string | Json[] {
  const [first] = parts
  if (parts.length === 0) return ''
  if (parts.length === 1 && first?.kind === 'text') {
    const mark = cacheMark(first.cacheControl, `${field}.0`, encoding)
    return Object.keys(mark).length === 0 ? first.text : [{ type: 'text', text: first.text, ...mark }]
  }
  return parts.map((part, index) => encodePart(part, `${field}.${String(index)}`, encoding)).filter((part) => part !== undefined)
}

/** Ids of nine letters and digits from any id, always the same for the same one. */
export function toolCallId(id: string, quirks: OpenaiQuirks): string {
  if (quirks.toolCallIds === 'any' || /^[a-zA-Z0-9]{9}$/.test(id)) return id
  // FNV-1a over 64 bits (RFC 9923): ids need to differ, not to be secret.
  let hash = 0xcbf29ce484222325n
  for (const byte of Buffer.from(id)) hash = BigInt.asUintN(64, (hash ^ BigInt(byte)) * 0x100000001b3n)
  return hash.toString(36).padStart(9, '0').slice(-9)
}

function encodeThinking(parts: readonly CanonicalPart[], field: string, { quirks, policy }: Encoding): Json {
  const thinking = parts.filter((part) => part.kind === 'thinking')
  if (parts.some((part) => part.kind === 'redacted-thinking'))
    policy.harmless(field, 'redacted thinking means something to its author only')
  if (thinking.length === 0) return {}
  if (quirks.reasoningHistory === 'drop') {
    policy.harmless(field, 'earlier thinking is not sent back to this upstream')
    return {}
  }
  return { [quirks.reasoningHistory]: thinking.map((part) => part.text).join('\n') }
}

function nameOf(message: CanonicalMessage, field: string, { quirks, policy }: Encoding): Json {
  if (message.name === undefined) return {}
  if (quirks.names) return { name: message.name }
  policy.harmless(`${field}.name`, 'messages have no names there')
  return {}
}

function encodeAssistant(message: CanonicalMessage, field: string, encoding: Encoding): Json {
  const spoken = message.parts.filter((part) => part.kind !== 'thinking' && part.kind !== 'redacted-thinking' && part.kind !== 'tool-call')
  const calls = message.parts.filter((part) => part.kind === 'tool-call')
  const content = spoken.length === 0 ? null : encodeContent(spoken, `${field}.content`, encoding)
  return {
    role: 'assistant',
    ...nameOf(message, field, encoding),
    content: typeof content === 'object' && content?.length === 0 ? null : content,
    ...encodeThinking(message.parts, `${field}.thinking`, encoding),
    ...(calls.length === 0
      ? {}
      : {
          tool_calls: calls.map((call) => ({
            id: toolCallId(call.id, encoding.quirks),
            type: 'function',
            function: { name: call.name, arguments: call.argumentsJson === '' ? '{}' : call.argumentsJson },
          })),
        }),
  }
}

/** A tool's result: text stays in the tool message, images and documents follow in a user message, since tool messages hold text alone. */
function encodeToolResult(part: Part<'tool-result'>, field: string, encoding: Encoding): { readonly tool: Json; readonly media: Json[] } {
  const texts = part.content.filter((nested) => nested.kind === 'text')
  const media = part.content.filter((nested) => nested.kind !== 'text')
  const encoded = media.map((nested) => encodePart(nested, `${field}.content`, encoding)).filter((nested) => nested !== undefined)
  const note = encoded.length === 0 ? '' : 'The output of this tool follows in the next user message.'
  if (part.isError) encoding.policy.harmless(`${field}.is_error`, "the result's text has to say that it is an error")
  const id = toolCallId(part.toolCallId, encoding.quirks)
  return {
    tool: {
      role: 'tool',
      tool_call_id: id,
      content: texts.length === 0 ? note : texts.map((text) => text.text).join('\n'),
      ...cacheMark(part.cacheControl ?? texts.at(-1)?.cacheControl, field, encoding),
    },
    media: encoded.length === 0 ? [] : [{ type: 'text', text: `Output of tool call ${id}:` }, ...encoded],
  }
}

/** A user message with tool results becomes tool messages, then one user message with the rest. */
function encodeUser(message: CanonicalMessage, field: string, encoding: Encoding): Json[] {
  const messages: Json[] = []
  const media: Json[] = []
  const rest: CanonicalPart[] = []
  for (const [index, part] of message.parts.entries()) {
    if (part.kind !== 'tool-result') {
      rest.push(part)
      continue
    }
    const encoded = encodeToolResult(part, `${field}.content.${String(index)}`, encoding)
    messages.push(encoded.tool)
    media.push(...encoded.media)
  }
  if (rest.length === 0 && media.length === 0) return messages
  const content = encodeContent(rest, `${field}.content`, encoding)
  const spoken = typeof content !== 'string' ? content : content === '' ? [] : [{ type: 'text', text: content }]
  messages.push({
    role: 'user',
    ...nameOf(message, field, encoding),
    content: media.length === 0 ? content : [...media, ...spoken],
  })
  return messages
}

/** Throws GATEWAY_NOT_EXPRESSIBLE. */
export function encodeMessages(request: CanonicalRequest, encoding: Encoding): Json[] {
  return request.messages.flatMap((message, index) => {
    const field = `messages.${String(index)}`
    if (message.role === 'user') return encodeUser(message, field, encoding)
    if (message.role === 'assistant') return [encodeAssistant(message, field, encoding)]
    return [
      {
        role: 'system',
        ...nameOf(message, field, encoding),
        content: encodeContent(message.parts, `${field}.content`, encoding),
      },
    ]
  })
}
