/** Prefers the target with the fewest requests in flight for its weight. */
import type { RoutingPolicy } from '@bud-foundry/core'
import { byScore } from './by-score.ts'

export function createLeastInFlight(): RoutingPolicy {
  return {
    contract: 'routing-policy/1',
    id: 'least-in-flight',
    rank: (_request, candidates, context) =>
      byScore(candidates, context.random, ({ inFlight, target }) =>
        target.weight > 0 ? (inFlight + 1) / target.weight : Number.MAX_VALUE,
      ),
  }
}
