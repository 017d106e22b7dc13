/** Canonical request -> OpenAI chat request. */
import type { CanonicalRequest, DroppedField } from '@bud-foundry/core'
import { DropPolicy, type UnsupportedPolicy } from '../drop-policy.ts'
import { encodeJson } from '../sse-frame.ts'
import { effortOf, reasoningField } from '../reasoning-effort.ts'
import { encodeMessages } from './encode-messages.ts'
import type { OpenaiQuirks } from './quirks.ts'

type Json = Record<string, unknown>

interface Encoding {
  readonly quirks: OpenaiQuirks
  readonly policy: DropPolicy
}

function encodeTools(request: CanonicalRequest, { quirks, policy }: Encoding): Json {
  const tools: unknown[] = request.tools.map((tool, index) => {
    if (tool.cacheControl !== undefined && quirks.cacheControl !== 'cache_control')
      policy.harmless(`tools.${String(index)}.cache_control`, 'the upstream caches prompts on its own')
    return {
      type: 'function',
      function: {
        name: tool.name,
        ...(tool.description === undefined ? {} : { description: tool.description }),
        parameters: tool.parametersSchema,
        ...(tool.strict === undefined || !quirks.strictTools ? {} : { strict: tool.strict }),
      },
      ...(tool.cacheControl !== undefined && quirks.cacheControl === 'cache_control' ? { cache_control: tool.cacheControl } : {}),
    }
  })
  for (const tool of request.otherTools ?? []) {
    if (request.dialect === 'openai-chat') tools.push(tool)
    else policy.material('tools', `a tool of type '${String(tool['type'])}' runs at its own provider only`)
  }
  return tools.length === 0 ? {} : { tools }
}

function encodeToolChoice(request: CanonicalRequest, { quirks, policy }: Encoding): Json {
  const choice = request.toolChoice
  const hasTools = request.tools.length > 0 || (request.otherTools?.length ?? 0) > 0
  if (!hasTools) return {}
  const parallel = request.parallelToolCalls
  if (parallel !== undefined && !quirks.parallelToolCalls) policy.harmless('parallel_tool_calls', 'the upstream decides that itself')
  return {
    ...(choice === undefined
      ? {}
      : {
          tool_choice:
            choice.kind === 'tool'
              ? { type: 'function', function: { name: choice.name } }
              : choice.kind === 'required'
                ? quirks.toolChoiceRequired
                : choice.kind,
        }),
    ...(parallel === undefined || !quirks.parallelToolCalls ? {} : { parallel_tool_calls: parallel }),
  }
}

function encodeResponseFormat(request: CanonicalRequest, { quirks, policy }: Encoding): Json {
  const format = request.responseFormat
  if (format?.kind !== 'json' && format?.kind !== 'json-schema') return {}
  if (quirks.structuredOutput === 'none') {
    policy.material('response_format', 'it has no structured output')
    return {}
  }
  if (format.kind !== 'json-schema') return { response_format: { type: 'json_object' } }
  if (quirks.structuredOutput === 'json-object') {
    policy.material('response_format.json_schema', 'it guarantees JSON but no schema')
    return { response_format: { type: 'json_object' } }
  }
  const { name, schema, strict } = format
  return { response_format: { type: 'json_schema', json_schema: { name, schema, ...(strict === undefined ? {} : { strict }) } } }
}

function encodeReasoning(request: CanonicalRequest, { quirks, policy }: Encoding): Json {
  const { reasoning } = request
  if (reasoning === undefined) return {}
  const enabled = reasoning.enabled ?? true
  switch (quirks.reasoning) {
    case 'reasoning_effort': {
      const effort = effortOf(reasoning, request.sampling.maxOutputTokens)
      return effort === undefined ? {} : { reasoning_effort: effort }
    }
    case 'thinking':
      return {
        thinking: { type: enabled ? 'enabled' : 'disabled' },
        ...(enabled && reasoning.effort !== undefined ? { reasoning_effort: reasoning.effort } : {}),
      }
    case 'openrouter':
      if (!enabled) return { reasoning: { enabled: false } }
      if (reasoning.budgetTokens !== undefined) return { reasoning: { max_tokens: reasoning.budgetTokens } }
      return { reasoning: reasoning.effort === undefined ? { enabled: true } : { effort: reasoning.effort } }
    case 'chat-template':
      return { chat_template_kwargs: { enable_thinking: enabled } }
    case 'none':
      if (enabled) policy.harmless(reasoningField(request), 'this model or upstream takes no such setting')
      return {}
  }
}

