/** Answers questions for one scope: the only way from a caller to an engine. */
import { invariant } from '@bud-foundry/core'
import type { AggregateRow, Selection } from './request-engine.ts'
import { askMany, changeOf, type Answer } from './asker.ts'
import type { DimensionName } from './dimension.ts'
import { askDistribution, type Distribution } from './distribution.ts'
import { toGroup, type Group } from './group.ts'
import {
  aggregatesOf,
  emptyAggregates,
  plainMeasureNames,
  readMeasures,
  type MeasureName,
  type MeasureValues,
  type SeriesMeasure,
} from './measures/registry.ts'
import type { AnalyticsClient } from '../client/analytics-client.ts'
import { metricsErrors } from '../errors.ts'
import { exportFile, type ExportedFile, type ExportQuestion } from './export.ts'
import type { ReaderParts } from './reader-parts.ts'
import { askRecords, type RecordAnswer, type RecordQuestion } from './records/ask-records.ts'
import { readSpans, type StoredSpan } from './records/read-spans.ts'
import { askTrueCost, type TrueCost, type TrueCostQuestion } from './true-cost.ts'
import { metricsLimits } from '../limits.ts'
import { createPayloadReader, type Payload } from '../payload/payload-reader.ts'
import type { StoredRequest } from '../table/request-details.ts'
import type { AlwaysField, RequestField } from '../table/request-table.ts'
import {
  assertPoints,
  decodeCursor,
  encodeCursor,
  parseQuery,
  requestQuerySchema,
  resolvePeriod,
  seriesQuerySchema,
  summaryQuerySchema,
  toFilters,
  type DistributionQuestion,
  type Question,
  type RequestQuery,
  type SeriesQuery,
  type SummaryQuery,
} from './question.ts'
import { intersectScopes, type Scope } from './scope.ts'
import { alignWindow, bucketSeconds, bucketStartUs, countBuckets, type TimeWindow } from './window.ts'

export interface RequestPage<Fields extends RequestField = RequestField> {
  /** Newest first. */
  readonly data: readonly Pick<StoredRequest, Fields | AlwaysField>[]
  /** Absent on the last page. */
  readonly nextCursor?: string
}

/** One measured bucket of one group. */
interface MeasuredRow {
  readonly timeUnixMs: number
  readonly group: Group
  readonly values: Readonly<Partial<Record<MeasureName, number | null>>>
}

/** Mean over time and highest number of requests running at once. Only finished requests are known. */
export interface InFlight {
  readonly inFlightMean: number
  readonly inFlightPeak: number
}

export type SeriesPoint<Names extends MeasureName = SeriesMeasure> = { readonly timeUnixMs: number } & MeasureValues<Names> & InFlight

export interface Series<Names extends MeasureName = SeriesMeasure> {
  /** Start of the first bucket: the start asked for, moved back to a whole interval. */
  readonly fromUnixMs: number
  readonly toUnixMs: number
  readonly intervalMs: number
  readonly points: readonly SeriesPoint<Names>[]
  readonly totals: MeasureValues<Names> & InFlight
}

export interface SummaryGroup {
  readonly group: Group
  readonly values: MeasureValues
}

export interface Summary {
  readonly fromUnixMs: number
  readonly toUnixMs: number
  readonly totals: MeasureValues & InFlight
  /** The window of the same length just before. */
  readonly previous: MeasureValues & InFlight
  /** (now − before) / before; null where there is no before, or it is zero. */
  readonly changes: Readonly<Record<MeasureName | keyof InFlight, number | null>>
  /** Failed, partial and rejected requests by error code, most first. */
  readonly errors: readonly { readonly errorCode: string; readonly requests: number }[]
  /** One per value of the dimensions asked for, most requests first; empty without `groupBy`. */
  readonly groups: readonly SummaryGroup[]
}

