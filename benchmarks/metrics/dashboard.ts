/** The twelve questions of a dashboard, each as an application asks it, over the raw rows alone, and over the original's table. */
import type { MetricsReader, Question } from '@bud-foundry/metrics'
import { historyEndUnix } from './history.ts'

export interface DashboardQuestion {
  readonly name: string
  /** As an application asks. */
  readonly ask: (reader: MetricsReader) => Promise<unknown>
  readonly raw: string
  readonly original: string
}

const until = `toDateTime(${String(historyEndUnix)}, 'UTC')`

interface Window {
  readonly level: 'minute' | 'hour' | 'day'
  readonly days: number
}

interface Parts {
  readonly name: string
  /** Absent: the list of the latest requests. */
  readonly typed?: Omit<Question, 'window'>
  readonly window: Window
  readonly by: string
  readonly tail?: string
  readonly project?: boolean
  readonly raw: string
  readonly original: string
  readonly where?: string
}

const rename = (by: string) =>
  by
    .replace('bucket', 'time')
    .replace('target_id', 'endpoint_id')
    .replace('country_code', 'country_code')
    .replace(/\bmodel\b/, 'model_id')

const tenant = { projectId: 'project-3' } as const

function question({ name, typed, window, by, tail = '', project = false, raw, original, where = '' }: Parts): DashboardQuestion {
  const start = `${until} - toIntervalDay(${String(window.days)})`
  const only = project ? "project_id = 'project-3' AND " : ''
  const bucket = { minute: 'toStartOfMinute', hour: 'toStartOfHour', day: 'toStartOfDay' }[window.level]
  const group = by === '' ? '' : `GROUP BY ${by}`
  const select = (measures: string) => (by === '' ? measures : `${by}, ${measures}`)
  const rawSql = `SELECT ${select(raw).replace(/\bbucket\b/, `${bucket}(time) AS bucket`)} FROM requests WHERE ${only}time >= ${start} AND time < ${until}${where} ${group} ${tail}`
  const period = { fromUnixMs: (historyEndUnix - window.days * 86_400) * 1000, toUnixMs: historyEndUnix * 1000 }
  const filters = project ? tenant : {}
  return {
    name,
    ask: (reader) =>
      typed === undefined
        ? reader.requests({ ...period, filters: { ...filters, outcome: 'error' }, fields: ['status', 'model'], limit: 50 })
        : reader.ask({ ...typed, window: period, filters }),
    raw: rawSql,
    original: `SELECT ${select(original)
      .replace(/\bbucket\b/, `${bucket}(timestamp) AS time`)
      .replace('target_id', 'endpoint_id')
      .replace(
        /^model,/,
        'model_id,',
      )} FROM InferenceFactOriginal WHERE ${only}timestamp >= ${start} AND timestamp < ${until}${where === '' ? '' : ' AND NOT is_success'} ${by === '' ? '' : `GROUP BY ${rename(by)}`} ${tail}`,
  }
}

const levels = '(0.5, 0.9, 0.95, 0.99)'
const counts = {
  raw: "count() AS n, countIf(outcome = 'success') AS ok, sum(cost_usd) AS cost",
  original: 'count() AS n, countIf(is_success) AS ok, sum(cost) AS cost',
}
const tokens = {
  raw: 'sum(input_tokens) AS n, sum(output_tokens) AS o',
  original: 'sum(input_tokens) AS n, sum(output_tokens) AS o',
}
const duration = {
  raw: `quantiles${levels}(duration_us) AS q, count() AS n`,
  original: `quantiles${levels}(response_time_ms) AS q, count() AS n`,
}
const firstToken = {
  raw: `quantiles${levels}(time_to_first_token_us) AS q, count(time_to_first_token_us) AS n`,
  original: `quantiles${levels}(ttft_ms) AS q, count(ttft_ms) AS n`,
}
const users = { raw: 'uniq(user_id) AS n', original: 'uniq(user_id) AS n' }

/** All over the same days; a tenant's dashboard has `project`. */
export function dashboard(days: number): readonly DashboardQuestion[] {
  const level = days > 60 ? 'day' : 'hour'
  const interval = level === 'day' ? '1d' : '1h'
  const series: Window = { level, days }
  const top = 'ORDER BY n DESC LIMIT 10'
  return [
    question({
      name: 'requests, success and cost',
      typed: { measure: ['requests', 'successes', 'costUsd'] },
      window: series,
      by: '',
      ...counts,
    }),
    question({
      name: 'requests over time',
      typed: { measure: ['requests', 'successes', 'costUsd'], interval },
      window: series,
      by: 'bucket',
      ...counts,
    }),
    question({
      name: 'tokens over time',
      typed: { measure: ['inputTokens', 'outputTokens'], interval },
      window: series,
      by: 'bucket',
      ...tokens,
    }),
    question({
      name: 'end-to-end latency, one project, over time',
      typed: { measure: ['durationMsP50', 'durationMsP90', 'durationMsP95', 'durationMsP99'], interval },
      window: series,
      by: 'bucket',
      project: true,
      ...duration,
    }),
    question({
      name: 'time to first token by model',
      typed: { measure: ['timeToFirstTokenMsP50', 'timeToFirstTokenMsP95', 'timeToFirstTokenMsP99'], groupBy: ['model'] },
      window: { level: 'day', days },
      by: 'model',
      ...firstToken,
    }),
    question({
      name: 'latency by target, one project',
      typed: { measure: ['durationMsP50', 'durationMsP95', 'durationMsP99'], groupBy: ['targetId'] },
      window: { level: 'day', days },
      by: 'target_id',
      project: true,
      ...duration,
    }),
    question({
      name: 'top projects by cost',
      typed: { measure: ['requests', 'costUsd'], groupBy: ['projectId'], orderBy: 'costUsd', limit: 10 },
      window: { level: 'day', days },
      by: 'project_id',
      tail: top,
      ...counts,
    }),
    question({
      name: 'top models by tokens',
      typed: { measure: ['inputTokens', 'outputTokens'], groupBy: ['model'], orderBy: 'inputTokens', limit: 10 },
      window: { level: 'day', days },
      by: 'model',
      tail: top,
      ...tokens,
    }),
    question({
      name: 'unique users, one project, over time',
      typed: { measure: 'uniqueUsers', interval: '1d' },
      window: { level: 'day', days },
      by: 'bucket',
      project: true,
      ...users,
    }),
    question({
      name: 'usage by country, one project',
      typed: { measure: ['inputTokens', 'outputTokens'], groupBy: ['countryCode'] },
      window: { level: 'hour', days },
      by: 'country_code',
      project: true,
      ...tokens,
    }),
    question({
      name: 'cache hits over time',
      typed: { measure: 'cacheHits', interval },
      window: series,
      by: 'bucket',
      raw: "countIf(cache = 'hit') AS n",
      original: 'countIf(cached) AS n',
    }),
    question({
      name: 'latest errors, one project',
      window: { level: 'day', days },
      by: '',
      project: true,
      tail: 'ORDER BY time DESC LIMIT 50',
      raw: 'id, time, status, model',
      original: 'id, timestamp AS time, status_code, model_name',
      where: " AND outcome = 'error'",
    }),
  ]
}