function encodeSampling(request: CanonicalRequest, { quirks, policy }: Encoding): Json {
  const { sampling } = request
  const result: Json = {}
  if (sampling.maxOutputTokens !== undefined) result[quirks.maxTokensField] = sampling.maxOutputTokens
  if (sampling.temperature !== undefined) result['temperature'] = sampling.temperature
  if (sampling.topP !== undefined) result['top_p'] = sampling.topP
  if (sampling.topK !== undefined) {
    if (quirks.topK) result['top_k'] = sampling.topK
    else policy.harmless('top_k', 'it is no parameter there')
  }
  if (sampling.stop !== undefined) result['stop'] = sampling.stop
  if (sampling.seed !== undefined) {
    if (quirks.seedField === undefined) policy.harmless('seed', 'it is no parameter there')
    else result[quirks.seedField] = sampling.seed
  }
  for (const [field, value] of [
    ['presence_penalty', sampling.presencePenalty],
    ['frequency_penalty', sampling.frequencyPenalty],
  ] as const) {
    if (value === undefined) continue
    if (quirks.penalties) result[field] = value
    else policy.harmless(field, 'it is no parameter there')
  }
  if (sampling.choices !== undefined && sampling.choices !== 1) result['n'] = sampling.choices
  return result
}

function encodeIdentity(request: CanonicalRequest, { quirks, policy }: Encoding): Json {
  const result: Json = {}
  if (request.userId !== undefined) {
    if (quirks.user) result['user'] = request.userId
    else policy.harmless('user', 'it is no parameter there')
  }
  if (request.serviceTier !== undefined) {
    if (quirks.serviceTier) result['service_tier'] = request.serviceTier
    else policy.harmless('service_tier', 'it is no parameter there')
  }
  return result
}

/** Fields without a canonical place: the same dialect's are kept, others' are left out. */
function encodeExtra(request: CanonicalRequest, { policy }: Encoding): Json {
  if (request.dialect.startsWith('openai-')) return { ...request.extra }
  for (const field of Object.keys(request.extra)) policy.harmless(field, `it is a parameter of ${request.dialect} only`)
  return {}
}

/** How a canonical request is written for one upstream. */
export interface EncodeOptions {
  readonly upstream: string
  readonly model: string
  readonly quirks: OpenaiQuirks
  readonly unsupported: UnsupportedPolicy
  readonly onDrop?: ((dropped: DroppedField) => void) | undefined
}

/** Throws GATEWAY_NOT_EXPRESSIBLE for what the upstream cannot do. */
export function encodeOpenaiRequest(request: CanonicalRequest, options: EncodeOptions): Uint8Array {
  const policy = new DropPolicy({ upstream: options.upstream, policy: options.unsupported, onDrop: options.onDrop })
  const encoding: Encoding = { quirks: options.quirks, policy }
  if (request.messages.at(-1)?.role === 'assistant')
    policy.harmless('messages', 'an answer that was begun is not continued there, but followed by a new one')
  return encodeJson({
    model: options.model,
    messages: encodeMessages(request, encoding),
    ...encodeTools(request, encoding),
    ...encodeToolChoice(request, encoding),
    ...encodeResponseFormat(request, encoding),
    ...encodeReasoning(request, encoding),
    ...encodeSampling(request, encoding),
    ...encodeIdentity(request, encoding),
    ...encodeExtra(request, encoding),
    ...(request.stream ? { stream: true, ...(options.quirks.streamOptions ? { stream_options: { include_usage: true } } : {}) } : {}),
  })
}
