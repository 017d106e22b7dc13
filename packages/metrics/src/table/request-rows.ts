/** Requests as rows of the table `requests` in RowBinary: encoded once, when they are accepted, and read by the engine as they are. */
import type { Attempt } from '@bud-foundry/core'
import { toEventIdText, toEventKey, toTraceKey, toTraceText } from './event-id.ts'
import type { StoredRequest } from './request-details.ts'
import type { RowWriter } from './row-writer.ts'

type Write = (writer: RowWriter, event: StoredRequest) => void

interface RowColumn {
  readonly name: string
  /** As it is sent: without LowCardinality, which the engine builds faster from plain texts. */
  readonly type: string
  readonly write: Write
}

const text = (name: string, read: (event: StoredRequest) => string | undefined): RowColumn => ({
  name,
  type: 'String',
  write: (writer, event) => {
    writer.text(read(event))
  },
})
const whole = (name: string, read: (event: StoredRequest) => number): RowColumn => ({
  name,
  type: 'UInt64',
  write: (writer, event) => {
    writer.uint64(Math.round(read(event)))
  },
})
const micros = (name: string, read: (event: StoredRequest) => number | undefined): RowColumn => ({
  name,
  type: 'Nullable(UInt64)',
  write: (writer, event) => {
    writer.microsOrNull(read(event))
  },
})
const money = (name: string, read: (event: StoredRequest) => number | undefined): RowColumn => ({
  name,
  type: 'Nullable(Decimal(18, 12))',
  write: (writer, event) => {
    writer.moneyOrNull(read(event))
  },
})
const float = (name: string, read: (event: StoredRequest) => number | undefined): RowColumn => ({
  name,
  type: 'Nullable(Float32)',
  write: (writer, event) => {
    writer.floatOrNull(read(event))
  },
})
const ofAttempts = (name: string, type: string, write: (writer: RowWriter, attempt: Attempt) => void): RowColumn => ({
  name,
  type: `Array(${type})`,
  write: (writer, { attempts }) => {
    writer.size(attempts.length)
    for (const attempt of attempts) write(writer, attempt)
  },
})

const cacheOf = ({ cache }: { readonly cache?: string }) => cache ?? 'none'

function writeId(writer: RowWriter, { id }: StoredRequest): void {
  if (!writer.uuid(id, true)) writer.uuid(toEventKey(id), true)
}

function writeTraceId(writer: RowWriter, { traceId }: StoredRequest): void {
  if (writer.uuid(traceId, false)) return
  // A hash comes with hyphens.
  writer.uuid(toTraceKey(traceId), true)
}

