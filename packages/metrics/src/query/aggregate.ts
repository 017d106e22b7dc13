/** What an engine computes over a set of requests: sums and quantiles from which every measure is read. */

/** Levels of every latency, in the order of the arrays that engines return. */
export const quantileLevels = Object.freeze([0.5, 0.9, 0.95, 0.99])

const latency = (column: string) => ({
  quantiles: `quantilesExactInclusive(${quantileLevels.join(', ')})(${column})`,
  mean: `avg(${column})`,
  count: `count(${column})`,
})

/** Name to SQL. Absent values never count: a request without a first token has no share in its quantiles, mean or count. */
export const aggregateSql = Object.freeze({
  requests: 'count()',
  successes: "countIf(outcome = 'success')",
  failures: "countIf(outcome = 'error')",
  partials: "countIf(outcome = 'partial')",
  rejections: "countIf(outcome = 'rejected')",
  aborts: "countIf(outcome = 'aborted')",
  inputTokens: 'sum(input_tokens)',
  cachedInputTokens: 'sum(cached_input_tokens)',
  cacheWriteInputTokens: 'sum(cache_write_input_tokens)',
  outputTokens: 'sum(output_tokens)',
  reasoningTokens: 'sum(reasoning_tokens)',
  costUsd: 'sum(cost_usd)',
  pricedRequests: 'count(cost_usd)',
  cacheHits: "countIf(cache = 'hit')",
  cacheLookups: "countIf(cache != 'none')",
  users: "uniqExactIf(user_id, user_id != '')",
  keys: "uniqExactIf(key_id, key_id != '')",
  attempts: 'sum(length(attempt_target_id))',
  durationQuantiles: latency('duration_us').quantiles,
  durationMean: latency('duration_us').mean,
  timeToFirstTokenQuantiles: latency('time_to_first_token_us').quantiles,
  timeToFirstTokenMean: latency('time_to_first_token_us').mean,
  timeToFirstTokenCount: latency('time_to_first_token_us').count,
  timePerOutputTokenQuantiles: latency('time_per_output_token_us').quantiles,
  timePerOutputTokenMean: latency('time_per_output_token_us').mean,
  timePerOutputTokenCount: latency('time_per_output_token_us').count,
  overheadQuantiles: latency('overhead_us').quantiles,
  overheadMean: latency('overhead_us').mean,
})

export type AggregateName = keyof typeof aggregateSql

/** A number, one per quantile level, or nothing measured. Latencies are in microseconds. */
export type AggregateValue = number | null | readonly (number | null)[]

export type Aggregates = Readonly<Partial<Record<AggregateName, AggregateValue>>>
