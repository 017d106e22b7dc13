/** Takes targets in turn, each as often as its weight says, spread out evenly. */
import type { Candidate, RoutingPolicy } from '@bud-foundry/core'
import { policyModels } from './policy-limits.ts'

/** Smooth weighted round-robin (as nginx does): everyone earns their weight, the richest is chosen and pays the total. */
function next(candidates: readonly Candidate[], earned: Map<string, number>): Candidate | undefined {
  let total = 0
  let richest: Candidate | undefined
  let most = Number.NEGATIVE_INFINITY
  for (const candidate of candidates) {
    const weight = Math.max(candidate.target.weight, Number.MIN_VALUE)
    total += weight
    const value = (earned.get(candidate.target.id) ?? 0) + weight
    earned.set(candidate.target.id, value)
    if (value > most) {
      most = value
      richest = candidate
    }
  }
  if (richest !== undefined) earned.set(richest.target.id, most - total)
  return richest
}

export function createRoundRobin(): RoutingPolicy {
  const earnedByModel = new Map<string, Map<string, number>>()
  return {
    contract: 'routing-policy/1',
    id: 'round-robin',
    rank: (request, candidates) => {
      let earned = earnedByModel.get(request.model)
      if (earned === undefined || earned.size > 4 * candidates.length + 16) {
        // Turns of targets that no longer exist are forgotten with the rest; the order starts anew.
        if (earnedByModel.size >= policyModels) earnedByModel.clear()
        earned = new Map<string, number>()
        earnedByModel.set(request.model, earned)
      }
      const first = next(candidates, earned)
      if (first === undefined) return candidates
      const start = candidates.indexOf(first)
      return [...candidates.slice(start), ...candidates.slice(0, start)]
    },
  }
}
