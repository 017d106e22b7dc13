/** Receives OTLP/HTTP as a `fetch` handler: calls of models become requests, spans are kept for their trace, metrics of models become samples. */
import { promisify } from 'node:util'
import { gunzip } from 'node:zlib'
import { createSemaphore, isBudError, systemClock, type BudEvent, type Clock, type Sink } from '@bud-foundry/core'
import { metricsErrors } from '../errors.ts'
import { metricsLimits } from '../limits.ts'
import { decodeMetrics, type OtlpPoint } from './decode-metrics.ts'
import { decodeTraces, type OtlpSpan } from './decode-traces.ts'
import { createSeriesMemory, toDelta } from './series-deltas.ts'
import { metricConventionOf, seriesKeyOf, toMetricSample } from './translate-metrics.ts'
import { conventionOf, countCoverage, countSample, toRequest, type Coverage } from './translate-spans.ts'
import { storedRequestSchema } from '../table/request-details.ts'
import { defineMessage, isJson } from './wire.ts'

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

const toSpanEvent = (span: OtlpSpan, projectId: string): BudEvent & Readonly<Record<string, unknown>> => ({
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

const defineResponse = (rejected: string) =>
  defineMessage(
    'ExportServiceResponse',
    `message ExportPartialSuccess { int64 ${rejected} = 1; string error_message = 2; }
message ExportServiceResponse { ExportPartialSuccess partial_success = 1; }`,
  )
const responses = { traces: defineResponse('rejected_spans'), metrics: defineResponse('rejected_data_points') } as const

/** By the specification a sender is told what was left out, and does not send it again. */
const toRefusedSpans = (refused: number): Readonly<Record<string, unknown>> =>
  refused === 0
    ? {}
    : {
        partialSuccess: {
          rejectedSpans: refused,
          errorMessage:
            'spans need a trace id of 16 bytes and a span id of 8, not all zero, a start and an end in order, and counts that are whole numbers below 2^53',
        },
      }

function toRefusedPoints(refused: ReadonlyMap<string, number>): Readonly<Record<string, unknown>> {
  if (refused.size === 0) return {}
  const rejectedDataPoints = [...refused.values()].reduce((total, count) => total + count, 0)
  const names = [...refused.keys()]
  const errorMessage = `no metrics of models, or of a kind without counts: ${names.slice(0, 20).join(', ')}${names.length > 20 ? ', ...' : ''}`
  return { partialSuccess: { rejectedDataPoints, errorMessage } }
}

const answer = (of: keyof typeof responses, contentType: string, content: Readonly<Record<string, unknown>>): Response =>
  isJson(contentType)
    ? Response.json(content)
    : new Response(responses[of].write(content), { headers: { 'content-type': 'application/x-protobuf' } })

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
    const { spans, refused } = decodeTraces(body, contentType)
    let unbelievable = 0
    for (const span of spans) {
      const convention = conventionOf(span)
      if (convention !== undefined) {
        const translated = toRequest(span, convention, projectId)
        // What no table holds is told to its sender: after this answer nobody would hear of it.
        if (!storedRequestSchema.safeParse(translated).success) {
          unbelievable += 1
          continue
        }
        countCoverage(coverage, convention, translated)
        events.push(translated)
      }
      events.push(toSpanEvent(span, projectId))
    }
    if (events.length > 0) await sink.write(events, signal)
    // An empty message of either encoding: everything was accepted.
    return answer('traces', contentType, toRefusedSpans(refused + unbelievable))
  }

  async function receiveMetrics(body: Uint8Array, contentType: string, { projectId, signal }: Sender): Promise<Response> {
    const { points, unread } = decodeMetrics(body, contentType)
    const refused = new Map<string, number>()
    const refuse = (name: string) => refused.set(name, (refused.get(name) ?? 0) + 1)
    for (const name of unread) refuse(name)
    const known = points.flatMap((point) => {
      const source = metricConventionOf(point)
      if (source === undefined) refuse(point.name)
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
      return toMetricSample(delta, { key, source, projectId }) ?? []
    })
    if (samples.length > 0) await sink.write(samples, signal)
    series.keep(latest)
    for (const { source, name } of samples) countSample(coverage, source, name)
    return answer('metrics', contentType, toRefusedPoints(refused))
  }

  const signals = { traces: receiveTraces, metrics: receiveMetrics } as const

  async function receive(request: Request): Promise<Response> {
    const { pathname } = new URL(request.url)
    const name = /\/v1\/(traces|metrics)$/.exec(pathname)?.[1]
    if (name !== 'traces' && name !== 'metrics') throw metricsErrors.ROUTE_UNKNOWN({ path: pathname })
    if (request.method !== 'POST') return new Response(undefined, { status: 405, headers: { allow: 'POST' } })
    const projectId = await authorize(request)
    if (projectId === undefined) throw metricsErrors.UNAUTHORIZED()
    const contentType = request.headers.get('content-type') ?? 'application/x-protobuf'
    return signals[name](await readBody(request), contentType, { projectId, signal: request.signal })
  }

  return {
    async handle(request) {
      try {
        return await receive(request)
      } catch (error) {
        if (!isBudError(error)) throw error
        const headers = error.retryable ? { 'retry-after': '1' } : undefined
        return Response.json(
          { code: error.code, message: error.message },
          { status: error.status, ...(headers === undefined ? {} : { headers }) },
        )
      }
    },
    coverage: () => Object.fromEntries(coverage),
  }
}
