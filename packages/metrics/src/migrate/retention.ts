/** How long rows stay: a setting of the deployment, so it is applied on start and is not a migration. */
import { z } from 'zod'
import type { AnalyticsClient } from '../client/analytics-client.ts'
import { metricsLimits } from '../limits.ts'

/** Days that rows are kept, by table; absent: for ever. */
export interface Retention {
  readonly requestDays?: number | undefined
  readonly deviceSampleDays?: number | undefined
  readonly deploymentStepDays?: number | undefined
}

/** Both schema and check against a whole number that reaches SQL text: a TTL cannot be bound as a parameter. */
export const retentionSchema = z.strictObject({
  requestDays: z.int().min(1).max(metricsLimits.retentionDaysMax).optional(),
  deviceSampleDays: z.int().min(1).max(metricsLimits.retentionDaysMax).optional(),
  deploymentStepDays: z.int().min(1).max(metricsLimits.retentionDaysMax).optional(),
})

const tables = { requestDays: 'requests', deviceSampleDays: 'device_samples', deploymentStepDays: 'deployment_steps' } as const

const tableSchema = z.object({ engine: z.string() })

/** Changes a table only when its setting differs, because every change makes the engine look at all rows. */
export async function applyRetention(client: AnalyticsClient, retention: Retention): Promise<void> {
  for (const field of ['requestDays', 'deviceSampleDays', 'deploymentStepDays'] as const) {
    const table = tables[field]
    const days = retention[field]
    const rows = await client.query({
      what: `reading the retention of ${table}`,
      sql: 'SELECT engine_full AS engine FROM system.tables WHERE database = currentDatabase() AND name = {table:String}',
      params: { table },
      lane: 'ingest',
    })
    const engine = z.array(tableSchema).parse(rows)[0]?.engine ?? ''
    const current = /TTL toDateTime\(time\) \+ toIntervalDay\((\d+)\)/.exec(engine)?.[1]
    if (current === (days === undefined ? undefined : String(days))) continue
    await client.command({
      what: `setting the retention of ${table}`,
      sql:
        days === undefined
          ? `ALTER TABLE ${table} REMOVE TTL`
          : `ALTER TABLE ${table} MODIFY TTL toDateTime(time) + toIntervalDay(${String(days)})`,
    })
  }
}
