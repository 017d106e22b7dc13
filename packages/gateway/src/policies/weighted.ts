/** Draws targets at random, each with the chance of its weight. */
import type { Candidate, RoutingPolicy } from '@bud-foundry/core'

function draw(rest: readonly Candidate[], total: number, random: number): number {
  let mark = random * total
  for (const [index, candidate] of rest.entries()) {
    mark -= candidate.target.weight
    if (mark < 0) return index
  }
  // All weights are zero, or rounding left a remainder.
  return rest.length - 1
}

/** The first choice follows the weights exactly; so does each later one among those that are left. Weight 0 is a last resort. */
export function createWeighted(): RoutingPolicy {
  return {
    contract: 'routing-policy/1',
    id: 'weighted',
    rank: (_request, candidates, context) => {
      const rest = [...candidates]
      const ranked: Candidate[] = []
      let total = 0
      for (const candidate of rest) total += candidate.target.weight
      while (rest.length > 1) {
        const [chosen] = rest.splice(draw(rest, total, context.random.next()), 1)
        if (chosen === undefined) break
        total -= chosen.target.weight
        ranked.push(chosen)
      }
      return ranked.concat(rest)
    },
  }
}
