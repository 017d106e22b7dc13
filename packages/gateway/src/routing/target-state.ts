/** One target of a snapshot as the Candidate that policies rank, with what requests need to reach it. */
import type { Candidate, CanonicalOperation, Provider, Target } from '@bud-foundry/core'
import type { TargetPrice } from '../money/price-book.ts'
import { breakerAllows } from './circuit-breaker.ts'
import type { CredentialState } from './credential-state.ts'
import type { TargetHealth } from './target-health.ts'

export interface PreparedEndpoint {
  readonly url: URL
  readonly headers: Readonly<Record<string, string>>
}

export class TargetState implements Candidate {
  readonly target: Target
  readonly provider: Provider
  readonly credential: CredentialState
  readonly health: TargetHealth
  readonly price: TargetPrice
  readonly #endpoints = new Map<CanonicalOperation, PreparedEndpoint>()

  constructor(init: {
    readonly target: Target
    readonly provider: Provider
    readonly credential: CredentialState
    readonly health: TargetHealth
    readonly price: TargetPrice
  }) {
    this.target = init.target
    this.provider = init.provider
    this.credential = init.credential
    this.health = init.health
    this.price = init.price
  }

  get inFlight(): number {
    return this.health.inFlight
  }
  get latencyMsEwma(): number {
    return this.health.latencyMsEwma
  }
  get timeToFirstTokenMsEwma(): number {
    return this.health.timeToFirstTokenMsEwma
  }
  get errorRate(): number {
    return this.health.errorRate
  }
  get cacheHitRate(): number {
    return this.health.cacheHitRate
  }
  get queuedTokens(): number {
    return this.health.queuedTokens
  }
  /** As measured; until then the mean of the input and output price. */
  get costUsdPerMillionTokens(): number {
    return this.health.costUsdPerMillionTokens > 0
      ? this.health.costUsdPerMillionTokens
      : (this.price.current()?.meanUsdPerMillionTokens ?? 0)
  }

  /** Where an operation goes, worked out once. */
  endpoint(operation: CanonicalOperation): PreparedEndpoint {
    let endpoint = this.#endpoints.get(operation)
    if (endpoint === undefined) this.#endpoints.set(operation, (endpoint = this.provider.endpoint(operation, this.target)))
    return endpoint
  }

  isAvailable(nowMs: number): boolean {
    return this.health.checkedHealthy && this.credential.isUsable(nowMs) && breakerAllows(this.health.breaker, nowMs)
  }
}
