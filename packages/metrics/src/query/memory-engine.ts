/** Answers plans from an array, by the plainest code there is: the measure of the SQL, and an engine for demos without a database. */
import type { RequestEvent } from '@bud-foundry/core'
import { toMicros } from '../table/cell.ts'
import { toEventKey } from '../table/event-id.ts'
import { quantileLevels, type AggregateName, type AggregateValue } from './aggregate.ts'
import { dimensionNames, dimensions } from './dimension.ts'
import type { AggregatePlan, InFlightRow, RequestEngine, Selection } from './request-engine.ts'
import type { Scope } from './scope.ts'
import { bucketStartUs, countBuckets } from './window.ts'

/** Linear between the neighbours of rank level × (n − 1): definition 7 of Hyndman and Fan (1996). */
export function quantileOf(sorted: readonly number[], level: number): number | null {
  const rank = level * (sorted.length - 1)
  const low = sorted[Math.floor(rank)]
  const high = sorted[Math.ceil(rank)]
  return low === undefined || high === undefined ? null : low + (high - low) * (rank - Math.floor(rank))
}

const sum = (values: readonly number[]) => values.reduce((total, value) => total + value, 0)
const present = (values: readonly (number | undefined)[]) => values.filter((value) => value !== undefined)
const distinct = (values: readonly (string | undefined)[]) => new Set(values.filter((value) => value !== undefined && value !== '')).size

const quantiles = (values: readonly number[]): AggregateValue => {
  const sorted = values.toSorted((left, right) => left - right)
  return quantileLevels.map((level) => quantileOf(sorted, level))
}
const mean = (values: readonly number[]): AggregateValue => (values.length === 0 ? null : sum(values) / values.length)

type Latency = 'durationMs' | 'timeToFirstTokenMs' | 'timePerOutputTokenMs' | 'overheadMs'
const micros = (events: readonly RequestEvent[], field: Latency) =>
  present(events.map((event) => event[field])).map((milliseconds) => toMicros(milliseconds))

const compute: Readonly<Record<AggregateName, (events: readonly RequestEvent[]) => AggregateValue>> = {
  requests: (events) => events.length,
  successes: (events) => events.filter(({ outcome }) => outcome === 'success').length,
  failures: (events) => events.filter(({ outcome }) => outcome === 'error').length,
  partials: (events) => events.filter(({ outcome }) => outcome === 'partial').length,
  rejections: (events) => events.filter(({ outcome }) => outcome === 'rejected').length,
  aborts: (events) => events.filter(({ outcome }) => outcome === 'aborted').length,
  inputTokens: (events) => sum(events.map(({ inputTokens }) => inputTokens)),
  cachedInputTokens: (events) => sum(events.map(({ cachedInputTokens }) => cachedInputTokens)),
  cacheWriteInputTokens: (events) => sum(events.map(({ cacheWriteInputTokens }) => cacheWriteInputTokens)),
  outputTokens: (events) => sum(events.map(({ outputTokens }) => outputTokens)),
  reasoningTokens: (events) => sum(events.map(({ reasoningTokens }) => reasoningTokens)),
  costUsd: (events) => {
    const costs = present(events.map(({ costUsd }) => costUsd))
    return costs.length === 0 ? null : sum(costs)
  },
  pricedRequests: (events) => present(events.map(({ costUsd }) => costUsd)).length,
  cacheHits: (events) => events.filter(({ cache }) => cache === 'hit').length,
  cacheLookups: (events) => events.filter(({ cache }) => cache !== 'none').length,
  users: (events) => distinct(events.map(({ userId }) => userId)),
  keys: (events) => distinct(events.map(({ keyId }) => keyId)),
  attempts: (events) => sum(events.map(({ attempts }) => attempts.length)),
  durationQuantiles: (events) => quantiles(micros(events, 'durationMs')),
  durationMean: (events) => mean(micros(events, 'durationMs')),
  timeToFirstTokenQuantiles: (events) => quantiles(micros(events, 'timeToFirstTokenMs')),
  timeToFirstTokenMean: (events) => mean(micros(events, 'timeToFirstTokenMs')),
  timeToFirstTokenCount: (events) => micros(events, 'timeToFirstTokenMs').length,
  timePerOutputTokenQuantiles: (events) => quantiles(micros(events, 'timePerOutputTokenMs')),
  timePerOutputTokenMean: (events) => mean(micros(events, 'timePerOutputTokenMs')),
  timePerOutputTokenCount: (events) => micros(events, 'timePerOutputTokenMs').length,
  overheadQuantiles: (events) => quantiles(micros(events, 'overheadMs')),
  overheadMean: (events) => mean(micros(events, 'overheadMs')),
}

const startUs = (event: RequestEvent) => toMicros(event.timeUnixMs)
const endUs = (event: RequestEvent) => startUs(event) + toMicros(event.durationMs)

const inScope = (scope: Scope, event: RequestEvent) => scope.kind === 'all' || scope.projectIds.includes(event.projectId)

