/**
 * Plans to SQL. The text of a query is put together from the fixed pieces of this package alone; every value of a caller goes
 * through `{name:Type}` and is bound by the engine, so no value can change what a query does.
 */
import type { QueryParam, Statement } from '../client/analytics-client.ts'
import { aggregateSql, type AggregateName } from './aggregate.ts'
import { compileScope, compileSelection, type Clause } from './compile-selection.ts'
import { dimensions, type DimensionName } from './dimension.ts'
import { chooseSource, rollupSqlOf, type Source, type Tile } from './plan.ts'
import { requestSelectList, selectListOf, type RequestField } from '../table/request-table.ts'
import type { AggregatePlan, PagePlan, Ranking, Selection, Slo, SourceChoice } from './request-engine.ts'
import type { Scope } from './scope.ts'
import type { TableSizes } from './table-sizes.ts'
import type { TimeWindow } from './window.ts'

const joinParams = (...all: readonly Clause['params'][]): Clause['params'] => Object.assign({}, ...all) as Clause['params']

/** The bucket of an instant: its index where buckets have one length, its start where a calendar says. */
export function compileBucket({ intervalUs, edgesUs }: TimeWindow, atUs: string): string {
  if (edgesUs !== undefined) return `roundDown(${atUs}, arrayMap(edge -> edge * 1000000, {edges_s:Array(Int64)}))`
  return intervalUs === undefined ? 'toInt64(0)' : `intDiv(${atUs} - {origin_us:Int64}, {interval_us:Int64})`
}

/** Edges of calendars are whole seconds, which keeps the parameter short. */
export const bucketParams = ({ fromUs, intervalUs, edgesUs }: TimeWindow): Readonly<Record<string, QueryParam>> => ({
  ...(intervalUs === undefined ? {} : { interval_us: intervalUs, origin_us: fromUs }),
  ...(edgesUs === undefined ? {} : { edges_s: edgesUs.map((edge) => Math.round(edge / 1_000_000)) }),
})

export const hasBuckets = ({ intervalUs, edgesUs }: TimeWindow): boolean => intervalUs !== undefined || edgesUs !== undefined

const limitUs = (ms: number | undefined) => (ms === undefined ? Number.MAX_SAFE_INTEGER : Math.floor(ms * 1000))

const sloParams = (slo: Slo): Readonly<Record<string, QueryParam>> => ({
  slo_duration_us: limitUs(slo.durationMs),
  slo_time_to_first_token_us: limitUs(slo.timeToFirstTokenMs),
  slo_time_per_output_token_us: limitUs(slo.timePerOutputTokenMs),
})

export const groupNames = (groupBy: readonly DimensionName[]): readonly string[] => groupBy.map((_, index) => `group_${String(index)}`)
export const groupList = (groupBy: readonly DimensionName[]): readonly string[] =>
  groupBy.map((name, index) => `${dimensions[name].sql} AS group_${String(index)}`)

interface RowsOptions {
  readonly source: Source
  readonly selection: Selection
  readonly groupBy: readonly DimensionName[]
  readonly aggregates: readonly AggregateName[]
  /** Keeps the parameters of two sets of rows in one query apart. */
  readonly prefix: string
}

/** Rows of one table, cut to its tile: groups, bucket, and the columns of the rollup that the aggregates read. */
function compileTile(
  { source, selection, groupBy, aggregates, prefix }: RowsOptions,
  { table, fromUs, toUs }: Tile,
  index: number,
): Clause {
  const { family } = source
  const where = compileSelection(selection, { table, fromUs, toUs, prefix: `${prefix}${String(index)}_` })
  const atUs = table === 'requests' ? 'toUnixTimestamp64Micro(time)' : 'toInt64(toUnixTimestamp(bucket)) * 1000000'
  const wanted = new Set(family === undefined ? [] : aggregates.flatMap((name) => rollupSqlOf(family, name)?.columns ?? []))
  const keys = family?.dimensions.filter((name) => wanted.has(name)) ?? []
  const states = family?.columns.filter(({ name }) => wanted.has(name)) ?? []
  const shared = [`${compileBucket(selection.window, atUs)} AS at_bucket`, ...groupList(groupBy), ...keys]
  if (table !== 'requests')
    return { sql: `SELECT ${[...shared, ...states.map(({ name }) => name)].join(', ')} ${where.sql}`, params: where.params }
  // The rows at the ends become rows of the rollup, by the very expressions that fill it.
  return {
    sql: `SELECT ${[...shared, ...states.map(({ name, raw }) => `${raw} AS ${name}`)].join(', ')} ${where.sql} GROUP BY ${['at_bucket', ...groupNames(groupBy), ...keys].join(', ')}`,
    params: where.params,
  }
}

interface Rows {
  /** What the select list of groups and buckets says: expressions over raw rows, names over joined tiles. */
  readonly bucket: string
  readonly groups: readonly string[]
  readonly value: (name: AggregateName) => string
  readonly from: Clause
  /** Joins a condition to `from`. */
  readonly and: 'AND' | 'WHERE'
}

function compileRows(options: RowsOptions): Rows {
  const { source, selection, groupBy, prefix } = options
  const { family, tiles } = source
  if (family === undefined) {
    const { fromUs, toUs } = selection.window
    return {
      bucket: `${compileBucket(selection.window, 'toUnixTimestamp64Micro(time)')} AS at_bucket`,
      groups: groupList(groupBy),
      value: (name) => aggregateSql[name].raw,
      from: compileSelection(selection, { table: 'requests', fromUs, toUs, prefix }),
      and: 'AND',
    }
  }
  const parts = tiles.map((tile, index) => compileTile(options, tile, index))
  return {
    bucket: 'at_bucket',
    groups: groupNames(groupBy),
    value: (name) => rollupSqlOf(family, name)?.sql ?? aggregateSql[name].raw,
    from: {
      sql: `FROM (\n${parts.map(({ sql }) => sql).join('\nUNION ALL\n')}\n)`,
      params: joinParams(...parts.map(({ params }) => params)),
    },
    and: 'WHERE',
  }
}

