/** What an engine adds to the arithmetic of each step and each request. */

export interface EngineTiming {
  /** Scheduling, sampling and detokenizing of one step. */
  readonly stepSeconds: number
  /** For each sequence in a step. */
  readonly sequenceSeconds: number
  /** Parsing, templating and tokenizing before a request is queued, and the first answer's way back. */
  readonly requestSeconds: number
  /** For each prompt token of a request. */
  readonly promptTokenSeconds: number
  /** How prompts are scheduled between steps that decode; absent: as vLLM does it. */
  readonly scheduling?: PromptScheduling
}

export interface PromptScheduling {
  /** Of the time that a prompt takes, the part that it adds to a step that decodes anyway. */
  readonly mixedStepShare: number
  /**
   * Of a constant number of requests in flight, the part whose prompts arrive together: all start at once, and those that end in one step are
   * replaced together. It is larger where prompts go before decoding, which keeps answers of one length in step.
   */
  readonly burstShare: number
  /** Prompts that a new one finds before it at any load beyond one request: those begun, and those that ended with the same step. */
  readonly promptsAhead: number
}

/** Chunks of prompts share steps with decoding. Fitted with `insideStep`. */
export const mixedScheduling: PromptScheduling = { mixedStepShare: 1, burstShare: 0.18, promptsAhead: 0.4 }
