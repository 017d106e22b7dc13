/** Requests as rows of the table `requests` in RowBinary: encoded once, when they are accepted, and read by the engine as they are. */
import { toEventKey, toTraceKey } from './event-id.ts'
import { cutLabels } from './label.ts'
import type { StoredRequest } from './request-details.ts'
import type { RowWriter } from './row-writer.ts'

/*
 * Names and types of the columns, in the order in which `writeRequestRow` writes them; one says nothing without the other. Types are plain:
 * the engine builds its dictionaries of LowCardinality columns faster from whole columns of texts.
 * Spools hold such rows: a change here takes a new name of the spool's directory.
 */
const columns = `
project_id String, time DateTime64(6, 'UTC'), id UUID, id_text String, trace_id UUID, trace_text String, key_id String, user_id String,
operation String, dialect String, stream Bool, requested_model String, model String, target_id String, provider_id String,
status Int32, outcome String, error_code String, finish_reason String,
duration_us UInt64, time_to_first_token_us Nullable(UInt64), time_per_output_token_us Nullable(UInt64), overhead_us Nullable(UInt64),
input_tokens UInt64, cached_input_tokens UInt64, cache_write_input_tokens UInt64, output_tokens UInt64, reasoning_tokens UInt64,
usage_source String, cost_usd Nullable(Decimal(18, 12)), cache String, request_bytes UInt64, response_bytes UInt64,
attempt_target_id Array(String), attempt_provider_id Array(String), attempt_start_us Array(UInt64), attempt_duration_us Array(UInt64),
attempt_status Array(Nullable(Int32)), attempt_outcome Array(String), attempt_error_code Array(String),
attempt_time_to_first_token_us Array(Nullable(UInt64)), client_ip String, user_agent String, tags Map(String, String),
session_id String, prompt_id String, prompt_version String, method String, route String, country_code String, region String, city String,
latitude Nullable(Float32), longitude Nullable(Float32), device_type String, browser String, os String, is_bot Bool,
block_rule_id String, guardrails Array(String), queue_us Nullable(UInt64), inter_token_us Nullable(UInt64),
inter_token_max_us Nullable(UInt64), guardrail_us Nullable(UInt64), saved_usd Nullable(Decimal(18, 12)), provider_cost_usd Nullable(Decimal(18, 12)),
currency String, cost_estimated Bool, price_version String, attempt_cost_usd Array(Nullable(Decimal(18, 12))),
attempt_cost_estimated Array(Bool), attempt_price_version Array(String),
attempt_input_tokens Array(Nullable(UInt64)), attempt_output_tokens Array(Nullable(UInt64)), source String`

export const requestRowColumns: readonly { readonly name: string; readonly type: string }[] = Array.from(
  // A comma ends a column when a name and a type follow it.
  columns.trim().split(/,\s+(?=[a-z_0-9]+ [A-Z])/),
  (column) => ({ name: column.slice(0, column.indexOf(' ')), type: column.slice(column.indexOf(' ') + 1) }),
)

/** Whoever does not say has no cache. */
const cacheOf = ({ cache }: { readonly cache?: string }) => cache ?? 'none'

function writeIds(writer: RowWriter, { id, traceId }: StoredRequest): void {
  const isUuid = writer.uuid(id, true)
  if (!isUuid) writer.uuid(toEventKey(id), true)
  writer.text(isUuid ? undefined : id)
  const isHex = writer.uuid(traceId, false)
  // The hash of a trace that has another form comes with hyphens.
  if (!isHex) writer.uuid(toTraceKey(traceId), true)
  writer.text(isHex ? undefined : traceId)
}

/* Plain loops: what they do is the same for nearly every event, and closures would cost more than the work. */
function writeAttempts(writer: RowWriter, { attempts }: StoredRequest): void {
  const { length } = attempts
  writer.size(length)
  for (const { targetId } of attempts) writer.text(targetId)
  writer.size(length)
  for (const { providerId } of attempts) writer.text(providerId)
  writer.size(length)
  for (const { startMs } of attempts) writer.micros(startMs)
  writer.size(length)
  for (const { durationMs } of attempts) writer.micros(durationMs)
  writer.size(length)
  for (const { status } of attempts) {
    writer.present(status !== undefined)
    if (status !== undefined) writer.int32(status)
  }
  writer.size(length)
  for (const { outcome } of attempts) writer.text(outcome)
  writer.size(length)
  for (const { errorCode } of attempts) writer.text(errorCode)
  writer.size(length)
  for (const { timeToFirstTokenMs } of attempts) writer.microsOrNull(timeToFirstTokenMs)
}

