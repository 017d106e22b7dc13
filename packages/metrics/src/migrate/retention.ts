/** How long rows stay: a setting of the deployment, so it is applied on start and is not a migration. */
import { z } from 'zod'
import type { AnalyticsClient } from '../client/analytics-client.ts'
import { metricsLimits } from '../limits.ts'
import { renderStatement, type Topology } from './topology.ts'

const days = z.int().min(1).max(metricsLimits.retentionDaysMax)

/** What a `Retention` must be. It is also what keeps everything but whole numbers out of SQL text: a TTL cannot be bound as a parameter. */
export const retentionSchema = z.strictObject({
  requestDays: days.optional(),
  /** Rollups usually stay longer than what they were made from. */
  minuteDays: days.optional(),
  hourDays: days.optional(),
  dayDays: days.optional(),
  payloadDays: days.optional(),
  deviceSampleDays: days.optional(),
  deploymentStepDays: days.optional(),
  auditDays: days.optional(),
  /** Of single projects, instead of `requestDays` and `payloadDays`. */
  projects: z
    .record(z.string(), z.strictObject({ requestDays: days.optional(), payloadDays: days.optional() }).readonly())
    .refine((projects) => Object.keys(projects).length <= metricsLimits.retentionProjects, {
      error: `at most ${String(metricsLimits.retentionProjects)} projects may have a retention of their own`,
    })
    .optional(),
})

/** Days that rows are kept, by table; absent: for ever. */
export type Retention = Readonly<z.infer<typeof retentionSchema>>

type Field = Exclude<keyof Retention, 'projects'>

const tables: readonly (readonly [table: string, field: Field, time: string])[] = [
  ['requests', 'requestDays', 'time'],
  ['requests_minute', 'minuteDays', 'bucket'],
  ['requests_hour', 'hourDays', 'bucket'],
  ['usage_hour', 'hourDays', 'bucket'],
  ['overall_hour', 'hourDays', 'bucket'],
  ['requests_day', 'dayDays', 'bucket'],
  ['overall_day', 'dayDays', 'bucket'],
  // A month stays as long as its last day.
  ['overall_month', 'dayDays', 'addMonths(bucket, 1)'],
  ['payloads', 'payloadDays', 'time'],
  ['payload_bodies', 'payloadDays', 'time'],
  ['spans', 'requestDays', 'time'],
  ['device_samples', 'deviceSampleDays', 'time'],
  ['node_samples', 'deviceSampleDays', 'time'],
  ['pod_samples', 'deviceSampleDays', 'time'],
  ['engine_samples', 'deviceSampleDays', 'time'],
  ['metric_samples', 'deviceSampleDays', 'time'],
  ['deployment_steps', 'deploymentStepDays', 'time'],
  ['audit_events', 'auditDays', 'time'],
  ['budget_alerts', 'auditDays', 'time'],
]

const quote = (text: string) => `'${text.replaceAll('\\', '\\\\').replaceAll("'", "\\'")}'`

/** Days as an expression over the row's project, or undefined when every row stays. */
function daysExpression(retention: Retention, field: Field): string | undefined {
  const common = retention[field]
  if (field !== 'requestDays' && field !== 'payloadDays') return common === undefined ? undefined : String(common)
  const own = Object.entries(retention.projects ?? {}).flatMap(([project, days]) =>
    days[field] === undefined ? [] : [{ project, days: days[field] }],
  )
  const otherwise = String(common ?? metricsLimits.retentionDaysMax)
  if (own.length === 0) return common === undefined ? undefined : otherwise
  const projects = own.map(({ project }) => quote(project)).join(', ')
  return `transform(toString(project_id), [${projects}], [${own.map((entry) => String(entry.days)).join(', ')}], ${otherwise})`
}

const tableSchema = z.object({ comment: z.string(), engine: z.string() })

/**
 * Changes a table only when its setting differs, because every change makes the engine look at all rows. What was applied stands in the
 * comment of the table: the engine writes the expression in a form of its own.
 */
export async function applyRetention(client: AnalyticsClient, retention: Retention, topology: Topology = {}): Promise<void> {
  const change = (what: string, sql: string) => client.command({ what, sql: renderStatement(sql, topology) })
  for (const [table, field, time] of tables) {
    const expression = daysExpression(retention, field)
    const ttl = expression === undefined ? '' : `toDateTime(${time}) + toIntervalDay(${expression})`
    const what = `setting the retention of ${table}`
    const rows = await client.query({
      what,
      sql: 'SELECT comment, engine_full AS engine FROM system.tables WHERE database = currentDatabase() AND name = {table:String}',
      params: { table },
      lane: 'ingest',
    })
    const [current] = z.array(tableSchema).parse(rows)
    const has = current?.engine.includes(' TTL ') === true
    if (has ? current.comment === ttl : ttl === '') continue
    await change(what, ttl === '' ? `ALTER TABLE ${table} REMOVE TTL` : `ALTER TABLE ${table} MODIFY TTL ${ttl}`)
    await change(what, `ALTER TABLE ${table} MODIFY COMMENT ${quote(ttl)}`)
  }
}

/** Unix seconds from which the raw rows of every project are certainly all there. */
export function rawCompleteFrom(retention: Retention, nowMs: number): number {
  const shortest = [retention.requestDays, ...Object.values(retention.projects ?? {}).map(({ requestDays }) => requestDays)]
  const kept = Math.min(...shortest.map((value) => value ?? Number.POSITIVE_INFINITY))
  if (kept === Number.POSITIVE_INFINITY) return 0
  // From the next whole day on: the day in which rows expire is not complete.
  return Math.max(0, (Math.floor(nowMs / 86_400_000) - kept + 1) * 86_400)
}

/** The days that stand in a TTL as `daysExpression` writes it, shortest first; undefined for one of another origin. */
function shortestDays(ttl: string): number | undefined {
  const [, list = '', common] = /(?:\[([\d, ]*)\], )?(\d+)\)+$/.exec(ttl) ?? []
  if (common === undefined) return undefined
  return Math.min(
    Number(common),
    ...list
      .split(', ')
      .filter((text) => text !== '')
      .map(Number),
  )
}

/** The same, as the last start left it in the database: for commands that are not told the retention. */
export async function readRawCompleteFrom(client: AnalyticsClient, nowMs: number): Promise<number> {
  const rows = await client.query({
    what: 'reading the retention of requests',
    sql: "SELECT comment, engine_full AS engine FROM system.tables WHERE database = currentDatabase() AND name = 'requests'",
  })
  const [table] = z.array(tableSchema).parse(rows)
  if (table?.engine.includes(' TTL ') !== true) return 0
  // A TTL that was set by hand: no hour is certain to be complete.
  return rawCompleteFrom({ requestDays: shortestDays(table.comment) ?? 1 }, nowMs)
}
