/** Receives OTLP/HTTP traces as a `fetch` handler: calls of models become requests, and every span is kept for its trace. */
import { promisify } from 'node:util'
import { gunzip } from 'node:zlib'
import { isBudError, type BudEvent, type Sink } from '@bud-foundry/core'
import { metricsErrors } from '../errors.ts'
import { metricsLimits } from '../limits.ts'
import { decodeTraces, type OtlpSpan } from './decode.ts'
import { conventionOf, countCoverage, toRequest, type Coverage } from './translate-spans.ts'

export interface OtlpReceiverOptions {
  readonly sink: Sink
  /** Whose spans they are; undefined answers 401. */
  readonly authorize: (request: Request) => string | undefined | Promise<string | undefined>
}

export interface OtlpReceiver {
  /** POST /v1/traces, with or without gzip. */
  readonly handle: (request: Request) => Promise<Response>
  /** By convention: how many spans told tokens, time to first token, cost and user, since the start. */
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
  if (request.headers.get('content-encoding') !== 'gzip') return body
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

export function createOtlpReceiver({ sink, authorize }: OtlpReceiverOptions): OtlpReceiver {
  const coverage = new Map<string, Coverage>()

  async function receive(request: Request): Promise<Response> {
    if (request.method !== 'POST') return new Response(undefined, { status: 405, headers: { allow: 'POST' } })
    const projectId = await authorize(request)
    if (projectId === undefined) throw metricsErrors.UNAUTHORIZED()
    const contentType = request.headers.get('content-type') ?? 'application/x-protobuf'
    const spans = decodeTraces(await readBody(request), contentType)
    const events: BudEvent[] = []
    for (const span of spans) {
      const convention = conventionOf(span)
      if (convention !== undefined) {
        const translated = toRequest(span, convention, projectId)
        countCoverage(coverage, convention, translated)
        events.push(translated)
      }
      events.push(toSpanEvent(span, projectId))
    }
    if (events.length > 0) await sink.write(events, request.signal)
    // An empty message of either encoding: everything was accepted.
    if (contentType.startsWith('application/json')) return Response.json({})
    return new Response(new Uint8Array(0), { headers: { 'content-type': 'application/x-protobuf' } })
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
