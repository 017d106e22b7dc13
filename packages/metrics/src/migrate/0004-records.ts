/** Migration 4: everything that is not a request: payloads, samples, traces, scores, audit, blocked requests and prices. */
import type { Migration } from './migration.ts'

/*
 * Payloads: who asked what is one narrow row; the texts lie once per project under the hash of their bytes, however often they occur.
 * Every table of events has `id` at the end of its sorting key, so that a second delivery collapses; the writer also looks before it writes.
 */
const time = "time DateTime64(6, 'UTC') CODEC(DoubleDelta, ZSTD(1))"
const event = `id UUID CODEC(ZSTD(1)),
  id_text String CODEC(ZSTD(1))`
const ingestedAt = "ingested_at DateTime('UTC') DEFAULT now() CODEC(DoubleDelta, ZSTD(1))"

/** A table of events by the columns of its key, `time` and `id` after them. */
const eventTable = (name: string, key: readonly string[], columns: string) => `
CREATE TABLE IF NOT EXISTS ${name} (
${key.map((column) => `  ${column} LowCardinality(String)`).join(',\n')},
  ${time},
  ${event},
  ${columns.trim()},
  ${ingestedAt},
  INDEX id_bloom id TYPE bloom_filter(0.001) GRANULARITY 4
)
ENGINE = ReplacingMergeTree
PARTITION BY toYYYYMM(time)
PRIMARY KEY (${[...key, 'time'].join(', ')})
ORDER BY (${[...key, 'time', 'id'].join(', ')})
SETTINGS non_replicated_deduplication_window = 1000`

const gauge = (name: string) => `  ${name} Nullable(Float32) CODEC(ZSTD(1))`
const whole = (name: string) => `  ${name} Nullable(UInt64) CODEC(T64, ZSTD(1))`
const text = (name: string) => `  ${name} LowCardinality(String)`
const long = (name: string) => `  ${name} String CODEC(ZSTD(1))`
const list = (...columns: readonly string[]) => columns.join(',\n')

const payloads = eventTable(
  'payloads',
  ['project_id'],
  list(
    '  request_id UUID CODEC(ZSTD(1))',
    long('request_id_text'),
    '  trace_id UUID CODEC(ZSTD(1))',
    long('trace_text'),
    text('requested_model'),
    text('dialect'),
    '  request_hash FixedString(22) CODEC(ZSTD(1))',
    '  response_hash FixedString(22) CODEC(ZSTD(1))',
    '  request_truncated Bool',
    '  response_truncated Bool',
    '  request_bytes UInt64 CODEC(T64, ZSTD(1))',
    '  response_bytes UInt64 CODEC(T64, ZSTD(1))',
    "  preview String COMMENT 'the first 200 characters of the request' CODEC(ZSTD(1))",
    '  INDEX request_bloom request_id TYPE bloom_filter(0.001) GRANULARITY 4',
  ),
)

/* The time is the last one at which the text occurred, which is what its TTL counts from. */
const payloadBodies = `
CREATE TABLE IF NOT EXISTS payload_bodies (
  project_id LowCardinality(String),
  hash FixedString(22) COMMENT 'first 16 bytes of the SHA-256 of the body, in base64url',
  time DateTime64(6, 'UTC') CODEC(DoubleDelta, ZSTD(1)),
  body String CODEC(ZSTD(6)),
  INDEX body_tokens lower(body) TYPE tokenbf_v1(32768, 3, 0) GRANULARITY 1
)
ENGINE = ReplacingMergeTree(time)
ORDER BY (project_id, hash)
SETTINGS index_granularity = 256`

const deviceColumns = `
ALTER TABLE device_samples
  ADD COLUMN IF NOT EXISTS namespace LowCardinality(String) COMMENT 'of the pod that uses the device, when it is told',
  ADD COLUMN IF NOT EXISTS pod_name LowCardinality(String),
  ADD COLUMN IF NOT EXISTS memory_utilisation Nullable(Float32) COMMENT 'share of time in which memory was read or written' CODEC(ZSTD(1)),
  ADD COLUMN IF NOT EXISTS core_allocated_share Nullable(Float32) COMMENT 'of a device that is shared: cores handed out' CODEC(ZSTD(1)),
  ADD COLUMN IF NOT EXISTS memory_allocated_bytes Nullable(UInt64) CODEC(T64, ZSTD(1)),
  ADD COLUMN IF NOT EXISTS shared_containers Nullable(UInt32) CODEC(T64, ZSTD(1)),
  ADD COLUMN IF NOT EXISTS core_clock_mhz Nullable(Float32) CODEC(ZSTD(1)),
  ADD COLUMN IF NOT EXISTS memory_clock_mhz Nullable(Float32) CODEC(ZSTD(1)),
  ADD COLUMN IF NOT EXISTS source LowCardinality(String) COMMENT 'dcgm, hami, ... ; empty: written as an event'`