export interface MetricsReader {
  /** The general question. @throws METRICS_QUESTION_INVALID */
  ask(question: Question, signal?: AbortSignal): Promise<Answer>
  /** Answers in the order of the questions; those about the same rows share a pass over them. @throws METRICS_QUESTION_INVALID */
  askMany(questions: readonly Question[], signal?: AbortSignal): Promise<readonly Answer[]>
  /** How values spread; with an interval, a heatmap. @throws METRICS_QUESTION_INVALID */
  distribution(question: DistributionQuestion, signal?: AbortSignal): Promise<Distribution>
  /** @throws METRICS_QUESTION_INVALID */
  requests<Fields extends RequestField = RequestField>(query?: RequestQuery<Fields>, signal?: AbortSignal): Promise<RequestPage<Fields>>
  /** Undefined when it is not stored, or not in scope. */
  request(id: string, signal?: AbortSignal): Promise<StoredRequest | undefined>
  /** What was sampled of devices, nodes, pods and engines, what was blocked and guarded, how requests were scored, metrics of others. @throws METRICS_QUESTION_INVALID, METRICS_OPERATOR_ONLY */
  records(question: RecordQuestion, signal?: AbortSignal): Promise<RecordAnswer>
  /** What a million tokens really cost, by target. @throws METRICS_QUESTION_INVALID, METRICS_OPERATOR_ONLY */
  trueCost(question: TrueCostQuestion, signal?: AbortSignal): Promise<TrueCost>
  /** Answers or requests as a file. @throws METRICS_QUESTION_INVALID */
  export(question: ExportQuestion, signal?: AbortSignal): Promise<ExportedFile>
  /** The requests of one trace that are in scope, oldest first. */
  trace(traceId: string, signal?: AbortSignal): Promise<readonly StoredRequest[]>
  /** The spans of one trace that are in scope, oldest first; spans come over OTLP. */
  spans(traceId: string, signal?: AbortSignal): Promise<readonly StoredSpan[]>
  /** What was asked and answered; undefined when it was not captured, or is not in scope. */
  payload(requestId: string, signal?: AbortSignal): Promise<Payload | undefined>
  /** Measures over time, and over the whole window. @throws METRICS_QUESTION_INVALID */
  series<Names extends MeasureName = SeriesMeasure>(query?: SeriesQuery<Names>, signal?: AbortSignal): Promise<Series<Names>>
  /** Every measure over a window, compared with the one before. @throws METRICS_QUESTION_INVALID */
  summary(query?: SummaryQuery, signal?: AbortSignal): Promise<Summary>
  /** A reader that sees what this one sees and the scope allows. */
  scopedTo(scope: Scope): MetricsReader
}

/** One series per group with every bucket in it; groups in the order of their size. */
function fillRows(
  rows: readonly AggregateRow[],
  window: TimeWindow,
  groupBy: readonly DimensionName[],
  names: readonly MeasureName[],
): readonly MeasuredRow[] {
  const series = new Map<string, { readonly group: readonly string[]; readonly buckets: Map<number, AggregateRow>; requests: number }>()
  if (groupBy.length === 0) series.set('[]', { group: [], buckets: new Map(), requests: 0 })
  for (const row of rows) {
    const key = JSON.stringify(row.group)
    const one = series.get(key) ?? { group: row.group, buckets: new Map<number, AggregateRow>(), requests: 0 }
    one.buckets.set(row.bucket, row)
    one.requests += Number(row.aggregates.requests ?? 0)
    series.set(key, one)
  }
  return [...series.entries()]
    .sort(([leftKey, left], [rightKey, right]) => right.requests - left.requests || (leftKey < rightKey ? -1 : 1))
    .flatMap(([, { group, buckets }]) =>
      Array.from({ length: countBuckets(window) }, (_, bucket) => ({
        timeUnixMs: bucketStartUs(window, bucket) / 1000,
        group: toGroup(groupBy, group),
        values: readMeasures(names, buckets.get(bucket)?.aggregates ?? emptyAggregates, bucketSeconds(window, bucket)),
      })),
    )
}

