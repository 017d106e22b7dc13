/** Anthropic messages request -> canonical request. */
import type {
  CacheControl,
  CanonicalMessage,
  CanonicalOperation,
  CanonicalPart,
  CanonicalRequest,
  CanonicalSource,
  CanonicalTool,
} from '@bud-foundry/core'
import type { z } from 'zod'
import { parseBody } from '../json-bytes.ts'
import { checked, fieldInvalid } from '../schema-check.ts'
import { citationsOf } from './citation.ts'
import {
  documentBlockSchema,
  imageBlockSchema,
  messageSchema,
  redactedBlockSchema,
  requestFields,
  requestSchema,
  textBlockSchema,
  thinkingBlockSchema,
  toolResultBlockSchema,
  toolSchema,
  toolUseBlockSchema,
} from './request-schema.ts'

type Body = z.output<typeof requestSchema>
type Block = Readonly<Record<string, unknown> & { type: string }>
type Json = Readonly<Record<string, unknown>>

const dialect = 'anthropic-messages'

function cacheControlOf(value: {
  readonly cache_control?: { readonly type: 'ephemeral'; readonly ttl?: '5m' | '1h' | null | undefined } | null | undefined
}): { readonly cacheControl?: CacheControl } {
  const mark = value.cache_control
  return mark == null ? {} : { cacheControl: { type: 'ephemeral', ...(mark.ttl == null ? {} : { ttl: mark.ttl }) } }
}

type Source = z.output<typeof imageBlockSchema>['source'] | z.output<typeof documentBlockSchema>['source']

function decodeSource(source: Source): CanonicalSource | undefined {
  switch (source.type) {
    case 'base64':
      return { kind: 'base64', mediaType: source.media_type, data: source.data }
    case 'url':
      return { kind: 'url', url: source.url }
    case 'file':
      return { kind: 'file-id', fileId: source.file_id }
    case 'text':
      return { kind: 'text', text: source.data }
    case 'content':
      return undefined
  }
}

/** A block that has no canonical form, kept as it is. */
const other = (block: Block): CanonicalPart => ({ kind: 'other', dialect, type: block.type, value: block })

/** Members of a document that carry meaning beyond its canonical form; a document that has one stays whole. */
const richMembers = ['citations', 'context']
const isRich = (block: Block) => richMembers.some((member) => block[member] != null)

/** Blocks of one content, `path` is where it stands. Throws GATEWAY_FIELD_INVALID. */
export function decodeBlock(block: Block, path: string): CanonicalPart {
  switch (block.type) {
    case 'text': {
      const value = checked(textBlockSchema, block, path)
      return { kind: 'text', text: value.text, ...citationsOf(block), ...cacheControlOf(value) }
    }
    case 'image': {
      const value = checked(imageBlockSchema, block, path)
      const source = decodeSource(value.source)
      return source === undefined ? other(block) : { kind: 'image', source, ...cacheControlOf(value) }
    }
    case 'document': {
      const value = checked(documentBlockSchema, block, path)
      const source = decodeSource(value.source)
      if (source === undefined || isRich(block)) return other(block)
      return { kind: 'file', source, ...(value.title == null ? {} : { filename: value.title }), ...cacheControlOf(value) }
    }
    case 'tool_use': {
      const value = checked(toolUseBlockSchema, block, path)
      return {
        kind: 'tool-call',
        id: value.id,
        name: value.name,
        argumentsJson: JSON.stringify(value.input ?? {}),
        ...cacheControlOf(value),
      }
    }
    case 'tool_result': {
      const value = checked(toolResultBlockSchema, block, path)
      const content = value.content == null ? [] : decodeContent(value.content, `${path}.content`)
      return { kind: 'tool-result', toolCallId: value.tool_use_id, content, isError: value.is_error ?? false, ...cacheControlOf(value) }
    }
    case 'thinking': {
      const value = checked(thinkingBlockSchema, block, path)
      return { kind: 'thinking', text: value.thinking, ...(value.signature == null ? {} : { signature: value.signature }) }
    }
    case 'redacted_thinking':
      return { kind: 'redacted-thinking', data: checked(redactedBlockSchema, block, path).data }
    default:
      return other(block)
  }
}

function decodeContent(content: string | readonly Block[], path: string): CanonicalPart[] {
  if (typeof content === 'string') return [{ kind: 'text', text: content }]
  return content.map((block, index) => decodeBlock(block, `${path}.${String(index)}`))
}