const nodeSamples = eventTable(
  'node_samples',
  ['cluster_name', 'node_name'],
  list(
    gauge('cpu_cores'),
    gauge('cpu_utilisation'),
    whole('memory_used_bytes'),
    whole('memory_total_bytes'),
    whole('disk_used_bytes'),
    whole('disk_total_bytes'),
    gauge('load_1'),
    gauge('load_5'),
    gauge('load_15'),
    gauge('network_receive_bytes_per_second'),
    gauge('network_transmit_bytes_per_second'),
  ),
)

const podSamples = eventTable(
  'pod_samples',
  ['cluster_name', 'namespace', 'pod_name', 'container_name'],
  list(
    text('node_name'),
    text('deployment_name'),
    text('phase'),
    gauge('cpu_used_cores'),
    gauge('cpu_requested_cores'),
    gauge('cpu_limit_cores'),
    whole('memory_used_bytes'),
    whole('memory_requested_bytes'),
    whole('memory_limit_bytes'),
    whole('restarts'),
  ),
)

const engineSamples = eventTable(
  'engine_samples',
  ['cluster_name', 'target_id'],
  list(
    text('engine'),
    text('model'),
    text('node_name'),
    gauge('running_requests'),
    gauge('waiting_requests'),
    gauge('kv_cache_utilisation'),
    "  requests_total Nullable(UInt64) COMMENT 'totals count from the start of the engine' CODEC(T64, ZSTD(1))",
    whole('input_tokens_total'),
    whole('output_tokens_total'),
    whole('prefix_cache_queries_total'),
    whole('prefix_cache_hits_total'),
    whole('preemptions_total'),
  ),
)

/* What has no column elsewhere: a metric by name and labels, with the points of histograms as their count and sum. */
const metricSamples = eventTable(
  'metric_samples',
  ['project_id', 'name'],
  list(
    text('source'),
    text('unit'),
    "  kind Enum8('gauge' = 1, 'counter' = 2, 'histogram' = 3)",
    '  value Float64 CODEC(ZSTD(1))',
    '  count UInt64 CODEC(T64, ZSTD(1))',
    '  bounds Array(Float64) CODEC(ZSTD(1))',
    '  bucket_counts Array(UInt64) CODEC(ZSTD(1))',
    '  labels Map(LowCardinality(String), String) CODEC(ZSTD(1))',
  ),
)

const spans = eventTable(
  'spans',
  ['project_id'],
  list(
    '  trace_id UUID CODEC(ZSTD(1))',
    long('trace_text'),
    '  span_id String CODEC(ZSTD(1))',
    '  parent_span_id String CODEC(ZSTD(1))',
    text('name'),
    text('span_kind'),
    text('service'),
    text('source'),
    '  duration_us UInt64 CODEC(T64, ZSTD(1))',
    text('status'),
    long('status_message'),
    '  attributes Map(LowCardinality(String), String) CODEC(ZSTD(1))',
    '  INDEX trace_bloom trace_id TYPE bloom_filter(0.001) GRANULARITY 4',
  ),
)

/* Feedback of people and scores of evaluations: a number, a label or a remark, about one request. */
const scores = eventTable(
  'scores',
  ['project_id', 'name'],
  list(
    '  request_id UUID CODEC(ZSTD(1))',
    long('request_id_text'),
    '  trace_id UUID CODEC(ZSTD(1))',
    long('trace_text'),
    "  source LowCardinality(String) COMMENT 'user, reviewer or evaluation'",
    long('user_id'),
    text('model'),
    '  value Nullable(Float64) CODEC(ZSTD(1))',
    text('label'),
    '  remark String CODEC(ZSTD(3))',
    '  INDEX request_bloom request_id TYPE bloom_filter(0.001) GRANULARITY 4',
  ),
)

/* What belongs to no project is read by operators alone; keyed by the action. */
const auditEvents = eventTable(
  'audit_events',
  ['action'],
  list(
    long('actor_id'),
    long('actor_name'),
    long('client_ip'),
    text('subject_kind'),
    long('subject_id'),
    text('outcome'),
    text('error_code'),
    "  before String COMMENT 'JSON, without secrets' CODEC(ZSTD(3))",
    '  after String CODEC(ZSTD(3))',
    long('request_id'),
  ),
)

