/** Answers questions about records: one pass over one table, with its scope, filters, groups and buckets. */
import type { Clock } from '@bud-foundry/core'
import { z } from 'zod'
import type { AnalyticsClient, QueryParam, Statement } from '../../client/analytics-client.ts'
import { metricsErrors } from '../../errors.ts'
import { cutWindow, parseInterval, roughMs } from '../calendar.ts'
import { bucketParams, compileBucket } from '../compile.ts'
import { compileScope } from '../compile-selection.ts'
import { assertPoints, parseQuery, recordQuestionSchema, resolveWindow, type SelectionInput } from '../question.ts'
import type { Scope } from '../scope.ts'
import { bucketStartUs, countBuckets, type TimeWindow } from '../window.ts'
import { recordKinds, type RecordKindName, type RecordMeasure } from './record-kinds.ts'

export interface RecordQuestion {
  readonly of: RecordKindName
  /** Names of the measures of that kind; see `recordKinds`. */
  readonly measure: string | readonly string[]
  readonly window: SelectionInput['window']
  readonly groupBy?: readonly string[] | undefined
  readonly filters?: Readonly<Record<string, string | readonly string[]>> | undefined
  readonly interval?: string | undefined
  readonly timeZone?: string | undefined
  readonly limit?: number | undefined
}

export interface RecordAnswer {
  readonly of: RecordKindName
  readonly fromUnixMs: number
  readonly toUnixMs: number
  /** By group (most records first), then by time; no bucket is missing, and null says that nothing was sampled. */
  readonly rows: readonly {
    readonly timeUnixMs: number
    readonly group: Readonly<Record<string, string>>
    readonly values: Readonly<Record<string, number | null>>
  }[]
}

interface Plan {
  readonly of: RecordKindName
  readonly measures: readonly string[]
  readonly groupBy: readonly string[]
  readonly filters: Readonly<Record<string, readonly string[]>>
  readonly window: TimeWindow
  readonly limit: number
  readonly scope: Scope
}

/** Every name in the text is one of the registry's; every value is bound. */
function compile({ of, measures, groupBy, filters, window, limit, scope }: Plan): Statement {
  const { table, hasProject, dimensions, measures: known } = recordKinds[of]
  if (!hasProject && scope.kind !== 'all') throw metricsErrors.OPERATOR_ONLY({ what: of })
  const columnOf = (name: string) => new Map(Object.entries(dimensions)).get(name) ?? ''
  const sqlOf = (name: string) => new Map(Object.entries<{ readonly sql: string }>(known)).get(name)?.sql ?? 'NULL'
  const scoped = hasProject ? compileScope(scope) : { sql: '1', params: {} }
  const names = Object.keys(filters)
  const where = `${scoped.sql} AND time >= fromUnixTimestamp64Micro({from_us:Int64}) AND time < fromUnixTimestamp64Micro({to_us:Int64})${names
    .map((name, index) => ` AND ${columnOf(name)} IN {filter_${String(index)}:Array(String)}`)
    .join('')}`
  const columns = groupBy.map(columnOf)
  const chosen =
    columns.length === 0
      ? ''
      : ` AND (${columns.join(', ')}) IN (SELECT ${columns.join(', ')} FROM ${table} WHERE ${where} GROUP BY ${columns.join(', ')} ORDER BY count() DESC, ${columns.join(', ')} LIMIT {group_limit:UInt32})`
  const groups = columns.map((column, index) => `${column} AS group_${String(index)}`)
  const params: Record<string, QueryParam> = { ...scoped.params, ...bucketParams(window), from_us: window.fromUs, to_us: window.toUs }
  for (const [index, name] of names.entries())
    params[`filter_${String(index)}`] = (filters[name] ?? []).map((value) => value.toWellFormed())
  if (columns.length > 0) params['group_limit'] = limit
  return {
    what: `asking about ${of}`,
    sql: `SELECT ${[
      `${compileBucket(window, 'toUnixTimestamp64Micro(time)')} AS at_bucket`,
      'count() AS records',
      ...groups,
      ...measures.map((name, index) => `${sqlOf(name)} AS v_${String(index)}`),
    ].join(
      ', ',
    )} FROM ${table} WHERE ${where}${chosen} GROUP BY ${['at_bucket', ...groups.map((_, index) => `group_${String(index)}`)].join(', ')}`,
    params,
  }
}

const rowSchema = z.record(z.string(), z.union([z.string(), z.number(), z.null()]))

/** @throws METRICS_QUESTION_INVALID listing what is valid, METRICS_OPERATOR_ONLY */
export async function askRecords(
  parts: { readonly client: AnalyticsClient; readonly clock: Clock; readonly scope: Scope },
  question: RecordQuestion,
  signal?: AbortSignal,
): Promise<RecordAnswer> {
  const { of, measure, groupBy, filters, limit, timeZone, ...rest } = parseQuery(recordQuestionSchema, question)
  const ends = resolveWindow(rest.window, parts.clock.nowMs())
  const interval = rest.interval === undefined ? undefined : parseInterval(rest.interval)
  if (interval !== undefined)
    assertPoints(Math.ceil((ends.toUnixMs - ends.fromUnixMs) / roughMs(interval)), groupBy.length === 0 ? 1 : limit)
  const window = cutWindow({ ...ends, interval, timeZone })
  const chosen = Object.fromEntries(Object.entries(filters).flatMap(([name, values]) => (values === undefined ? [] : [[name, values]])))
  const plan: Plan = { of, measures: measure, groupBy, filters: chosen, window, limit, scope: parts.scope }
  const rows = z.array(rowSchema).parse(await parts.client.query(compile(plan), signal))
  const starts = new Map(window.edgesUs?.map((edge, index) => [edge, index]))
  const groups = new Map<
    string,
    { readonly group: readonly string[]; readonly buckets: Map<number, z.infer<typeof rowSchema>>; records: number }
  >()
  if (groupBy.length === 0) groups.set('[]', { group: [], buckets: new Map(), records: 0 })
  for (const row of rows) {
    const group = groupBy.map((_, index) => String(row[`group_${String(index)}`] ?? ''))
    const key = JSON.stringify(group)
    const one = groups.get(key) ?? { group, buckets: new Map<number, z.infer<typeof rowSchema>>(), records: 0 }
    const at = Number(row['at_bucket'])
    one.buckets.set(window.edgesUs === undefined ? at : (starts.get(at) ?? 0), row)
    one.records += Number(row['records'])
    groups.set(key, one)
  }
  const known = new Map(Object.entries<RecordMeasure>(recordKinds[of].measures))
  const valueOf = (row: z.infer<typeof rowSchema> | undefined, name: string, index: number): number | null => {
    if (row === undefined) return known.get(name)?.empty ?? null
    const value = row[`v_${String(index)}`]
    return typeof value === 'number' ? value : null
  }
  return {
    of,
    fromUnixMs: window.fromUs / 1000,
    toUnixMs: window.toUs / 1000,
    rows: [...groups.entries()]
      .sort(([leftKey, left], [rightKey, right]) => right.records - left.records || (leftKey < rightKey ? -1 : 1))
      .flatMap(([, { group, buckets }]) =>
        Array.from({ length: countBuckets(window) }, (_, bucket) => ({
          timeUnixMs: bucketStartUs(window, bucket) / 1000,
          group: Object.fromEntries(groupBy.map((name, index) => [name, group[index] ?? ''])),
          values: Object.fromEntries(measure.map((name, index) => [name, valueOf(buckets.get(bucket), name, index)])),
        })),
      ),
  }
}
