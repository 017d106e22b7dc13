/** Reads OTLP/HTTP trace requests, as protobuf or as JSON, into plain spans. */
import { z } from 'zod'
import { metricsLimits } from '../limits.ts'
import type { Refusals } from './refusals.ts'
import { defineMessage, isTimeKnown, keyValuesSchema, nanosSchema, timeProblem, toAttributes, toMs, type Attributes } from './wire.ts'

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

/** A text says why the span is not taken: what has no ids would pass for every other without, what has no time would last for decades. */
function toSpan(span: z.infer<typeof spanSchema>, service: string): OtlpSpan | string {
  const [startUnixMs, endUnixMs] = [toMs(span.startTimeUnixNano), toMs(span.endTimeUnixNano)]
  const [traceId, spanId] = [toHex(span.traceId, 16), toHex(span.spanId, 8)]
  if (traceId === undefined || spanId === undefined) return 'spans without a trace id of 16 bytes and a span id of 8 bytes, not all zero'
  if (!isTimeKnown(startUnixMs)) return `spans whose startTimeUnixNano is ${timeProblem}`
  if (!isTimeKnown(endUnixMs)) return `spans whose endTimeUnixNano is ${timeProblem}`
  const durationMs = endUnixMs - startUnixMs
  if (durationMs < 0) return 'spans whose endTimeUnixNano is before their startTimeUnixNano'
  // What lasts for years by a wrong time would count as in flight all that while.
  if (durationMs > metricsLimits.requestDurationMsMax)
    return `spans of more than ${String(metricsLimits.requestDurationMsMax / 86_400_000)} days`
  return {
    traceId,
    spanId,
    parentSpanId: span.parentSpanId ? (toHex(span.parentSpanId, 8) ?? '') : '',
    name: span.name ?? '',
    startUnixMs,
    durationMs,
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

/** The spans that can be taken; the others are told to `refusals`. @throws METRICS_OTLP_INVALID */
export function decodeTraces(body: Uint8Array, contentType: string, refusals: Refusals): readonly OtlpSpan[] {
  const { resourceSpans } = message.read(body, contentType, requestSchema)
  const spans: OtlpSpan[] = []
  for (const { resource, scopeSpans } of resourceSpans ?? []) {
    const service = String(toAttributes(resource?.attributes)['service.name'] ?? '')
    for (const span of (scopeSpans ?? []).flatMap((scope) => scope.spans ?? [])) {
      const read = toSpan(span, service)
      if (typeof read === 'string') refusals.add(read)
      else spans.push(read)
    }
  }
  return spans
}
