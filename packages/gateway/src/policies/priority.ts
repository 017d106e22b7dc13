/** Takes targets in the order of their tiers, and within one in the order of their weights: an explicit list of preferences. */
import type { RoutingPolicy } from '@bud-foundry/core'

export function createPriority(): RoutingPolicy {
  return {
    contract: 'routing-policy/1',
    id: 'priority',
    rank: (_request, candidates) =>
      [...candidates].sort((left, right) => left.target.tier - right.target.tier || right.target.weight - left.target.weight),
  }
}
