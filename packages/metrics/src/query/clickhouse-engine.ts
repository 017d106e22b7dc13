/** Answers plans from a ClickHouse database. */
import { z } from 'zod'
import type { AnalyticsClient } from '../client/analytics-client.ts'
import { toEventKey } from '../table/event-id.ts'
import { parseRequestRow } from '../table/request-table.ts'
import type { Aggregates } from './aggregate.ts'
import { compileAggregate, compileBusyTime, compileFind, compilePage, compilePeak } from './compile.ts'
import type { AggregatePlan, InFlightRow, RequestEngine, Selection } from './request-engine.ts'
import { bucketStartUs, countBuckets } from './window.ts'

const valueSchema = z.union([z.number(), z.null(), z.array(z.number().nullable())])
const groupSchema = z.union([z.string(), z.number()]).transform(String)
const keySchema = z.object({ time_us: z.number(), id_key: z.string() })
const busySchema = z.object({ bucket: z.number(), busy_us: z.number() })
const peakSchema = z.object({ bucket: z.number(), peak: z.number(), first_us: z.number(), last: z.number() })

function parseAggregateRow(plan: AggregatePlan, input: unknown) {
  const row = z.record(z.string(), z.unknown()).parse(input)
  const values = plan.aggregates.map((name) => [name, valueSchema.parse(row[name])] as const)
  return {
    bucket: z.number().parse(row['bucket']),
    group: plan.groupBy.map((_, index) => groupSchema.parse(row[`group_${String(index)}`])),
    // Safe: the entries are the plan's own names with checked values.
    aggregates: Object.fromEntries(values) as Aggregates,
  }
}

/** Fills the buckets in which nothing began or ended: what ran before them went on. */
function fillInFlight(selection: Selection, busyRows: readonly unknown[], peakRows: readonly unknown[]): readonly InFlightRow[] {
  const busy = new Map(
    z
      .array(busySchema)
      .parse(busyRows)
      .map((row) => [row.bucket, row.busy_us]),
  )
  const peaks = new Map(
    z
      .array(peakSchema)
      .parse(peakRows)
      .map((row) => [row.bucket, row]),
  )
  let running = 0
  return Array.from({ length: countBuckets(selection.window) }, (_, bucket) => {
    const change = peaks.get(bucket)
    const carried = change?.first_us === bucketStartUs(selection.window, bucket) ? 0 : running
    running = change?.last ?? running
    return { bucket, busyUs: busy.get(bucket) ?? 0, peak: Math.max(carried, change?.peak ?? 0) }
  })
}

export function createClickHouseEngine(client: AnalyticsClient): RequestEngine {
  return {
    async aggregate(plan, signal) {
      const rows = await client.query(compileAggregate(plan), signal)
      return rows.map((row) => parseAggregateRow(plan, row))
    },
    async inFlight(selection, signal) {
      const { fromUs, toUs, intervalUs = toUs - fromUs } = selection.window
      if (toUs <= fromUs) return []
      const [busy, peak] = await Promise.all([
        client.query(compileBusyTime(selection, intervalUs), signal),
        client.query(compilePeak(selection, intervalUs), signal),
      ])
      return fillInFlight(selection, busy, peak)
    },
    async page(plan, signal) {
      const rows = await client.query(compilePage(plan), signal)
      return rows.map((row) => {
        const { time_us: timeUs, id_key: key } = keySchema.parse(row)
        return { timeUs, key, event: parseRequestRow(row) }
      })
    },
    async find(scope, id, signal) {
      const rows = await client.query(compileFind(scope, toEventKey(id)), signal)
      return rows[0] === undefined ? undefined : parseRequestRow(rows[0])
    },
  }
}
