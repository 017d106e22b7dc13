/** Requests as rows of the table `requests`, and back. */
import { requestEventSchema, requestOutcomeSchema, type RequestEvent } from '@bud-foundry/core'
import { z } from 'zod'
import { fromMicros, toInt32Cell, toMicros, toMicrosOrNull, toMoneyCell, toTextCell, toTimeCell } from './cell.ts'
import { toEventIdText, toEventKey, toTraceKey, toTraceText } from './event-id.ts'
import type { EventTable } from './event-table.ts'

/** Column by column; the order here is the order of the cells. */
const cells: Readonly<Record<string, (event: RequestEvent) => unknown>> = {
  project_id: ({ projectId }) => toTextCell(projectId),
  time: ({ timeUnixMs }) => toTimeCell(timeUnixMs),
  id: ({ id }) => toEventKey(id),
  id_text: ({ id }) => toTextCell(toEventIdText(id)),
  trace_id: ({ traceId }) => toTraceKey(traceId),
  trace_text: ({ traceId }) => toTextCell(toTraceText(traceId)),
  key_id: ({ keyId }) => toTextCell(keyId),
  user_id: ({ userId }) => toTextCell(userId),
  operation: ({ operation }) => operation,
  dialect: ({ dialect }) => toTextCell(dialect),
  stream: ({ stream }) => stream,
  requested_model: ({ requestedModel }) => toTextCell(requestedModel),
  model: ({ model }) => toTextCell(model),
  target_id: ({ targetId }) => toTextCell(targetId),
  provider_id: ({ providerId }) => toTextCell(providerId),
  status: ({ status }) => toInt32Cell(status),
  outcome: ({ outcome }) => outcome,
  error_code: ({ errorCode }) => toTextCell(errorCode),
  finish_reason: ({ finishReason }) => toTextCell(finishReason),
  duration_us: ({ durationMs }) => toMicros(durationMs),
  time_to_first_token_us: ({ timeToFirstTokenMs }) => toMicrosOrNull(timeToFirstTokenMs),
  time_per_output_token_us: ({ timePerOutputTokenMs }) => toMicrosOrNull(timePerOutputTokenMs),
  overhead_us: ({ overheadMs }) => toMicrosOrNull(overheadMs),
  input_tokens: ({ inputTokens }) => inputTokens,
  cached_input_tokens: ({ cachedInputTokens }) => cachedInputTokens,
  cache_write_input_tokens: ({ cacheWriteInputTokens }) => cacheWriteInputTokens,
  output_tokens: ({ outputTokens }) => outputTokens,
  reasoning_tokens: ({ reasoningTokens }) => reasoningTokens,
  usage_source: ({ usageSource }) => usageSource,
  cost_usd: ({ costUsd }) => toMoneyCell(costUsd),
  cache: ({ cache }) => cache,
  request_bytes: ({ requestBytes }) => requestBytes,
  response_bytes: ({ responseBytes }) => responseBytes,
  attempt_target_id: ({ attempts }) => attempts.map(({ targetId }) => toTextCell(targetId)),
  attempt_provider_id: ({ attempts }) => attempts.map(({ providerId }) => toTextCell(providerId)),
  attempt_start_us: ({ attempts }) => attempts.map(({ startMs }) => toMicros(startMs)),
  attempt_duration_us: ({ attempts }) => attempts.map(({ durationMs }) => toMicros(durationMs)),
  attempt_status: ({ attempts }) => attempts.map(({ status }) => (status === undefined ? null : toInt32Cell(status))),
  attempt_outcome: ({ attempts }) => attempts.map(({ outcome }) => outcome),
  attempt_error_code: ({ attempts }) => attempts.map(({ errorCode }) => toTextCell(errorCode)),
  attempt_time_to_first_token_us: ({ attempts }) => attempts.map(({ timeToFirstTokenMs }) => toMicrosOrNull(timeToFirstTokenMs)),
  client_ip: ({ clientIp }) => toTextCell(clientIp),
  user_agent: ({ userAgent }) => toTextCell(userAgent),
  tags: ({ tags }) => Object.fromEntries(Object.entries(tags).map(([name, value]) => [toTextCell(name), toTextCell(value)])),
}

const columns = Object.keys(cells)
const toCell = Object.values(cells)

export const requestTable: EventTable<RequestEvent> = {
  kind: 'request',
  table: 'requests',
  partitionColumn: 'project_id',
  partitionOf: ({ projectId }) => toTextCell(projectId),
  columns,
  toCells: (event) => toCell.map((read) => read(event)),
  schema: requestEventSchema,
}

/** The select list that `parseRequestRow` reads. */
export const requestSelectList = [
  'toUnixTimestamp64Micro(time) AS time_us',
  'toString(id) AS id_key',
  "replaceAll(toString(trace_id), '-', '') AS trace_key",
  ...columns.filter((column) => !['time', 'id', 'trace_id'].includes(column)),
].join(', ')

