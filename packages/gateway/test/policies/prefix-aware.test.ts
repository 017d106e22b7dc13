import { createSeededRandom, type Candidate } from '@bud-foundry/core'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { createPrefixAware } from '../../src/policies/prefix-aware.ts'
import { createPrefixIndex } from '../../src/policies/prefix-index.ts'
import { createSloAware } from '../../src/policies/slo-aware.ts'

const candidate = (id: string, load: Partial<Candidate> = {}): Candidate => ({
  target: {
    id,
    providerId: 'p',
    modelId: 'm',
    baseUrl: new URL('http://127.0.0.1'),
    credential: undefined,
    weight: 1,
    tier: 0,
    options: {},
  },
  inFlight: 0,
  latencyMsEwma: 0,
  timeToFirstTokenMsEwma: 0,
  errorRate: 0,
  costUsdPerMillionTokens: 0,
  cacheHitRate: 0,
  queuedTokens: 0,
  ...load,
})
const request = { model: 'm', operation: 'chat' }
const context = (blockHashes: readonly bigint[], seed = 1) => ({
  nowMs: 0,
  random: createSeededRandom(seed),
  affinityKey: undefined,
  blockHashes,
  inputTokensEstimate: blockHashes.length * 512,
})
const firstOf = (ranked: readonly Candidate[]) => ranked[0]?.target.id

/** Prompts as paths through a small tree, so that they share beginnings; a hash stands for the whole path to it. */
const prompt = fc
  .array(fc.integer({ min: 0, max: 2 }), { minLength: 1, maxLength: 8 })
  .map((path) => path.map((_, depth) => BigInt(`1${path.slice(0, depth + 1).join('')}`)))

describe('prefix index', () => {
  test('finds by bisection what a walk over a plain LRU finds, never holds more than its bound, and stays closed under prefixes', () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 40 }), fc.array(prompt, { maxLength: 60 }), prompt, (bound, touched, asked) => {
        const index = createPrefixIndex(bound)
        let order: bigint[] = []
        for (const hashes of touched) {
          index.touch('t', hashes)
          const kept = hashes.slice(0, bound)
          order = [...order.filter((hash) => !kept.includes(hash)), ...kept.toReversed()].slice(-bound)
        }
        const firstMissing = asked.findIndex((hash) => !order.includes(hash))
        expect(index.match('t', asked)).toBe(firstMissing < 0 ? asked.length : firstMissing)
        expect(index.size('t')).toBe(order.length)
        expect(asked.filter((hash) => order.includes(hash)).length).toBe(index.match('t', asked))
      }),
    )
  })
})

describe('prefix-aware', () => {
  test('keeps prompts with a common beginning together and spreads the others', () => {
    const policy = createPrefixAware()
    const candidates = [candidate('a'), candidate('b'), candidate('c')]
    const home = firstOf(policy.rank(request, candidates, context([1n, 2n, 3n])))
    for (let seed = 0; seed < 20; seed += 1) expect(firstOf(policy.rank(request, candidates, context([1n, 2n, 3n, 4n], seed)))).toBe(home)
    const elsewhere = new Set(
      Array.from({ length: 40 }, (_, seed) => firstOf(policy.rank(request, candidates, context([BigInt(1000 + seed)], seed)))),
    )
    expect(elsewhere.size).toBe(3)
  })

  test('leaves a cached target alone once it is much busier than the least busy one', () => {
    const policy = createPrefixAware({ guard: { share: 1.5, requests: 8 } })
    const home = firstOf(policy.rank(request, [candidate('a'), candidate('b')], context([1n, 2n])))
    const busy = (inFlight: number) => ['a', 'b'].map((id) => candidate(id, { inFlight: id === home ? inFlight : 0 }))
    expect(firstOf(policy.rank(request, busy(8), context([1n, 2n])))).toBe(home)
    expect(firstOf(policy.rank(request, busy(9), context([1n, 2n])))).not.toBe(home)
  })

  test('weighs waiting work against the prefill that a cache saves', () => {
    const policy = createPrefixAware({ prefillWeight: 1 })
    const home = firstOf(policy.rank(request, [candidate('a'), candidate('b')], context([1n, 2n])))
    const waiting = (queuedTokens: number) => ['a', 'b'].map((id) => candidate(id, { queuedTokens: id === home ? queuedTokens : 0 }))
    expect(firstOf(policy.rank(request, waiting(1_000), context([1n, 2n])))).toBe(home)
    expect(firstOf(policy.rank(request, waiting(1_100), context([1n, 2n])))).not.toBe(home)
  })

  test('learns where a request was really served when it failed over', () => {
    const policy = createPrefixAware({ guard: { share: 1, requests: 1_000 } })
    const outcome = { latencyMs: 1, timeToFirstTokenMs: 1, blockHashes: [7n, 8n] }
    policy.observe?.({ ...outcome, targetId: 'b', ok: true })
    policy.observe?.({ ...outcome, targetId: 'a', ok: false })
    for (let seed = 0; seed < 10; seed += 1)
      expect(firstOf(policy.rank(request, [candidate('a'), candidate('b')], context([7n, 8n], seed)))).toBe('b')
  })
})

describe('slo-aware', () => {
  const policy = createSloAware({ timeToFirstTokenMs: 200, predict: ({ queuedTokens }, inputTokens) => (queuedTokens + inputTokens) / 10 })
  const cheapBusy = candidate('cheap-busy', { costUsdPerMillionTokens: 1, queuedTokens: 5_000 })
  const cheapIdle = candidate('cheap-idle', { costUsdPerMillionTokens: 1, queuedTokens: 0 })
  const dearIdle = candidate('dear-idle', { costUsdPerMillionTokens: 9, queuedTokens: 0 })

  test('takes the cheapest target that keeps the objective', () => {
    expect(policy.rank(request, [dearIdle, cheapBusy, cheapIdle], context([1n])).map(({ target }) => target.id)).toEqual([
      'cheap-idle',
      'dear-idle',
      'cheap-busy',
    ])
  })

  test('takes the smallest miss when nothing keeps it', () => {
    expect(firstOf(policy.rank(request, [cheapBusy, dearIdle], context(Array.from({ length: 20 }, (_, index) => BigInt(index)))))).toBe(
      'dear-idle',
    )
  })

  test('puts targets without a usable prediction last, and still ranks all of them', () => {
    const broken = createSloAware({ timeToFirstTokenMs: 200, predict: ({ target }) => (target.id === 'dear-idle' ? 100 : Number.NaN) })
    const ranked = broken.rank(request, [cheapBusy, cheapIdle, dearIdle], context([1n]))
    expect(firstOf(ranked)).toBe('dear-idle')
    expect(ranked).toHaveLength(3)
  })
})
