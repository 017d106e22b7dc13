/** Migration 2: what more is known of a request, and the way in: lines of JSON that the engine itself turns into rows. */
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
  ['saved_usd', 'Nullable(Decimal(18, 12)) CODEC(ZSTD(1))', 'what the cache saved'],
  ['provider_cost_usd', 'Nullable(Decimal(18, 12)) CODEC(ZSTD(1))', 'what the provider charges for it'],
  ['source', 'LowCardinality(String)', 'empty: the gateway; else the convention that it was translated from'],
] as const

/** ClickHouse wants the comment between the type and the codec. */
const withComment = (type: string, comment: string) => (comment === '' ? type : type.replace(/(?= CODEC|$)/, ` COMMENT '${comment}'`))

const addColumns = `
ALTER TABLE requests
${columns.map(([name, type, comment]) => `  ADD COLUMN IF NOT EXISTS ${name} ${withComment(type, comment)}`).join(',\n')}`

/*
 * One line of JSON per event, named as the event names its fields. The table keeps nothing: the view behind it writes the row.
 * Durations are milliseconds here and become whole microseconds there, rounded half up.
 */
const requestLines = `
CREATE TABLE IF NOT EXISTS request_lines (
  id String,
  timeUnixMs Float64,
  traceId String,
  projectId LowCardinality(String),
  keyId LowCardinality(String),
  userId String,
  operation LowCardinality(String),
  dialect LowCardinality(String),
  stream Bool,
  requestedModel LowCardinality(String),
  model LowCardinality(String),
  targetId LowCardinality(String),
  providerId LowCardinality(String),
  status Int32,
  outcome LowCardinality(String),
  errorCode LowCardinality(String),
  finishReason LowCardinality(String),
  durationMs Float64,
  timeToFirstTokenMs Nullable(Float64),
  timePerOutputTokenMs Nullable(Float64),
  overheadMs Nullable(Float64),
  inputTokens UInt64,
  cachedInputTokens UInt64,
  cacheWriteInputTokens UInt64,
  outputTokens UInt64,
  reasoningTokens UInt64,
  usageSource LowCardinality(String),
  costUsd Nullable(Float64),
  cache LowCardinality(String),
  requestBytes UInt64,
  responseBytes UInt64,
  attempts Array(Tuple(
    targetId String,
    providerId String,
    startMs Float64,
    durationMs Float64,
    status Nullable(Int32),
    outcome String,
    errorCode String,
    timeToFirstTokenMs Nullable(Float64)
  )),
  clientIp String,
  userAgent LowCardinality(String),
  tags Map(LowCardinality(String), String),
  sessionId String,
  promptId LowCardinality(String),
  promptVersion LowCardinality(String),
  method LowCardinality(String),
  route LowCardinality(String),
  countryCode LowCardinality(String),
  region LowCardinality(String),
  city LowCardinality(String),
  latitude Nullable(Float32),
  longitude Nullable(Float32),
  deviceType LowCardinality(String),
  browser LowCardinality(String),
  os LowCardinality(String),
  isBot Bool,
  blockRuleId LowCardinality(String),
  guardrails Array(LowCardinality(String)),
  queueMs Nullable(Float64),
  interTokenMs Nullable(Float64),
  savedUsd Nullable(Float64),
  providerCostUsd Nullable(Float64),
  source LowCardinality(String)
)
ENGINE = Null`

/** `min2` and not `least`, which passes over NULL in newer releases. */
const micros = (column: string) => `toUInt64(min2(floor(${column} * 1000 + 0.5), 9007199254740991))`
/** Truncated to twelve decimals after adding half of the last one, which rounds. */
const money = (column: string) => `toDecimal64(min2(${column}, 999999) + 5e-13, 12)`
/** A version 8 UUID from SHA-256, as the code makes it, for ids that are not UUIDs; evaluated only for those. */
const hashed = (column: string) => {
  const digest = `lower(hex(SHA256(${column})))`
  const variant = `substring('89ab89ab89ab89ab', toUInt8(position('0123456789abcdef', substring(${digest}, 17, 1))), 1)`
  return `toUUID(concat(substring(${digest}, 1, 8), '-', substring(${digest}, 9, 4), '-8', substring(${digest}, 14, 3), '-', ${variant}, substring(${digest}, 18, 3), '-', substring(${digest}, 21, 12)))`
}
const idIsUuid = `toString(toUUIDOrZero(request_lines.id)) = request_lines.id`
const traceIsHex = `replaceAll(toString(toUUIDOrZero(traceId)), '-', '') = traceId`

const requestsFromLines = `
CREATE MATERIALIZED VIEW IF NOT EXISTS requests_from_lines TO requests AS
SELECT
  projectId AS project_id,
  fromUnixTimestamp64Micro(toInt64(floor(timeUnixMs * 1000 + 0.5)), 'UTC') AS time,
  if(${idIsUuid}, toUUIDOrZero(request_lines.id), ${hashed('request_lines.id')}) AS id,
  if(${idIsUuid}, '', request_lines.id) AS id_text,
  if(${traceIsHex}, toUUIDOrZero(traceId), ${hashed('traceId')}) AS trace_id,
  if(${traceIsHex}, '', traceId) AS trace_text,
  keyId AS key_id,
  userId AS user_id,
  operation,
  dialect,
  stream,
  requestedModel AS requested_model,
  model,
  targetId AS target_id,
  providerId AS provider_id,
  status,
  outcome,
  errorCode AS error_code,
  finishReason AS finish_reason,
  ${micros('durationMs')} AS duration_us,
  ${micros('timeToFirstTokenMs')} AS time_to_first_token_us,
  ${micros('timePerOutputTokenMs')} AS time_per_output_token_us,
  ${micros('overheadMs')} AS overhead_us,
  inputTokens AS input_tokens,
  cachedInputTokens AS cached_input_tokens,
  cacheWriteInputTokens AS cache_write_input_tokens,
  outputTokens AS output_tokens,
  reasoningTokens AS reasoning_tokens,
  usageSource AS usage_source,
  ${money('costUsd')} AS cost_usd,
  if(request_lines.cache = '', 'none', request_lines.cache) AS cache,
  requestBytes AS request_bytes,
  responseBytes AS response_bytes,
  attempts.targetId AS attempt_target_id,
  attempts.providerId AS attempt_provider_id,
  arrayMap(ms -> ${micros('ms')}, attempts.startMs) AS attempt_start_us,
  arrayMap(ms -> ${micros('ms')}, attempts.durationMs) AS attempt_duration_us,
  attempts.status AS attempt_status,
  attempts.outcome AS attempt_outcome,
  attempts.errorCode AS attempt_error_code,
  arrayMap(ms -> ${micros('ms')}, attempts.timeToFirstTokenMs) AS attempt_time_to_first_token_us,
  clientIp AS client_ip,
  userAgent AS user_agent,
  tags,
  sessionId AS session_id,
  promptId AS prompt_id,
  promptVersion AS prompt_version,
  method,
  route,
  countryCode AS country_code,
  region,
  city,
  latitude,
  longitude,
  deviceType AS device_type,
  browser,
  os,
  isBot AS is_bot,
  blockRuleId AS block_rule_id,
  guardrails,
  ${micros('queueMs')} AS queue_us,
  ${micros('interTokenMs')} AS inter_token_us,
  ${money('savedUsd')} AS saved_usd,
  ${money('providerCostUsd')} AS provider_cost_usd,
  source
FROM request_lines`

export const requestsMigration: Migration = {
  version: 2,
  name: 'requests',
  statements: [addColumns, requestLines, requestsFromLines],
}
