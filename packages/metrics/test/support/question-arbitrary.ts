/** Random questions over random requests of four days in which clocks change. */
import fc from 'fast-check'
import { dimensionNames } from '../../src/ask/dimension.ts'
import { askMeasureNames, isOverlap, rankNames, type AskMeasure } from '../../src/ask/measures/registry.ts'
import type { DistributionQuestion, Question } from '../../src/ask/question.ts'
import { distributionNames } from '../../src/ask/request-engine.ts'
import type { StoredRequest } from '../../src/table/request-details.ts'
import { requestArbitrary } from './request-arbitrary.ts'

/** Saturday before the clocks of Berlin go back; those of Kolkata never do, and stand half an hour apart. */
const startUnixMs = Date.UTC(2026, 9, 24, 0, 0, 0)
const days = 4
const zones = ['UTC', 'Europe/Berlin', 'Asia/Kolkata', 'America/Havana', 'Australia/Lord_Howe']

/** Repeats included, always the same. */
export function sampleEvents(): readonly StoredRequest[] {
  const at = fc.oneof(
    fc.integer({ min: 0, max: days * 24 * 60 }).map((minute) => startUnixMs + minute * 60_000),
    fc.integer({ min: 0, max: days * 86_400_000 }).map((ms) => startUnixMs + ms),
  )
  const moved = fc.tuple(requestArbitrary, at).map(([event, timeUnixMs]) => ({ ...event, timeUnixMs }))
  const sample = fc.sample(fc.array(moved, { minLength: 400, maxLength: 500 }), { seed: 20_261_123, numRuns: 1 })[0] ?? []
  return [...sample, ...sample.slice(0, 50)]
}

/** Sums of money differ in the last bits, because floating point adds them in another order than decimals. */
export const roundAnswer = (value: unknown): unknown => {
  if (typeof value === 'number') return Number(value.toPrecision(9))
  if (Array.isArray(value)) return value.map(roundAnswer)
  if (typeof value === 'object' && value !== null)
    return Object.fromEntries(Object.entries(value).map(([name, field]) => [name, roundAnswer(field)]))
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
  interval: optional(fc.constantFrom('1m', '30m', '1h', '6h', '12h', '1d', '1w', '1mo', '1q')),
  timeZone: fc.constantFrom(...zones),
  limit: fc.integer({ min: 1, max: 30 }),
  orderBy: fc.constantFrom('requests' as const, ...rankNames),
}

const compact = <Fields extends object>(fields: Fields) =>
  // Safe: the fields that are undefined are left out, which optional fields allow.
  Object.fromEntries(Object.entries(fields).filter(([, value]) => value !== undefined)) as Fields

export const questionArbitrary: fc.Arbitrary<Question> = fc
  .record({
    measure: some<AskMeasure>(askMeasureNames, 7),
    ...cut,
    other: fc.boolean(),
    compare: optional(fc.constant('previous' as const)),
  })
  .map(({ other, window: ends, ...fields }) =>
    compact({
      ...fields,
      // Minutes of a few hours: more would be beyond the limit of points.
      window: fields.interval === '1m' ? { ...ends, toUnixMs: Math.min(ends.toUnixMs, ends.fromUnixMs + 4 * 3_600_000) } : ends,
      other: other && !fields.measure.some(isOverlap),
      slo: { timeToFirstTokenMs: 30_000, durationMs: 60_000.5 },
    }),
  )

export const distributionArbitrary: fc.Arbitrary<DistributionQuestion> = fc
  .record({
    of: fc.constantFrom(...distributionNames),
    ...cut,
    // Forty bins a bucket: fewer buckets and groups, to stay below the limit of points.
    interval: optional(fc.constantFrom('6h', '1d', '1w')),
    limit: fc.integer({ min: 1, max: 5 }),
    bounds: optional(fc.constant([0, 10, 1_000, 1_000.5, 90_000])),
  })
  .map(compact)