interface RankingOptions {
  readonly selection: Selection
  readonly groupBy: readonly DimensionName[]
  readonly ranking: Ranking
  readonly from: SourceChoice
  readonly sizes?: TableSizes | undefined
}

/** The groups that a question answers. */
export function compileRanking({ selection, groupBy, ranking, from, sizes }: RankingOptions): Clause {
  // Its own window, without buckets: the ranks of a comparison are those of the present.
  const ranked: Selection = { ...selection, window: { fromUs: ranking.window.fromUs, toUs: ranking.window.toUs } }
  const aggregates = [ranking.by]
  const rows = compileRows({
    source: chooseSource({ selection: ranked, aggregates, groupBy, from, sizes }),
    selection: ranked,
    groupBy,
    aggregates,
    prefix: 'rank_',
  })
  const names = groupNames(groupBy).join(', ')
  return {
    sql: `SELECT ${rows.groups.join(', ')} ${rows.from.sql} GROUP BY ${names} ORDER BY ${rows.value(ranking.by)} DESC, ${names} LIMIT {group_limit:UInt32}`,
    params: { ...rows.from.params, group_limit: ranking.limit },
  }
}

/** One row per group, which says how large the group is; what is compared with another window is ranked by that one. */
const isRankedAlone = ({ selection: { window }, ranking, other, aggregates }: AggregatePlan): boolean =>
  !other &&
  !hasBuckets(window) &&
  ranking.window.fromUs === window.fromUs &&
  ranking.window.toUs === window.toUs &&
  aggregates.includes(ranking.by)

/** Aggregates of every group in every bucket, in one pass over the rows. */
export function compileAggregate(plan: AggregatePlan, sizes?: TableSizes): Statement {
  const { groupBy, selection, ranking, other, slo, from, aggregates } = plan
  const { window } = selection
  const rows = compileRows({
    source: chooseSource({ selection, aggregates, groupBy, from, sizes }),
    selection,
    groupBy,
    aggregates,
    prefix: '',
  })
  const names = groupNames(groupBy)
  const values = aggregates.map((name) => `${rows.value(name)} AS v_${name}`)
  const params = joinParams(rows.from.params, bucketParams(window), slo === undefined ? {} : sloParams(slo))
  const what = 'computing measures'
  if (groupBy.length === 0) {
    const keys = hasBuckets(window) ? ' GROUP BY at_bucket' : ''
    const bucket = hasBuckets(window) ? rows.bucket : 'toInt64(0) AS at_bucket'
    return { what, sql: `SELECT ${[bucket, ...values].join(', ')} ${rows.from.sql}${keys}`, params }
  }
  if (isRankedAlone(plan)) {
    // Every group has one row, so the largest are found in the same pass.
    return {
      what,
      sql: `SELECT ${['toInt64(0) AS at_bucket', ...rows.groups, ...values].join(', ')} ${rows.from.sql} GROUP BY ${names.join(', ')} ORDER BY ${rows.value(ranking.by)} DESC, ${names.join(', ')} LIMIT {group_limit:UInt32}`,
      params: joinParams(params, { group_limit: ranking.limit }),
    }
  }
  const ranked = compileRanking({ selection, groupBy, ranking, from, sizes })
  const expressions = groupBy.map((name, index) => (rows.and === 'AND' ? dimensions[name].sql : (names[index] ?? '')))
  const isRanked = `(${expressions.join(', ')}) IN (${ranked.sql})`
  const all = joinParams(params, ranked.params)
  if (!other) {
    return {
      what,
      sql: `SELECT ${[rows.bucket, ...rows.groups, ...values].join(', ')} ${rows.from.sql} ${rows.and} ${isRanked} GROUP BY ${['at_bucket', ...names].join(', ')}`,
      params: all,
    }
  }
  const shown = expressions.map((sql, index) => `if(is_other, '', toString(${sql})) AS shown_${String(index)}`)
  return {
    what,
    sql: `SELECT ${[rows.bucket, `NOT ${isRanked} AS is_other`, ...shown, ...values].join(', ')} ${rows.from.sql} GROUP BY ${['at_bucket', 'is_other', ...shown.map((_, index) => `shown_${String(index)}`)].join(', ')}`,
    params: all,
  }
}

/** The newest rows of the window: all of their columns, those of some fields, or, as `keys`, which rows they are. */
export function compilePage({ selection, limit, after }: PagePlan, columns: 'all' | 'keys' | readonly RequestField[]): Statement {
  const { fromUs, toUs } = selection.window
  const source = compileSelection(selection, { table: 'requests', fromUs, toUs })
  const beyond = after === undefined ? '' : ' AND (time, id) < (fromUnixTimestamp64Micro({after_us:Int64}), {after_key:UUID})'
  const list = columns === 'all' ? requestSelectList : selectListOf(columns === 'keys' ? [] : columns)
  return {
    what: 'listing requests',
    sql: `SELECT ${list} ${source.sql}${beyond} ORDER BY time DESC, id DESC LIMIT {limit:UInt32}`,
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

export function compileTrace(scope: Scope, traceKey: string, limit: number): Statement {
  const clause = compileScope(scope)
  return {
    what: 'reading one trace',
    sql: `SELECT ${requestSelectList} FROM requests WHERE ${clause.sql} AND trace_id = {trace_key:UUID} ORDER BY time, id LIMIT {limit:UInt32}`,
    params: { ...clause.params, trace_key: traceKey, limit },
  }
}
