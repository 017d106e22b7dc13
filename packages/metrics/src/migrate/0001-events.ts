/** Migration 1: one table per kind of event. */
import type { Migration } from './migration.ts'

/*
 * requests: one wide, narrow-celled row per request, without payloads.
 * - Sorted by project and time, because every question names both; the id makes the key unique, so that a replay that slipped
 *   through the writer's own check collapses at the next merge.
 * - Durations are whole microseconds and money is decimal: sums do not depend on their order, so rollups can equal the raw rows.
 * - An id that is not a UUID is kept as text beside its hash; an absent text is empty; an absent number is NULL, never 0.
 * - The last index finds requests that began before a window and ended inside it, for the true concurrency.
 */
const requests = `
CREATE TABLE IF NOT EXISTS requests (
  project_id LowCardinality(String),
  time DateTime64(6, 'UTC') CODEC(DoubleDelta, ZSTD(1)),
  id UUID CODEC(ZSTD(1)),
  id_text String CODEC(ZSTD(1)),
  trace_id UUID CODEC(ZSTD(1)),
  trace_text String CODEC(ZSTD(1)),
  key_id LowCardinality(String),
  user_id String CODEC(ZSTD(1)),
  operation LowCardinality(String),
  dialect LowCardinality(String),
  stream Bool,
  requested_model LowCardinality(String),
  model LowCardinality(String),
  target_id LowCardinality(String),
  provider_id LowCardinality(String),
  status Int32 CODEC(T64, ZSTD(1)),
  outcome LowCardinality(String),
  error_code LowCardinality(String),
  finish_reason LowCardinality(String),
  duration_us UInt64 CODEC(T64, ZSTD(1)),
  time_to_first_token_us Nullable(UInt64) CODEC(T64, ZSTD(1)),
  time_per_output_token_us Nullable(UInt64) CODEC(T64, ZSTD(1)),
  overhead_us Nullable(UInt64) CODEC(T64, ZSTD(1)),
  input_tokens UInt64 CODEC(T64, ZSTD(1)),
  cached_input_tokens UInt64 CODEC(T64, ZSTD(1)),
  cache_write_input_tokens UInt64 CODEC(T64, ZSTD(1)),
  output_tokens UInt64 CODEC(T64, ZSTD(1)),
  reasoning_tokens UInt64 CODEC(T64, ZSTD(1)),
  usage_source LowCardinality(String),
  cost_usd Nullable(Decimal(18, 12)) CODEC(ZSTD(1)),
  cache LowCardinality(String),
  request_bytes UInt64 CODEC(T64, ZSTD(1)),
  response_bytes UInt64 CODEC(T64, ZSTD(1)),
  attempt_target_id Array(LowCardinality(String)),
  attempt_provider_id Array(LowCardinality(String)),
  attempt_start_us Array(UInt64) CODEC(ZSTD(1)),
  attempt_duration_us Array(UInt64) CODEC(ZSTD(1)),
  attempt_status Array(Nullable(Int32)) CODEC(ZSTD(1)),
  attempt_outcome Array(LowCardinality(String)),
  attempt_error_code Array(LowCardinality(String)),
  attempt_time_to_first_token_us Array(Nullable(UInt64)) CODEC(ZSTD(1)),
  client_ip String CODEC(ZSTD(1)),
  user_agent LowCardinality(String),
  tags Map(LowCardinality(String), String) CODEC(ZSTD(1)),
  ingested_at DateTime('UTC') DEFAULT now() CODEC(DoubleDelta, ZSTD(1)),
  INDEX id_bloom id TYPE bloom_filter(0.001) GRANULARITY 4,
  INDEX time_minmax time TYPE minmax GRANULARITY 1,
  INDEX end_minmax addMicroseconds(time, duration_us) TYPE minmax GRANULARITY 1
)
ENGINE = ReplacingMergeTree
PARTITION BY toYYYYMM(time)
PRIMARY KEY (project_id, time)
ORDER BY (project_id, time, id)
SETTINGS non_replicated_deduplication_window = 1000`

const deviceSamples = `
CREATE TABLE IF NOT EXISTS device_samples (
  cluster_name LowCardinality(String),
  node_name LowCardinality(String),
  device_id LowCardinality(String),
  time DateTime64(6, 'UTC') CODEC(DoubleDelta, ZSTD(1)),
  id UUID CODEC(ZSTD(1)),
  id_text String CODEC(ZSTD(1)),
  hardware_id LowCardinality(String),
  utilisation Nullable(Float32) CODEC(ZSTD(1)),
  memory_used_bytes Nullable(UInt64) CODEC(T64, ZSTD(1)),
  memory_total_bytes Nullable(UInt64) CODEC(T64, ZSTD(1)),
  power_watts Nullable(Float32) CODEC(ZSTD(1)),
  temperature_celsius Nullable(Float32) CODEC(ZSTD(1)),
  ingested_at DateTime('UTC') DEFAULT now() CODEC(DoubleDelta, ZSTD(1))
)
ENGINE = ReplacingMergeTree
PARTITION BY toYYYYMM(time)
PRIMARY KEY (cluster_name, node_name, device_id, time)
ORDER BY (cluster_name, node_name, device_id, time, id)
SETTINGS non_replicated_deduplication_window = 1000`

const deploymentSteps = `
CREATE TABLE IF NOT EXISTS deployment_steps (
  deployment_name LowCardinality(String),
  time DateTime64(6, 'UTC') CODEC(DoubleDelta, ZSTD(1)),
  id UUID CODEC(ZSTD(1)),
  id_text String CODEC(ZSTD(1)),
  operation_id String CODEC(ZSTD(1)),
  step LowCardinality(String),
  state LowCardinality(String),
  error_code LowCardinality(String),
  ingested_at DateTime('UTC') DEFAULT now() CODEC(DoubleDelta, ZSTD(1))
)
ENGINE = ReplacingMergeTree
PARTITION BY toYYYYMM(time)
PRIMARY KEY (deployment_name, time)
ORDER BY (deployment_name, time, id)
SETTINGS non_replicated_deduplication_window = 1000`

export const eventsMigration: Migration = {
  version: 1,
  name: 'events',
  statements: [requests, deviceSamples, deploymentSteps],
}
