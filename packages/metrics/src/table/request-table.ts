/** Rows of the table `requests` as the events that they were. */
import { requestEventSchema, requestOutcomeSchema } from '@bud-foundry/core'
import { z } from 'zod'
import { fromMicros } from './cell.ts'
import { storedRequestSchema, type StoredRequest } from './request-details.ts'
import { requestRowColumns } from './request-rows.ts'

/** What a select list says of columns that are read in another form: by the name of that, the expression. */
const expressions: Readonly<Record<string, string>> = {
  time_us: 'toUnixTimestamp64Micro(time)',
  id_key: 'toString(id)',
  trace_key: "replaceAll(toString(trace_id), '-', '')",
}
const replaced = new Set(['time', 'id', 'trace_id'])
const plainColumns = requestRowColumns.filter(({ name }) => !replaced.has(name))

const toSelectList = (columns: readonly string[]): string =>
  columns.map((name) => (expressions[name] === undefined ? name : `${expressions[name]} AS ${name}`)).join(', ')

/** The select list that `parseRequestRow` reads. */
export const requestSelectList = toSelectList([...Object.keys(expressions), ...plainColumns.map(({ name }) => name)])

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
  session_id: z.string(),
  prompt_id: z.string(),
  prompt_version: z.string(),
  method: z.string(),
  route: z.string(),
  country_code: z.string(),
  region: z.string(),
  city: z.string(),
  latitude: z.number().nullable(),
  longitude: z.number().nullable(),
  device_type: z.string(),
  browser: z.string(),
  os: z.string(),
  is_bot: z.boolean(),
  block_rule_id: z.string(),
  guardrails: texts,
  queue_us: microsOrAbsent,
  inter_token_us: microsOrAbsent,
  inter_token_max_us: microsOrAbsent,
  guardrail_us: microsOrAbsent,
  saved_usd: z.number().nullable(),
  provider_cost_usd: z.number().nullable(),
  currency: z.enum(['', 'USD']),
  cost_estimated: z.boolean(),
  price_version: z.string(),
  attempt_cost_usd: z.array(z.number().nullable()),
  attempt_cost_estimated: z.array(z.boolean()),
  attempt_price_version: texts,
  attempt_input_tokens: z.array(count.nullable()),
  attempt_output_tokens: z.array(count.nullable()),
  source: z.string(),
})

type Row = z.infer<typeof rowSchema>

/** An optional field of the event: left out when the column says absent. */
const optional = <Name extends string, Value>(name: Name, value: Value | undefined): Readonly<Partial<Record<Name, Value>>> =>
  // Safe: the object has the one named field or none, which is what the type says.
  (value === undefined ? {} : { [name]: value }) as Readonly<Partial<Record<Name, Value>>>

const textOf = (text: string): string | undefined => (text === '' ? undefined : text)
const msOf = (us: number | null | undefined): number | undefined => (us === null || us === undefined ? undefined : fromMicros(us))

/** False and absent are one: nothing tells them apart in a question. */
const trueOf = (flag: boolean | undefined): true | undefined => (flag === true ? true : undefined)

function toAttempts(row: Row): StoredRequest['attempts'] {
  return row.attempt_target_id.map((targetId, index) => ({
    targetId,
    providerId: row.attempt_provider_id[index] ?? '',
    startMs: fromMicros(row.attempt_start_us[index] ?? 0),
    durationMs: fromMicros(row.attempt_duration_us[index] ?? 0),
    outcome: row.attempt_outcome[index] ?? 'error',
    ...optional('status', row.attempt_status[index] ?? undefined),
    ...optional('errorCode', textOf(row.attempt_error_code[index] ?? '')),
    ...optional('timeToFirstTokenMs', msOf(row.attempt_time_to_first_token_us[index])),
    // Columns that a later migration added are empty in rows from before it.
    ...optional('costUsd', row.attempt_cost_usd[index] ?? undefined),
    ...optional('costEstimated', trueOf(row.attempt_cost_estimated[index])),
    ...optional('priceVersion', textOf(row.attempt_price_version[index] ?? '')),
    ...optional('inputTokens', row.attempt_input_tokens[index] ?? undefined),
    ...optional('outputTokens', row.attempt_output_tokens[index] ?? undefined),
  }))
}

