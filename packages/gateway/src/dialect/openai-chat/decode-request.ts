/** OpenAI chat request -> canonical request. */
import type { CacheControl, CanonicalMessage, CanonicalOperation, CanonicalPart, CanonicalRequest, CanonicalTool } from '@bud-foundry/core'
import type { z } from 'zod'
import { parseBody } from '../json-bytes.ts'
import { checked, fieldInvalid } from '../schema-check.ts'
import { toSource } from '../data-url.ts'
import {
  assistantSchema,
  audioPartSchema,
  filePartSchema,
  functionToolSchema,
  imagePartSchema,
  messageSchema,
  refusalPartSchema,
  requestFields,
  requestSchema,
  textPartSchema,
  toolMessageSchema,
} from './request-schema.ts'

type Json = Readonly<Record<string, unknown>>
type Body = z.output<typeof requestSchema>
type Content = string | readonly Readonly<Record<string, unknown> & { type: string }>[] | null | undefined

const dialect = 'openai-chat'

interface Cacheable {
  readonly cache_control?: { readonly type: 'ephemeral'; readonly ttl?: '5m' | '1h' | null | undefined } | null | undefined
  readonly prompt_cache_breakpoint?: object | null | undefined
}

/** OpenAI's own breakpoint has no time to live. */
function cacheControlOf(value: Cacheable): { readonly cacheControl?: CacheControl } {
  if (value.cache_control != null)
    return { cacheControl: { type: 'ephemeral', ...(value.cache_control.ttl == null ? {} : { ttl: value.cache_control.ttl }) } }
  return value.prompt_cache_breakpoint == null ? {} : { cacheControl: { type: 'ephemeral' } }
}

function decodePart(part: Readonly<Record<string, unknown> & { type: string }>, path: string): CanonicalPart {
  switch (part.type) {
    case 'text': {
      const value = checked(textPartSchema, part, path)
      return { kind: 'text', text: value.text, ...cacheControlOf(value) }
    }
    case 'image_url': {
      const value = checked(imagePartSchema, part, path)
      const { url, detail } = value.image_url
      return { kind: 'image', source: toSource(url), ...(detail == null ? {} : { detail }), ...cacheControlOf(value) }
    }
    case 'file':
      return decodeFile(part, path)
    case 'input_audio': {
      const { input_audio } = checked(audioPartSchema, part, path)
      return { kind: 'audio', format: input_audio.format, data: input_audio.data }
    }
    case 'refusal':
      return { kind: 'refusal', text: checked(refusalPartSchema, part, path).refusal }
    default:
      return { kind: 'other', dialect, type: part.type, value: part }
  }
}

function decodeFile(part: Json, path: string): CanonicalPart {
  const value = checked(filePartSchema, part, path)
  const { filename, file_data: data, file_id: fileId } = value.file
  const shared = { kind: 'file' as const, ...(filename == null ? {} : { filename }), ...cacheControlOf(value) }
  if (data != null) {
    const source = toSource(data)
    // Bare base64 without the data: prefix is accepted by OpenAI for PDF documents.
    return {
      ...shared,
      source: source.kind === 'url' && !/^https?:/i.test(data) ? { kind: 'base64', mediaType: 'application/pdf', data } : source,
    }
  }
  if (fileId != null) return { ...shared, source: { kind: 'file-id', fileId } }
  throw fieldInvalid(`${path}.file`, 'has neither file_data nor file_id', 'send one of them')
}

function decodeContent(content: Content, path: string): CanonicalPart[] {
  if (content == null) return []
  if (typeof content === 'string') return [{ kind: 'text', text: content }]
  return content.map((part, index) => decodePart(part, `${path}.${String(index)}`))
}

/** A mark on the whole message belongs to its last part. */
function markLast(parts: readonly CanonicalPart[], mark: { readonly cacheControl?: CacheControl }): readonly CanonicalPart[] {
  const last = parts.at(-1)
  if (mark.cacheControl === undefined || last === undefined) return parts
  if (
    last.kind === 'thinking' ||
    last.kind === 'redacted-thinking' ||
    last.kind === 'refusal' ||
    last.kind === 'other' ||
    last.kind === 'audio'
  )
    return parts
  return [...parts.slice(0, -1), { ...last, cacheControl: mark.cacheControl }]
}

