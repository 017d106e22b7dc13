/** Prefers the target whose tokens cost least, with the measured share of cached input in the price. */
import type { RoutingPolicy } from '@bud-foundry/core'
import { byScore } from './by-score.ts'

export function createLowestCost(): RoutingPolicy {
  return {
    contract: 'routing-policy/1',
    id: 'lowest-cost',
    rank: (_request, candidates, context) => byScore(candidates, context.random, (candidate) => candidate.costUsdPerMillionTokens),
  }
}
