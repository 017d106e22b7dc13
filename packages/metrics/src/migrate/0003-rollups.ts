/** Migration 3: requests per minute, hour and day, and usage per key and user, in states that merge to the same answer in any order. */
import type { Migration } from './migration.ts'

/*
 * Two families, both fed from `requests` and from then on each from the finer one:
 * - requests_minute, _hour, _day: everything that a dashboard draws, by what a request was and where it went.
 * - usage_hour: what is counted and billed, by key, user and country; no latencies, because there are too many groups. Days of it
 *   would still have a third of its rows, and writing them would cost more processor time than the rows themselves.
 * Quantiles are histograms over bfloat16 (8 significant bits): the levels are chosen when asking, an answer lies at most 1/128 below the
 * true value, and merged states equal the state over all rows. `uniq` does not depend on the order either. The rest are sums and extremes.
 */
export interface RollupLevel {
  readonly name: 'minute' | 'hour' | 'day' | 'month'
  /** Function of ClickHouse that gives the start of the bucket. */
  readonly startOf: string
  /** What a rebuild exchanges at once: a week of minutes, a month of hours or days. */
  readonly partition: string
  /** The id that the engine gives the partition of a bucket. */
  readonly partitionId: (bucket: string) => string
  /** What a repair makes anew at once, as a function like `startOf`: minutes by the hour that they are in, the others bucket by bucket. */
  readonly repairUnit: string
  /** No such unit is longer. */
  readonly daysMax: number
}

const requestDimensions = ['project_id', 'operation', 'requested_model', 'model', 'provider_id', 'target_id', 'outcome', 'cache'] as const

const usageDimensions = ['project_id', 'key_id', 'user_id', 'country_code', 'requested_model', 'model', 'provider_id'] as const

/** Of the column that is summed: its name in the rollup, its type there, and what it is over the raw rows. */
const sums: readonly (readonly [name: string, type: string, raw: string])[] = [
  ['requests', 'UInt64', 'count()'],
  ['streams', 'UInt64', 'countIf(stream)'],
  ['attempts', 'UInt64', 'sum(length(attempt_target_id))'],
  ['input_tokens', 'UInt64', 'sum(requests.input_tokens)'],
  ['cached_input_tokens', 'UInt64', 'sum(requests.cached_input_tokens)'],
  ['cache_write_input_tokens', 'UInt64', 'sum(requests.cache_write_input_tokens)'],
  ['output_tokens', 'UInt64', 'sum(requests.output_tokens)'],
  ['reasoning_tokens', 'UInt64', 'sum(requests.reasoning_tokens)'],
  ['request_bytes', 'UInt64', 'sum(requests.request_bytes)'],
  ['response_bytes', 'UInt64', 'sum(requests.response_bytes)'],
  ['cost_usd', 'Decimal(38, 12)', 'sum(ifNull(requests.cost_usd, toDecimal64(0, 12)))'],
  ['priced_requests', 'UInt64', 'count(requests.cost_usd)'],
  ['provider_cost_usd', 'Decimal(38, 12)', 'sum(ifNull(requests.provider_cost_usd, toDecimal64(0, 12)))'],
  ['saved_usd', 'Decimal(38, 12)', 'sum(ifNull(requests.saved_usd, toDecimal64(0, 12)))'],
  ['guardrail_requests', 'UInt64', 'countIf(notEmpty(requests.guardrails))'],
]

const usageSums = [
  ...sums.filter(([name]) => !['streams', 'attempts', 'guardrail_requests'].includes(name)),
  ['successes', 'UInt64', "countIf(outcome = 'success')"],
  ['errors', 'UInt64', "countIf(outcome IN ('error', 'partial'))"],
  ['rejected', 'UInt64', "countIf(outcome = 'rejected')"],
  ['aborted', 'UInt64', "countIf(outcome = 'aborted')"],
  ['cache_hits', 'UInt64', "countIf(cache = 'hit')"],
] as const satisfies typeof sums

/** Durations, in microseconds; nullable ones count only where they were measured. */
const durations = [
  'duration_us',
  'time_to_first_token_us',
  'time_per_output_token_us',
  'overhead_us',
  'queue_us',
  'inter_token_us',
] as const
type Duration = (typeof durations)[number]

/** The name that a duration's columns begin with. */
const stem = (duration: Duration) => duration.replace(/_us$/, '')
const argument = (duration: Duration) => (duration === 'duration_us' ? 'UInt64' : 'Nullable(UInt64)')
const quantiles = 'quantilesBFloat16(0.5, 0.9, 0.95, 0.99)'

interface Column {
  readonly name: string
  readonly type: string
  readonly raw: string
  readonly merge: string
}

const sumColumns = (list: typeof sums): readonly Column[] =>
  list.map(([name, type, raw]) => ({ name, type: `SimpleAggregateFunction(sum, ${type})`, raw, merge: `sum(finer.${name})` }))

const durationColumns: readonly Column[] = durations.flatMap((duration) => {
  const name = stem(duration)
  const extreme = (kind: 'min' | 'max') => ({
    name: `${name}_${kind}_us`,
    type: `SimpleAggregateFunction(${kind}, ${argument(duration)})`,
    raw: `${kind}(requests.${duration})`,
    merge: `${kind}(finer.${name}_${kind}_us)`,
  })
  const sum = (suffix: string, raw: string) => ({
    name: `${name}_${suffix}`,
    type: 'SimpleAggregateFunction(sum, UInt64)',
    raw,
    merge: `sum(finer.${name}_${suffix})`,
  })
  return [
    ...(duration === 'duration_us' ? [] : [sum('count', `count(requests.${duration})`)]),
    sum('sum_us', `sum(ifNull(requests.${duration}, 0))`),
    extreme('min'),
    extreme('max'),
    {
      name: `${name}_quantiles`,
      type: `AggregateFunction(${quantiles}, ${argument(duration)})`,
      raw: `${quantiles.replace('(', 'State(')}(requests.${duration})`,
      merge: `${quantiles.replace('(', 'MergeState(')}(finer.${name}_quantiles)`,
    },
  ]
})