const count = z.number()
const micros = z.number().transform(fromMicros)
const microsOrAbsent = z.number().nullable()
const texts = z.array(z.string())

const rowSchema = z.object({
  time_us: z.number(),
  id_key: z.string(),
  id_text: z.string(),
  trace_key: z.string(),
  trace_text: z.string(),
  project_id: z.string(),
  key_id: z.string(),
  user_id: z.string(),
  operation: requestEventSchema.shape.operation,
  dialect: z.string(),
  stream: z.boolean(),
  requested_model: z.string(),
  model: z.string(),
  target_id: z.string(),
  provider_id: z.string(),
  status: z.number(),
  outcome: requestOutcomeSchema,
  error_code: z.string(),
  finish_reason: z.string(),
  duration_us: micros,
  time_to_first_token_us: microsOrAbsent,
  time_per_output_token_us: microsOrAbsent,
  overhead_us: microsOrAbsent,
  input_tokens: count,
  cached_input_tokens: count,
  cache_write_input_tokens: count,
  output_tokens: count,
  reasoning_tokens: count,
  usage_source: requestEventSchema.shape.usageSource,
  cost_usd: z.number().nullable(),
  cache: requestEventSchema.shape.cache,
  request_bytes: count,
  response_bytes: count,
  attempt_target_id: texts,
  attempt_provider_id: texts,
  attempt_start_us: z.array(count),
  attempt_duration_us: z.array(count),
  attempt_status: z.array(z.number().nullable()),
  attempt_outcome: z.array(requestOutcomeSchema),
  attempt_error_code: texts,
  attempt_time_to_first_token_us: z.array(microsOrAbsent),
  client_ip: z.string(),
  user_agent: z.string(),
  tags: z.record(z.string(), z.string()),
})

type Row = z.infer<typeof rowSchema>

/** An optional field of the event: left out when the column says absent. */
const optional = <Name extends string, Value>(name: Name, value: Value | undefined): Readonly<Partial<Record<Name, Value>>> =>
  // Safe: the object has the one named field or none, which is what the type says.
  (value === undefined ? {} : { [name]: value }) as Readonly<Partial<Record<Name, Value>>>

const textOf = (text: string): string | undefined => (text === '' ? undefined : text)
const msOf = (us: number | null | undefined): number | undefined => (us === null || us === undefined ? undefined : fromMicros(us))

function toAttempts(row: Row): RequestEvent['attempts'] {
  return row.attempt_target_id.map((targetId, index) => ({
    targetId,
    providerId: row.attempt_provider_id[index] ?? '',
    startMs: fromMicros(row.attempt_start_us[index] ?? 0),
    durationMs: fromMicros(row.attempt_duration_us[index] ?? 0),
    outcome: row.attempt_outcome[index] ?? 'error',
    ...optional('status', row.attempt_status[index] ?? undefined),
    ...optional('errorCode', textOf(row.attempt_error_code[index] ?? '')),
    ...optional('timeToFirstTokenMs', msOf(row.attempt_time_to_first_token_us[index])),
  }))
}

/** A row of `requestSelectList` as the event that it was. Times come back to the microsecond, empty optional texts as absent. */
export function parseRequestRow(input: unknown): RequestEvent {
  const row = rowSchema.parse(input)
  return {
    id: textOf(row.id_text) ?? row.id_key,
    kind: 'request',
    timeUnixMs: fromMicros(row.time_us),
    traceId: textOf(row.trace_text) ?? row.trace_key,
    projectId: row.project_id,
    ...optional('keyId', textOf(row.key_id)),
    ...optional('userId', textOf(row.user_id)),
    operation: row.operation,
    dialect: row.dialect,
    stream: row.stream,
    requestedModel: row.requested_model,
    ...optional('model', textOf(row.model)),
    ...optional('targetId', textOf(row.target_id)),
    ...optional('providerId', textOf(row.provider_id)),
    status: row.status,
    outcome: row.outcome,
    ...optional('errorCode', textOf(row.error_code)),
    ...optional('finishReason', textOf(row.finish_reason)),
    durationMs: row.duration_us,
    ...optional('timeToFirstTokenMs', msOf(row.time_to_first_token_us)),
    ...optional('timePerOutputTokenMs', msOf(row.time_per_output_token_us)),
    ...optional('overheadMs', msOf(row.overhead_us)),
    inputTokens: row.input_tokens,
    cachedInputTokens: row.cached_input_tokens,
    cacheWriteInputTokens: row.cache_write_input_tokens,
    outputTokens: row.output_tokens,
    reasoningTokens: row.reasoning_tokens,
    usageSource: row.usage_source,
    ...optional('costUsd', row.cost_usd ?? undefined),
    cache: row.cache,
    requestBytes: row.request_bytes,
    responseBytes: row.response_bytes,
    attempts: toAttempts(row),
    ...optional('clientIp', textOf(row.client_ip)),
    ...optional('userAgent', textOf(row.user_agent)),
    tags: row.tags,
  }
}
