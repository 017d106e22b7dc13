/** Reads OTLP/HTTP trace requests, as protobuf or as JSON, into plain spans. */
import protobuf from 'protobufjs'
import { z } from 'zod'
import { metricsErrors } from '../errors.ts'

export interface OtlpSpan {
  /** 32 and 16 lower-case hex characters. */
  readonly traceId: string
  readonly spanId: string
  readonly parentSpanId: string
  readonly name: string
  readonly startUnixMs: number
  readonly durationMs: number
  /** 0 unset, 1 ok, 2 error. */
  readonly statusCode: number
  readonly statusMessage: string
  readonly service: string
  /** Texts, numbers, booleans, and JSON of anything else. */
  readonly attributes: Readonly<Record<string, string | number | boolean>>
  readonly events: readonly { readonly name: string; readonly timeUnixMs: number; readonly attributes: OtlpSpan['attributes'] }[]
}

/* The part of opentelemetry-proto's trace/v1 and common/v1 that is read; field numbers are the contract. */
const proto = `
syntax = "proto3";
message AnyValue { oneof value { string string_value = 1; bool bool_value = 2; int64 int_value = 3; double double_value = 4;
  ArrayValue array_value = 5; KeyValueList kvlist_value = 6; bytes bytes_value = 7; } }
message ArrayValue { repeated AnyValue values = 1; }
message KeyValueList { repeated KeyValue values = 1; }
message KeyValue { string key = 1; AnyValue value = 2; }
message Resource { repeated KeyValue attributes = 1; }
message Event { fixed64 time_unix_nano = 1; string name = 2; repeated KeyValue attributes = 3; }
message Status { string message = 2; int32 code = 3; }
message Span { bytes trace_id = 1; bytes span_id = 2; bytes parent_span_id = 4; string name = 5; int32 kind = 6;
  fixed64 start_time_unix_nano = 7; fixed64 end_time_unix_nano = 8; repeated KeyValue attributes = 9; repeated Event events = 11; Status status = 15; }
message ScopeSpans { repeated Span spans = 2; }
message ResourceSpans { Resource resource = 1; repeated ScopeSpans scope_spans = 2; }
message ExportTraceServiceRequest { repeated ResourceSpans resource_spans = 1; }`

const requestType = protobuf.parse(proto).root.lookupType('ExportTraceServiceRequest')

const anyValueSchema = z.looseObject({})
const keyValuesSchema = z.array(z.object({ key: z.string(), value: anyValueSchema.nullish() })).nullish()
const nanos = z.union([z.string(), z.number()]).nullish()
const spanSchema = z.object({
  traceId: z.string(),
  spanId: z.string(),
  parentSpanId: z.string().nullish(),
  name: z.string().nullish(),
  startTimeUnixNano: nanos,
  endTimeUnixNano: nanos,
  attributes: keyValuesSchema,
  events: z.array(z.object({ name: z.string().nullish(), timeUnixNano: nanos, attributes: keyValuesSchema })).nullish(),
  status: z.object({ code: z.union([z.number(), z.string()]).nullish(), message: z.string().nullish() }).nullish(),
})
const requestSchema = z.object({
  resourceSpans: z
    .array(
      z.object({
        resource: z.object({ attributes: keyValuesSchema }).nullish(),
        scopeSpans: z.array(z.object({ spans: z.array(spanSchema).nullish() })).nullish(),
      }),
    )
    .nullish(),
})

type KeyValues = z.infer<typeof keyValuesSchema>

function toAttribute(value: Readonly<Record<string, unknown>>): string | number | boolean {
  const { stringValue, boolValue, intValue, doubleValue } = value
  if (typeof stringValue === 'string') return stringValue
  if (typeof boolValue === 'boolean') return boolValue
  if (intValue !== undefined && intValue !== null) return Number(intValue)
  if (typeof doubleValue === 'number') return doubleValue
  return JSON.stringify(toPlain(value))
}

