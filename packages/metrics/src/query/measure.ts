/** What can be asked about requests, each measure with its unit and the aggregates that it is read from. */
import { quantileLevels, type AggregateName, type Aggregates } from './aggregate.ts'

export interface Measure {
  readonly unit: 'requests' | 'share' | 'tokens' | 'per second' | 'ms' | 'usd' | 'users' | 'keys' | 'attempts'
  readonly needs: readonly AggregateName[]
  /** `seconds` is the length of the bucket or window. Null: nothing was measured. */
  readonly read: (aggregates: Aggregates, seconds: number) => number | null
}

function numberOf(aggregates: Aggregates, name: AggregateName): number | null {
  const value = aggregates[name]
  return typeof value === 'number' ? value : null
}

const plain = (unit: Measure['unit'], name: AggregateName): Measure => ({
  unit,
  needs: [name],
  read: (aggregates) => numberOf(aggregates, name),
})

const perSecond = (name: AggregateName): Measure => ({
  unit: 'per second',
  needs: [name],
  read: (aggregates, seconds) => (seconds > 0 ? (numberOf(aggregates, name) ?? 0) / seconds : null),
})

const share = (part: readonly AggregateName[], whole: AggregateName): Measure => ({
  unit: 'share',
  needs: [...part, whole],
  read: (aggregates) => {
    const total = numberOf(aggregates, whole) ?? 0
    return total === 0 ? null : part.reduce((sum, name) => sum + (numberOf(aggregates, name) ?? 0), 0) / total
  },
})

const meanMs = (name: AggregateName): Measure => ({
  unit: 'ms',
  needs: [name],
  read: (aggregates) => {
    const micros = numberOf(aggregates, name)
    return micros === null ? null : micros / 1000
  },
})

const quantileMs = (name: AggregateName, level: number): Measure => ({
  unit: 'ms',
  needs: [name],
  read: (aggregates) => {
    const levels = aggregates[name]
    const micros = Array.isArray(levels) ? (levels[quantileLevels.indexOf(level)] as unknown) : null
    return typeof micros === 'number' ? micros / 1000 : null
  },
})

const defineMeasures = <Names extends string>(table: Readonly<Record<Names, Measure>>) => Object.freeze(table)

/**
 * Outcomes add up: `requests` = `successes` + `errors` + `rejected` + `aborted`, and `partials` (an answer that broke off) is a part of
 * `errors`. Quantiles are exact, interpolated between neighbours. Tokens and requests count where the request arrived.
 */
