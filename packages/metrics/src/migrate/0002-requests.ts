/** Migration 2: what more is known of a request. */
import type { Migration } from './migration.ts'

/*
 * Columns that only some producers fill; empty ones cost nothing on disk.
 * Money saved by a cache hit is decimal like the cost; an absent number is NULL, an absent text is empty.
 */
const columns = [
  ['session_id', 'String CODEC(ZSTD(1))', 'conversation that the request belongs to'],
  ['prompt_id', 'LowCardinality(String)', 'managed prompt, when one was used'],
  ['prompt_version', 'LowCardinality(String)', ''],
  ['method', 'LowCardinality(String)', 'HTTP method'],
  ['route', 'LowCardinality(String)', 'path of the route, without ids and query'],
  ['country_code', 'LowCardinality(String)', 'ISO 3166-1 alpha-2'],
  ['region', 'LowCardinality(String)', ''],
  ['city', 'LowCardinality(String)', ''],
  ['latitude', 'Nullable(Float32) CODEC(ZSTD(1))', ''],
  ['longitude', 'Nullable(Float32) CODEC(ZSTD(1))', ''],
  ['device_type', 'LowCardinality(String)', 'desktop, mobile, tablet, server'],
  ['browser', 'LowCardinality(String)', ''],
  ['os', 'LowCardinality(String)', ''],
  ['is_bot', 'Bool', ''],
  ['block_rule_id', 'LowCardinality(String)', 'rule that refused the request; the table blocked_requests tells more'],
  ['guardrails', 'Array(LowCardinality(String))', 'guardrails that hit, as guard:action'],
  ['queue_us', 'Nullable(UInt64) CODEC(T64, ZSTD(1))', 'waiting before the engine began, as far as it was told'],
  ['inter_token_us', 'Nullable(UInt64) CODEC(T64, ZSTD(1))', 'median gap between two chunks of the stream'],
  ['inter_token_max_us', 'Nullable(UInt64) CODEC(T64, ZSTD(1))', 'longest gap between two chunks of the stream'],
  ['guardrail_us', 'Nullable(UInt64) CODEC(T64, ZSTD(1))', 'time spent in guardrails'],
  ['saved_usd', 'Nullable(Decimal(18, 12)) CODEC(ZSTD(1))', 'what the cache saved'],
  ['provider_cost_usd', 'Nullable(Decimal(18, 12)) CODEC(ZSTD(1))', 'what the provider charges for it'],
  ['currency', 'LowCardinality(String)', 'ISO 4217, of the costs'],
  ['cost_estimated', 'Bool', 'a part of the cost rests on counts of the gateway'],
  ['price_version', 'LowCardinality(String)', 'names the price that the answer was charged by'],
  ['attempt_cost_usd', 'Array(Nullable(Decimal(18, 12))) CODEC(ZSTD(1))', ''],
  ['attempt_cost_estimated', 'Array(Bool) CODEC(ZSTD(1))', ''],
  ['attempt_price_version', 'Array(LowCardinality(String))', ''],
  ['attempt_input_tokens', 'Array(Nullable(UInt64)) CODEC(ZSTD(1))', 'tokens that the try was charged for'],
  ['attempt_output_tokens', 'Array(Nullable(UInt64)) CODEC(ZSTD(1))', ''],
  ['source', 'LowCardinality(String)', 'empty: the gateway; else the convention that it was translated from'],
] as const

/** ClickHouse wants the comment between the type and the codec. */
const withComment = (type: string, comment: string) => (comment === '' ? type : type.replace(/(?= CODEC|$)/, ` COMMENT '${comment}'`))

const addColumns = `
ALTER TABLE requests
${columns.map(([name, type, comment]) => `  ADD COLUMN IF NOT EXISTS ${name} ${withComment(type, comment)}`).join(',\n')}`

export const requestsMigration: Migration = {
  version: 2,
  name: 'requests',
  statements: [addColumns],
}
