/** True concurrency as SQL: a sweep over starts and ends, and the time that requests spent in each bucket. */
import type { Statement } from '../client/analytics-client.ts'
import { bucketParams, compileBucket, compileRanking, groupList, groupNames } from './compile.ts'
import { compileSelection, type Clause } from './compile-selection.ts'
import { dimensions } from './dimension.ts'
import type { InFlightPlan } from './request-engine.ts'

const what = 'computing the requests in flight'

/** Start and end of every request that ran inside the window, cut to it; requests without length were never in flight. */
function compileSpans({ selection, groupBy, ranking }: InFlightPlan): Clause {
  const { fromUs, toUs } = selection.window
  const source = compileSelection(selection, { table: 'requests', fromUs, toUs, time: 'ran' })
  const ranked = groupBy.length === 0 ? undefined : compileRanking({ selection, groupBy, ranking, from: 'auto' })
  const chosen = ranked === undefined ? '' : ` AND (${groupBy.map((name) => dimensions[name].sql).join(', ')}) IN (${ranked.sql})`
  return {
    sql: `SELECT ${[
      'greatest(toUnixTimestamp64Micro(time), {from_us:Int64}) AS start_us',
      'least(toUnixTimestamp64Micro(time) + toInt64(duration_us), {to_us:Int64}) AS end_us',
      ...groupList(groupBy),
    ].join(', ')}
${source.sql}${chosen} AND duration_us > 0`,
    params: { ...source.params, ...ranked?.params, ...bucketParams(selection.window) },
  }
}

const edgesUs = 'arrayMap(edge -> edge * 1000000, {edges_s:Array(Int64)})'

/** The time that requests spent in each bucket. */
export function compileBusyTime(plan: InFlightPlan): Statement {
  const { groupBy, selection } = plan
  const { intervalUs, edgesUs: edges } = selection.window
  const spans = compileSpans(plan)
  const names = groupNames(groupBy)
  const grouped = names.length === 0 ? '' : `, ${names.join(', ')}`
  if (intervalUs === undefined && edges === undefined) {
    return {
      what,
      sql: `SELECT toInt64(0) AS at_bucket${grouped}, sum(end_us - start_us) AS busy_us FROM (${spans.sql})${names.length === 0 ? '' : ` GROUP BY ${names.join(', ')}`}`,
      params: spans.params,
    }
  }
  const [buckets, from, to] =
    edges === undefined
      ? [
          `arrayMap(step -> toInt64(step), range(toUInt32(intDiv(start_us - {origin_us:Int64}, {interval_us:Int64})), toUInt32(intDiv(end_us - 1 - {origin_us:Int64}, {interval_us:Int64}) + 1)))`,
          '{origin_us:Int64} + at_bucket * {interval_us:Int64}',
          '{origin_us:Int64} + (at_bucket + 1) * {interval_us:Int64}',
        ]
      : [
          `if(${compileBucket(selection.window, 'start_us')} = ${compileBucket(selection.window, 'end_us - 1')}, [${compileBucket(selection.window, 'start_us')}], arrayFilter(edge -> edge >= ${compileBucket(selection.window, 'start_us')} AND edge < end_us, ${edgesUs}))`,
          'at_bucket',
          `arrayElement(arrayPushBack(${edgesUs}, {to_us:Int64}), indexOf(${edgesUs}, at_bucket) + 1)`,
        ]
  return {
    what,
    sql: `SELECT at_bucket${grouped}, sum(least(end_us, ${to}) - greatest(start_us, ${from})) AS busy_us
FROM (${spans.sql})
ARRAY JOIN ${buckets} AS at_bucket
GROUP BY at_bucket${grouped}`,
    params: spans.params,
  }
}

/**
 * How many ran at once: starts and ends at the same instant are added up first, so that a request that takes over from another
 * does not count as two. Each bucket answers with its peak, the instant of its first change and the number running after its last.
 */
export function compilePeak(plan: InFlightPlan): Statement {
  const spans = compileSpans(plan)
  const names = groupNames(plan.groupBy)
  const grouped = names.length === 0 ? '' : `, ${names.join(', ')}`
  const partition = names.length === 0 ? '' : `PARTITION BY ${names.join(', ')} `
  return {
    what,
    sql: `SELECT ${compileBucket(plan.selection.window, 'at_us')} AS at_bucket${grouped},
  max(running) AS peak, min(at_us) AS first_us, argMax(running, at_us) AS last
FROM (
  SELECT at_us${grouped}, sum(change) OVER (${partition}ORDER BY at_us ROWS BETWEEN UNBOUNDED PRECEDING AND CURRENT ROW) AS running
  FROM (
    SELECT edge.1 AS at_us${grouped}, sum(edge.2) AS change
    FROM (${spans.sql})
    ARRAY JOIN [(start_us, toInt64(1)), (end_us, toInt64(-1))] AS edge
    GROUP BY at_us${grouped}
  )
)
WHERE at_us < {to_us:Int64}
GROUP BY at_bucket${grouped}
ORDER BY at_bucket`,
    params: spans.params,
  }
}