const budgetAlerts = eventTable(
  'budget_alerts',
  ['project_id', 'budget_id'],
  list(
    long('budget_name'),
    '  percent Float64 CODEC(ZSTD(1))',
    '  limit_usd Decimal(18, 12) CODEC(ZSTD(1))',
    '  spent_usd Decimal(18, 12) CODEC(ZSTD(1))',
    "  window_start DateTime64(6, 'UTC') CODEC(ZSTD(1))",
    "  window_end DateTime64(6, 'UTC') CODEC(ZSTD(1))",
    '  stops Bool',
  ),
)

const blockedRequests = eventTable(
  'blocked_requests',
  ['project_id'],
  list(
    '  request_id UUID CODEC(ZSTD(1))',
    long('request_id_text'),
    text('rule_id'),
    text('rule_name'),
    text('rule_kind'),
    '  rule_priority Int32 CODEC(T64, ZSTD(1))',
    text('action'),
    text('reason'),
    text('key_id'),
    long('user_id'),
    text('requested_model'),
    long('client_ip'),
    text('country_code'),
    text('user_agent'),
    text('method'),
    text('route'),
  ),
)

/* A price holds from its time until the next one of the same node; a later record of the same instant replaces the earlier. */
const nodePrices = `
CREATE TABLE IF NOT EXISTS node_prices (
  cluster_name LowCardinality(String),
  node_name LowCardinality(String),
  time DateTime64(6, 'UTC'),
  usd_per_hour Decimal(18, 6),
  devices UInt32,
  instance_type LowCardinality(String),
  ${ingestedAt}
)
ENGINE = ReplacingMergeTree(ingested_at)
ORDER BY (cluster_name, node_name, time)`

/* Which deployment serves a target, and where, so that requests can be joined to the devices that worked for them. */
const targetDevices = `
CREATE TABLE IF NOT EXISTS target_devices (
  target_id LowCardinality(String),
  time DateTime64(6, 'UTC'),
  cluster_name LowCardinality(String),
  node_name LowCardinality(String),
  device_id LowCardinality(String),
  deployment_name LowCardinality(String),
  removed Bool,
  ${ingestedAt}
)
ENGINE = ReplacingMergeTree(ingested_at)
ORDER BY (target_id, cluster_name, node_name, device_id, time)`

const inferenceFact = `
CREATE VIEW IF NOT EXISTS InferenceFact AS
SELECT
  id,
  id AS inference_id,
  trace_id,
  project_id,
  target_id AS endpoint_id,
  if(model = '', requested_model, model) AS model_id,
  if(model = '', requested_model, model) AS model_name,
  provider_id AS model_provider,
  key_id AS api_key_id,
  project_id AS api_key_project_id,
  user_id,
  toDateTime64(time, 3, 'UTC') AS timestamp,
  time AS request_arrival_time,
  addMicroseconds(time, ifNull(overhead_us, 0)) AS request_forward_time,
  time AS request_timestamp,
  addMicroseconds(time, duration_us) AS response_timestamp,
  CAST(outcome = 'success' AS Bool) AS is_success,
  toUInt16(greatest(status, 0)) AS status_code,
  cost_usd AS cost,
  provider_cost_usd AS inference_cost,
  nullIf(requests.error_code, '') AS error_code,
  nullIf(requests.error_code, '') AS error_type,
  operation AS endpoint_type,
  input_tokens,
  output_tokens,
  duration_us / 1000 AS response_time_ms,
  duration_us / 1000 AS total_duration_ms,
  time_to_first_token_us / 1000 AS ttft_ms,
  overhead_us / 1000 AS gateway_processing_ms,
  CAST(cache = 'hit' AS Bool) AS cached,
  nullIf(requests.finish_reason, '') AS finish_reason,
  nullIf(requests.country_code, '') AS country_code,
  nullIf(requests.region, '') AS region,
  nullIf(requests.city, '') AS city,
  latitude,
  longitude,
  toIPv6OrDefault(requests.client_ip) AS client_ip,
  requests.client_ip AS request_ip,
  user_agent,
  device_type,
  browser AS browser_name,
  os AS os_name,
  is_bot,
  method,
  route AS path,
  request_bytes AS body_size,
  response_bytes AS response_size,
  CAST(requests.block_rule_id != '' AS Bool) AS is_blocked,
  nullIf(requests.block_rule_id, '') AS block_rule_id,
  nullIf(requests.prompt_id, '') AS prompt_id,
  nullIf(requests.prompt_version, '') AS prompt_version,
  tags,
  toDate(time) AS date,
  toHour(time) AS hour
FROM requests FINAL`

export const recordsMigration: Migration = {
  version: 4,
  name: 'records',
  statements: [
    payloads,
    payloadBodies,
    deviceColumns,
    nodeSamples,
    podSamples,
    engineSamples,
    metricSamples,
    spans,
    scores,
    auditEvents,
    budgetAlerts,
    blockedRequests,
    nodePrices,
    targetDevices,
    inferenceFact,
  ],
}
