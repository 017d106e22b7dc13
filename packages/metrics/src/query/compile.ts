/**
 * Plans to SQL. The text of a query is put together from the fixed pieces of this package alone; every value of a caller goes
 * through `{name:Type}` and is bound by the engine, so no value can change what a query does.
 */
import type { QueryParam, Statement } from '../client/analytics-client.ts'
import { requestSelectList } from '../table/request-table.ts'
import { aggregateSql } from './aggregate.ts'
import { dimensionNames, dimensions } from './dimension.ts'
import type { AggregatePlan, Filters, PagePlan, Selection } from './request-engine.ts'
import type { Scope } from './scope.ts'

interface Clause {
  readonly sql: string
  readonly params: Readonly<Record<string, QueryParam>>
}

/** The one place where tenants are kept apart: every query over requests contains this clause. */
export function compileScope(scope: Scope): Clause {
  if (scope.kind === 'all') return { sql: '1', params: {} }
  return {
    sql: 'project_id IN {scope_project_ids:Array(String)}',
    params: { scope_project_ids: scope.projectIds.map((id) => id.toWellFormed()) },
  }
}

function compileFilters(filters: Filters): Clause {
  const parts: string[] = []
  const params: Record<string, QueryParam> = {}
  for (const name of dimensionNames) {
    const values = filters[name]
    if (values === undefined) continue
    parts.push(` AND ${dimensions[name].sql} IN {filter_${name}:Array(String)}`)
    params[`filter_${name}`] = values.map((value) => value.toWellFormed())
  }
  return { sql: parts.join(''), params }
}

const arrivedInside = 'time >= fromUnixTimestamp64Micro({from_us:Int64}) AND time < fromUnixTimestamp64Micro({to_us:Int64})'

/** Uses the index on the same expression, so that only granules with a long enough request are read. */
const ranInside =
  'time < fromUnixTimestamp64Micro({to_us:Int64}) AND addMicroseconds(time, duration_us) > fromUnixTimestamp64Micro({from_us:Int64})'

function compileSelection(selection: Selection, inTime: string): Clause {
  const scope = compileScope(selection.scope)
  const filters = compileFilters(selection.filters)
  return {
    sql: `FROM requests WHERE ${scope.sql} AND ${inTime}${filters.sql}`,
    params: { ...scope.params, ...filters.params, from_us: selection.window.fromUs, to_us: selection.window.toUs },
  }
}

export function compileAggregate(plan: AggregatePlan): Statement {
  const { groupBy, selection } = plan
  const { intervalUs } = selection.window
  const source = compileSelection(selection, arrivedInside)
  const groups = groupBy.map((name) => dimensions[name].sql)
  const bucket = intervalUs === undefined ? '0' : 'intDiv(toUnixTimestamp64Micro(time) - {from_us:Int64}, {interval_us:Int64})'
  const selected = [
    `${bucket} AS bucket`,
    ...groups.map((sql, index) => `${sql} AS group_${String(index)}`),
    ...plan.aggregates.map((name) => `${aggregateSql[name]} AS ${name}`),
  ]
  const keys = [...(intervalUs === undefined ? [] : ['bucket']), ...groups.map((_, index) => `group_${String(index)}`)]
  const largest =
    groups.length === 0
      ? ''
      : ` AND (${groups.join(', ')}) IN (SELECT ${groups.join(', ')} ${source.sql} GROUP BY ${groups.join(', ')} ORDER BY count() DESC, ${groups.join(', ')} LIMIT {group_limit:UInt32})`
  return {
    what: 'computing measures',
    sql: `SELECT ${selected.join(', ')} ${source.sql}${largest}${keys.length === 0 ? '' : ` GROUP BY ${keys.join(', ')}`}`,
    params: {
      ...source.params,
      ...(intervalUs === undefined ? {} : { interval_us: intervalUs }),
      ...(groups.length === 0 ? {} : { group_limit: plan.groupLimit }),
    },
  }
}

/** Start and end of every request that ran inside the window, cut to it; requests without length were never in flight. */
const spans = (source: string) => `SELECT
  greatest(toUnixTimestamp64Micro(time), {from_us:Int64}) AS start_us,
  least(toUnixTimestamp64Micro(time) + toInt64(duration_us), {to_us:Int64}) AS end_us
${source} AND duration_us > 0`

/** The time that requests spent in each bucket. */
export function compileBusyTime(selection: Selection, intervalUs: number): Statement {
  const source = compileSelection(selection, ranInside)
  return {
    what: 'computing the requests in flight',
    sql: `SELECT bucket,
  sum(least(end_us, {from_us:Int64} + (bucket + 1) * {interval_us:Int64}) - greatest(start_us, {from_us:Int64} + bucket * {interval_us:Int64})) AS busy_us
FROM (${spans(source.sql)})
ARRAY JOIN arrayMap(step -> toInt64(step), range(
  toUInt32(intDiv(start_us - {from_us:Int64}, {interval_us:Int64})),
  toUInt32(intDiv(end_us - 1 - {from_us:Int64}, {interval_us:Int64}) + 1))) AS bucket
GROUP BY bucket`,
    params: { ...source.params, interval_us: intervalUs },
  }
}

/**
 * How many ran at once: starts and ends at the same instant are added up first, so that a request that takes over from another
 * does not count as two. Each bucket answers with its peak, the instant of its first change and the number running after its last.
 */
export function compilePeak(selection: Selection, intervalUs: number): Statement {
  const source = compileSelection(selection, ranInside)
  return {
    what: 'computing the requests in flight',
    sql: `SELECT intDiv(at_us - {from_us:Int64}, {interval_us:Int64}) AS bucket,
  max(running) AS peak, min(at_us) AS first_us, argMax(running, at_us) AS last
FROM (
  SELECT at_us, sum(change) OVER (ORDER BY at_us ROWS BETWEEN UNBOUNDED PRECEDING AND CURRENT ROW) AS running
  FROM (
    SELECT edge.1 AS at_us, sum(edge.2) AS change
    FROM (${spans(source.sql)})
    ARRAY JOIN [(start_us, toInt64(1)), (end_us, toInt64(-1))] AS edge
    GROUP BY at_us
  )
)
WHERE at_us < {to_us:Int64}
GROUP BY bucket
ORDER BY bucket`,
    params: { ...source.params, interval_us: intervalUs },
  }
}

export function compilePage({ selection, limit, after }: PagePlan): Statement {
  const source = compileSelection(selection, arrivedInside)
  const beyond = after === undefined ? '' : ' AND (time, id) < (fromUnixTimestamp64Micro({after_us:Int64}), {after_key:UUID})'
  return {
    what: 'listing requests',
    sql: `SELECT ${requestSelectList} ${source.sql}${beyond} ORDER BY time DESC, id DESC LIMIT {limit:UInt32}`,
    params: { ...source.params, limit, ...(after === undefined ? {} : { after_us: after.timeUs, after_key: after.key }) },
  }
}

export function compileFind(scope: Scope, key: string): Statement {
  const clause = compileScope(scope)
  return {
    what: 'reading one request',
    sql: `SELECT ${requestSelectList} FROM requests WHERE ${clause.sql} AND id = {key:UUID} LIMIT 1`,
    params: { ...clause.params, key },
  }
}
