/** Canonical request -> Anthropic messages request. */
import type { CanonicalRequest, CanonicalTool, DroppedField } from '@bud-foundry/core'
import { DropPolicy, type UnsupportedPolicy } from '../drop-policy.ts'
import { budgetOf, reasoningField } from '../reasoning-effort.ts'
import { encodeJson } from '../sse-frame.ts'
import { encodeMessages } from './encode-messages.ts'
import { closeObjects, structuredToolName } from './structured-tool.ts'

type Json = Record<string, unknown>

/** What the model behind the request can do; the Anthropic provider's table has the values. */
export interface AnthropicTraits {
  readonly maxOutputTokens: number
  readonly structuredOutput: boolean
  readonly sampling: boolean
  readonly forcedTools: boolean
  readonly thinking: 'budget' | 'adaptive' | 'none'
  readonly alwaysThinks: boolean
  readonly lateSystem: boolean
}

export interface EncodeOptions {
  readonly upstream: string
  readonly model: string
  readonly traits: AnthropicTraits
  readonly unsupported: UnsupportedPolicy
  readonly onDrop?: ((dropped: DroppedField) => void) | undefined
}

interface Encoding {
  readonly request: CanonicalRequest
  readonly traits: AnthropicTraits
  readonly policy: DropPolicy
}

const encodeTool = (tool: CanonicalTool): Json => ({
  name: tool.name,
  ...(tool.description === undefined ? {} : { description: tool.description }),
  // The type is required there, and left out by callers of functions without parameters.
  input_schema: { type: 'object', ...tool.parametersSchema },
  ...(tool.strict === undefined ? {} : { strict: tool.strict }),
  ...(tool.cacheControl === undefined ? {} : { cache_control: tool.cacheControl }),
})

function encodeTools({ request, policy }: Encoding): Json[] {
  const tools = request.tools.map(encodeTool)
  for (const tool of request.otherTools ?? []) {
    if (request.dialect === 'anthropic-messages') tools.push({ ...tool })
    else policy.material('tools', `a tool of type '${String(tool['type'])}' runs at its own provider only`)
  }
  return tools
}

const choiceTypes = { auto: 'auto', required: 'any', none: 'none' } as const

function encodeToolChoice({ request, traits, policy }: Encoding, thinking: boolean): Json | undefined {
  const choice = request.toolChoice
  const single = request.parallelToolCalls === undefined ? {} : { disable_parallel_tool_use: !request.parallelToolCalls }
  if (choice === undefined) return request.parallelToolCalls === undefined ? undefined : { type: 'auto', ...single }
  if (choice.kind === 'none') return { type: 'none' }
  const forced = choice.kind !== 'auto'
  if (forced && !traits.forcedTools) {
    policy.material('tool_choice', 'this model decides itself whether it calls a tool')
    return { type: 'auto', ...single }
  }
  if (forced && thinking) {
    // Both together are refused (platform.claude.com/docs/en/build-with-claude/extended-thinking); the choice is the stronger wish, see below.
    policy.harmless(reasoningField(request), 'the model does not think when a tool is forced')
  }
  return choice.kind === 'tool' ? { type: 'tool', name: choice.name, ...single } : { type: choiceTypes[choice.kind], ...single }
}

/** The thinking fields, and whether the model will think. */
function encodeReasoning(
  { request, traits, policy }: Encoding,
  maxTokens: number,
): { readonly fields: Json; readonly effort?: string; readonly thinks: boolean } {
  const { reasoning } = request
  if (reasoning === undefined) return { fields: {}, thinks: traits.alwaysThinks }
  if (reasoning.enabled === false) {
    if (!traits.alwaysThinks) return { fields: traits.thinking === 'none' ? {} : { thinking: { type: 'disabled' } }, thinks: false }
    policy.harmless(reasoningField(request), 'this model cannot be kept from thinking')
    return { fields: {}, thinks: true }
  }
  const effort = anthropicEffort(reasoning.effort)
  if (traits.thinking === 'none') {
    policy.harmless(reasoningField(request), 'this model does not think')
    return { fields: {}, thinks: false }
  }
  if (traits.thinking === 'adaptive')
    return { fields: { thinking: { type: 'adaptive' } }, thinks: true, ...(effort === undefined ? {} : { effort }) }
  const budget = budgetOf(reasoning, maxTokens)
  if (budget === undefined) {
    policy.harmless(reasoningField(request), `max_tokens of ${String(maxTokens)} leaves no room for thinking`)
    return { fields: {}, thinks: false }
  }
  return { fields: { thinking: { type: 'enabled', budget_tokens: budget } }, thinks: true }
}

/** `minimal` is OpenAI's word only. */
const anthropicEffort = (effort: string | undefined) => (effort === 'minimal' ? 'low' : effort)

function encodeSampling({ request, traits, policy }: Encoding, thinks: boolean): Json {
  const { sampling } = request
  const result: Json = {}
  const refusal = !traits.sampling ? 'this model takes no sampling parameters' : thinks ? 'it is fixed while the model thinks' : undefined
  for (const [field, value, fixedByThinking] of [
    ['temperature', sampling.temperature, true],
    ['top_p', sampling.topP, false],
    ['top_k', sampling.topK, true],
  ] as const) {
    if (value === undefined) continue
    if (refusal === undefined || (traits.sampling && !fixedByThinking))
      result[field] = field === 'temperature' ? boundedTemperature(value, policy) : value
    else policy.harmless(field, refusal)
  }
  if (sampling.stop !== undefined) result['stop_sequences'] = usableStops(sampling.stop, policy)
  for (const [field, value] of [
    ['seed', sampling.seed],
    ['presence_penalty', sampling.presencePenalty],
    ['frequency_penalty', sampling.frequencyPenalty],
  ] as const)
    if (value !== undefined) policy.harmless(field, 'there is no such parameter')
  if ((sampling.choices ?? 1) > 1) policy.impossible('n', 'it gives one answer per request')
  return result
}