/** 1, 2, 5, 10, 15 or 30 seconds, minutes, hours or days: the shortest that gives at most 300 points. */
export function chooseIntervalMs(windowMs: number): number {
  const steps = [1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 900, 1_800, 3_600, 7_200, 10_800, 21_600, 43_200, 86_400, 604_800, 2_592_000]
  return (steps.find((seconds) => windowMs / (seconds * 1000) <= 300) ?? 2_592_000) * 1000
}

const inFlightOf = (selection: Selection) => ({
  selection,
  groupBy: [],
  ranking: { by: 'requests', limit: 1, window: selection.window } as const,
})

function databaseOf({ client }: ReaderParts, what: string): AnalyticsClient {
  if (client === undefined) throw metricsErrors.DATABASE_ABSENT({ what })
  return client
}

export function createReader(parts: ReaderParts): MetricsReader {
  const { engine, clock, scope } = parts

  async function measure(
    selection: Selection,
    options: { readonly groupBy: readonly DimensionName[]; readonly names: readonly MeasureName[]; readonly groupLimit: number },
    signal: AbortSignal | undefined,
  ): Promise<readonly MeasuredRow[]> {
    const { groupBy, names, groupLimit } = options
    // The number of requests orders the groups, whatever was asked for.
    const aggregates = aggregatesOf([...names, 'requests'])
    const ranking = { by: 'requests', limit: groupLimit, window: selection.window } as const
    const rows = await engine.aggregate({ selection, groupBy, aggregates, ranking, other: false, from: 'auto' }, signal)
    return fillRows(rows, selection.window, groupBy, names)
  }

  async function total<Names extends MeasureName>(
    selection: Selection,
    names: readonly Names[],
    signal: AbortSignal | undefined,
  ): Promise<MeasureValues<Names> & InFlight> {
    const whole: Selection = { ...selection, window: { fromUs: selection.window.fromUs, toUs: selection.window.toUs } }
    const [rows, inFlight] = await Promise.all([
      measure(whole, { groupBy: [], names, groupLimit: 1 }, signal),
      engine.inFlight(inFlightOf(whole), signal),
    ])
    // Safe: a question without groups has exactly one row, and it has every measure that was asked for.
    const values = rows[0]?.values as MeasureValues<Names>
    const seconds = bucketSeconds(whole.window, 0)
    return { ...values, inFlightMean: (inFlight[0]?.busyUs ?? 0) / 1_000_000 / seconds, inFlightPeak: inFlight[0]?.peak ?? 0 }
  }

  return {
    async ask(question, signal) {
      const [answer] = await askMany(parts, [question], signal)
      invariant(answer !== undefined, 'one question has one answer')
      return answer
    },

    askMany: (questions, signal) => askMany(parts, questions, signal),

    distribution: (question, signal) => askDistribution(parts, question, signal),

    // Async, so that a missing database is a rejection like every other refusal.
    records: async (question, signal) => askRecords({ ...parts, client: databaseOf(parts, 'records') }, question, signal),
    trueCost: async (question, signal) => askTrueCost({ ...parts, client: databaseOf(parts, 'the true cost') }, question, signal),
    export: async (question, signal) => exportFile({ ...parts, client: databaseOf(parts, 'exports') }, question, signal),

    async requests<Fields extends RequestField = RequestField>(query: RequestQuery<Fields> = {}, signal?: AbortSignal) {
      const { filters, tags, ranges, search = [], fromUnixMs, toUnixMs, fields, limit, cursor } = parseQuery(requestQuerySchema, query)
      const after = cursor === undefined ? undefined : decodeCursor(cursor)
      const window = alignWindow(fromUnixMs, toUnixMs, undefined)
      const words = search.length === 0 ? undefined : search
      const selection = { scope, filters: toFilters(filters), window, tags, ranges, words }
      const rows = await engine.page({ selection, limit: limit + 1, after, fields }, signal)
      const data = rows.slice(0, limit)
      const last = data.at(-1)
      return {
        // Safe: the fields are the caller's own, or all where none was named.
        data: data.map(({ event }) => event) as RequestPage<Fields>['data'],
        ...(rows.length > limit && last !== undefined ? { nextCursor: encodeCursor(last) } : {}),
      }
    },

    request: (id, signal) => engine.find(scope, id, signal),

    trace: (traceId, signal) => engine.trace(scope, traceId, metricsLimits.traceRequests, signal),

    spans: async (traceId, signal) => readSpans({ scope, client: databaseOf(parts, 'spans') }, traceId, signal),
    payload: async (requestId, signal) => createPayloadReader(databaseOf(parts, 'payloads'), scope).read(requestId, signal),

    async series<Names extends MeasureName = SeriesMeasure>(query: SeriesQuery<Names> = {}, signal?: AbortSignal) {
      const { filters, intervalSeconds, measures, ...period } = parseQuery(seriesQuerySchema, query)
      // Safe: the names are the caller's own, or the default that the type parameter defaults to.
      const names = measures as readonly MeasureName[] as readonly Names[]
      const { fromUnixMs, toUnixMs } = resolvePeriod(period, clock.nowMs())
      const intervalMs = intervalSeconds === undefined ? chooseIntervalMs(toUnixMs - fromUnixMs) : intervalSeconds * 1000
      const window = alignWindow(fromUnixMs, toUnixMs, intervalMs)
      assertPoints(countBuckets(window), 1)
      const selection: Selection = { scope, filters: toFilters(filters), window }
      const [rows, inFlight, totals] = await Promise.all([
        measure(selection, { groupBy: [], names, groupLimit: 1 }, signal),
        engine.inFlight(inFlightOf(selection), signal),
        total(selection, names, signal),
      ])
      const points = rows.map(({ timeUnixMs, values }, bucket) => ({
        timeUnixMs,
        // Safe: every one of these measures was asked for.
        ...(values as MeasureValues<Names>),
        inFlightMean: (inFlight[bucket]?.busyUs ?? 0) / 1_000_000 / bucketSeconds(window, bucket),
        inFlightPeak: inFlight[bucket]?.peak ?? 0,
      }))
      return { fromUnixMs: window.fromUs / 1000, toUnixMs: window.toUs / 1000, intervalMs, points, totals }
    },

    async summary(query = {}, signal) {
      const { filters, groupBy, limit, ...period } = parseQuery(summaryQuerySchema, query)
      const { fromUnixMs, toUnixMs } = resolvePeriod(period, clock.nowMs())
      const selection: Selection = { scope, filters: toFilters(filters), window: alignWindow(fromUnixMs, toUnixMs, undefined) }
      const before: Selection = { ...selection, window: alignWindow(Math.max(0, 2 * fromUnixMs - toUnixMs), fromUnixMs, undefined) }
      const [totals, previous, errors, groups] = await Promise.all([
        total(selection, plainMeasureNames, signal),
        total(before, plainMeasureNames, signal),
        measure(selection, { groupBy: ['errorCode'], names: ['requests'], groupLimit: limit + 1 }, signal),
        groupBy.length === 0 ? [] : measure(selection, { groupBy, names: plainMeasureNames, groupLimit: limit }, signal),
      ])
      // Safe: both objects have the same names, each with a number or null.
      const names = Object.keys(totals) as (keyof typeof totals)[]
      return {
        fromUnixMs,
        toUnixMs,
        totals,
        previous,
        changes: Object.fromEntries(names.map((name) => [name, changeOf(totals[name], previous[name])])) as Summary['changes'],
        errors: errors
          .map(({ group, values }) => ({ errorCode: group.errorCode ?? '', requests: values.requests ?? 0 }))
          .filter(({ errorCode }) => errorCode !== '')
          .slice(0, limit),
        // Safe: every measure was asked for.
        groups: groups.map(({ group, values }) => ({ group, values: values as MeasureValues })),
      }
    },

    scopedTo: (narrower) => createReader({ ...parts, scope: intersectScopes(scope, narrower) }),
  }
}
