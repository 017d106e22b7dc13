/** Bounds the extra load of retries: every request earns a share of a try, every extra try spends one. */
import type { RetryConfig } from '../config.ts'

/** Seconds of earnings that may be saved up. */
const savedSeconds = 10

export class RetryBudget {
  #tokens: number
  #filledAtMs: number

  constructor(config: RetryConfig, nowMs: number) {
    this.#tokens = config.budgetPerSecond * savedSeconds
    this.#filledAtMs = nowMs
  }

  recordRequest(config: RetryConfig): void {
    this.#tokens = Math.min(this.#tokens + config.budgetRatio, this.#maximum(config))
  }

  /** Takes one extra try; false when the budget is spent. */
  take(config: RetryConfig, nowMs: number): boolean {
    const earned = (Math.max(0, nowMs - this.#filledAtMs) / 1_000) * config.budgetPerSecond
    this.#filledAtMs = nowMs
    this.#tokens = Math.min(this.#tokens + earned, this.#maximum(config))
    // Shares like 0.1 do not sum exactly.
    if (this.#tokens < 1 - 1e-9) return false
    this.#tokens -= 1
    return true
  }

  #maximum(config: RetryConfig): number {
    return Math.max(1, config.budgetPerSecond * savedSeconds, config.budgetRatio * 100)
  }
}
