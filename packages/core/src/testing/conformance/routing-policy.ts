/** What every RoutingPolicy must do, as a suite that any test runner can run. */
import assert from 'node:assert/strict'
import type { Candidate, RoutingContext, RoutingOutcome, RoutingPolicy } from '../../contracts/routing-policy.ts'
import { createSecret } from '../../config/secret.ts'
import { createSeededRandom, type Random } from '../../random/random.ts'
import { frozen, registerCases, type ConformanceCase } from './suite.ts'
import type { SuiteRunner } from './suite-runner.ts'

/** What the suite is run on. */
export interface RoutingPolicyConformanceOptions extends SuiteRunner {
  readonly name: string
  /** A new policy, without memory of any earlier one. */
  readonly create: () => RoutingPolicy
}

const rounds = 200
const candidatesMax = 12
const request = frozen({ model: 'llama-3.1-8b', operation: 'chat' })

const pick = <Value>(random: Random, values: readonly [Value, ...Value[]]): Value =>
  values[Math.floor(random.next() * values.length)] ?? values[0]

/** A candidate such as statistics produce: often zero, now and then extreme, never negative. */
function candidate(random: Random, index: number): Candidate {
  const amount = () => pick(random, [0, 1, random.next() * 100, random.next() * 1e9])
  return frozen({
    target: {
      id: `target-${String(index)}`,
      providerId: pick(random, ['openai', 'openai-compatible']),
      modelId: 'm',
      baseUrl: new URL(`http://host-${String(index)}.test`),
      credential: createSecret('a'),
      weight: pick(random, [0, 1, 5, 100]),
      tier: pick(random, [0, 0, 1, 2]),
      options: {},
    },
    inFlight: Math.floor(amount()),
    latencyMsEwma: amount(),
    timeToFirstTokenMsEwma: amount(),
    errorRate: random.next(),
    costUsdPerMillionTokens: amount(),
    cacheHitRate: random.next(),
    queuedTokens: Math.floor(amount()),
  })
}

const candidatesOf = (random: Random, count = Math.floor(random.next() * (candidatesMax + 1))) =>
  Object.freeze(Array.from({ length: count }, (_, index) => candidate(random, index)))

function contextOf(random: Random, nowMs: number): RoutingContext {
  const blocks = Math.floor(random.next() * 5)
  return Object.freeze({
    nowMs,
    random: createSeededRandom(Math.floor(random.next() * 2 ** 32)),
    affinityKey: pick(random, [undefined, 'user-1', 'user-2']),
    blockHashes: Object.freeze(Array.from({ length: blocks }, (_, index) => BigInt(index) * 0x9e37_79b9_7f4a_7c15n)),
    inputTokensEstimate: Math.floor(random.next() * 100_000),
  })
}

function outcomeOf(random: Random, targetId: string): RoutingOutcome {
  const ok = random.next() < 0.8
  return frozen({
    targetId,
    ok,
    latencyMs: random.next() * 1000,
    timeToFirstTokenMs: ok ? random.next() * 100 : undefined,
    blockHashes: [1n, 2n],
  })
}

/** Asks for many rankings with outcomes in between, and returns their ids: the whole of what a policy does. */
function playOut(
  policy: RoutingPolicy,
  seed: number,
  check: (ranked: readonly Candidate[], candidates: readonly Candidate[]) => void = () => undefined,
) {
  const random = createSeededRandom(seed)
  const rankings: string[] = []
  for (let round = 0; round < rounds; round += 1) {
    const candidates = candidatesOf(random)
    const ranked = policy.rank(request, candidates, contextOf(random, 1_767_225_600_000 + round * 37))
    check(ranked, candidates)
    rankings.push(ranked.map(({ target }) => target.id).join(' '))
    const first = ranked[0]
    if (first !== undefined) policy.observe?.(outcomeOf(random, first.target.id))
  }
  return rankings
}

/** Registers the suite: `routingPolicyConformance({ describe, test, name, create })`. */
export function routingPolicyConformance(options: RoutingPolicyConformanceOptions): void {
  const { create } = options
  const cases: readonly ConformanceCase[] = [
    [
      'names its contract and itself',
      () => {
        const policy = create()
        assert.equal(policy.contract, 'routing-policy/1')
        assert.match(policy.id, /^[a-z][a-z0-9-]*$/)
      },
    ],
    [
      'returns every candidate once and adds none',
      () => {
        let seen = 0
        playOut(create(), 1, (ranked, candidates) => {
          assert.ok(Array.isArray(ranked), 'rank must answer at once, with a list')
          assert.equal(ranked.length, candidates.length)
          assert.deepEqual(new Set(ranked), new Set(candidates))
          seen += candidates.length
        })
        assert.ok(seen > rounds)
      },
    ],
    [
      'ranks no candidates and a single one',
      () => {
        const random = createSeededRandom(2)
        assert.deepEqual(create().rank(request, [], contextOf(random, 0)), [])
        const [single] = candidatesOf(random, 1)
        assert.ok(single !== undefined)
        assert.deepEqual(create().rank(request, [single], contextOf(random, 0)), [single])
      },
    ],
    [
      'changes nothing that it is given',
      () => {
        // Every input above is frozen, so a write would have thrown; the order of the list is what is left.
        const random = createSeededRandom(3)
        const candidates = [...candidatesOf(random, candidatesMax)]
        const before = [...candidates]
        create().rank(request, candidates, contextOf(random, 0))
        assert.deepEqual(candidates, before)
      },
    ],
    [
      'ranks the same for the same seed and the same history',
      () => {
        for (const seed of [4, 5, 6]) assert.deepEqual(playOut(create(), seed), playOut(create(), seed))
      },
    ],
    [
      'takes outcomes of targets that it never saw, and of those that are gone',
      () => {
        const policy = create()
        const random = createSeededRandom(7)
        for (let index = 0; index < 1000; index += 1) policy.observe?.(outcomeOf(random, `gone-${String(index)}`))
        assert.equal(policy.rank(request, candidatesOf(random, 3), contextOf(random, 0)).length, 3)
      },
    ],
  ]
  registerCases(options, `${options.name} conforms to routing-policy/1`, cases)
}