/** OpenAI's scale ends at 2, Anthropic's at 1. */
function boundedTemperature(temperature: number, policy: DropPolicy): number {
  if (temperature > 1) policy.harmless('temperature', 'values above 1 are sent as 1')
  return Math.min(temperature, 1)
}

/** Stop sequences of white space alone are refused there. */
function usableStops(stop: readonly string[], policy: DropPolicy): readonly string[] {
  const usable = stop.filter((sequence) => sequence.trim() !== '')
  if (usable.length < stop.length) policy.harmless('stop', 'sequences of white space alone are not accepted there')
  return usable
}

/** Fields that ask for something in the answer; without them it would be less than was asked for. */
const materialExtras: ReadonlySet<string> = new Set([
  'logprobs',
  'top_logprobs',
  'modalities',
  'audio',
  'web_search_options',
  'prediction',
  'moderation',
])

function encodeExtra({ request, policy }: Encoding): Json {
  if (request.dialect === 'anthropic-messages') return { ...request.extra }
  for (const [field, value] of Object.entries(request.extra)) {
    const asksNothing = value === false || value === 0 || (field === 'modalities' && JSON.stringify(value) === '["text"]')
    if (materialExtras.has(field) && !asksNothing) policy.material(field, 'there is no such feature')
    else if (!asksNothing) policy.harmless(field, `it is a parameter of ${request.dialect} only`)
  }
  return {}
}

/** The output format, as a field or as a forced tool, and the instruction that has to do where neither exists. */
function encodeFormat({ request, traits, policy }: Encoding): {
  readonly format?: Json
  readonly tool?: Json
  readonly instruction?: string
} {
  const { responseFormat } = request
  if (responseFormat === undefined || responseFormat.kind === 'text') return {}
  if (responseFormat.kind === 'json') {
    policy.harmless('response_format', 'JSON without a schema is asked for by an instruction, not guaranteed')
    return { instruction: 'Answer with one JSON object and nothing else.' }
  }
  if (traits.structuredOutput) return { format: { type: 'json_schema', schema: closeObjects(responseFormat.schema) } }
  return {
    tool: {
      name: structuredToolName,
      description: 'Give the final answer in the required structure.',
      input_schema: { type: 'object', ...responseFormat.schema },
    },
  }
}

function encodeIdentity({ request, policy }: Encoding): Json {
  const tier = request.serviceTier
  if (tier !== undefined && tier !== 'auto' && tier !== 'default') policy.harmless('service_tier', `there is no tier '${tier}'`)
  return {
    ...(request.userId === undefined ? {} : { metadata: { user_id: request.userId } }),
    ...(tier === 'auto' ? { service_tier: 'auto' } : tier === 'default' ? { service_tier: 'standard_only' } : {}),
  }
}

/** Throws GATEWAY_NOT_EXPRESSIBLE for what the model cannot do. */
export function encodeAnthropicRequest(request: CanonicalRequest, options: EncodeOptions): Uint8Array {
  const policy = new DropPolicy({ upstream: options.upstream, policy: options.unsupported, onDrop: options.onDrop })
  const encoding: Encoding = { request, traits: options.traits, policy }
  const { system, messages } = encodeMessages(request, policy, options.traits.lateSystem)
  const { format, tool, instruction } = encodeFormat(encoding)
  if (instruction !== undefined) system.push({ type: 'text', text: instruction })
  const maxTokens = request.sampling.maxOutputTokens ?? options.traits.maxOutputTokens
  const reasoning = encodeReasoning(encoding, maxTokens)
  const tools = [...encodeTools(encoding), ...(tool === undefined ? [] : [tool])]
  const choice =
    tool === undefined
      ? encodeToolChoice(encoding, reasoning.thinks)
      : { type: request.tools.length === 0 ? 'tool' : 'any', ...(request.tools.length === 0 ? { name: structuredToolName } : {}) }
  const forced = choice !== undefined && (choice['type'] === 'any' || choice['type'] === 'tool')
  const thinks = reasoning.thinks && !forced
  const outputConfig = {
    ...(reasoning.effort === undefined ? {} : { effort: reasoning.effort }),
    ...(format === undefined ? {} : { format }),
  }
  const content = {
    model: options.model,
    ...(system.length === 0
      ? {}
      : { system: system.length === 1 && Object.keys(system[0] ?? {}).length === 2 ? system[0]?.['text'] : system }),
    messages,
    ...(tools.length === 0 ? {} : { tools }),
    ...(tools.length === 0 || choice === undefined ? {} : { tool_choice: choice }),
    ...(forced ? {} : reasoning.fields),
    ...(Object.keys(outputConfig).length === 0 ? {} : { output_config: outputConfig }),
  }
  if (request.operation === 'count-tokens') return encodeJson(content)
  return encodeJson({
    ...content,
    max_tokens: maxTokens,
    ...encodeSampling(encoding, thinks),
    ...encodeIdentity(encoding),
    ...encodeExtra(encoding),
    ...(request.stream ? { stream: true } : {}),
  })
}
