/** In what the upstreams that speak OpenAI's chat dialect differ. */

export interface OpenaiQuirks {
  /** OpenAI wants the new name, most others know the old one only. */
  readonly maxTokensField: 'max_tokens' | 'max_completion_tokens'
  /**
   * How thinking is asked for: OpenAI's word, a switch with an optional effort (DeepSeek, Moonshot), OpenRouter's `reasoning` object, the
   * chat template's argument `enable_thinking` (vLLM, SGLang), or not at all.
   */
  readonly reasoning: 'reasoning_effort' | 'thinking' | 'openrouter' | 'chat-template' | 'none'
  /** The member in which earlier thinking is sent back; `drop` where it is refused or ignored. */
  readonly reasoningHistory: 'reasoning_content' | 'reasoning' | 'drop'
  readonly topK: boolean
  readonly seedField: 'seed' | 'random_seed' | undefined
  readonly penalties: boolean
  /** `json_schema`, or only `json_object`, or neither. */
  readonly structuredOutput: 'json-schema' | 'json-object' | 'none'
  readonly parallelToolCalls: boolean
  readonly strictTools: boolean
  /** The word for "some tool must be called". */
  readonly toolChoiceRequired: 'required' | 'any'
  /** Whether `stream_options.include_usage` may be sent; those without it send usage unasked. */
  readonly streamOptions: boolean
  /** The mark of a prompt-cache boundary that is passed on. */
  readonly cacheControl: 'cache_control' | 'prompt_cache_breakpoint' | 'drop'
  readonly user: boolean
  /** Names of speakers in messages. */
  readonly names: boolean
  readonly serviceTier: boolean
  /** Mistral takes ids of exactly nine letters and digits. */
  readonly toolCallIds: 'any' | 'nine-letters'
  /** Image and document parts in content. */
  readonly images: boolean
  readonly files: boolean
}

/** OpenAI itself (platform.openai.com/docs/api-reference/chat/create). */
export const openaiQuirks: OpenaiQuirks = {
  maxTokensField: 'max_completion_tokens',
  reasoning: 'reasoning_effort',
  reasoningHistory: 'drop',
  topK: false,
  seedField: 'seed',
  penalties: true,
  structuredOutput: 'json-schema',
  parallelToolCalls: true,
  strictTools: true,
  toolChoiceRequired: 'required',
  streamOptions: true,
  cacheControl: 'drop',
  user: true,
  names: true,
  serviceTier: true,
  toolCallIds: 'any',
  images: true,
  files: true,
}