function writeTags(writer: RowWriter, { tags }: StoredRequest): void {
  const names = Object.keys(tags)
  writer.size(names.length)
  for (const name of names) {
    writer.text(name)
    writer.text(tags[name])
  }
}

function writeCosts(writer: RowWriter, { currency, costEstimated, priceVersion, attempts }: StoredRequest): void {
  const { length } = attempts
  writer.text(currency)
  writer.bool(costEstimated)
  writer.text(priceVersion)
  writer.size(length)
  for (const { costUsd } of attempts) writer.moneyOrNull(costUsd)
  writer.size(length)
  for (const { costEstimated: isEstimated } of attempts) writer.bool(isEstimated)
  writer.size(length)
  for (const { priceVersion: version } of attempts) writer.text(version)
  writer.size(length)
  for (const { inputTokens } of attempts) writer.uint64OrNull(inputTokens)
  writer.size(length)
  for (const { outputTokens } of attempts) writer.uint64OrNull(outputTokens)
}

function writeDetails(writer: RowWriter, event: StoredRequest): void {
  writer.text(event.sessionId)
  writer.text(event.promptId)
  writer.text(event.promptVersion)
  writer.text(event.method)
  writer.text(event.route)
  writer.text(event.countryCode)
  writer.text(event.region)
  writer.text(event.city)
  writer.floatOrNull(event.latitude)
  writer.floatOrNull(event.longitude)
  writer.text(event.deviceType)
  writer.text(event.browser)
  writer.text(event.os)
  writer.bool(event.isBot)
  writer.text(event.blockRuleId)
  writer.size(event.guardrails?.length ?? 0)
  for (const guardrail of event.guardrails ?? []) writer.text(guardrail)
  writer.microsOrNull(event.queueMs)
  writer.microsOrNull(event.interTokenP50Ms)
  writer.microsOrNull(event.interTokenMaxMs)
  writer.microsOrNull(event.guardrailMs)
  writer.moneyOrNull(event.savedUsd)
  writer.moneyOrNull(event.providerCostUsd)
  writeCosts(writer, event)
  writer.text(event.source)
}

/** Appends one row to what the writer holds. @throws TypeError when a field is not what its type says */
export function writeRequestRow(writer: RowWriter, request: StoredRequest): void {
  const event = cutLabels(request)
  writer.text(event.projectId)
  writer.micros(event.timeUnixMs)
  writeIds(writer, event)
  writer.text(event.keyId)
  writer.text(event.userId)
  writer.text(event.operation)
  writer.text(event.dialect)
  writer.bool(event.stream)
  writer.text(event.requestedModel)
  writer.text(event.model)
  writer.text(event.targetId)
  writer.text(event.providerId)
  writer.int32(event.status)
  writer.text(event.outcome)
  writer.text(event.errorCode)
  writer.text(event.finishReason)
  writer.micros(event.durationMs)
  writer.microsOrNull(event.timeToFirstTokenMs)
  writer.microsOrNull(event.timePerOutputTokenMs)
  writer.microsOrNull(event.overheadMs)
  writer.uint64(event.inputTokens)
  writer.uint64(event.cachedInputTokens)
  writer.uint64(event.cacheWriteInputTokens)
  writer.uint64(event.outputTokens)
  writer.uint64(event.reasoningTokens)
  writer.text(event.usageSource)
  writer.moneyOrNull(event.costUsd)
  writer.text(cacheOf(event))
  writer.uint64(event.requestBytes)
  writer.uint64(event.responseBytes)
  writeAttempts(writer, event)
  writer.text(event.clientIp)
  writer.text(event.userAgent)
  writeTags(writer, event)
  writeDetails(writer, event)
}
