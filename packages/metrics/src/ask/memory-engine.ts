/** Answers plans from an array, by the plainest code there is: the measure of the SQL, and an engine for demos without a database. */
import { toMicros } from '../table/cell.ts'
import { toEventKey, toTraceKey } from '../table/event-id.ts'
import { cutLabels } from '../table/label.ts'
import type { StoredRequest } from '../table/request-details.ts'
import { pickFields } from '../table/request-table.ts'
import type { AggregateName } from './aggregate.ts'
import { dimensionNames, dimensions, type DimensionName } from './dimension.ts'
import { computeAggregate } from './memory-aggregate.ts'
import type {
  AggregatePlan,
  DistributionName,
  DistributionPlan,
  InFlightPlan,
  InFlightRow,
  RangeName,
  Ranking,
  RequestEngine,
  Selection,
} from './request-engine.ts'
import { rangeNames } from './request-engine.ts'
import type { Scope } from './scope.ts'
import { bucketEndUs, bucketOf, bucketStartUs, countBuckets } from './window.ts'

const startUs = (event: StoredRequest) => toMicros(event.timeUnixMs)
const endUs = (event: StoredRequest) => startUs(event) + toMicros(event.durationMs)

const inScope = (scope: Scope, event: StoredRequest) => scope.kind === 'all' || scope.projectIds.includes(event.projectId)

const inRange = (ranges: Selection['ranges'], event: StoredRequest) =>
  rangeNames.every((name: RangeName) => {
    const { min, max } = ranges?.[name] ?? {}
    const value = event[name]
    return (min === undefined && max === undefined) || (value !== undefined && value >= (min ?? -Infinity) && value <= (max ?? Infinity))
  })

function searchedText(event: StoredRequest): string {
  const { id, traceId, projectId, keyId, userId, dialect, requestedModel, model, targetId, providerId } = event
  const { errorCode, finishReason, clientIp, userAgent, tags } = event
  const texts = [id, toEventKey(id), traceId, projectId, keyId, userId, dialect, requestedModel, model, targetId, providerId]
  return [...texts, errorCode, finishReason, clientIp, userAgent, ...Object.entries(tags).flat()].map((text) => text ?? '').join(' ')
}

function matches({ scope, filters, tags = {}, ranges, words = [] }: Selection, event: StoredRequest): boolean {
  return (
    inScope(scope, event) &&
    dimensionNames.every((name) => filters[name]?.includes(dimensions[name].of(event)) ?? true) &&
    Object.entries(tags).every(([name, values]) => values.includes(event.tags[name] ?? '')) &&
    inRange(ranges, event) &&
    words.every((word) => searchedText(event).toLowerCase().includes(word.toLowerCase()))
  )
}

const arrivedInside = ({ window }: Selection, event: StoredRequest) => startUs(event) >= window.fromUs && startUs(event) < window.toUs

