/** The spans of one trace, as they came over OTLP. */
import { z } from 'zod'
import type { AnalyticsClient } from '../../client/analytics-client.ts'
import { metricsLimits } from '../../limits.ts'
import { toTraceKey } from '../../table/event-id.ts'
import { compileScope } from '../compile-selection.ts'
import type { Scope } from '../scope.ts'

/** One step of a trace. */
export interface StoredSpan {
  readonly spanId: string
  /** Empty: the root. */
  readonly parentSpanId: string
  readonly projectId: string
  readonly name: string
  readonly service: string
  readonly timeUnixMs: number
  readonly durationMs: number
  /** `unset`, `ok` or `error`. */
  readonly status: string
  readonly statusMessage: string
  readonly attributes: Readonly<Record<string, string>>
}

const rowSchema = z.object({
  span_id: z.string(),
  parent_span_id: z.string(),
  project_id: z.string(),
  name: z.string(),
  service: z.string(),
  time_us: z.number(),
  duration_us: z.number(),
  status: z.string(),
  status_message: z.string(),
  attributes: z.record(z.string(), z.string()),
})

/** Those in scope, oldest first, up to a bound. */
export async function readSpans(
  { client, scope }: { readonly client: AnalyticsClient; readonly scope: Scope },
  traceId: string,
  signal?: AbortSignal,
): Promise<readonly StoredSpan[]> {
  const scoped = compileScope(scope)
  const rows = await client.query(
    {
      what: 'reading a trace',
      sql: `SELECT span_id, parent_span_id, project_id, name, service, toUnixTimestamp64Micro(time) AS time_us, duration_us, status, status_message, attributes
FROM spans WHERE ${scoped.sql} AND trace_id = {trace_key:UUID} ORDER BY time, span_id LIMIT {span_limit:UInt32}`,
      params: { ...scoped.params, trace_key: toTraceKey(traceId), span_limit: metricsLimits.traceSpans },
    },
    signal,
  )
  return rows.map((row) => {
    const { span_id, parent_span_id, project_id, time_us, duration_us, status_message, ...rest } = rowSchema.parse(row)
    return {
      ...rest,
      spanId: span_id,
      parentSpanId: parent_span_id,
      projectId: project_id,
      timeUnixMs: time_us / 1000,
      durationMs: duration_us / 1000,
      statusMessage: status_message,
    }
  })
}
