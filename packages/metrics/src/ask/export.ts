/** Requests and answers as files, written by the engine itself: CSV, JSON lines and Parquet. */
import type { Clock } from '@bud-foundry/core'
import { z } from 'zod'
import type { AnalyticsClient, FileFormat } from '../client/analytics-client.ts'
import { metricsErrors } from '../errors.ts'
import { metricsLimits } from '../limits.ts'
import { compileSelection } from './compile-selection.ts'
import { exportSchema, parseQuery, resolveWindow, toFilters, type SelectionInput } from './question.ts'
import type { Scope } from './scope.ts'

export interface ExportQuestion extends SelectionInput {
  readonly format: 'csv' | 'jsonl' | 'parquet'
  /** Most rows written, newest first; at most 1,000,000. Absent: all, or a refusal where there are more. */
  readonly limit?: number | undefined
}

export interface ExportedFile {
  readonly bytes: Uint8Array
  readonly contentType: string
  readonly fileName: string
}

const formats = {
  csv: { format: 'CSVWithNames', contentType: 'text/csv; charset=utf-8' },
  jsonl: { format: 'JSONEachRow', contentType: 'application/x-ndjson' },
  parquet: { format: 'Parquet', contentType: 'application/vnd.apache.parquet' },
} as const satisfies Readonly<Record<ExportQuestion['format'], { readonly format: FileFormat; readonly contentType: string }>>

/** One column per fact, in words that spreadsheets show well: times as text in UTC, durations in milliseconds. */
const columns = [
  ["formatDateTime(time, '%Y-%m-%dT%H:%i:%S.%fZ', 'UTC')", 'time'],
  ["if(id_text = '', toString(id), id_text)", 'id'],
  ["if(trace_text = '', replaceAll(toString(trace_id), '-', ''), trace_text)", 'trace_id'],
  ...['project_id', 'key_id', 'user_id', 'operation', 'dialect', 'stream', 'requested_model', 'model', 'target_id', 'provider_id'].map(
    (name) => [name, name] as const,
  ),
  ...['status', 'outcome', 'error_code', 'finish_reason'].map((name) => [name, name] as const),
  ...['duration', 'time_to_first_token', 'time_per_output_token', 'overhead', 'queue', 'inter_token'].map(
    (name) => [`${name}_us / 1000`, `${name}_ms`] as const,
  ),
  ...['input_tokens', 'cached_input_tokens', 'cache_write_input_tokens', 'output_tokens', 'reasoning_tokens', 'usage_source'].map(
    (name) => [name, name] as const,
  ),
  ...['cost_usd', 'provider_cost_usd', 'saved_usd'].map((name) => [`toFloat64(${name})`, name] as const),
  ...['cache', 'request_bytes', 'response_bytes'].map((name) => [name, name] as const),
  ['length(attempt_target_id)', 'attempts'],
  ...['price_version', 'block_rule_id', 'session_id', 'prompt_id', 'route'].map((name) => [name, name] as const),
  ...['country_code', 'region', 'city', 'client_ip', 'user_agent'].map((name) => [name, name] as const),
  ["arrayStringConcat(guardrails, ', ')", 'guardrails'],
  ['toJSONString(tags)', 'tags'],
] as const

/** What callers chose as they liked, and spreadsheets would take for a formula when it begins like one. */
const chosenByCallers: ReadonlySet<string> = new Set([
  ...['id', 'trace_id', 'project_id', 'key_id', 'user_id', 'requested_model', 'model', 'target_id', 'provider_id', 'error_code'],
  ...['finish_reason', 'session_id', 'prompt_id', 'route', 'region', 'city', 'client_ip', 'user_agent', 'guardrails'],
])

/** In CSV alone such a text begins with an apostrophe, as OWASP advises; the other formats have types, and say what is stored. */
function toCell(format: ExportQuestion['format'], sql: string, name: string): string {
  const cell = sql.replace(/^(\w+)$/, 'rows.$1')
  return format === 'csv' && chosenByCallers.has(name)
    ? `if(match(toString(${cell}), '^[=+@\\t\\r-]'), concat('\\'', toString(${cell})), toString(${cell})) AS ${name}`
    : `${cell} AS ${name}`
}

const countRows = z.array(z.object({ rows: z.number() }))

/** @throws METRICS_QUESTION_INVALID, METRICS_ANSWER_TOO_LARGE */
export async function exportFile(
  { client, clock, scope }: { readonly client: AnalyticsClient; readonly clock: Clock; readonly scope: Scope },
  question: ExportQuestion,
  signal?: AbortSignal,
): Promise<ExportedFile> {
  const { format, limit, window, filters, tags, ranges, search } = parseQuery(exportSchema, question)
  const { fromUnixMs, toUnixMs } = resolveWindow(window, clock.nowMs())
  const [fromUs, toUs] = [Math.round(fromUnixMs * 1000), Math.round(toUnixMs * 1000)]
  const words = search === undefined || search.length === 0 ? undefined : search
  const selection = { scope, filters: toFilters(filters), window: { fromUs, toUs }, tags, ranges, words }
  const source = compileSelection(selection, { table: 'requests', fromUs, toUs })
  const { format: name, contentType } = formats[format]
  if (limit === undefined) {
    const counted = await client.query(
      { what: 'counting requests', sql: `SELECT count() AS rows ${source.sql}`, params: source.params },
      signal,
    )
    // A file that ends early looks like one that is whole.
    if ((countRows.parse(counted)[0]?.rows ?? 0) > metricsLimits.exportRows)
      throw metricsErrors.ANSWER_TOO_LARGE({ what: 'rows', limit: metricsLimits.exportRows })
  }
  const bytes = await client.file(
    {
      what: 'exporting requests',
      // The names of the inner query are those of the table, so that no alias can stand in for a column in the conditions.
      sql: `SELECT ${columns.map(([sql, alias]) => toCell(format, sql, alias)).join(', ')} FROM (SELECT * ${source.sql} ORDER BY time DESC, id DESC LIMIT {limit:UInt32}) AS rows`,
      params: { ...source.params, limit: limit ?? metricsLimits.exportRows },
    },
    name,
    signal,
  )
  return { bytes, contentType, fileName: `requests.${format}` }
}
