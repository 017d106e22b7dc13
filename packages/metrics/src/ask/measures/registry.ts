/** Every measure of requests that can be asked for, family by family. */
import type { AggregateName, Aggregates } from '../aggregate.ts'
import { costMeasures } from './cost-measures.ts'
import { goodputMeasures } from './goodput-measures.ts'
import { latencyMeasures } from './latency-measures.ts'
import { defineMeasures } from './measure.ts'
import { overlapMeasures, overlapNames, type MeasureFacts, type OverlapName } from './overlap-measures.ts'
import { requestMeasures } from './request-measures.ts'
import { tokenMeasures } from './token-measures.ts'
import { userMeasures } from './user-measures.ts'

/** By family, as the documentation lists them. */
export const measureFamilies = Object.freeze({
  requests: requestMeasures,
  tokens: tokenMeasures,
  latency: latencyMeasures,
  concurrency: overlapMeasures,
  cost: costMeasures,
  users: userMeasures,
  goodput: goodputMeasures,
})

export const measures = defineMeasures({
  ...requestMeasures,
  ...tokenMeasures,
  ...latencyMeasures,
  ...costMeasures,
  ...userMeasures,
  ...goodputMeasures,
})

export type MeasureName = keyof typeof measures

// Safe: the table above is frozen and its keys are the names.
export const measureNames = Object.keys(measures) as readonly MeasureName[]

/** The measures that a question without an objective can ask for. */
export const plainMeasureNames: readonly MeasureName[] = measureNames.filter((name) => measures[name].needsSlo !== true)

/** Everything that `ask` answers. */
export type AskMeasure = MeasureName | OverlapName

export const askMeasureNames: readonly AskMeasure[] = [...measureNames, ...overlapNames]

export const isOverlap = (name: AskMeasure): name is OverlapName => Object.hasOwn(overlapMeasures, name)

export const measureFacts = (name: AskMeasure): MeasureFacts => (isOverlap(name) ? overlapMeasures[name] : measures[name])

/** The measures by which groups can be ordered. */
export const rankNames = measureNames.filter((name) => measures[name].rank !== undefined && measures[name].needsSlo !== true)

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
  errors: 0,
  rejections: 0,
  blocked: 0,
  aborts: 0,
  clientErrors: 0,
  serverErrors: 0,
  inputTokens: 0,
  cachedInputTokens: 0,
  cacheWriteInputTokens: 0,
  outputTokens: 0,
  reasoningTokens: 0,
  savedUsd: 0,
  providerCostUsd: 0,
  pricedRequests: 0,
  cacheHits: 0,
  cacheLookups: 0,
  guardrailRequests: 0,
  users: 0,
  keys: 0,
  attempts: 0,
  goodRequests: 0,
  timeToFirstTokenCount: 0,
  timePerOutputTokenCount: 0,
})
