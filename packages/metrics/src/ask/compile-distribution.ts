/** How values spread over bins, as SQL; with buckets it is a heatmap. */
import type { Statement } from '../client/analytics-client.ts'
import { bucketParams, compileBucket, compileRanking, groupList, groupNames } from './compile.ts'
import { compileSelection } from './compile-selection.ts'
import { dimensions } from './dimension.ts'
import type { DistributionName, DistributionPlan } from './request-engine.ts'

/** The column of each quantity, and how many of its units one unit of the bounds is. */
export const distributionColumns: Readonly<Record<DistributionName, { readonly column: string; readonly scale: number }>> = {
  durationMs: { column: 'duration_us', scale: 1000 },
  timeToFirstTokenMs: { column: 'time_to_first_token_us', scale: 1000 },
  timePerOutputTokenMs: { column: 'time_per_output_token_us', scale: 1000 },
  queueMs: { column: 'queue_us', scale: 1000 },
  interTokenP50Ms: { column: 'inter_token_us', scale: 1000 },
  inputTokens: { column: 'input_tokens', scale: 1 },
  outputTokens: { column: 'output_tokens', scale: 1 },
  costUsd: { column: 'toFloat64(cost_usd)', scale: 1 },
}

/** A bin is the number of bounds that are not above the value: the last one is open. */
export function compileDistribution({ selection, of, groupBy, ranking, bounds }: DistributionPlan): Statement {
  const { column, scale } = distributionColumns[of]
  const { fromUs, toUs } = selection.window
  const source = compileSelection(selection, { table: 'requests', fromUs, toUs })
  const ranked = groupBy.length === 0 ? undefined : compileRanking({ selection, groupBy, ranking, from: 'auto' })
  const chosen = ranked === undefined ? '' : ` AND (${groupBy.map((name) => dimensions[name].sql).join(', ')}) IN (${ranked.sql})`
  return {
    what: 'computing a distribution',
    sql: `SELECT ${[
      `${compileBucket(selection.window, 'toUnixTimestamp64Micro(time)')} AS at_bucket`,
      ...groupList(groupBy),
      `arrayCount(bound -> bound <= toFloat64(assumeNotNull(${column})), {bounds:Array(Float64)}) AS bin`,
      'count() AS v_requests',
    ].join(', ')} ${source.sql}${chosen} AND ${column} IS NOT NULL GROUP BY ${['at_bucket', ...groupNames(groupBy), 'bin'].join(', ')}`,
    params: { ...source.params, ...ranked?.params, ...bucketParams(selection.window), bounds: bounds.map((bound) => bound * scale) },
  }
}
