/** Orders the healthy candidates for one request: synchronous, no I/O, no clock or randomness of its own. */
import type { Random } from '../random/random.ts'
import type { Target } from './provider.ts'

/** A healthy target and its running statistics. */
export interface Candidate {
  readonly target: Target
  readonly inFlight: number
  readonly latencyMsEwma: number
  readonly timeToFirstTokenMsEwma: number
  /** Share of failed attempts, 0 to 1, exponentially weighted. */
  readonly errorRate: number
  readonly costUsdPerMillionTokens: number
  /** Share of prompt tokens served from the upstream's cache, 0 to 1. */
  readonly cacheHitRate: number
  readonly queuedTokens: number
}

/** Everything a policy may decide by, beside the candidates. */
export interface RoutingContext {
  readonly nowMs: number
  readonly random: Random
  readonly affinityKey: string | undefined
  /** Hashes of the prompt's leading blocks, for prefix-aware policies. */
  readonly blockHashes: readonly bigint[]
  readonly inputTokensEstimate: number
}

/** How an attempt went, for policies that learn. */
export interface RoutingOutcome {
  readonly targetId: string
  readonly ok: boolean
  readonly latencyMs: number
  readonly timeToFirstTokenMs: number | undefined
  readonly blockHashes: readonly bigint[]
}

/** The same object runs in the gateway and, in virtual time, in a simulation. */
export interface RoutingPolicy {
  readonly contract: 'routing-policy/1'
  readonly id: string
  /** True when `blockHashes` of the context are used; hashing every prompt for nothing would cost. */
  readonly usesBlockHashes?: boolean | undefined
  /** Every candidate once, best first; never adds one. */
  rank(
    request: { readonly model: string; readonly operation: string },
    candidates: readonly Candidate[],
    context: RoutingContext,
  ): readonly Candidate[]
  observe?(outcome: RoutingOutcome): void
}
