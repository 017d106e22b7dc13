/** Receives OTLP/HTTP as a `fetch` handler: calls of models become requests, spans are kept for their trace, metrics of models become samples. */
import { promisify } from 'node:util'
import { gunzip } from 'node:zlib'
import { createSemaphore, isBudError, sinkLimits, systemClock, type BudEvent, type Clock, type Sink } from '@bud-foundry/core'
import { z } from 'zod'
import { metricsErrors } from '../errors.ts'
import { metricsLimits } from '../limits.ts'
import { recordTables } from '../table/record-tables.ts'
import { storedRequestSchema } from '../table/request-details.ts'
import { answer, answerError } from './answers.ts'
import { decodeMetrics, type OtlpPoint } from './decode-metrics.ts'
import { decodeTraces, type OtlpSpan } from './decode-traces.ts'
import { Refusals } from './refusals.ts'
import { createSeriesMemory, toDelta } from './series-deltas.ts'
import { metricConventionOf, seriesKeyOf, toMetricSample } from './translate-metrics.ts'
import { conventionOf, countCoverage, countSample, toRequest, type Coverage } from './translate-spans.ts'
import { toProblem } from './wire.ts'

export interface OtlpReceiverOptions {
  readonly sink: Sink
  /** The project that the spans and metrics belong to; undefined answers 401. */
  readonly authorize: (request: Request) => string | undefined | Promise<string | undefined>
  /** Says which cumulative series began before this process. Default: the system's. */
  readonly clock?: Clock
}

export interface OtlpReceiver {
  /** POST to a path that ends in `/v1/traces` or `/v1/metrics`, with or without gzip. */
  readonly handle: (request: Request) => Promise<Response>
  /** By convention: how many spans told tokens, time to first token, cost and user, and which metrics came, since the start. */
  coverage(): Readonly<Record<string, Readonly<Coverage>>>
}

const contentTypeOf = (request: Request) => request.headers.get('content-type') ?? 'application/x-protobuf'

const inflate = promisify(gunzip)

async function readBody(request: Request): Promise<Uint8Array> {
  const tooLarge = () => metricsErrors.OTLP_INVALID({ problem: `it has more than ${String(metricsLimits.otlpBytes)} bytes` })
  const chunks: Uint8Array[] = []
  let bytes = 0
  const parts: AsyncIterable<Uint8Array> | Iterable<Uint8Array> = request.body ?? []
  for await (const chunk of parts) {
    bytes += chunk.byteLength
    if (bytes > metricsLimits.otlpBytes) throw tooLarge()
    chunks.push(chunk)
  }
  const body = Buffer.concat(chunks)
  const encoding = request.headers.get('content-encoding') ?? 'identity'
  if (encoding === 'identity') return body
  if (encoding !== 'gzip') throw metricsErrors.OTLP_INVALID({ problem: `its content-encoding is ${encoding}, and only gzip is known` })
  try {
    return await inflate(body, { maxOutputLength: metricsLimits.otlpBytes })
  } catch (error) {
    throw metricsErrors.OTLP_INVALID({ problem: 'its gzip body is damaged or too large' }, { cause: error })
  }
}

const toSpanEvent = (span: OtlpSpan, projectId: string) => ({
  id: `span:${span.traceId}:${span.spanId}`,
  kind: 'span',
  timeUnixMs: span.startUnixMs,
  projectId,
  traceId: span.traceId,
  spanId: span.spanId,
  parentSpanId: span.parentSpanId,
  name: span.name,
  service: span.service,
  status: ['unset', 'ok', 'error'][span.statusCode] ?? 'unset',
  statusMessage: span.statusMessage,
  durationMs: span.durationMs,
  attributes: Object.fromEntries(Object.entries(span.attributes).map(([name, value]) => [name, String(value)])),
})

const byKind = new Map(recordTables.map(({ kind, schema }) => [kind, schema]))
const spanSchema = byKind.get('span') ?? z.never()
const sampleSchema = byKind.get('metric-sample') ?? z.never()

/** Why the sink would set such an event aside, after the sender was told that all is well. */
function problemOf(schema: z.ZodType, event: object): string | undefined {
  const result = schema.safeParse(event)
  return result.success ? undefined : toProblem(result.error)
}

type SpanEvent = ReturnType<typeof toSpanEvent>

/** A spool takes no larger event: attributes as long as whole conversations go, and the span with its short ones stays. */
function fitSpan(event: SpanEvent): SpanEvent | undefined {
  const chars = Object.entries(event.attributes).reduce((sum, [name, value]) => sum + name.length + value.length, 0)
  const fits = (one: SpanEvent) => Buffer.byteLength(JSON.stringify(one)) <= sinkLimits.eventBytes
  // A character takes six bytes at most; the rest of a span is short.
  if (chars * 6 < sinkLimits.eventBytes / 2 || fits(event)) return event
  const short = Object.entries(event.attributes).filter(([, value]) => value.length <= metricsLimits.filterValueLength)
  const cut = { ...event, attributes: Object.fromEntries(short) }
  return fits(cut) ? cut : undefined
}