/** In the order in which they are sent. */
const columns: readonly RowColumn[] = [
  text('project_id', ({ projectId }) => projectId),
  {
    name: 'time',
    type: "DateTime64(6, 'UTC')",
    write: (writer, { timeUnixMs }) => {
      writer.micros(timeUnixMs)
    },
  },
  { name: 'id', type: 'UUID', write: writeId },
  text('id_text', ({ id }) => toEventIdText(id)),
  { name: 'trace_id', type: 'UUID', write: writeTraceId },
  text('trace_text', ({ traceId }) => toTraceText(traceId)),
  text('key_id', ({ keyId }) => keyId),
  text('user_id', ({ userId }) => userId),
  text('operation', ({ operation }) => operation),
  text('dialect', ({ dialect }) => dialect),
  {
    name: 'stream',
    type: 'Bool',
    write: (writer, { stream }) => {
      writer.bool(stream)
    },
  },
  text('requested_model', ({ requestedModel }) => requestedModel),
  text('model', ({ model }) => model),
  text('target_id', ({ targetId }) => targetId),
  text('provider_id', ({ providerId }) => providerId),
  {
    name: 'status',
    type: 'Int32',
    write: (writer, { status }) => {
      writer.int32(status)
    },
  },
  text('outcome', ({ outcome }) => outcome),
  text('error_code', ({ errorCode }) => errorCode),
  text('finish_reason', ({ finishReason }) => finishReason),
  {
    name: 'duration_us',
    type: 'UInt64',
    write: (writer, { durationMs }) => {
      writer.micros(durationMs)
    },
  },
  micros('time_to_first_token_us', ({ timeToFirstTokenMs }) => timeToFirstTokenMs),
  micros('time_per_output_token_us', ({ timePerOutputTokenMs }) => timePerOutputTokenMs),
  micros('overhead_us', ({ overheadMs }) => overheadMs),
  whole('input_tokens', ({ inputTokens }) => inputTokens),
  whole('cached_input_tokens', ({ cachedInputTokens }) => cachedInputTokens),
  whole('cache_write_input_tokens', ({ cacheWriteInputTokens }) => cacheWriteInputTokens),
  whole('output_tokens', ({ outputTokens }) => outputTokens),
  whole('reasoning_tokens', ({ reasoningTokens }) => reasoningTokens),
  text('usage_source', ({ usageSource }) => usageSource),
  money('cost_usd', ({ costUsd }) => costUsd),
  // Whoever does not say has no cache.
  text('cache', cacheOf),
  whole('request_bytes', ({ requestBytes }) => requestBytes),
  whole('response_bytes', ({ responseBytes }) => responseBytes),
  ofAttempts('attempt_target_id', 'String', (writer, { targetId }) => {
    writer.text(targetId)
  }),
  ofAttempts('attempt_provider_id', 'String', (writer, { providerId }) => {
    writer.text(providerId)
  }),
  ofAttempts('attempt_start_us', 'UInt64', (writer, { startMs }) => {
    writer.micros(startMs)
  }),
  ofAttempts('attempt_duration_us', 'UInt64', (writer, { durationMs }) => {
    writer.micros(durationMs)
  }),
  ofAttempts('attempt_status', 'Nullable(Int32)', (writer, { status }) => {
    writer.present(status !== undefined)
    if (status !== undefined) writer.int32(status)
  }),
  ofAttempts('attempt_outcome', 'String', (writer, { outcome }) => {
    writer.text(outcome)
  }),
  ofAttempts('attempt_error_code', 'String', (writer, { errorCode }) => {
    writer.text(errorCode)
  }),
  ofAttempts('attempt_time_to_first_token_us', 'Nullable(UInt64)', (writer, { timeToFirstTokenMs }) => {
    writer.microsOrNull(timeToFirstTokenMs)
  }),
  text('client_ip', ({ clientIp }) => clientIp),
  text('user_agent', ({ userAgent }) => userAgent),
  {
    name: 'tags',
    type: 'Map(String, String)',
    write: (writer, { tags }) => {
      const names = Object.keys(tags)
      writer.size(names.length)
      for (const name of names) {
        writer.text(name)
        writer.text(tags[name])
      }
    },
  },
  text('session_id', ({ sessionId }) => sessionId),
  text('prompt_id', ({ promptId }) => promptId),
  text('prompt_version', ({ promptVersion }) => promptVersion),
  text('method', ({ method }) => method),
  text('route', ({ route }) => route),
  text('country_code', ({ countryCode }) => countryCode),
  text('region', ({ region }) => region),
  text('city', ({ city }) => city),
  float('latitude', ({ latitude }) => latitude),
  float('longitude', ({ longitude }) => longitude),
  text('device_type', ({ deviceType }) => deviceType),
  text('browser', ({ browser }) => browser),
  text('os', ({ os }) => os),
  {
    name: 'is_bot',
    type: 'Bool',
    write: (writer, { isBot }) => {
      writer.bool(isBot)
    },
  },
  text('block_rule_id', ({ blockRuleId }) => blockRuleId),
  {
    name: 'guardrails',
    type: 'Array(String)',
    write: (writer, { guardrails }) => {
      writer.size(guardrails?.length ?? 0)
      for (const guardrail of guardrails ?? []) writer.text(guardrail)
    },
  },
  micros('queue_us', ({ queueMs }) => queueMs),
  micros('inter_token_us', ({ interTokenMs }) => interTokenMs),
  money('saved_usd', ({ savedUsd }) => savedUsd),
  money('provider_cost_usd', ({ providerCostUsd }) => providerCostUsd),
  text('source', ({ source }) => source),
]

/** Names and types of the columns, in the order of the bytes; changes only together with the name of the spool's directory. */
export const requestRowColumns: readonly { readonly name: string; readonly type: string }[] = columns

const writes = columns.map(({ write }) => write)

/** Appends one row to what the writer holds. @throws TypeError when a field is not what its type says */
export function writeRequestRow(writer: RowWriter, event: StoredRequest): void {
  for (const write of writes) write(writer, event)
}