export const measures = defineMeasures({
  requests: plain('requests', 'requests'),
  requestsPerSecond: perSecond('requests'),
  successes: plain('requests', 'successes'),
  errors: {
    unit: 'requests',
    needs: ['failures', 'partials'],
    read: (aggregates) => (numberOf(aggregates, 'failures') ?? 0) + (numberOf(aggregates, 'partials') ?? 0),
  },
  partials: plain('requests', 'partials'),
  rejected: plain('requests', 'rejections'),
  aborted: plain('requests', 'aborts'),
  successShare: share(['successes'], 'requests'),
  errorShare: share(['failures', 'partials'], 'requests'),
  attempts: plain('attempts', 'attempts'),
  inputTokens: plain('tokens', 'inputTokens'),
  cachedInputTokens: plain('tokens', 'cachedInputTokens'),
  cacheWriteInputTokens: plain('tokens', 'cacheWriteInputTokens'),
  outputTokens: plain('tokens', 'outputTokens'),
  reasoningTokens: plain('tokens', 'reasoningTokens'),
  inputTokensPerSecond: perSecond('inputTokens'),
  outputTokensPerSecond: perSecond('outputTokens'),
  cachedInputShare: share(['cachedInputTokens'], 'inputTokens'),
  costUsd: plain('usd', 'costUsd'),
  pricedRequests: plain('requests', 'pricedRequests'),
  cacheHits: plain('requests', 'cacheHits'),
  cacheHitShare: share(['cacheHits'], 'cacheLookups'),
  uniqueUsers: plain('users', 'users'),
  uniqueKeys: plain('keys', 'keys'),
  durationMsP50: quantileMs('durationQuantiles', 0.5),
  durationMsP90: quantileMs('durationQuantiles', 0.9),
  durationMsP95: quantileMs('durationQuantiles', 0.95),
  durationMsP99: quantileMs('durationQuantiles', 0.99),
  durationMsMean: meanMs('durationMean'),
  timeToFirstTokenMsP50: quantileMs('timeToFirstTokenQuantiles', 0.5),
  timeToFirstTokenMsP90: quantileMs('timeToFirstTokenQuantiles', 0.9),
  timeToFirstTokenMsP95: quantileMs('timeToFirstTokenQuantiles', 0.95),
  timeToFirstTokenMsP99: quantileMs('timeToFirstTokenQuantiles', 0.99),
  timeToFirstTokenMsMean: meanMs('timeToFirstTokenMean'),
  timeToFirstTokenCount: plain('requests', 'timeToFirstTokenCount'),
  timePerOutputTokenMsP50: quantileMs('timePerOutputTokenQuantiles', 0.5),
  timePerOutputTokenMsP90: quantileMs('timePerOutputTokenQuantiles', 0.9),
  timePerOutputTokenMsP95: quantileMs('timePerOutputTokenQuantiles', 0.95),
  timePerOutputTokenMsP99: quantileMs('timePerOutputTokenQuantiles', 0.99),
  timePerOutputTokenMsMean: meanMs('timePerOutputTokenMean'),
  timePerOutputTokenCount: plain('requests', 'timePerOutputTokenCount'),
  overheadMsP50: quantileMs('overheadQuantiles', 0.5),
  overheadMsP99: quantileMs('overheadQuantiles', 0.99),
  overheadMsMean: meanMs('overheadMean'),
})

export type MeasureName = keyof typeof measures

// Safe: the table above is frozen and its keys are the names.
export const measureNames = Object.keys(measures) as readonly MeasureName[]

/** What a series answers unless asked for something else. */
export const seriesMeasures = Object.freeze([
  'requests',
  'successes',
  'errors',
  'partials',
  'rejected',
  'aborted',
  'inputTokens',
  'cachedInputTokens',
  'outputTokens',
  'inputTokensPerSecond',
  'outputTokensPerSecond',
  'costUsd',
  'durationMsP50',
  'durationMsP95',
  'durationMsP99',
  'timeToFirstTokenMsP50',
  'timeToFirstTokenMsP95',
  'timeToFirstTokenMsP99',
  'timePerOutputTokenMsP50',
  'timePerOutputTokenMsP95',
  'timePerOutputTokenMsP99',
] as const satisfies readonly MeasureName[])

export type SeriesMeasure = (typeof seriesMeasures)[number]

export type MeasureValues<Names extends MeasureName = MeasureName> = Readonly<Record<Names, number | null>>

/** Every aggregate that the measures are read from, once. */
export const aggregatesOf = (names: readonly MeasureName[]): readonly AggregateName[] => [
  ...new Set(names.flatMap((name) => measures[name].needs)),
]

export function readMeasures<Names extends MeasureName>(
  names: readonly Names[],
  aggregates: Aggregates,
  seconds: number,
): MeasureValues<Names> {
  // Safe: every name of the list gets its value.
  return Object.fromEntries(names.map((name) => [name, measures[name].read(aggregates, seconds)])) as MeasureValues<Names>
}

/** The aggregates of no requests at all: counts and sums are zero, the rest was not measured. */
export const emptyAggregates: Aggregates = Object.freeze({
  requests: 0,
  successes: 0,
  failures: 0,
  partials: 0,
  rejections: 0,
  aborts: 0,
  inputTokens: 0,
  cachedInputTokens: 0,
  cacheWriteInputTokens: 0,
  outputTokens: 0,
  reasoningTokens: 0,
  costUsd: null,
  pricedRequests: 0,
  cacheHits: 0,
  cacheLookups: 0,
  users: 0,
  keys: 0,
  attempts: 0,
  timeToFirstTokenCount: 0,
  timePerOutputTokenCount: 0,
})