function decodeMessages(body: Body): CanonicalMessage[] {
  const messages: CanonicalMessage[] = []
  if (body.system != null) {
    const parts = decodeContent(body.system, 'system')
    if (parts.length > 0) messages.push({ role: 'system', parts })
  }
  for (const [index, raw] of body.messages.entries()) {
    const path = `messages.${String(index)}`
    const message = checked(messageSchema, raw, path)
    messages.push({ role: message.role, parts: decodeContent(message.content, `${path}.content`) })
  }
  return messages
}

function decodeTools(body: Body): { readonly tools: CanonicalTool[]; readonly otherTools: Json[] } {
  const tools: CanonicalTool[] = []
  const otherTools: Json[] = []
  for (const [index, raw] of (body.tools ?? []).entries()) {
    if (raw.type != null && raw.type !== 'custom') {
      otherTools.push(raw)
      continue
    }
    const tool = checked(toolSchema, raw, `tools.${String(index)}`)
    tools.push({
      name: tool.name,
      ...(tool.description == null ? {} : { description: tool.description }),
      parametersSchema: tool.input_schema,
      ...(tool.strict == null ? {} : { strict: tool.strict }),
      ...cacheControlOf(tool),
    })
  }
  return { tools, otherTools }
}

function decodeToolChoice(choice: Body['tool_choice']): Pick<CanonicalRequest, 'toolChoice' | 'parallelToolCalls'> {
  if (choice == null) return { toolChoice: undefined, parallelToolCalls: undefined }
  if (choice.type === 'none') return { toolChoice: { kind: 'none' }, parallelToolCalls: undefined }
  const parallelToolCalls = choice.disable_parallel_tool_use == null ? undefined : !choice.disable_parallel_tool_use
  if (choice.type === 'tool') return { toolChoice: { kind: 'tool', name: choice.name }, parallelToolCalls }
  return { toolChoice: { kind: choice.type === 'any' ? 'required' : 'auto' }, parallelToolCalls }
}

function decodeReasoning(body: Body): CanonicalRequest['reasoning'] {
  const effort = body.output_config?.effort
  const { thinking } = body
  if (thinking == null && effort == null) return undefined
  return {
    ...(effort == null ? {} : { effort }),
    ...(thinking?.budget_tokens == null ? {} : { budgetTokens: thinking.budget_tokens }),
    ...(thinking == null ? {} : { enabled: thinking.type !== 'disabled' }),
  }
}

function decodeResponseFormat(body: Body): CanonicalRequest['responseFormat'] {
  const format = body.output_config?.format
  if (format == null) return undefined
  if (format.type !== 'json_schema' || format.schema == null)
    throw fieldInvalid('output_config.format', `is of type '${format.type}'`, "use type 'json_schema' with a schema")
  return { kind: 'json-schema', name: 'output', schema: format.schema, strict: true }
}

function decodeSampling(body: Body): CanonicalRequest['sampling'] {
  return {
    ...(body.max_tokens == null ? {} : { maxOutputTokens: body.max_tokens }),
    ...(body.temperature == null ? {} : { temperature: body.temperature }),
    ...(body.top_p == null ? {} : { topP: body.top_p }),
    ...(body.top_k == null ? {} : { topK: body.top_k }),
    ...(body.stop_sequences == null || body.stop_sequences.length === 0 ? {} : { stop: body.stop_sequences }),
  }
}

/** Throws GATEWAY_BODY_MALFORMED or GATEWAY_FIELD_INVALID. */
export function decodeAnthropicRequest(bytes: Uint8Array, operation: CanonicalOperation): CanonicalRequest {
  const body = checked(requestSchema, parseBody(bytes))
  if (operation === 'chat' && body.max_tokens == null)
    throw fieldInvalid('max_tokens', 'is missing', 'say how many tokens the answer may have')
  const { tools, otherTools } = decodeTools(body)
  return {
    operation,
    dialect,
    model: body.model,
    stream: body.stream ?? false,
    messages: decodeMessages(body),
    tools,
    ...(otherTools.length === 0 ? {} : { otherTools }),
    ...decodeToolChoice(body.tool_choice),
    responseFormat: decodeResponseFormat(body),
    sampling: decodeSampling(body),
    reasoning: decodeReasoning(body),
    userId: body.metadata?.user_id ?? undefined,
    ...(body.service_tier == null ? {} : { serviceTier: body.service_tier === 'standard_only' ? 'default' : body.service_tier }),
    extra: Object.fromEntries(Object.entries(body).filter(([name, value]) => value != null && !Object.hasOwn(requestFields, name))),
  }
}
