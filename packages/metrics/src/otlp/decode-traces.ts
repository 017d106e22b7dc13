/** Reads OTLP/HTTP trace requests, as protobuf or as JSON, into plain spans. */
import { z } from 'zod'
import { metricsLimits } from '../limits.ts'
import { defineMessage, keyValuesSchema, nanosSchema, toAttributes, toMs, type Attributes } from './wire.ts'

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
  readonly attributes: Attributes
  readonly events: readonly { readonly name: string; readonly timeUnixMs: number; readonly attributes: Attributes }[]
}

/* The part of opentelemetry-proto's trace/v1 that is read; field numbers are the contract. */
const message = defineMessage(
  'ExportTraceServiceRequest',
  `
message Event { fixed64 time_unix_nano = 1; string name = 2; repeated KeyValue attributes = 3; }
message Status { string message = 2; int32 code = 3; }
message Span { bytes trace_id = 1; bytes span_id = 2; bytes parent_span_id = 4; string name = 5; int32 kind = 6;
  fixed64 start_time_unix_nano = 7; fixed64 end_time_unix_nano = 8; repeated KeyValue attributes = 9; repeated Event events = 11; Status status = 15; }
message ScopeSpans { repeated Span spans = 2; }
message ResourceSpans { Resource resource = 1; repeated ScopeSpans scope_spans = 2; }
message ExportTraceServiceRequest { repeated ResourceSpans resource_spans = 1; }`,
)

const spanSchema = z.object({
  traceId: z.string(),
  spanId: z.string(),
  parentSpanId: z.string().nullish(),
  name: z.string().nullish(),
  startTimeUnixNano: nanosSchema,
  endTimeUnixNano: nanosSchema,
  attributes: keyValuesSchema,
  events: z.array(z.object({ name: z.string().nullish(), timeUnixNano: nanosSchema, attributes: keyValuesSchema })).nullish(),
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

/** JSON has hexadecimal ids; protobufjs gives base64. Undefined: none of that length, or all zeros, which says that there is none. */
function toHex(id: string, bytes: number): string | undefined {
  const isHex = new RegExp(`^[0-9a-fA-F]{${String(bytes * 2)}}$`).test(id)
  const hex = isHex ? id.toLowerCase() : Buffer.from(id, 'base64').toString('hex')
  return hex.length === bytes * 2 && /[^0]/.test(hex) ? hex : undefined
}

function statusCodeOf(code: number | string | null | undefined): number {
  if (typeof code === 'number') return code
  return code === 'STATUS_CODE_ERROR' ? 2 : code === 'STATUS_CODE_OK' ? 1 : 0
}

/** Both ends are told, in order, and may be true: what began in 1970 would be in flight in every window. */
const isTimed = (startUnixMs: number, endUnixMs: number): boolean =>
  startUnixMs > 0 &&
  startUnixMs < metricsLimits.eventTimeUnixMsMax &&
  endUnixMs >= startUnixMs &&
  endUnixMs - startUnixMs <= metricsLimits.requestDurationMsMax

/** Undefined: it has no ids, and would pass for every other without, or no times. */
function toSpan(span: z.infer<typeof spanSchema>, service: string): OtlpSpan | undefined {
  const [startUnixMs, endUnixMs] = [toMs(span.startTimeUnixNano), toMs(span.endTimeUnixNano)]
  const [traceId, spanId] = [toHex(span.traceId, 16), toHex(span.spanId, 8)]
  if (traceId === undefined || spanId === undefined || !isTimed(startUnixMs, endUnixMs)) return undefined
  return {
    traceId,
    spanId,
    parentSpanId: span.parentSpanId ? (toHex(span.parentSpanId, 8) ?? '') : '',
    name: span.name ?? '',
    startUnixMs,
    durationMs: endUnixMs - startUnixMs,
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

export interface OtlpTraces {
  readonly spans: readonly OtlpSpan[]
  /** Spans without valid ids or times. */
  readonly refused: number
}

/** @throws METRICS_OTLP_INVALID */
export function decodeTraces(body: Uint8Array, contentType: string): OtlpTraces {
  const { resourceSpans } = message.read(body, contentType, requestSchema)
  const all = (resourceSpans ?? []).flatMap(({ resource, scopeSpans }) => {
    const service = String(toAttributes(resource?.attributes)['service.name'] ?? '')
    return (scopeSpans ?? []).flatMap(({ spans }) => (spans ?? []).map((span) => toSpan(span, service)))
  })
  const spans = all.filter((span) => span !== undefined)
  return { spans, refused: all.length - spans.length }
}
