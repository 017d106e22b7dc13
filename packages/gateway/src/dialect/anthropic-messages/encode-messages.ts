/** Canonical messages -> Anthropic's system blocks and messages. */
import type { CacheControl, CanonicalMessage, CanonicalPart, CanonicalRequest, CanonicalSource } from '@bud-foundry/core'
import type { DropPolicy } from '../drop-policy.ts'
import { parseExact } from '../exact-json.ts'
import { asObject } from '../sse-frame.ts'
import { unsignedReason } from './unsigned-thinking.ts'

type Json = Record<string, unknown>
type Part<Kind extends CanonicalPart['kind']> = Extract<CanonicalPart, { kind: Kind }>

const dialect = 'anthropic-messages'

const cacheMark = (cacheControl: CacheControl | undefined): Json => (cacheControl === undefined ? {} : { cache_control: cacheControl })

/** Ids match ^[a-zA-Z0-9_-]+$ there (platform.claude.com/docs/en/api/messages); others' ids may hold dots and colons. */
const toolUseId = (id: string): string => id.replace(/[^a-zA-Z0-9_-]/g, '_')

function encodeSource(source: CanonicalSource, field: string, policy: DropPolicy, fromAnthropic: boolean): Json {
  switch (source.kind) {
    case 'url':
      if (!/^https?:\/\//i.test(source.url)) policy.impossible(field, 'it fetches URLs of http and https only; send the bytes')
      return { type: 'url', url: source.url }
    case 'base64':
      return { type: 'base64', media_type: source.mediaType, data: source.data }
    case 'text':
      return { type: 'text', media_type: 'text/plain', data: source.text }
    case 'file-id':
      if (fromAnthropic) return { type: 'file', file_id: source.fileId }
      return policy.impossible(field, 'a file that was uploaded elsewhere is not known there; send the bytes')
  }
}

/** Documents of text come as base64 from OpenAI's side and as text on Anthropic's. */
function encodeFile(part: Part<'file'>, field: string, policy: DropPolicy, fromAnthropic: boolean): Json {
  let { source } = part
  if (source.kind === 'base64' && source.mediaType.startsWith('text/'))
    source = { kind: 'text', text: Buffer.from(source.data, 'base64').toString('utf8') }
  else if (source.kind === 'base64' && source.mediaType !== 'application/pdf')
    policy.impossible(field, `it takes PDF and text documents, not ${source.mediaType}`)
  return {
    type: 'document',
    source: encodeSource(source, field, policy, fromAnthropic),
    ...(part.filename === undefined ? {} : { title: part.filename }),
    ...cacheMark(part.cacheControl),
  }
}

/** The arguments as an object; text that is none (models do write such) is kept under one name, so that the conversation can go on. */
export function toolInput(argumentsJson: string, onMalformed: () => void): unknown {
  if (argumentsJson.trim() === '') return {}
  try {
    const input = asObject(parseExact(argumentsJson))
    if (input !== undefined) return input
  } catch {
    // Reported below, together with JSON that is no object.
  }
  onMalformed()
  return { malformed_arguments: argumentsJson }
}

interface Encoding {
  readonly policy: DropPolicy
  readonly fromAnthropic: boolean
}

function encodePart(part: CanonicalPart, field: string, encoding: Encoding): Json | undefined {
  const { policy, fromAnthropic } = encoding
  switch (part.kind) {
    case 'text':
    case 'refusal':
      // Empty text blocks are refused there.
      return part.text === '' ? undefined : { type: 'text', text: part.text, ...(part.kind === 'text' ? cacheMark(part.cacheControl) : {}) }
    case 'image':
      if (part.detail !== undefined && part.detail !== 'auto') policy.harmless(`${field}.image_url.detail`, 'there is no such setting')
      return { type: 'image', source: encodeSource(part.source, field, policy, fromAnthropic), ...cacheMark(part.cacheControl) }
    case 'file':
      return encodeFile(part, field, policy, fromAnthropic)
    case 'audio':
      return policy.impossible(field, 'it takes no audio')
    case 'thinking':
      // Thinking without a signature is refused: it was written by another model. An empty one comes from engines that sign nothing.
      if (part.signature === undefined || part.signature === '') {
        policy.harmless(field, unsignedReason)
        return undefined
      }
      return { type: 'thinking', thinking: part.text, signature: part.signature }
    case 'redacted-thinking':
      return { type: 'redacted_thinking', data: part.data }
    case 'tool-call': {
      const input = toolInput(part.argumentsJson, () => {
        policy.harmless(`${field}.arguments`, "they are no JSON object; they are sent as 'malformed_arguments'")
      })
      return { type: 'tool_use', id: toolUseId(part.id), name: part.name, input, ...cacheMark(part.cacheControl) }
    }
    case 'tool-result':
      return {
        type: 'tool_result',
        tool_use_id: toolUseId(part.toolCallId),
        ...(part.content.length === 0 ? {} : { content: encodeToolContent(part.content, `${field}.content`, encoding) }),
        ...(part.isError ? { is_error: true } : {}),
        ...cacheMark(part.cacheControl),
      }
    case 'other':
      if (part.dialect === dialect) return { ...part.value }
      policy.material(field, `a part of type '${part.type}' has no counterpart there`)
      return undefined
  }
}

const encodeParts = (parts: readonly CanonicalPart[], field: string, encoding: Encoding): Json[] =>
  parts.map((part, index) => encodePart(part, `${field}.${String(index)}`, encoding)).filter((block) => block !== undefined)

function encodeToolContent(parts: readonly CanonicalPart[], field: string, encoding: Encoding): string | Json[] {
  const [first] = parts
  if (parts.length === 1 && first?.kind === 'text' && first.cacheControl === undefined) return first.text
  return encodeParts(parts, field, encoding)
}

interface EncodedMessages {
  readonly system: Json[]
  readonly messages: { readonly role: string; readonly content: Json[] }[]
}

/**
 * System messages at the start become `system`. Later ones stay in place where the model knows that, and move to the front otherwise.
 * Neighbours of one role become one message: the results of parallel calls must stand together.
 */
export function encodeMessages(request: CanonicalRequest, policy: DropPolicy, lateSystem: boolean): EncodedMessages {
  const encoding: Encoding = { policy, fromAnthropic: request.dialect === dialect }
  const system: Json[] = []
  const messages: { role: string; content: Json[] }[] = []
  for (const [index, message] of request.messages.entries()) {
    const field = `messages.${String(index)}`
    if (message.name !== undefined) policy.harmless(`${field}.name`, 'messages have no names there')
    const content = encodeParts(message.parts, `${field}.content`, encoding)
    if (content.length === 0) continue
    const previous = messages.at(-1)
    if (message.role === 'system' && (previous === undefined || !mayFollow(previous.role, lateSystem))) {
      if (previous !== undefined) policy.harmless(field, 'a system message inside the conversation moves to its front')
      system.push(...content)
    } else if (previous?.role === message.role) previous.content.push(...resultsFirst(message, content))
    else messages.push({ role: message.role, content: resultsFirst(message, content) })
  }
  if (messages.length === 0) policy.impossible('messages', 'it needs at least one message that is not a system message')
  return { system, messages }
}

/** System messages inside a conversation come directly after a user's turn (platform.claude.com/docs/en/build-with-claude/mid-conversation-system-messages). */
const mayFollow = (role: string, lateSystem: boolean) => lateSystem && role !== 'assistant'

/** Results stand before everything else in a user's turn. */
function resultsFirst(message: CanonicalMessage, content: Json[]): Json[] {
  if (message.role !== 'user') return content
  return [...content.filter((block) => block['type'] === 'tool_result'), ...content.filter((block) => block['type'] !== 'tool_result')]
}