function decodeAssistant(raw: Json, path: string): CanonicalPart[] {
  const message = checked(assistantSchema, raw, path)
  const parts: CanonicalPart[] = []
  // Signed blocks say the same as reasoning_content, and more.
  for (const block of message.thinking_blocks ?? []) {
    if (block.type === 'redacted_thinking') parts.push({ kind: 'redacted-thinking', data: block.data })
    else parts.push({ kind: 'thinking', text: block.thinking, ...(block.signature == null ? {} : { signature: block.signature }) })
  }
  const reasoning = message.reasoning_content ?? message.reasoning
  if (parts.length === 0 && reasoning != null && reasoning !== '') parts.push({ kind: 'thinking', text: reasoning })
  for (const block of message.other_blocks ?? [])
    parts.push({ kind: 'other', dialect: 'anthropic-messages', type: block.type, value: block })
  // Some clients send an empty text beside tool calls; upstreams with blocks refuse empty ones.
  parts.push(...decodeContent(message.content, `${path}.content`).filter((part) => part.kind !== 'text' || part.text !== ''))
  if (message.refusal != null && message.refusal !== '') parts.push({ kind: 'refusal', text: message.refusal })
  for (const call of message.tool_calls ?? []) {
    parts.push({
      kind: 'tool-call',
      id: call.id,
      name: call.function.name,
      argumentsJson: call.function.arguments,
      ...cacheControlOf(call),
    })
  }
  if (message['function_call'] != null) throw fieldInvalid(`${path}.function_call`, 'is the form of 2023', "use 'tool_calls'")
  return parts
}

function decodeMessage(raw: Json, path: string): CanonicalMessage {
  const message = checked(messageSchema, raw, path)
  const mark = cacheControlOf(message)
  const name = message.name == null ? {} : { name: message.name }
  switch (message.role) {
    case 'system':
    case 'developer':
      return { role: 'system', ...name, parts: markLast(decodeContent(message.content, `${path}.content`), mark) }
    case 'user': {
      const parts = decodeContent(message.content, `${path}.content`)
      if (parts.length === 0) throw fieldInvalid(`${path}.content`, 'is empty', 'send text or parts')
      return { role: 'user', ...name, parts: markLast(parts, mark) }
    }
    case 'assistant':
      return { role: 'assistant', ...name, parts: markLast(decodeAssistant(raw, path), mark) }
    case 'tool': {
      const tool = checked(toolMessageSchema, raw, path)
      const content = decodeContent(tool.content, `${path}.content`)
      return {
        role: 'user',
        parts: [{ kind: 'tool-result', toolCallId: tool.tool_call_id, content, isError: tool.is_error ?? false, ...mark }],
      }
    }
    case 'function':
      throw fieldInvalid(`${path}.role`, "is 'function', the form of 2023", "use role 'tool' with tool_call_id")
  }
}

function decodeTools(body: Body): { readonly tools: CanonicalTool[]; readonly otherTools: Json[] } {
  const tools: CanonicalTool[] = []
  const otherTools: Json[] = []
  for (const [index, raw] of (body.tools ?? []).entries()) {
    if (raw.type !== 'function') {
      otherTools.push(raw)
      continue
    }
    const tool = checked(functionToolSchema, raw, `tools.${String(index)}`)
    const { name, description, parameters, strict } = tool.function
    tools.push({
      name,
      ...(description == null ? {} : { description }),
      parametersSchema: parameters ?? { type: 'object', properties: {} },
      ...(strict == null ? {} : { strict }),
      ...cacheControlOf(tool.cache_control == null ? tool.function : tool),
    })
  }
  return { tools, otherTools }
}

