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
}
