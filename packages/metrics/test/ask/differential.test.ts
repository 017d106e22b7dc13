/** Rollups, raw rows and the plainest code answer random questions alike, with nulls, repeats, late rows, and edges of time zones. */
import type { RequestEvent } from '@bud-foundry/core'
import fc from 'fast-check'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { createMetrics, type Metrics } from '../../src/create-metrics.ts'
import { dimensionNames } from '../../src/ask/dimension.ts'
import { askMeasureNames, isOverlap, rankNames, type AskMeasure } from '../../src/ask/measures/registry.ts'
import { createMemoryReader } from '../../src/memory/memory-reader.ts'
import type { DistributionQuestion, Question } from '../../src/ask/question.ts'
import { distributionNames } from '../../src/ask/request-engine.ts'
import type { MetricsReader } from '../../src/ask/reader.ts'
import { openTestEngine, type TestEngine } from '../support/engine.ts'
import { requestArbitrary } from '../support/request-arbitrary.ts'

/** Saturday before the clocks of Berlin go back; those of Kolkata never do, and stand half an hour apart. */
const startUnixMs = Date.UTC(2026, 9, 24, 0, 0, 0)
const days = 4
const zones = ['UTC', 'Europe/Berlin', 'Asia/Kolkata', 'America/Havana', 'Australia/Lord_Howe']

let engine: TestEngine
let metrics: Metrics
let oracle: MetricsReader
const events: RequestEvent[] = []

beforeAll(async () => {
  engine = await openTestEngine()
  metrics = await createMetrics(engine)
  const at = fc.oneof(
    fc.integer({ min: 0, max: days * 24 * 60 }).map((minute) => startUnixMs + minute * 60_000),
    fc.integer({ min: 0, max: days * 86_400_000 }).map((ms) => startUnixMs + ms),
  )
  const moved = fc.tuple(requestArbitrary, at).map(([event, timeUnixMs]) => ({ ...event, timeUnixMs }))
  const sample = fc.sample(fc.array(moved, { minLength: 400, maxLength: 500 }), { seed: 20_261_123, numRuns: 1 })[0] ?? []
  events.push(...sample, ...sample.slice(0, 50))
  for (let start = 0; start < events.length; start += 90) await metrics.store(events.slice(start, start + 120))
  await metrics.store(events.slice(0, 100).toReversed())
  oracle = createMemoryReader({ events })
})

afterAll(async () => {
  await metrics[Symbol.asyncDispose]()
  await engine[Symbol.asyncDispose]()
})

/** Sums of money differ in the last bits, because floating point adds them in another order than decimals. */
const round = (value: unknown): unknown => {
  if (typeof value === 'number') return Number(value.toPrecision(9))
  if (Array.isArray(value)) return value.map(round)
  if (typeof value === 'object' && value !== null)
    return Object.fromEntries(Object.entries(value).map(([name, field]) => [name, round(field)]))
  return value
}

const subset = <Item>(items: readonly Item[], maxLength: number) => fc.uniqueArray(fc.constantFrom(...items), { maxLength })
const some = <Item>(items: readonly Item[], maxLength: number) => fc.uniqueArray(fc.constantFrom(...items), { minLength: 1, maxLength })
const optional = <Value>(arbitrary: fc.Arbitrary<Value>) => fc.option(arbitrary, { nil: undefined, freq: 2 })

/** Aligned to days, hours and minutes more often than chance would have it. */
const window = fc
  .tuple(
    fc.constantFrom(1, 60_000, 3_600_000, 86_400_000),
    fc.constantFrom(1, 60_000, 3_600_000, 86_400_000),
    fc.integer({ min: -86_400_000, max: days * 86_400_000 }),
    fc.integer({ min: 1, max: (days + 1) * 86_400_000 }),
  )
  .map(([fromGrain, toGrain, start, length]) => {
    const fromUnixMs = Math.floor((startUnixMs + start) / fromGrain) * fromGrain
    return { fromUnixMs, toUnixMs: Math.max(fromUnixMs + 1, Math.floor((fromUnixMs + length) / toGrain) * toGrain) }
  })

