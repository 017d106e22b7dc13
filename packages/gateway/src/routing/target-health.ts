/** What has been seen of one target: averages, errors, its circuit breaker. Shared by all snapshots that contain the target. */
import type { BudError, TokenUsage } from '@bud-foundry/core'
import type { BreakerConfig, EjectionConfig } from '../config.ts'
import { breakerNext, closedBreaker, type BreakerSignal, type BreakerState } from './circuit-breaker.ts'

/** Share of the newest observation in an average: about the last ten count. */
const newestShare = 0.2

export class TargetHealth {
  inFlight = 0
  latencyMsEwma = 0
  timeToFirstTokenMsEwma = 0
  /** Share of failed attempts, 0 to 1. */
  errorRate = 0
  cacheHitRate = 0
  queuedTokens = 0
  /** With the measured share of cached input; 0 until a priced answer was seen. */
  costUsdPerMillionTokens = 0
  attempts = 0
  breaker: BreakerState = closedBreaker
  ejectedUntilMs = 0
  /** Code of the newest failure that was the target's own. */
  lastErrorCode: string | undefined
  /** Result of the active health check; true where there is none. */
  checkedHealthy = true

  begin(config: BreakerConfig, nowMs: number): void {
    this.inFlight += 1
    if (this.breaker.kind !== 'closed') this.#signal('attempt', config, nowMs)
  }

  /** The attempt said nothing about the target: its caller left, another try was faster, or the credential was at fault. */
  cancel(config: BreakerConfig, nowMs: number): void {
    this.inFlight -= 1
    if (this.breaker.kind !== 'closed') this.#signal('cancel', config, nowMs)
  }

  succeed(
    seen: { readonly latencyMs: number; readonly timeToFirstTokenMs: number | undefined },
    config: BreakerConfig,
    nowMs: number,
  ): void {
    this.inFlight -= 1
    this.attempts += 1
    this.errorRate -= newestShare * this.errorRate
    this.latencyMsEwma = average(this.latencyMsEwma, seen.latencyMs)
    if (seen.timeToFirstTokenMs !== undefined) this.timeToFirstTokenMsEwma = average(this.timeToFirstTokenMsEwma, seen.timeToFirstTokenMs)
    this.#signal('success', config, nowMs)
  }

  /** `isRetry`: the same request has failed here before, which tells a closed breaker nothing new: one request alone cannot open it. */
  fail(
    error: BudError,
    config: { readonly breaker: BreakerConfig; readonly ejection: EjectionConfig },
    { nowMs, isRetry }: { readonly nowMs: number; readonly isRetry: boolean },
  ): void {
    if (error.scope === 'credential') {
      this.cancel(config.breaker, nowMs)
      return
    }
    this.inFlight -= 1
    if (error.scope === 'request') {
      // The target answered: a refusal of this one request says that it works.
      this.#signal('success', config.breaker, nowMs)
      return
    }
    this.attempts += 1
    this.lastErrorCode = error.code
    this.errorRate += newestShare * (1 - this.errorRate)
    if (!isRetry || this.breaker.kind !== 'closed') this.#signal('failure', config.breaker, nowMs)
    const { errorRate, minimumAttempts, ejectMs } = config.ejection
    if (errorRate < 1 && this.attempts >= minimumAttempts && this.errorRate > errorRate) this.ejectedUntilMs = nowMs + ejectMs
  }

  /** Follows the share of cached prompt tokens, and what a token costs with it. */
  recordUsage(usage: TokenUsage, costUsd: number | undefined): void {
    if (usage.inputTokens > 0) this.cacheHitRate = average(this.cacheHitRate, usage.cachedInputTokens / usage.inputTokens)
    const tokens = usage.inputTokens + usage.outputTokens
    if (costUsd === undefined || tokens === 0) return
    this.costUsdPerMillionTokens = average(this.costUsdPerMillionTokens, (costUsd / tokens) * 1_000_000)
  }

  #signal(signal: BreakerSignal, config: BreakerConfig, nowMs: number): void {
    this.breaker = breakerNext(this.breaker, signal, config, nowMs)
  }
}

const average = (earlier: number, newest: number): number => (earlier === 0 ? newest : earlier + newestShare * (newest - earlier))