/** Arrays and lists of pairs as plain JSON values. */
function toPlain(value: unknown): unknown {
  if (typeof value !== 'object' || value === null) return value
  const entry = value as Readonly<Record<string, unknown>>
  const array = z.object({ values: z.array(z.unknown()) }).safeParse(entry['arrayValue'])
  if (array.success) return array.data.values.map(toPlain)
  const pairs = z.object({ values: keyValuesSchema }).safeParse(entry['kvlistValue'])
  if (pairs.success && pairs.data.values) return Object.fromEntries(pairs.data.values.map(({ key, value: inner }) => [key, toPlain(inner)]))
  return toAttributeOrNull(entry)
}

const toAttributeOrNull = (entry: Readonly<Record<string, unknown>>): unknown =>
  entry['stringValue'] ?? entry['boolValue'] ?? (entry['intValue'] === undefined ? entry['doubleValue'] : Number(entry['intValue'])) ?? null

const toAttributes = (list: KeyValues): OtlpSpan['attributes'] =>
  Object.fromEntries((list ?? []).flatMap(({ key, value }) => (value === null || value === undefined ? [] : [[key, toAttribute(value)]])))

/** Nanoseconds do not fit a double: the milliseconds are cut off first. */
function toMs(value: string | number | null | undefined): number {
  const text = String(value ?? 0)
  if (!/^\d+$/.test(text)) return 0
  const nanoseconds = BigInt(text)
  return Number(nanoseconds / 1_000_000n) + Number(nanoseconds % 1_000_000n) / 1e6
}

/** JSON has hexadecimal ids; protobufjs gives base64. */
function toHex(id: string, bytes: number): string {
  if (new RegExp(`^[0-9a-fA-F]{${String(bytes * 2)}}$`).test(id)) return id.toLowerCase()
  return Buffer.from(id, 'base64').toString('hex')
}

function statusCodeOf(code: number | string | null | undefined): number {
  if (typeof code === 'number') return code
  return code === 'STATUS_CODE_ERROR' ? 2 : code === 'STATUS_CODE_OK' ? 1 : 0
}

function toSpan(span: z.infer<typeof spanSchema>, service: string): OtlpSpan {
  const startUnixMs = toMs(span.startTimeUnixNano)
  return {
    traceId: toHex(span.traceId, 16),
    spanId: toHex(span.spanId, 8),
    parentSpanId: span.parentSpanId ? toHex(span.parentSpanId, 8) : '',
    name: span.name ?? '',
    startUnixMs,
    durationMs: Math.max(0, toMs(span.endTimeUnixNano) - startUnixMs),
    statusCode: statusCodeOf(span.status?.code),
    statusMessage: span.status?.message ?? '',
    service,
    attributes: toAttributes(span.attributes),
    events: (span.events ?? []).map(({ name, timeUnixNano, attributes }) => ({
      name: name ?? '',
      timeUnixMs: toMs(timeUnixNano),
      attributes: toAttributes(attributes),
    })),
  }
}

function parseBody(body: Uint8Array, isJson: boolean): unknown {
  if (isJson) return JSON.parse(Buffer.from(body).toString('utf8')) as unknown
  return requestType.toObject(requestType.decode(body), { longs: String, bytes: String })
}

/** @throws METRICS_OTLP_INVALID */
export function decodeTraces(body: Uint8Array, contentType: string): readonly OtlpSpan[] {
  try {
    const { resourceSpans } = requestSchema.parse(parseBody(body, contentType.startsWith('application/json')))
    return (resourceSpans ?? []).flatMap(({ resource, scopeSpans }) => {
      const service = String(toAttributes(resource?.attributes)['service.name'] ?? '')
      return (scopeSpans ?? []).flatMap(({ spans }) => (spans ?? []).map((span) => toSpan(span, service)))
    })
  } catch (error) {
    const problem = error instanceof Error ? (error.message.split('\n', 1)[0] ?? '').slice(0, 200) : String(error)
    throw metricsErrors.OTLP_INVALID({ problem }, { cause: error })
  }
}