const matches = ({ scope, filters }: Selection, event: RequestEvent) =>
  inScope(scope, event) && dimensionNames.every((name) => filters[name]?.includes(dimensions[name].of(event)) ?? true)

const arrivedInside = ({ window }: Selection, event: RequestEvent) => startUs(event) >= window.fromUs && startUs(event) < window.toUs

function groupEvents(events: readonly RequestEvent[], keyOf: (event: RequestEvent) => string): Map<string, RequestEvent[]> {
  const groups = new Map<string, RequestEvent[]>()
  for (const event of events) {
    const key = keyOf(event)
    const group = groups.get(key)
    if (group === undefined) groups.set(key, [event])
    else group.push(event)
  }
  return groups
}

const compareTexts = (left: readonly string[], right: readonly string[]) => {
  const index = left.findIndex((text, position) => text !== right[position])
  return index === -1 ? 0 : Buffer.compare(Buffer.from(left[index] ?? ''), Buffer.from(right[index] ?? ''))
}

function aggregate(events: readonly RequestEvent[], plan: AggregatePlan) {
  const { window } = plan.selection
  const { intervalUs } = window
  const selected = events.filter((event) => matches(plan.selection, event) && arrivedInside(plan.selection, event))
  const groupOf = (event: RequestEvent) => plan.groupBy.map((name) => dimensions[name].of(event))
  const largest = [...groupEvents(selected, (event) => JSON.stringify(groupOf(event))).values()]
    .map((members) => ({ members, group: members[0] === undefined ? [] : groupOf(members[0]) }))
    .sort((left, right) => right.members.length - left.members.length || compareTexts(left.group, right.group))
    .slice(0, plan.groupBy.length === 0 ? 1 : plan.groupLimit)
  if (largest.length === 0 && plan.groupBy.length === 0 && intervalUs === undefined) largest.push({ members: [], group: [] })
  return largest.flatMap(({ members, group }) => {
    const bucketOf = (event: RequestEvent) => (intervalUs === undefined ? 0 : Math.floor((startUs(event) - window.fromUs) / intervalUs))
    const buckets = members.length === 0 ? new Map([['0', members]]) : groupEvents(members, (event) => String(bucketOf(event)))
    return [...buckets].map(([bucket, inBucket]) => ({
      bucket: Number(bucket),
      group,
      aggregates: Object.fromEntries(plan.aggregates.map((name) => [name, compute[name](inBucket)])),
    }))
  })
}

function inFlight(events: readonly RequestEvent[], selection: Selection): readonly InFlightRow[] {
  const { window } = selection
  const running = events.filter((event) => matches(selection, event) && endUs(event) > startUs(event))
  return Array.from({ length: countBuckets(window) }, (_, bucket) => {
    const from = bucketStartUs(window, bucket)
    const to = Math.min(from + (window.intervalUs ?? window.toUs - window.fromUs), window.toUs)
    const inside = running.filter((event) => startUs(event) < to && endUs(event) > from)
    // Concurrency only grows where a request starts, so looking at those instants finds the peak.
    const instants = [from, ...inside.map(startUs).filter((at) => at > from)]
    const at = (instant: number) => inside.filter((event) => startUs(event) <= instant && endUs(event) > instant).length
    return {
      bucket,
      busyUs: sum(inside.map((event) => Math.min(endUs(event), to) - Math.max(startUs(event), from))),
      peak: Math.max(...instants.map(at)),
    }
  })
}

/** ClickHouse compares the second halves of UUIDs first (its manual, data type UUID). */
const sortable = (key: string) => key.slice(19) + key.slice(0, 19)
const compareKeys = (left: string, right: string) => (sortable(left) < sortable(right) ? -1 : sortable(left) > sortable(right) ? 1 : 0)

/** Events with an id seen before are ignored, as the database ignores them. The array may grow; nothing is copied. */
export function createMemoryEngine(events: readonly RequestEvent[]): RequestEngine {
  const unique = () => [...new Map(events.toReversed().map((event) => [toEventKey(event.id), event])).values()]
  return {
    aggregate: (plan) => Promise.resolve(aggregate(unique(), plan)),
    inFlight: (selection) => Promise.resolve(inFlight(unique(), selection)),
    page: ({ selection, limit, after }) =>
      Promise.resolve(
        unique()
          .filter((event) => matches(selection, event) && arrivedInside(selection, event))
          .map((event) => ({ timeUs: startUs(event), key: toEventKey(event.id), event }))
          .sort((left, right) => right.timeUs - left.timeUs || compareKeys(right.key, left.key))
          .filter(
            ({ timeUs, key }) =>
              after === undefined || timeUs < after.timeUs || (timeUs === after.timeUs && compareKeys(key, after.key) < 0),
          )
          .slice(0, limit),
      ),
    find: (scope, id) => Promise.resolve(unique().find((event) => toEventKey(event.id) === toEventKey(id) && inScope(scope, event))),
  }
}
