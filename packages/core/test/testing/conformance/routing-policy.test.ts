/** The suite of routing policies passes for a policy with state and one with chance, and rejects policies that break its rules. */
import { describe, expect, test } from 'vitest'
import type { Candidate, RoutingPolicy } from '@bud-foundry/core'
import { routingPolicyConformance } from '@bud-foundry/core/testing/conformance'
import { failedCases } from './failed-cases.ts'

type Rank = RoutingPolicy['rank']
const policyOf = (rank: Rank): RoutingPolicy => ({ contract: 'routing-policy/1', id: 'under-test', rank })

function createRoundRobin(): RoutingPolicy {
  let turn = 0
  return policyOf((_, candidates) => {
    turn += 1
    const start = candidates.length === 0 ? 0 : turn % candidates.length
    return [...candidates.slice(start), ...candidates.slice(0, start)]
  })
}

function createShuffle(): RoutingPolicy {
  return policyOf((_, candidates, { random }) => {
    const drawn = candidates.map((candidate) => [random.next(), candidate] as const)
    return drawn.sort(([one], [other]) => one - other).map(([, candidate]) => candidate)
  })
}

routingPolicyConformance({ describe, test, name: 'round robin', create: createRoundRobin })
routingPolicyConformance({ describe, test, name: 'shuffle', create: createShuffle })

describe('routingPolicyConformance', () => {
  const byLatency = (one: Candidate, other: Candidate) => one.latencyMsEwma - other.latencyMsEwma
  let shared = 0
  test.each<[string, Rank, string]>([
    ['drops a candidate', (_, candidates) => candidates.slice(1), 'returns every candidate once'],
    ['repeats a candidate', (_, candidates) => candidates.flatMap(() => candidates.slice(0, 1)), 'returns every candidate once'],
    ['sorts in place', (_, candidates) => (candidates as Candidate[]).sort(byLatency), 'changes nothing'],
    [
      'draws chance of its own',
      (_, candidates) => [...candidates].sort(() => ((shared += 0.37) % 1) - 0.5),
      'ranks the same for the same seed',
    ],
    ['answers later', (async () => []) as unknown as Rank, 'returns every candidate once'],
  ])('rejects a policy that %s', async (_, rank, title) => {
    const failed = await failedCases((runner) => {
      routingPolicyConformance({ ...runner, name: 'broken', create: () => policyOf(rank) })
    })
    expect(failed.join('\n')).toContain(title)
  })
})
