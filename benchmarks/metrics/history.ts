/**
 * Realistic history made inside the engine: 100 skewed projects over a year, most of it in the last 30 days, in conversations of eight
 * requests that one user has with mostly one model, with four times as many by day as by night.
 */

/** The end of the history: a fixed instant, so that every run asks about the same rows. */
export const historyEndUnix = Math.floor(Date.UTC(2026, 10, 1) / 1000)
export const historyDays = 365

const day = 86_400
const turns = 8
const share = (salt: number, of = 'number') => `(sipHash64(${of}, ${String(salt)}) / 18446744073709551616)`
const skewed = (count: number, salt: number, of = 'number') => `toUInt32(floor(pow(${share(salt, of)}, 2) * ${String(count)}))`

/** `rows` requests in the columns of the table `requests`, of which `total` make the whole year, from the number `from` on. */
export function historySelect(from: number, rows: number, total: number): string {
  const older = 0.3 * total
  const [start, recentStart] = [historyEndUnix - historyDays * day, historyEndUnix - 30 * day]
  // A conversation begins at its place in the history, moved towards the middle of its day.
  const place = `if(first < ${String(older)}, ${String(start)} + first / ${String(older)} * ${String(recentStart - start)}, ${String(recentStart)} + (first - ${String(older)}) / ${String(total - older)} * ${String(historyEndUnix - 7_200 - recentStart)})`
  return `WITH
  intDiv(number, ${String(turns)}) AS talk, talk * ${String(turns)} AS first,
  ${place} AS place, (place % ${String(day)}) / ${String(day)} AS hour_share,
  place + ${String(day)} * 0.095 * sin(2 * pi() * hour_share) AS began,
  began + (number % ${String(turns)}) * (5 + 60 * pow(${share(16, 'talk')}, 2)) + ${share(17)} * 4 AS at,
  ${skewed(100, 1, 'talk')} AS project, ${skewed(300, 2, 'talk')} AS user, ${share(3)} < 0.97 AS good,
  ['llama-3.1-8b', 'llama-3.3-70b', 'gpt-4o-mini', 'claude-sonnet-4', 'qwen3-32b', 'gemma-3-12b'] AS models,
  models[1 + if(${share(4, 'talk')} < 0.8, (user * 7 + project) % 6, ${skewed(6, 5, 'talk')})] AS name,
  toUInt64(exp(12.5 + ${share(6)} * 3)) AS took
SELECT
  concat('project-', toString(project)) AS project_id,
  fromUnixTimestamp64Micro(toInt64(at * 1000000), 'UTC') AS time,
  generateUUIDv7(number) AS id,
  generateUUIDv4(number) AS trace_id,
  concat('key-', toString(project), '-', toString(user % 4)) AS key_id,
  concat('user-', toString(project), '-', toString(user)) AS user_id,
  'chat' AS operation,
  'openai-chat' AS dialect,
  ${share(7)} < 0.7 AS stream,
  name AS requested_model,
  name AS model,
  concat(name, '@pool-', toString(project % 3)) AS target_id,
  'vllm' AS provider_id,
  if(good, 200, 502) AS status,
  if(good, 'success', 'error') AS outcome,
  if(good, '', 'GATEWAY_UPSTREAM_FAILED') AS error_code,
  if(good, 'stop', '') AS finish_reason,
  took AS duration_us,
  if(good, toUInt64(took * ${share(8)} * 0.3), NULL) AS time_to_first_token_us,
  if(good, toUInt64(${share(9)} * 40000), NULL) AS time_per_output_token_us,
  toUInt64(${share(10)} * 500) AS overhead_us,
  ${skewed(4000, 11)} AS input_tokens,
  ${skewed(1000, 12)} AS output_tokens,
  'upstream' AS usage_source,
  toDecimal64(input_tokens * 0.0000002 + output_tokens * 0.0000006, 12) AS cost_usd,
  if(${share(13)} < 0.1, 'hit', 'miss') AS cache,
  ${skewed(9000, 14)} AS request_bytes,
  ${skewed(20000, 15)} AS response_bytes,
  [target_id] AS attempt_target_id,
  ['vllm'] AS attempt_provider_id,
  [toUInt64(400)] AS attempt_start_us,
  [duration_us] AS attempt_duration_us,
  [toNullable(toInt32(status))] AS attempt_status,
  [outcome] AS attempt_outcome,
  [error_code] AS attempt_error_code,
  [time_to_first_token_us] AS attempt_time_to_first_token_us,
  concat('10.0.', toString(project), '.', toString(user % 250)) AS client_ip,
  'openai-python/1.99.1' AS user_agent,
  map('environment', 'production', 'team', concat('team-', toString(project % 10))) AS tags,
  ['US', 'IN', 'DE', 'GB', 'BR'][1 + user % 5] AS country_code
FROM numbers(${String(from)}, ${String(rows)})`
}

export const historyColumns =
  'project_id, time, id, trace_id, key_id, user_id, operation, dialect, stream, requested_model, model, target_id, provider_id, status, outcome, error_code, finish_reason, duration_us, time_to_first_token_us, time_per_output_token_us, overhead_us, input_tokens, output_tokens, usage_source, cost_usd, cache, request_bytes, response_bytes, attempt_target_id, attempt_provider_id, attempt_start_us, attempt_duration_us, attempt_status, attempt_outcome, attempt_error_code, attempt_time_to_first_token_us, client_ip, user_agent, tags, country_code'

/** The original's fact table, by its published columns, key and partitions: a day each, sorted by trace. */
export const originalTable = `
CREATE TABLE InferenceFactOriginal (
  id UUID, trace_id String, span_id String, project_id Nullable(String), endpoint_id Nullable(String), model_id Nullable(String),
  api_key_id Nullable(String), user_id Nullable(String), timestamp DateTime64(3), request_arrival_time DateTime64(3), is_success Bool, cost Nullable(Float64),
  status_code Nullable(UInt16), model_name LowCardinality(String), model_provider LowCardinality(String), input_tokens Nullable(UInt32),
  output_tokens Nullable(UInt32), response_time_ms Nullable(UInt32), ttft_ms Nullable(UInt32), cached Bool, country_code Nullable(String)
)
ENGINE = ReplacingMergeTree(timestamp)
PARTITION BY toDate(timestamp)
ORDER BY (trace_id, span_id)`

export const originalInsert = `
INSERT INTO InferenceFactOriginal
SELECT id, toString(trace_id), toString(id), project_id, target_id, model, key_id, user_id, time, time, outcome = 'success', toFloat64(cost_usd), status, model,
  provider_id, input_tokens, output_tokens, duration_us / 1000, time_to_first_token_us / 1000, cache = 'hit', country_code
FROM requests`
