/** What an engine computes over a set of requests: mergeable pieces from which every measure is read. */

/** Levels of every latency, in the order of the arrays that engines return. */
export const quantileLevels = Object.freeze([0.5, 0.9, 0.95, 0.99])

/**
 * Engines bin values by their first eight significant bits (ClickHouse, aggregate function quantileBFloat16): the bins grow by 1/128.
 * Bins merge to the same answer in whatever order rows came.
 */
const binWidth = 1 / 128

/** A quantile is the middle of the bin of the observed value of its rank, so it lies at most this share away from that. */
export const quantileRelativeError = binWidth / 2

/** From the lower end of a bin, which engines answer, to its middle. */
export const middleOfBin = (lower: number): number => lower * (1 + binWidth / 2)

/** The same value from columns of a rollup table. */
export interface RollupSql {
  readonly sql: string
  /** What it reads, beside the group; a family of rollups that lacks one cannot answer. */
  readonly columns: readonly string[]
}

export interface AggregateSql {
  /** Over the table `requests`. */
  readonly raw: string
  /** The first whose columns a family has is used; absent: only raw rows can answer. */
  readonly rollups?: readonly RollupSql[]
}

const over = (sql: string, ...columns: readonly string[]): RollupSql => ({ sql, columns })
const rawOnly = (raw: string): AggregateSql => ({ raw })
const sumOf = (column: string): AggregateSql => ({ raw: `sum(${column})`, rollups: [over(`sum(${column})`, column)] })
const withOutcome = (outcome: string, column: string): AggregateSql => ({
  raw: `countIf(outcome = '${outcome}')`,
  rollups: [over(`sum(${column})`, column), over(`sumIf(requests, outcome = '${outcome}')`, 'requests', 'outcome')],
})
const money = (column: string): AggregateSql => ({
  raw: `sum(ifNull(${column}, toDecimal64(0, 12)))`,
  rollups: [over(`sum(${column})`, column)],
})
const distinct = (column: string, ...rollups: readonly RollupSql[]): AggregateSql => ({
  raw: `uniq(nullIf(${column}, ''))`,
  rollups: [...rollups, over(`uniq(nullIf(${column}, ''))`, column)],
})

const levels = quantileLevels.join(', ')
const quantilesOf = (value: string): string => `quantilesBFloat16(${levels})(${value})`
const latency = (stem: string) => ({
  quantiles: {
    raw: quantilesOf(`${stem}_us`),
    rollups: [over(`quantilesBFloat16Merge(${levels})(${stem}_quantiles)`, `${stem}_quantiles`)],
  },
  sum: { raw: `sum(ifNull(${stem}_us, 0))`, rollups: [over(`sum(${stem}_sum_us)`, `${stem}_sum_us`)] },
  count: { raw: `count(${stem}_us)`, rollups: [over(`sum(${stem}_count)`, `${stem}_count`)] },
  largest: { raw: `max(${stem}_us)`, rollups: [over(`max(${stem}_max_us)`, `${stem}_max_us`)] },
})
const duration = latency('duration')
const firstToken = latency('time_to_first_token')
const perToken = latency('time_per_output_token')
const overhead = latency('overhead')
const queue = latency('queue')
const interToken = latency('inter_token')

/** Whether a request met the objective of the question; a limit on something that was not measured does not apply. */
const metObjective = [
  "outcome = 'success'",
  'duration_us <= {slo_duration_us:UInt64}',
  'ifNull(time_to_first_token_us <= {slo_time_to_first_token_us:UInt64}, 1)',
  'ifNull(time_per_output_token_us <= {slo_time_per_output_token_us:UInt64}, 1)',
].join(' AND ')

/** Name to SQL. Absent values never count: a request without a first token has no share in its quantiles, sum or count. */
export const aggregateSql = Object.freeze({
  requests: { raw: 'count()', rollups: [over('sum(requests)', 'requests')] },
  successes: withOutcome('success', 'successes'),
  failures: { raw: "countIf(outcome = 'error')", rollups: [over("sumIf(requests, outcome = 'error')", 'requests', 'outcome')] },
  partials: { raw: "countIf(outcome = 'partial')", rollups: [over("sumIf(requests, outcome = 'partial')", 'requests', 'outcome')] },
  errors: {
    raw: "countIf(outcome IN ('error', 'partial'))",
    rollups: [over('sum(errors)', 'errors'), over("sumIf(requests, outcome IN ('error', 'partial'))", 'requests', 'outcome')],
  },
  rejections: withOutcome('rejected', 'rejected'),
  blocked: rawOnly("countIf(outcome = 'rejected' AND startsWith(error_code, 'GATEWAY_BLOCKED'))"),
  aborts: withOutcome('aborted', 'aborted'),
  clientErrors: rawOnly("countIf(outcome != 'success' AND status >= 400 AND status < 500)"),
  serverErrors: rawOnly("countIf(outcome != 'success' AND status >= 500 AND status < 600)"),
  inputTokens: sumOf('input_tokens'),
  cachedInputTokens: sumOf('cached_input_tokens'),
  cacheWriteInputTokens: sumOf('cache_write_input_tokens'),
  outputTokens: sumOf('output_tokens'),
  reasoningTokens: sumOf('reasoning_tokens'),
  costUsd: money('cost_usd'),
  pricedRequests: { raw: 'count(cost_usd)', rollups: [over('sum(priced_requests)', 'priced_requests')] },
  providerCostUsd: money('provider_cost_usd'),
  savedUsd: money('saved_usd'),
  cacheHits: {
    raw: "countIf(cache = 'hit')",
    rollups: [over('sum(cache_hits)', 'cache_hits'), over("sumIf(requests, cache = 'hit')", 'requests', 'cache')],
  },
  cacheLookups: { raw: "countIf(cache != 'none')", rollups: [over("sumIf(requests, cache != 'none')", 'requests', 'cache')] },
  guardrailRequests: { raw: 'countIf(notEmpty(guardrails))', rollups: [over('sum(guardrail_requests)', 'guardrail_requests')] },
  users: distinct('user_id', over('uniqMerge(users)', 'users')),
  keys: distinct('key_id'),
  attempts: { raw: 'sum(length(attempt_target_id))', rollups: [over('sum(attempts)', 'attempts')] },
  goodRequests: rawOnly(`countIf(${metObjective})`),
  durationQuantiles: duration.quantiles,
  durationUsSum: duration.sum,
  durationUsMax: duration.largest,
  timeToFirstTokenQuantiles: firstToken.quantiles,
  timeToFirstTokenUsSum: firstToken.sum,
  timeToFirstTokenCount: firstToken.count,
  timePerOutputTokenQuantiles: perToken.quantiles,
  timePerOutputTokenUsSum: perToken.sum,
  timePerOutputTokenCount: perToken.count,
  interTokenQuantiles: interToken.quantiles,
  interTokenCount: interToken.count,
  overheadQuantiles: overhead.quantiles,
  overheadUsSum: overhead.sum,
  overheadCount: overhead.count,
  queueQuantiles: queue.quantiles,
  queueUsSum: queue.sum,
  queueCount: queue.count,
} satisfies Readonly<Record<string, AggregateSql>>)

export type AggregateName = keyof typeof aggregateSql

/** A number, one per quantile level, or nothing measured. Latencies are in microseconds. */
export type AggregateValue = number | null | readonly (number | null)[]

export type Aggregates = Readonly<Partial<Record<AggregateName, AggregateValue>>>