interface Sender {
  readonly projectId: string
  readonly signal: AbortSignal
}

export function createOtlpReceiver({ sink, authorize, clock = systemClock }: OtlpReceiverOptions): OtlpReceiver {
  const coverage = new Map<string, Coverage>()
  const fromUnixMs = clock.nowMs()
  const series = createSeriesMemory(metricsLimits.otlpSeries)
  // One at a time, because a point is counted from the one before, and that is remembered only when it is stored.
  const turns = createSemaphore({ what: 'metrics of OTLP', permits: 1, waitersMax: metricsLimits.otlpWaiting })

  async function receiveTraces(body: Uint8Array, contentType: string, { projectId, signal }: Sender): Promise<Response> {
    const events: BudEvent[] = []
    const refusals = new Refusals()
    for (const span of decodeTraces(body, contentType, refusals)) {
      const convention = conventionOf(span)
      const request = convention === undefined ? undefined : toRequest(span, convention, projectId)
      const whole = toSpanEvent(span, projectId)
      const kept = fitSpan(whole)
      const problem =
        (request === undefined ? undefined : problemOf(storedRequestSchema, request)) ??
        (kept === undefined ? 'more than 1 MiB of short attributes' : problemOf(spanSchema, kept))
      if (problem !== undefined || kept === undefined) {
        refusals.add(`spans with ${problem ?? ''}`)
        continue
      }
      if (kept !== whole) refusals.warn('of spans of more than 1 MiB the long attributes are not kept')
      if (convention !== undefined && request !== undefined) {
        countCoverage(coverage, convention, request)
        events.push(request)
      }
      events.push(kept)
    }
    if (events.length > 0) await sink.write(events, signal)
    // An empty message of either encoding: everything was accepted.
    return answer('traces', contentType, refusals.toContent('rejectedSpans'))
  }

  async function receiveMetrics(body: Uint8Array, contentType: string, { projectId, signal }: Sender): Promise<Response> {
    const refusals = new Refusals()
    const known = decodeMetrics(body, contentType, refusals).flatMap((point) => {
      const source = metricConventionOf(point)
      if (source === undefined) refusals.add(`${point.name}: no metric of models`)
      return source === undefined ? [] : [{ point, source, key: seriesKeyOf(point, projectId) }]
    })
    using _turn = await turns.acquire(signal)
    const latest = new Map<string, OtlpPoint>()
    const samples = known.flatMap(({ point, source, key }) => {
      const before = latest.get(key) ?? series.get(key)
      const delta = toDelta(point, { before, fromUnixMs })
      if (point.isCumulative && (before === undefined || before.timeUnixMs < point.timeUnixMs)) latest.set(key, point)
      // A series that stood still has nothing to say.
      if (delta === undefined || (delta.kind !== 'gauge' && delta.value === 0 && delta.count === 0)) return []
      const sample = toMetricSample(delta, { key, source, projectId })
      const problem = sample === undefined ? undefined : problemOf(sampleSchema, sample)
      if (problem !== undefined) refusals.add(`${point.name}: ${problem}`)
      return sample === undefined || problem !== undefined ? [] : [sample]
    })
    if (samples.length > 0) await sink.write(samples, signal)
    series.keep(latest)
    for (const { source, name } of samples) countSample(coverage, source, name)
    return answer('metrics', contentType, refusals.toContent('rejectedDataPoints'))
  }

  const signals = { traces: receiveTraces, metrics: receiveMetrics } as const

  async function receive(request: Request): Promise<Response> {
    const { pathname } = new URL(request.url)
    const name = /\/v1\/(traces|metrics)$/.exec(pathname)?.[1]
    if (name !== 'traces' && name !== 'metrics') throw metricsErrors.ROUTE_UNKNOWN({ path: pathname })
    if (request.method !== 'POST') return new Response(undefined, { status: 405, headers: { allow: 'POST' } })
    const projectId = await authorize(request)
    if (projectId === undefined) throw metricsErrors.UNAUTHORIZED()
    return signals[name](await readBody(request), contentTypeOf(request), { projectId, signal: request.signal })
  }

  return {
    async handle(request) {
      try {
        return await receive(request)
      } catch (error) {
        if (!isBudError(error)) throw error
        return answerError(error, contentTypeOf(request))
      }
    },
    coverage: () => Object.fromEntries(coverage),
  }
}