/** The choice, and the names that it leaves to choose from. */
function decodeToolChoice(choice: Body['tool_choice']): {
  readonly toolChoice: CanonicalRequest['toolChoice']
  readonly allowed?: ReadonlySet<string>
} {
  if (choice == null) return { toolChoice: undefined }
  if (typeof choice === 'string') return { toolChoice: { kind: choice === 'any' ? 'required' : choice } }
  switch (choice.type) {
    case 'function':
      return { toolChoice: { kind: 'tool', name: choice.function.name } }
    case 'custom':
      return { toolChoice: { kind: 'tool', name: choice.custom.name } }
    case 'allowed_tools': {
      const names = choice.allowed_tools.tools.map((tool) => tool.function?.name ?? '')
      return { toolChoice: { kind: choice.allowed_tools.mode }, allowed: new Set(names) }
    }
  }
}

function decodeResponseFormat(format: Body['response_format']): CanonicalRequest['responseFormat'] {
  if (format == null) return undefined
  switch (format.type) {
    case 'text':
      return { kind: 'text' }
    case 'json_object':
      return { kind: 'json' }
    case 'json_schema': {
      const { name, schema, strict } = format.json_schema
      return { kind: 'json-schema', name, schema: schema ?? {}, strict: strict ?? undefined }
    }
  }
}

function decodeReasoning(body: Body): CanonicalRequest['reasoning'] {
  if (body.thinking != null) {
    const { type, budget_tokens: budget } = body.thinking
    return {
      enabled: type !== 'disabled',
      ...(budget == null ? {} : { budgetTokens: budget }),
      ...(body.reasoning_effort == null ? {} : { effort: body.reasoning_effort }),
    }
  }
  if (body.reasoning_effort == null) return undefined
  return { effort: body.reasoning_effort, enabled: body.reasoning_effort !== 'none' }
}

/** Absent fields and nulls left out. */
function decodeSampling(body: Body): CanonicalRequest['sampling'] {
  const maxOutputTokens = body.max_completion_tokens ?? body.max_tokens
  const stop = typeof body.stop === 'string' ? [body.stop] : body.stop
  return {
    ...(maxOutputTokens == null ? {} : { maxOutputTokens }),
    ...(body.temperature == null ? {} : { temperature: body.temperature }),
    ...(body.top_p == null ? {} : { topP: body.top_p }),
    ...(body.top_k == null ? {} : { topK: body.top_k }),
    ...(stop == null || stop.length === 0 ? {} : { stop }),
    ...(body.seed == null ? {} : { seed: body.seed }),
    ...(body.presence_penalty == null ? {} : { presencePenalty: body.presence_penalty }),
    ...(body.frequency_penalty == null ? {} : { frequencyPenalty: body.frequency_penalty }),
    ...(body.n == null ? {} : { choices: body.n }),
  }
}

/** Fields that are not known here and are not null. */
export const extraOf = (body: Json, known: Json): Json =>
  Object.fromEntries(Object.entries(body).filter(([name, value]) => value != null && !Object.hasOwn(known, name)))

/** Throws GATEWAY_BODY_MALFORMED or GATEWAY_FIELD_INVALID. */
export function decodeOpenaiRequest(bytes: Uint8Array, operation: CanonicalOperation): CanonicalRequest {
  const body = checked(requestSchema, parseBody(bytes))
  if (body['functions'] != null || body['function_call'] != null) throw fieldInvalid('functions', 'is the form of 2023', "use 'tools'")
  const { tools, otherTools } = decodeTools(body)
  const { toolChoice, allowed } = decodeToolChoice(body.tool_choice)
  return {
    operation,
    dialect,
    model: body.model,
    stream: body.stream ?? false,
    messages: body.messages.map((message, index) => decodeMessage(message, `messages.${String(index)}`)),
    tools: allowed === undefined ? tools : tools.filter((tool) => allowed.has(tool.name)),
    ...(otherTools.length === 0 ? {} : { otherTools }),
    toolChoice,
    parallelToolCalls: body.parallel_tool_calls ?? undefined,
    responseFormat: decodeResponseFormat(body.response_format),
    sampling: decodeSampling(body),
    reasoning: decodeReasoning(body),
    userId: body.safety_identifier ?? body.user ?? undefined,
    ...(body.service_tier == null ? {} : { serviceTier: body.service_tier }),
    extra: extraOf(body, requestFields),
  }
}
