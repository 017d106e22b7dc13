/** What Anthropic's models differ in, as far as requests must know it. */

export interface AnthropicModel {
  /** Sent when the caller sets no limit: the API requires one. */
  readonly maxOutputTokens: number
  /** `output_config.format` with a JSON schema. */
  readonly structuredOutput: boolean
  /** `temperature`, `top_p`, `top_k`. */
  readonly sampling: boolean
  /** `tool_choice` of type any or tool. */
  readonly forcedTools: boolean
  /** How thinking is asked for: a budget, or adaptive with an effort. */
  readonly thinking: 'budget' | 'adaptive' | 'none'
  /** Thinking cannot be switched off. */
  readonly alwaysThinks: boolean
  /** Carries on an assistant message that stands last; newer models answer 400. */
  readonly prefill: boolean
  /** `role: 'system'` after the first message. */
  readonly lateSystem: boolean
}

const old: AnthropicModel = {
  maxOutputTokens: 4_096,
  structuredOutput: false,
  sampling: true,
  forcedTools: true,
  thinking: 'none',
  alwaysThinks: false,
  prefill: true,
  lateSystem: false,
}
const four: AnthropicModel = { ...old, maxOutputTokens: 64_000, thinking: 'budget' }
const fourFive: AnthropicModel = { ...four, structuredOutput: true }
const fourSix: AnthropicModel = { ...fourFive, maxOutputTokens: 128_000, thinking: 'adaptive', prefill: false }
const fourSeven: AnthropicModel = { ...fourSix, sampling: false }
const five: AnthropicModel = { ...fourSeven, lateSystem: true }

/**
 * By a part of the model's name, the most specific first. Sources: the model table of @ai-sdk/anthropic 4.0.105 (Apache-2.0, getModelCapabilities: limits,
 * structured output, sampling, forced tools), platform.claude.com/docs/en/about-claude/models/overview (limits), …/build-with-claude/adaptive-thinking
 * (adaptive from 4.6 on), …/about-claude/models/whats-new-claude-4-6#prefill-removal, …/whats-new-claude-4-8 (system messages inside a conversation), langchain-ai/langchainjs release @langchain/anthropic 1.5.13.
 */
const models: readonly (readonly [namePart: string, model: AnthropicModel])[] = [
  ['claude-sonnet-5-5', { ...five, forcedTools: false, alwaysThinks: true }],
  ['claude-opus-5-5', { ...five, forcedTools: false, alwaysThinks: true }],
  ['claude-fable-5-1', { ...five, forcedTools: false, alwaysThinks: true }],
  ['claude-fable-5', { ...five, alwaysThinks: true }],
  ['claude-opus-4-8', five],
  ['claude-opus-4-7', fourSeven],
  ['claude-sonnet-4-6', fourSix],
  ['claude-opus-4-6', fourSix],
  ['claude-sonnet-4-5', fourFive],
  ['claude-opus-4-5', fourFive],
  ['claude-haiku-4-5', fourFive],
  ['claude-opus-4-1', { ...fourFive, maxOutputTokens: 32_000 }],
  ['claude-sonnet-4-', four],
  ['claude-opus-4-', { ...four, maxOutputTokens: 32_000 }],
  ['claude-3-7', { ...four }],
  ['claude-3-5', { ...old, maxOutputTokens: 8_192 }],
  ['claude-3', old],
  ['claude-2', old],
  ['claude-instant', old],
  ['claude-', five],
]

/** A name that says nothing: another vendor's model behind Anthropic's dialect. */
const unknownModel: AnthropicModel = { ...old, thinking: 'budget', prefill: false }

/** The model that a name stands for; an alias that is not listed is taken for a current one. */
export const anthropicModel = (modelId: string): AnthropicModel =>
  models.find(([namePart]) => modelId.includes(namePart))?.[1] ?? unknownModel