function toDetails(row: Row): Partial<StoredRequest> {
  return {
    ...optional('sessionId', textOf(row.session_id)),
    ...optional('promptId', textOf(row.prompt_id)),
    ...optional('promptVersion', textOf(row.prompt_version)),
    ...optional('method', textOf(row.method)),
    ...optional('route', textOf(row.route)),
    ...optional('countryCode', textOf(row.country_code)),
    ...optional('region', textOf(row.region)),
    ...optional('city', textOf(row.city)),
    ...optional('latitude', row.latitude ?? undefined),
    ...optional('longitude', row.longitude ?? undefined),
    ...optional('deviceType', textOf(row.device_type)),
    ...optional('browser', textOf(row.browser)),
    ...optional('os', textOf(row.os)),
    ...optional('isBot', trueOf(row.is_bot)),
    ...optional('blockRuleId', textOf(row.block_rule_id)),
    ...optional('guardrails', row.guardrails.length === 0 ? undefined : row.guardrails),
    ...optional('queueMs', msOf(row.queue_us)),
    ...optional('interTokenP50Ms', msOf(row.inter_token_us)),
    ...optional('interTokenMaxMs', msOf(row.inter_token_max_us)),
    ...optional('guardrailMs', msOf(row.guardrail_us)),
    ...optional('savedUsd', row.saved_usd ?? undefined),
    ...optional('providerCostUsd', row.provider_cost_usd ?? undefined),
    ...optional('currency', row.currency === '' ? undefined : row.currency),
    ...optional('costEstimated', trueOf(row.cost_estimated)),
    ...optional('priceVersion', textOf(row.price_version)),
    ...optional('source', textOf(row.source)),
  }
}

/** A row of `requestSelectList` as the event that it was. Times come back to the microsecond, empty optional texts as absent. */
export function parseRequestRow(input: unknown): StoredRequest {
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
    ...toDetails(row),
  }
}

/** A field of a request, as `StoredRequest` names it. */
export type RequestField = keyof StoredRequest

// Safe: the keys of a schema's shape are the fields of its type.
export const requestFields = Object.freeze(Object.keys(storedRequestSchema.shape) as RequestField[])

/** Fields that every list has: they say which request it is, and where a page goes on. */
const alwaysFields = ['id', 'kind', 'timeUnixMs'] as const satisfies readonly RequestField[]
export type AlwaysField = (typeof alwaysFields)[number]

/** Columns of a field that are not called like it. */
const columnsOfField: Partial<Readonly<Record<RequestField, readonly string[]>>> = {
  id: ['id_key', 'id_text'],
  kind: [],
  timeUnixMs: ['time_us'],
  traceId: ['trace_key', 'trace_text'],
  attempts: plainColumns.map(({ name }) => name).filter((name) => name.startsWith('attempt_')),
  interTokenP50Ms: ['inter_token_us'],
}

const toColumn = (field: string) => field.replace(/Ms$/, 'Us').replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`)

/** The select list that `parseRequestFields` reads. */
export const selectListOf = (fields: readonly RequestField[]): string =>
  toSelectList([...new Set([...alwaysFields, ...fields].flatMap((field) => columnsOfField[field] ?? [toColumn(field)]))])

const emptyOf = (type: string): unknown => {
  if (type.startsWith('Nullable')) return null
  if (type.startsWith('Array')) return []
  if (type.startsWith('Map')) return {}
  return type === 'Bool' ? false : type === 'String' ? '' : 0
}

/** Stands for the columns that were not read. */
const emptyRow: Readonly<Record<string, unknown>> = {
  ...Object.fromEntries(plainColumns.map(({ name, type }) => [name, emptyOf(type)])),
  ...{ time_us: 0, id_key: '', trace_key: '', operation: 'chat', outcome: 'success', usage_source: 'none', cache: 'none' },
}

/** Only these fields of a request, and those that every list has. */
export function pickFields(event: Readonly<Partial<StoredRequest>>, fields: readonly RequestField[]): Readonly<Partial<StoredRequest>> {
  const wanted = new Set<string>([...alwaysFields, ...fields])
  return Object.fromEntries(Object.entries(event).filter(([name]) => wanted.has(name)))
}

/** A row of `selectListOf` as those fields of the event that it was. */
export const parseRequestFields = (input: object, fields: readonly RequestField[]): Readonly<Partial<StoredRequest>> =>
  pickFields(parseRequestRow({ ...emptyRow, ...input }), fields)
