/** Answers plans from a ClickHouse database. */
import type { Clock } from '@bud-foundry/core'
import { z } from 'zod'
import type { AnalyticsClient } from '../client/analytics-client.ts'
import { toEventKey, toTraceKey } from '../table/event-id.ts'
import { parseRequestFields, parseRequestRow } from '../table/request-table.ts'
import type { AggregateName } from './aggregate.ts'
import { compileAggregate, compileFind, compilePage, compileTrace } from './compile.ts'
import { compileDistribution } from './compile-distribution.ts'
import { compileBusyTime, compilePeak } from './compile-in-flight.ts'
import { cutPageWindow } from './page-windows.ts'
import type { AggregatePlan, InFlightPlan, InFlightRow, PagePlan, PageRow, RequestEngine } from './request-engine.ts'
import { createSizeReader } from './table-sizes.ts'
import { bucketStartUs, countBuckets, type TimeWindow } from './window.ts'

const valueSchema = z.union([z.number(), z.null(), z.array(z.number().nullable())])
const groupSchema = z.union([z.string(), z.number()]).transform(String)
const rowSchema = z.record(z.string(), z.unknown())
const keySchema = z.object({ time_us: z.number(), id_key: z.string() })
const busySchema = z.object({ at_bucket: z.number(), busy_us: z.number() })
const peakSchema = z.object({ at_bucket: z.number(), peak: z.number(), first_us: z.number(), last: z.number() })
const binSchema = z.object({ at_bucket: z.number(), bin: z.number(), v_requests: z.number() })
const otherSchema = z.number().transform((flag) => flag === 1)

/** Buckets of a calendar come back as their starts. */
function bucketReader({ edgesUs }: TimeWindow): (value: unknown) => number {
  if (edgesUs === undefined) return (value) => z.number().parse(value)
  const indexes = new Map(edgesUs.map((edge, index) => [edge, index]))
  return (value) => indexes.get(z.number().parse(value)) ?? 0
}

const readGroup = (row: Readonly<Record<string, unknown>>, count: number, prefix = 'group') =>
  Array.from({ length: count }, (_, index) => groupSchema.parse(row[`${prefix}_${String(index)}`]))

function aggregateRows(plan: AggregatePlan, rows: readonly unknown[]) {
  const bucketOf = bucketReader(plan.selection.window)
  const withOther = plan.other && plan.groupBy.length > 0
  return rows.map((input) => {
    const row = rowSchema.parse(input)
    const read = (name: AggregateName) => [name, valueSchema.parse(row[`v_${name}`])] as const
    return {
      bucket: bucketOf(row['at_bucket']),
      group: readGroup(row, plan.groupBy.length, withOther ? 'shown' : 'group'),
      isOther: withOther && otherSchema.parse(row['is_other']),
      aggregates: Object.fromEntries(plan.aggregates.map(read)),
    }
  })
}

interface GroupInFlight {
  readonly group: readonly string[]
  readonly busy: Map<number, number>
  readonly peaks: Map<number, z.infer<typeof peakSchema>>
}

/** Fills the buckets in which nothing began or ended: what ran before them went on. */
function fillInFlight(
  { selection, groupBy }: InFlightPlan,
  busyRows: readonly unknown[],
  peakRows: readonly unknown[],
): readonly InFlightRow[] {
  const { window } = selection
  const bucketOf = bucketReader(window)
  const groups = new Map<string, GroupInFlight>()
  const groupOf = (row: unknown): GroupInFlight => {
    const group = readGroup(rowSchema.parse(row), groupBy.length)
    const key = JSON.stringify(group)
    const known = groups.get(key) ?? { group, busy: new Map<number, number>(), peaks: new Map<number, z.infer<typeof peakSchema>>() }
    groups.set(key, known)
    return known
  }
  for (const row of busyRows) {
    const { at_bucket: at, busy_us: busyUs } = busySchema.parse(row)
    groupOf(row).busy.set(bucketOf(at), busyUs)
  }
  for (const row of peakRows) {
    const peak = peakSchema.parse(row)
    groupOf(row).peaks.set(bucketOf(peak.at_bucket), peak)
  }
  if (groupBy.length === 0 && groups.size === 0) groups.set('[]', { group: [], busy: new Map(), peaks: new Map() })
  return [...groups.values()].flatMap(({ group, busy, peaks }) => {
    let running = 0
    return Array.from({ length: countBuckets(window) }, (_, bucket) => {
      const change = peaks.get(bucket)
      const carried = change?.first_us === bucketStartUs(window, bucket) ? 0 : running
      running = change?.last ?? running
      return { bucket, group, busyUs: busy.get(bucket) ?? 0, peak: Math.max(carried, change?.peak ?? 0) }
    })
  })
}

function toPageRow(input: unknown, fields: PagePlan['fields']): PageRow {
  const row = rowSchema.parse(input)
  const { time_us: timeUs, id_key: key } = keySchema.parse(row)
  return { timeUs, key, event: fields === undefined ? parseRequestRow(row) : parseRequestFields(row, fields) }
}

export function createClickHouseEngine(client: AnalyticsClient, clock: Clock): RequestEngine {
  const readSizes = createSizeReader(client, clock)
  return {
    async aggregate(plan, signal) {
      const sizes = plan.from === 'auto' ? await readSizes() : undefined
      return aggregateRows(plan, await client.query(compileAggregate(plan, sizes), signal))
    },
    async inFlight(plan, signal) {
      const { fromUs, toUs } = plan.selection.window
      if (toUs <= fromUs) return []
      const [busy, peak] = await Promise.all([client.query(compileBusyTime(plan), signal), client.query(compilePeak(plan), signal)])
      return fillInFlight(plan, busy, peak)
    },
    async distribution(plan, signal) {
      const bucketOf = bucketReader(plan.selection.window)
      const rows = await client.query(compileDistribution(plan), signal)
      return rows.map((row) => {
        const { at_bucket: at, bin, v_requests: requests } = binSchema.parse(row)
        return { bucket: bucketOf(at), group: readGroup(rowSchema.parse(row), plan.groupBy.length), bin, requests }
      })
    },
    async page(plan, signal) {
      const keys: z.infer<typeof keySchema>[] = []
      for (const window of cutPageWindow(plan, Math.round(clock.nowMs() * 1000))) {
        const piece = { ...plan, selection: { ...plan.selection, window }, limit: plan.limit - keys.length }
        for (const row of await client.query(compilePage(piece, 'keys'), signal)) keys.push(keySchema.parse(row))
        if (keys.length >= plan.limit) break
      }
      const [newest, oldest] = [keys[0], keys.at(-1)]
      if (newest === undefined || oldest === undefined) return []
      // There are seventy columns: they are read where the rows of the page lie, and nowhere else.
      const selection = { ...plan.selection, window: { fromUs: oldest.time_us, toUs: newest.time_us + 1 } }
      const rows = await client.query(compilePage({ ...plan, selection, limit: keys.length }, plan.fields ?? 'all'), signal)
      return rows.map((row) => toPageRow(row, plan.fields))
    },
    async find(scope, id, signal) {
      const rows = await client.query(compileFind(scope, toEventKey(id)), signal)
      return rows[0] === undefined ? undefined : parseRequestRow(rows[0])
    },
    async trace(scope, traceId, limit, signal) {
      const rows = await client.query(compileTrace(scope, toTraceKey(traceId), limit), signal)
      return rows.map(parseRequestRow)
    },
  }
}
