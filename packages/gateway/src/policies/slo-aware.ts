/** Places a request where its time to first token is predicted to hold, and among those where it costs least. */
import type { Candidate, RoutingPolicy } from '@bud-foundry/core'

export interface SloAwareOptions {
  readonly timeToFirstTokenMs: number
  /** Predicted milliseconds until the first token of a prompt of this length on this target, as it is now. */
  readonly predict: (candidate: Candidate, inputTokens: number) => number
}

/**
 * Candidates that meet the objective come first, cheapest and then least busy leading; the rest follow by how little they miss it.
 * A prediction that is no number counts as a miss beyond all others, so that a broken predictor costs its target and nothing else.
 */
export function createSloAware({ timeToFirstTokenMs, predict }: SloAwareOptions): RoutingPolicy {
  return {
    contract: 'routing-policy/1',
    id: 'slo-aware',
    rank: (_request, candidates, { inputTokensEstimate, random }) =>
      candidates
        .map((candidate) => {
          const predictedMs = predict(candidate, inputTokensEstimate)
          const missMs = Number.isNaN(predictedMs) ? Number.POSITIVE_INFINITY : Math.max(0, predictedMs - timeToFirstTokenMs)
          return { candidate, missMs, tie: candidate.inFlight + random.next() }
        })
        .sort(
          (left, right) =>
            // Equal infinities would subtract to no number.
            (left.missMs === right.missMs ? 0 : left.missMs - right.missMs) ||
            left.candidate.costUsdPerMillionTokens - right.candidate.costUsdPerMillionTokens ||
            left.tie - right.tie,
        )
        .map(({ candidate }) => candidate),
  }
}
