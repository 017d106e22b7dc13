/** Every built-in policy keeps the contract, and does what its name says. */
import { createSeededRandom, type Candidate, type RoutingContext } from '@bud-foundry/core'
import { routingPolicyConformance } from '@bud-foundry/core/testing/conformance'
import { describe, expect, it, test } from 'vitest'
import {
  createDefaultPolicies,
  createLeastInFlight,
  createLowestCost,
  createLowestLatency,
  createLowestTtft,
  createP2cPeakEwma,
  createPriority,
  createRoundRobin,
  createSessionAffinity,
  createWeighted,
} from '../../src/index.ts'

for (const { id } of createDefaultPolicies()) {
  routingPolicyConformance({
    describe,
    test,
    name: id,
    create: () => {
      const policy = createDefaultPolicies().find((candidate) => candidate.id === id)
      if (policy === undefined) throw new Error(`the policy ${id} has gone`)
      return policy
    },
  })
}

const request = { model: 'm', operation: 'chat' }

const candidate = (id: string, fields: Partial<Candidate> & { readonly weight?: number; readonly tier?: number } = {}): Candidate => ({
  target: {
    id,
    providerId: 'openai-compatible',
    modelId: 'm',
    baseUrl: new URL('http://127.0.0.1'),
    credential: undefined,
    weight: fields.weight ?? 1,
    tier: fields.tier ?? 0,
    options: {},
  },
  inFlight: 0,
  latencyMsEwma: 0,
  timeToFirstTokenMsEwma: 0,
  errorRate: 0,
  costUsdPerMillionTokens: 0,
  cacheHitRate: 0,
  queuedTokens: 0,
  ...fields,
})

const context = (fields: Partial<RoutingContext> = {}): RoutingContext => ({
  nowMs: 0,
  random: createSeededRandom(7),
  affinityKey: undefined,
  blockHashes: [],
  inputTokensEstimate: 100,
  ...fields,
})

const first = (ranked: readonly Candidate[]): string | undefined => ranked[0]?.target.id

it('weighted draws follow the weights', () => {
  const policy = createWeighted()
  const candidates = [candidate('a', { weight: 3 }), candidate('b', { weight: 1 }), candidate('never', { weight: 0 })]
  const shared = context()
  const counts: Record<string, number> = { a: 0, b: 0, never: 0 }
  for (let round = 0; round < 4_000; round += 1) {
    const id = first(policy.rank(request, candidates, shared)) ?? ''
    counts[id] = (counts[id] ?? 0) + 1
  }
  expect(counts['never']).toBe(0)
  expect((counts['a'] ?? 0) / 4_000).toBeGreaterThan(0.71)
  expect((counts['a'] ?? 0) / 4_000).toBeLessThan(0.79)
})

it('round-robin takes turns by weight, spread out', () => {
  const policy = createRoundRobin()
  const candidates = [candidate('a', { weight: 2 }), candidate('b'), candidate('c')]
  const order = Array.from({ length: 8 }, () => first(policy.rank(request, candidates, context())))
  expect(order).toEqual(['a', 'b', 'c', 'a', 'a', 'b', 'c', 'a'])
})

it.each([
  ['least-in-flight', createLeastInFlight(), { inFlight: 4 }, { inFlight: 1 }],
  ['lowest-latency', createLowestLatency(), { latencyMsEwma: 200 }, { latencyMsEwma: 100 }],
  ['lowest-latency, failures counted', createLowestLatency(), { latencyMsEwma: 90, errorRate: 0.9 }, { latencyMsEwma: 100 }],
  ['lowest-ttft', createLowestTtft(), { timeToFirstTokenMsEwma: 20, latencyMsEwma: 1 }, { timeToFirstTokenMsEwma: 10, latencyMsEwma: 9 }],
  ['lowest-cost', createLowestCost(), { costUsdPerMillionTokens: 2 }, { costUsdPerMillionTokens: 1 }],
  ['priority', createPriority(), { tier: 1, weight: 9 }, { tier: 0 }],
])('%s prefers the better one', (_name, policy, worse, better) => {
  const ranked = policy.rank(request, [candidate('worse', worse), candidate('better', better)], context())
  expect(ranked.map(({ target }) => target.id)).toEqual(['better', 'worse'])
})

it('p2c-peak-ewma avoids a target that has just been slow, or refuses quickly', () => {
  for (const outcome of [
    { ok: true, latencyMs: 5_000 },
    { ok: false, latencyMs: 1 },
  ]) {
    const policy = createP2cPeakEwma()
    const candidates = [candidate('a'), candidate('b')]
    policy.rank(request, candidates, context())
    policy.observe?.({ targetId: 'a', timeToFirstTokenMs: undefined, blockHashes: [], ...outcome })
    policy.observe?.({ targetId: 'b', timeToFirstTokenMs: undefined, blockHashes: [], ok: true, latencyMs: 100 })
    expect(first(policy.rank(request, candidates, context()))).toBe('b')
  }
})

it('session-affinity moves only the sessions of a target that went', () => {
  const policy = createSessionAffinity()
  const all = ['a', 'b', 'c', 'd'].map((id) => candidate(id))
  const homeOf = (session: number, candidates: readonly Candidate[]) =>
    first(policy.rank(request, candidates, context({ affinityKey: `session-${String(session)}` })))
  const counts = new Map<string | undefined, number>()
  for (let session = 0; session < 1_000; session += 1) {
    const home = homeOf(session, all)
    counts.set(home, (counts.get(home) ?? 0) + 1)
    const after = homeOf(session, all.slice(1))
    if (home !== 'a') expect(after).toBe(home)
  }
  for (const id of ['a', 'b', 'c', 'd']) expect(counts.get(id)).toBeGreaterThan(180)
})