const usersColumn: Column = {
  name: 'users',
  type: 'AggregateFunction(uniq, Nullable(String))',
  raw: "uniqState(nullIf(user_id, ''))",
  merge: 'uniqMergeState(finer.users)',
}

export interface RollupFamily {
  readonly name: 'requests' | 'usage' | 'overall'
  readonly dimensions: readonly string[]
  readonly columns: readonly Column[]
  readonly levels: readonly RollupLevel[]
  /**
   * The family whose rows it sums up, with all its columns and more dimensions; a level that this one lacks is made from the one below.
   * Absent: it is made from raw rows.
   */
  readonly feed?: RollupFamily
}

const month = { partition: 'toYYYYMM(bucket)', partitionId: (bucket: string) => `toString(toYYYYMM(${bucket}))` }
const minute: RollupLevel = {
  name: 'minute',
  startOf: 'toStartOfMinute',
  partition: 'toMonday(bucket)',
  partitionId: (bucket) => `toString(toYYYYMMDD(toMonday(${bucket})))`,
  repairUnit: 'toStartOfHour',
  daysMax: 1,
}
export const hour: RollupLevel = { name: 'hour', startOf: 'toStartOfHour', repairUnit: 'toStartOfHour', daysMax: 1, ...month }
export const day: RollupLevel = { name: 'day', startOf: 'toStartOfDay', repairUnit: 'toStartOfDay', daysMax: 1, ...month }

const requestsFamily: RollupFamily = {
  name: 'requests',
  dimensions: requestDimensions,
  columns: [...sumColumns(sums), ...durationColumns, usersColumn],
  levels: [minute, hour, day],
}

/** Those of this migration; rollup/families.ts lists all that there are. */
export const firstFamilies: readonly [requests: RollupFamily, usage: RollupFamily] = [
  requestsFamily,
  { name: 'usage', dimensions: usageDimensions, columns: sumColumns(usageSums), levels: [hour] },
]

const dimensionType = (name: string) => (name === 'user_id' ? 'String CODEC(ZSTD(1))' : 'LowCardinality(String)')

export function createRollupTable(family: RollupFamily, { name: level, partition }: RollupLevel): string {
  const others = family.dimensions.filter((name) => name !== 'project_id')
  const byProject = others.length < family.dimensions.length
  const key = byProject ? 'project_id, bucket' : 'bucket'
  return `
CREATE TABLE IF NOT EXISTS ${family.name}_${level} (${byProject ? '\n  project_id LowCardinality(String),' : ''}
  bucket DateTime('UTC') CODEC(DoubleDelta, ZSTD(1)),
${others.map((name) => `  ${name} ${dimensionType(name)}`).join(',\n')},
${family.columns.map(({ name, type }) => `  ${name} ${type} CODEC(ZSTD(1))`).join(',\n')}
)
ENGINE = AggregatingMergeTree
PARTITION BY ${partition}
PRIMARY KEY (${key})
ORDER BY (${key}, ${others.join(', ')})`
}

export interface RollupSource {
  readonly source: string
  /** Raw rows, or rows of a finer level. */
  readonly of: 'raw' | 'finer'
  readonly where?: string
}

/** The rows of one level, from the raw rows or from the level below. */
export function rollupSelect(family: RollupFamily, { startOf }: RollupLevel, { source, of, where = '' }: RollupSource): string {
  const alias = of === 'raw' ? 'requests' : 'finer'
  const time = of === 'raw' ? 'requests.time' : 'finer.bucket'
  const dimensions = family.dimensions.map((name) => `  ${alias}.${name} AS ${name}`).join(',\n')
  return `SELECT
${dimensions},
  toDateTime(${startOf}(${time}, 'UTC'), 'UTC') AS bucket,
${family.columns.map(({ name, raw, merge }) => `  ${of === 'raw' ? raw : merge} AS ${name}`).join(',\n')}
FROM ${source} AS ${alias}${where}
GROUP BY ${family.dimensions.join(', ')}, bucket`
}

/** What the rows of a level follow from as requests arrive: the level below; the finest from what the family is made from. */
export function feedOf(family: RollupFamily, level: RollupLevel): string {
  const finer = family.levels[family.levels.indexOf(level) - 1]
  const first = family.feed === undefined ? 'requests' : `${family.feed.name}_${level.name}`
  return finer === undefined ? first : `${family.name}_${finer.name}`
}

export function createRollupView(family: RollupFamily, level: RollupLevel): string {
  const source = feedOf(family, level)
  return `
CREATE MATERIALIZED VIEW IF NOT EXISTS ${family.name}_${level.name}_from_${source} TO ${family.name}_${level.name} AS
${rollupSelect(family, level, { source, of: source === 'requests' ? 'raw' : 'finer' })}`
}

export const createRollupViews = (family: RollupFamily): readonly string[] => family.levels.map((level) => createRollupView(family, level))

export const rollupsMigration: Migration = {
  version: 3,
  name: 'rollups',
  statements: firstFamilies.flatMap((family) => [
    ...family.levels.map((level) => createRollupTable(family, level)),
    ...createRollupViews(family),
  ]),
}