function groupEvents<Event>(events: readonly Event[], keyOf: (event: Event) => string): Map<string, Event[]> {
  const groups = new Map<string, Event[]>()
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

const groupOf = (groupBy: readonly DimensionName[], event: StoredRequest) => groupBy.map((name) => dimensions[name].of(event))

const asNumber = (value: unknown) => (typeof value === 'number' ? value : 0)

/** Keys of the groups that a question answers. */
function rankedGroups(
  events: readonly StoredRequest[],
  selection: Selection,
  groupBy: readonly DimensionName[],
  ranking: Ranking,
): ReadonlySet<string> {
  const inside: Selection = { ...selection, window: ranking.window }
  const members = events.filter((event) => matches(inside, event) && arrivedInside(inside, event))
  return new Set(
    [...groupEvents(members, (event) => JSON.stringify(groupOf(groupBy, event)))]
      .map(([key, group]) => ({
        key,
        group: groupOf(groupBy, group[0] as StoredRequest),
        rank: asNumber(computeAggregate(ranking.by, group)),
      }))
      .sort((left, right) => right.rank - left.rank || compareTexts(left.group, right.group))
      .slice(0, ranking.limit)
      .map(({ key }) => key),
  )
}

function aggregate(events: readonly StoredRequest[], plan: AggregatePlan) {
  const { selection, groupBy, ranking, other, slo } = plan
  const { window } = selection
  const ranked = groupBy.length === 0 ? undefined : rankedGroups(events, selection, groupBy, ranking)
  const isOther = (event: StoredRequest) => ranked !== undefined && !ranked.has(JSON.stringify(groupOf(groupBy, event)))
  const selected = events.filter((event) => matches(selection, event) && arrivedInside(selection, event) && (other || !isOther(event)))
  const shownGroup = (event: StoredRequest) => (isOther(event) ? groupBy.map(() => '') : groupOf(groupBy, event))
  const rows = [
    ...groupEvents(selected, (event) => JSON.stringify([bucketOf(window, startUs(event)), isOther(event), shownGroup(event)])).values(),
  ]
  if (rows.length === 0 && groupBy.length === 0 && countBuckets(window) === 1) rows.push([])
  return rows.map((members) => {
    const [first] = members
    return {
      bucket: first === undefined ? 0 : bucketOf(window, startUs(first)),
      group: first === undefined ? [] : shownGroup(first),
      isOther: first !== undefined && isOther(first),
      aggregates: Object.fromEntries(plan.aggregates.map((name: AggregateName) => [name, computeAggregate(name, members, slo)])),
    }
  })
}

const sum = (values: readonly number[]) => values.reduce((total, value) => total + value, 0)

function inFlight(events: readonly StoredRequest[], { selection, groupBy, ranking }: InFlightPlan): readonly InFlightRow[] {
  const { window } = selection
  const ranked = groupBy.length === 0 ? undefined : rankedGroups(events, selection, groupBy, ranking)
  const running = events.filter(
    (event) =>
      matches(selection, event) &&
      endUs(event) > startUs(event) &&
      startUs(event) < window.toUs &&
      endUs(event) > window.fromUs &&
      (ranked?.has(JSON.stringify(groupOf(groupBy, event))) ?? true),
  )
  const groups = groupEvents(running, (event) => JSON.stringify(groupOf(groupBy, event)))
  if (groupBy.length === 0 && groups.size === 0) groups.set('[]', [])
  return [...groups.values()].flatMap((members) =>
    Array.from({ length: countBuckets(window) }, (_, bucket) => {
      const from = bucketStartUs(window, bucket)
      const to = bucketEndUs(window, bucket)
      const inside = members.filter((event) => startUs(event) < to && endUs(event) > from)
      // Concurrency only grows where a request starts, so looking at those instants finds the peak.
      const instants = [from, ...inside.map(startUs).filter((at) => at > from)]
      const at = (instant: number) => inside.filter((event) => startUs(event) <= instant && endUs(event) > instant).length
      return {
        bucket,
        group: members[0] === undefined ? [] : groupOf(groupBy, members[0]),
        busyUs: sum(inside.map((event) => Math.min(endUs(event), to) - Math.max(startUs(event), from))),
        peak: Math.max(...instants.map(at)),
      }
    }),
  )
}

const valueOf = (event: StoredRequest, of: DistributionName): number | undefined => {
  const value = event[of]
  return value !== undefined && of.endsWith('Ms') ? toMicros(value) / 1000 : value
}

function distribution(events: readonly StoredRequest[], { selection, of, groupBy, ranking, bounds }: DistributionPlan) {
  const ranked = groupBy.length === 0 ? undefined : rankedGroups(events, selection, groupBy, ranking)
  const binOf = (event: StoredRequest) => bounds.filter((bound) => bound <= (valueOf(event, of) ?? 0)).length
  const selected = events.filter(
    (event) =>
      matches(selection, event) &&
      arrivedInside(selection, event) &&
      valueOf(event, of) !== undefined &&
      (ranked?.has(JSON.stringify(groupOf(groupBy, event))) ?? true),
  )
  const keyOf = (event: StoredRequest) => ({
    bucket: bucketOf(selection.window, startUs(event)),
    group: groupOf(groupBy, event),
    bin: binOf(event),
  })
  return [...groupEvents(selected, (event) => JSON.stringify(keyOf(event))).values()].map((members) => ({
    ...keyOf(members[0] as StoredRequest),
    requests: members.length,
  }))
}

/** ClickHouse compares the second halves of UUIDs first (its manual, data type UUID). */
const sortable = (key: string) => key.slice(19) + key.slice(0, 19)
const compareKeys = (left: string, right: string) => (sortable(left) < sortable(right) ? -1 : sortable(left) > sortable(right) ? 1 : 0)

/** Events with an id seen before are ignored, as the database ignores them. The array may grow; nothing is copied. */
export function createMemoryEngine(events: readonly StoredRequest[]): RequestEngine {
  const unique = () => [...new Map(events.toReversed().map((event) => [toEventKey(event.id), cutLabels(event)])).values()]
  return {
    aggregate: (plan) => Promise.resolve(aggregate(unique(), plan)),
    inFlight: (plan) => Promise.resolve(inFlight(unique(), plan)),
    distribution: (plan) => Promise.resolve(distribution(unique(), plan)),
    page: ({ selection, limit, after, fields }) =>
      Promise.resolve(
        unique()
          .filter((event) => matches(selection, event) && arrivedInside(selection, event))
          .map((event) => ({ timeUs: startUs(event), key: toEventKey(event.id), event }))
          .sort((left, right) => right.timeUs - left.timeUs || compareKeys(right.key, left.key))
          .filter(
            ({ timeUs, key }) =>
              after === undefined || timeUs < after.timeUs || (timeUs === after.timeUs && compareKeys(key, after.key) < 0),
          )
          .slice(0, limit)
          .map(({ event, ...position }) => ({ ...position, event: fields === undefined ? event : pickFields(event, fields) })),
      ),
    find: (scope, id) => Promise.resolve(unique().find((event) => toEventKey(event.id) === toEventKey(id) && inScope(scope, event))),
    trace: (scope, traceId, limit) =>
      Promise.resolve(
        unique()
          .filter((event) => inScope(scope, event) && toTraceKey(event.traceId) === toTraceKey(traceId))
          .sort((left, right) => startUs(left) - startUs(right) || compareKeys(toEventKey(left.id), toEventKey(right.id)))
          .slice(0, limit),
      ),
  }
}