const rollupFilters = fc.record(
  {
    projectId: some(['alpha', 'beta', "it's \\ quoted", 'nobody'], 3),
    model: fc.constantFrom('llama-3.1-8b', 'llama', 'nothing'),
    outcome: some(['success', 'error', 'partial'], 2),
  },
  { requiredKeys: [] },
)
const rawFilters = fc.record(
  { status: fc.constantFrom('200', '429'), errorCode: fc.constantFrom('', 'GATEWAY_A'), stream: fc.constantFrom('true', 'false') },
  { requiredKeys: [] },
)
const selection = {
  window,
  filters: fc.oneof({ weight: 3, arbitrary: rollupFilters }, { weight: 1, arbitrary: rawFilters }),
  ranges: fc.option(fc.constantFrom({ durationMs: { max: 5_000 } }, { outputTokens: { min: 1, max: 2_000 } }, { costUsd: { min: 0.5 } }), {
    nil: undefined,
    freq: 6,
  }),
  search: fc.option(fc.constantFrom('GATEWAY', 'gpu-1 LLAMA', 'nowhere'), { nil: undefined, freq: 8 }),
}
const cut = {
  ...selection,
  groupBy: fc.oneof(
    { weight: 3, arbitrary: subset(['projectId', 'model', 'providerId', 'outcome', 'operation'] as const, 2) },
    { weight: 1, arbitrary: subset(['keyId', 'userId', 'countryCode', 'model'] as const, 2) },
    { weight: 1, arbitrary: subset(dimensionNames, 2) },
  ),
  interval: optional(fc.constantFrom('30m', '1h', '6h', '12h', '1d', '1w', '1mo')),
  timeZone: fc.constantFrom(...zones),
  limit: fc.integer({ min: 1, max: 30 }),
  orderBy: fc.constantFrom('requests' as const, ...rankNames),
}

const compact = <Fields extends object>(fields: Fields) =>
  // Safe: the fields that are undefined are left out, which optional fields allow.
  Object.fromEntries(Object.entries(fields).filter(([, value]) => value !== undefined)) as Fields

const question: fc.Arbitrary<Question> = fc
  .record({
    measure: some<AskMeasure>(askMeasureNames, 7),
    ...cut,
    other: fc.boolean(),
    compare: optional(fc.constant('previous' as const)),
  })
  .map(({ other, ...fields }) =>
    compact({
      ...fields,
      other: other && !fields.measure.some(isOverlap),
      slo: { timeToFirstTokenMs: 30_000, durationMs: 60_000.5 },
    }),
  )

test('rollups, raw rows and memory answer alike', async () => {
  await fc.assert(
    fc.asyncProperty(question, async (asked) => {
      const expected = round(await oracle.ask(asked))
      expect(round(await metrics.ask(asked))).toEqual(expected)
      expect(round(await metrics.ask({ ...asked, from: 'raw' }))).toEqual(expected)
    }),
    { numRuns: 80 },
  )
})

test('a distribution is the same in SQL and in memory, and counts every request that has the value once', async () => {
  const distribution: fc.Arbitrary<DistributionQuestion> = fc
    .record({ of: fc.constantFrom(...distributionNames), ...cut, bounds: optional(fc.constant([0, 10, 1_000, 1_000.5, 90_000])) })
    .map(compact)
  await fc.assert(
    fc.asyncProperty(distribution, async (asked) => {
      expect(round(await metrics.distribution(asked))).toEqual(round(await oracle.distribution(asked)))
    }),
    { numRuns: 30 },
  )
})

test('questions asked together have the answers that they have alone', async () => {
  const many = fc.array(question, { minLength: 2, maxLength: 4 })
  await fc.assert(
    fc.asyncProperty(many, async (questions) => {
      const asked = questions.flatMap((one) => [one, { ...one, measure: ['requests', 'costUsd'] as const }])
      const together = await metrics.askMany(asked)
      const alone = await Promise.all(asked.map((one) => metrics.ask(one)))
      expect(together).toEqual(alone)
    }),
    { numRuns: 8 },
  )
})

test('no question sees a row of another project', async () => {
  const projectIds = ['beta']
  const narrow = metrics.scopedTo({ kind: 'projects', projectIds })
  const alone = createMemoryReader({ events: events.filter(({ projectId }) => projectIds.includes(projectId)) })
  await fc.assert(
    fc.asyncProperty(question, async (asked) => {
      expect(round(await narrow.ask(asked))).toEqual(round(await alone.ask(asked)))
    }),
    { numRuns: 40 },
  )
})
