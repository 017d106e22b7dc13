/** One target with its live statistics: the Candidate that policies rank, kept across configuration changes. */
import type { BudError, Candidate, CanonicalOperation, Provider, Target, TokenPrice, TokenUsage } from '@bud-foundry/core'
import type { BreakerConfig, EjectionConfig } from '../config.ts'
import { breakerAllows, breakerNext, closedBreaker, type BreakerState } from './circuit-breaker.ts'
import type { CredentialState } from './credential-state.ts'

/** Share of the newest observation in an average: about the last ten count. */
const newestShare = 0.2

export interface PreparedEndpoint {
  readonly url: URL
  readonly headers: Readonly<Record<string, string>>
}

/** How an attempt ended, as far as the target is concerned. */
export interface AttemptHealth {
  readonly ok: boolean
  readonly latencyMs: number
  readonly timeToFirstTokenMs: number | undefined
}

export class TargetState implements Candidate {
  readonly target: Target
  readonly provider: Provider
  readonly credential: CredentialState
  readonly price: TokenPrice | undefined
  inFlight = 0
  latencyMsEwma = 0
  timeToFirstTokenMsEwma = 0
  errorRate = 0
  cacheHitRate = 0
  queuedTokens = 0
  costUsdPerMillionTokens: number
  attempts = 0
  breaker: BreakerState = closedBreaker
  ejectedUntilMs = 0
  /** Result of the active health check; true where there is none. */
  checkedHealthy = true
  readonly #endpoints = new Map<CanonicalOperation, PreparedEndpoint>()

  constructor(init: {
    readonly target: Target
    readonly provider: Provider
    readonly credential: CredentialState
    readonly price: TokenPrice | undefined
  }) {
    this.target = init.target
    this.provider = init.provider
    this.credential = init.credential
    this.price = init.price
    this.costUsdPerMillionTokens = init.price === undefined ? 0 : (init.price.inputUsdPerMillionTokens + init.price.outputUsdPerMillionTokens) / 2
  }

  /** Where an operation goes, worked out once. */
  endpoint(operation: CanonicalOperation): PreparedEndpoint {
    let endpoint = this.#endpoints.get(operation)
    if (endpoint === undefined) {
      const { url, headers } = this.provider.endpoint(operation, this.target)
      endpoint = { url, headers: { 'content-type': 'application/json', ...headers } }
      this.#endpoints.set(operation, endpoint)
    }
    return endpoint
  }

  isAvailable(nowMs: number): boolean {
    return this.checkedHealthy && nowMs >= this.credential.restingUntilMs && breakerAllows(this.breaker, nowMs)
  }

  begin(config: BreakerConfig, nowMs: number): void {
    this.inFlight += 1
    if (this.breaker.kind !== 'closed') this.breaker = breakerNext(this.breaker, 'attempt', config, nowMs)
  }

  /** The attempt said nothing about the target: its caller left, or another try was faster. */
  cancel(config: BreakerConfig, nowMs: number): void {
    this.inFlight -= 1
    if (this.breaker.kind !== 'closed') this.breaker = breakerNext(this.breaker, 'cancel', config, nowMs)
  }

  succeed(health: AttemptHealth, config: BreakerConfig, nowMs: number): void {
    this.inFlight -= 1
    this.attempts += 1
    this.errorRate += newestShare * (0 - this.errorRate)
    this.latencyMsEwma = average(this.latencyMsEwma, health.latencyMs)
    if (health.timeToFirstTokenMs !== undefined) this.timeToFirstTokenMsEwma = average(this.timeToFirstTokenMsEwma, health.timeToFirstTokenMs)
    this.breaker = breakerNext(this.breaker, 'success', config, nowMs)
    if (this.credential.restingUntilMs !== 0) this.credential.recordSuccess()
  }

  fail(error: BudError, config: { readonly breaker: BreakerConfig; readonly ejection: EjectionConfig }, nowMs: number): void {
    this.inFlight -= 1
    if (error.scope === 'credential') {
      this.credential.recordFailure(error, nowMs)
      if (this.breaker.kind !== 'closed') this.breaker = breakerNext(this.breaker, 'cancel', config.breaker, nowMs)
      return
    }
    if (error.scope === 'request') {
      // The target answered: a refusal of this one request says that it works.
      this.breaker = breakerNext(this.breaker, 'success', config.breaker, nowMs)
      return
    }
    this.attempts += 1
    this.errorRate += newestShare * (1 - this.errorRate)
    this.breaker = breakerNext(this.breaker, 'failure', config.breaker, nowMs)
    const { errorRate, minimumAttempts, ejectMs } = config.ejection
    if (errorRate < 1 && this.attempts >= minimumAttempts && this.errorRate > errorRate) this.ejectedUntilMs = nowMs + ejectMs
  }

  /** Follows the share of cached prompt tokens, and what a token costs with it. */
  recordUsage(usage: TokenUsage): void {
    if (usage.inputTokens > 0) this.cacheHitRate = average(this.cacheHitRate, usage.cachedInputTokens / usage.inputTokens)
    const tokens = usage.inputTokens + usage.outputTokens
    if (this.price === undefined || tokens === 0) return
    this.costUsdPerMillionTokens = average(this.costUsdPerMillionTokens, (costUsd(usage, this.price) / tokens) * 1_000_000)
  }
}

const average = (earlier: number, newest: number): number => (earlier === 0 ? newest : earlier + newestShare * (newest - earlier))

/** US dollars for the tokens of one answer. */
export function costUsd(usage: TokenUsage, price: TokenPrice): number {
  const plainInput = Math.max(0, usage.inputTokens - usage.cachedInputTokens - usage.cacheWriteInputTokens)
  const input = price.inputUsdPerMillionTokens
  return (
    (plainInput * input +
      usage.cachedInputTokens * (price.cachedInputUsdPerMillionTokens ?? input) +
      usage.cacheWriteInputTokens * (price.cacheWriteInputUsdPerMillionTokens ?? input) +
      usage.outputTokens * price.outputUsdPerMillionTokens) /
    1_000_000
  )
}
