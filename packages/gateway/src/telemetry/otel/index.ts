/** OpenTelemetry for a gateway: a span per request with a child per attempt, and the histograms of the GenAI conventions. */
import {
  isSpanContextValid,
  metrics,
  ROOT_CONTEXT,
  SpanKind,
  SpanStatusCode,
  trace,
  type Context,
  type Meter,
  type MeterProvider,
  type Span,
  type Tracer,
  type TracerProvider,
} from '@opentelemetry/api'
import type { Attempt, RequestEvent, Target } from '@bud-foundry/core'
import type { AttemptSpan, RequestSpan, RequestSpanStart, RequestTracer, SpanIdentity } from '../request-span.ts'
import { GenAiMetrics } from './gen-ai-metrics.ts'
import { operationName } from './provider-names.ts'
import { readTraceState } from './trace-state.ts'
import { attemptEndAttributes, attemptStartAttributes, commonAttributes, requestAttributes } from './span-attributes.ts'

export interface OpenTelemetryOptions {
  /** Default: of `tracerProvider`. */
  readonly tracer?: Tracer | undefined
  /** Default: the global one. */
  readonly tracerProvider?: TracerProvider | undefined
  /** Default: of `meterProvider`. */
  readonly meter?: Meter | undefined
  /** Default: the global one. */
  readonly meterProvider?: MeterProvider | undefined
}

const scope = '@bud-foundry/gateway'

const flagsOf = (span: Span): string => span.spanContext().traceFlags.toString(16).padStart(2, '0')

function contextOf(start: RequestSpanStart): Context {
  const { parent } = start
  if (parent === undefined) return ROOT_CONTEXT
  const traceState = start.traceState === undefined ? undefined : readTraceState(start.traceState)
  return trace.setSpanContext(ROOT_CONTEXT, {
    traceId: parent.traceId,
    spanId: parent.spanId,
    traceFlags: Number.parseInt(parent.flags, 16),
    isRemote: true,
    ...(traceState === undefined ? {} : { traceState }),
  })
}

const spanName = (operation: RequestEvent['operation'], model: string | undefined): string =>
  model === undefined ? operationName(operation) : `${operationName(operation)} ${model}`

class OtelAttemptSpan implements AttemptSpan {
  readonly headers: Readonly<Record<string, string>>
  readonly #span: Span

  constructor(span: Span) {
    this.#span = span
    const context = span.spanContext()
    const traceState = context.traceState?.serialize()
    this.headers = {
      // Without an SDK there is no span to name: then the gateway's own header stays.
      ...(isSpanContextValid(context) ? { traceparent: `00-${context.traceId}-${context.spanId}-${flagsOf(span)}` } : {}),
      ...(traceState === undefined || traceState === '' ? {} : { tracestate: traceState }),
    }
  }

  end(record: Attempt, requestStartUnixMs: number): void {
    this.#span.setAttributes(attemptEndAttributes(record))
    if (record.outcome === 'error' || record.outcome === 'partial') this.#span.setStatus({ code: SpanStatusCode.ERROR })
    this.#span.end(requestStartUnixMs + record.startMs + record.durationMs)
  }
}

class OtelRequestSpan implements RequestSpan {
  readonly identity: SpanIdentity
  readonly #start: RequestSpanStart
  readonly #tracer: Tracer
  readonly #metrics: GenAiMetrics
  readonly #span: Span
  readonly #context: Context
  readonly #targets = new Map<string, Target>()

  constructor(init: { readonly tracer: Tracer; readonly metrics: GenAiMetrics; readonly start: RequestSpanStart }) {
    const { tracer, start } = init
    this.#tracer = tracer
    this.#metrics = init.metrics
    this.#start = start
    const parent = contextOf(start)
    const attributes = { 'gen_ai.operation.name': operationName(start.operation) }
    const name = spanName(start.operation, start.model)
    this.#span = tracer.startSpan(name, { kind: SpanKind.SERVER, startTime: start.startUnixMs, attributes }, parent)
    this.#context = trace.setSpan(parent, this.#span)
    const { traceId, spanId } = this.#span.spanContext()
    this.identity = { traceId, spanId, flags: flagsOf(this.#span) }
  }

  startAttempt(target: Target, startUnixMs: number): AttemptSpan {
    const { operation } = this.#start
    this.#targets.set(target.id, target)
    const attributes = attemptStartAttributes(operation, target)
    const name = spanName(operation, target.modelId)
    return new OtelAttemptSpan(this.#tracer.startSpan(name, { kind: SpanKind.CLIENT, startTime: startUnixMs, attributes }, this.#context))
  }

  end(event: RequestEvent): void {
    const common = commonAttributes(event, event.targetId === undefined ? undefined : this.#targets.get(event.targetId))
    this.#span.setAttributes({ ...common, ...requestAttributes(event) })
    // By the HTTP conventions a caller's mistake is no fault of the server's span.
    if (event.outcome === 'partial' || event.status >= 500) this.#span.setStatus({ code: SpanStatusCode.ERROR })
    this.#span.end(event.timeUnixMs + event.durationMs)
    this.#metrics.record(event, common)
  }
}

/**
 * The part `tracer` of a gateway that reports to OpenTelemetry. It exports nothing by itself: give it the providers of your SDK, or register them
 * globally. Spans and metrics follow the GenAI semantic conventions (github.com/open-telemetry/semantic-conventions-genai).
 */
export function createOpenTelemetry(options: OpenTelemetryOptions = {}): RequestTracer {
  const tracer = options.tracer ?? (options.tracerProvider ?? trace.getTracerProvider()).getTracer(scope)
  const meter = options.meter ?? (options.meterProvider ?? metrics.getMeterProvider()).getMeter(scope)
  const genAiMetrics = new GenAiMetrics(meter)
  return {
    contract: 'request-tracer/1',
    startRequest: (start) => new OtelRequestSpan({ tracer, metrics: genAiMetrics, start }),
  }
}
