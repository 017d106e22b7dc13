/** Requests and answers as files, written by the engine itself: CSV, JSON lines and Parquet. */
import type { Clock } from '@bud-foundry/core'
import type { AnalyticsClient, FileFormat } from '../client/analytics-client.ts'
import { compileSelection } from './compile-selection.ts'
import { exportSchema, parseQuery, resolveWindow, toFilters, type SelectionInput } from './question.ts'
import type { Scope } from './scope.ts'

export interface ExportQuestion extends SelectionInput {
  readonly format: 'csv' | 'jsonl' | 'parquet'
  /** Most rows written, newest first; default and largest 1,000,000. */
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
  ['toFloat64(cost_usd)', 'cost_usd'],
  ...['cache', 'request_bytes', 'response_bytes'].map((name) => [name, name] as const),
  ['length(attempt_target_id)', 'attempts'],
  ...['session_id', 'prompt_id', 'route', 'country_code', 'city', 'client_ip', 'user_agent'].map((name) => [name, name] as const),
  ['toJSONString(tags)', 'tags'],
] as const

/** @throws METRICS_QUESTION_INVALID */
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
  const bytes = await client.file(
    {
      what: 'exporting requests',
      // The names of the inner query are those of the table, so that no alias can stand in for a column in the conditions.
      sql: `SELECT ${columns.map(([sql, alias]) => `${sql.replace(/^(\w+)$/, 'rows.$1')} AS ${alias}`).join(', ')} FROM (SELECT * ${source.sql} ORDER BY time DESC, id DESC LIMIT {limit:UInt32}) AS rows`,
      params: { ...source.params, limit },
    },
    name,
    signal,
  )
  return { bytes, contentType, fileName: `requests.${format}` }
}
