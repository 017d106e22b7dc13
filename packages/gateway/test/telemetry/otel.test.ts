/** Spans and metrics as an OpenTelemetry SDK receives them. */
import { SpanKind, SpanStatusCode } from '@opentelemetry/api'
import {
  AggregationTemporality,
  DataPointType,
  InMemoryMetricExporter,
  MeterProvider,
  PeriodicExportingMetricReader,
} from '@opentelemetry/sdk-metrics'
import { TracerProvider, InMemorySpanExporter, SimpleSpanProcessor, type ReadableSpan } from '@opentelemetry/sdk-trace'
import { expect, it } from 'vitest'
import type { GatewayConfigInput, GatewayParts } from '../../src/index.ts'
import { createOpenTelemetry } from '../../src/telemetry/otel/index.ts'
import { chat, oneModel, startGateway } from '../support/gateway.ts'
import { refuse, wellBehaved } from '../support/openai-answers.ts'
import { startUpstream, type Answer } from '../support/upstream.ts'

function startSdk() {
  const exporter = new InMemorySpanExporter()
  const tracerProvider = new TracerProvider({ spanProcessors: [new SimpleSpanProcessor({ exporter })] })
  const metricExporter = new InMemoryMetricExporter(AggregationTemporality.CUMULATIVE)
  const reader = new PeriodicExportingMetricReader({ exporter: metricExporter, exportIntervalMillis: 3_600_000 })
  const meterProvider = new MeterProvider({ readers: [reader] })
  const histograms = async () => {
    await reader.forceFlush()
    const found =
      metricExporter
        .getMetrics()
        .at(-1)
        ?.scopeMetrics.flatMap(({ metrics }) => metrics) ?? []
    return new Map(
      found.flatMap((metric) => (metric.dataPointType === DataPointType.HISTOGRAM ? [[metric.descriptor.name, metric] as const] : [])),
    )
  }
  return {
    tracer: createOpenTelemetry({ tracerProvider, meterProvider }),
    spans: () => exporter.getFinishedSpans(),
    histograms,
    [Symbol.asyncDispose]: async () => {
      await tracerProvider.shutdown()
      await meterProvider.shutdown()
    },
  }
}

async function startTraced(answers: readonly Answer[], config: Partial<GatewayConfigInput> = {}, parts: GatewayParts = {}) {
  const stack = new AsyncDisposableStack()
  const upstreams = []
  for (const answer of answers) upstreams.push(stack.use(await startUpstream(answer)))
  const sdk = stack.use(startSdk())
  const gatewayConfig = { ...oneModel(...upstreams.map((upstream) => upstream.baseUrl)), ...config }
  const test = stack.use(await startGateway(gatewayConfig, { tracer: sdk.tracer, ...parts }))
  return { ...test, ...sdk, upstreams, [Symbol.asyncDispose]: () => stack.disposeAsync() }
}

const byKind = (spans: readonly ReadableSpan[], kind: SpanKind) => spans.filter((span) => span.kind === kind)

it('a request is one server span with the attributes of the GenAI conventions', async () => {
  await using test = await startTraced([wellBehaved('hello brave new world')])
  await (await test.post('/v1/chat/completions', chat({ stream: true }))).text()
  const [event] = await test.sink.waitFor(1)
  const [span] = byKind(test.spans(), SpanKind.SERVER)
  expect(span?.name).toBe('chat m')
  expect(span?.attributes).toMatchObject({
    'gen_ai.operation.name': 'chat',
    'gen_ai.provider.name': 'openai-compatible',
    'gen_ai.request.model': 'm',
    'gen_ai.response.model': 'upstream-m',
    'gen_ai.request.stream': true,
    'gen_ai.usage.input_tokens': 11,
    'gen_ai.usage.output_tokens': 7,
    'gen_ai.response.finish_reasons': ['stop'],
    'server.address': '127.0.0.1',
    'server.port': Number(new URL(test.upstreams[0]?.url ?? '').port),
    'http.response.status_code': 200,
  })
  expect(span?.status.code).toBe(SpanStatusCode.UNSET)
  expect(span?.spanContext().traceId).toBe(event?.traceId)
  expect(span?.parentSpanContext).toBeUndefined()
  const seconds = (span?.duration[0] ?? 0) + (span?.duration[1] ?? 0) / 1e9
  expect(seconds * 1_000).toBeCloseTo(event?.durationMs ?? -1, 0)
})

it('each attempt is a client span below it, which is the parent that the upstream is told', async () => {
  await using test = await startTraced([refuse(500), wellBehaved('rescued')])
  await (await test.post('/v1/chat/completions', chat())).text()
  await test.sink.waitFor(1)
  const [server] = byKind(test.spans(), SpanKind.SERVER)
  const clients = byKind(test.spans(), SpanKind.CLIENT)
  expect(
    clients.map((span) => [span.name, span.status.code, span.attributes['bud.target.id'], span.attributes['http.response.status_code']]),
  ).toEqual([
    ['chat upstream-m', SpanStatusCode.ERROR, 'a', 500],
    ['chat upstream-m', SpanStatusCode.UNSET, 'b', 200],
  ])
  for (const [index, span] of clients.entries()) {
    expect(span.parentSpanContext?.spanId).toBe(server?.spanContext().spanId)
    const { traceId, spanId } = span.spanContext()
    expect(test.upstreams[index]?.seen[0]?.headers['traceparent']).toBe(`00-${traceId}-${spanId}-01`)
  }
  expect(clients[0]?.attributes['error.type']).toBe('GATEWAY_PROVIDER_FAILED')
  expect(server?.status.code).toBe(SpanStatusCode.UNSET)
})

it('continues the caller’s trace, its state included', async () => {
  await using test = await startTraced([wellBehaved('x')])
  const traceId = '4bf92f3577b34da6a3ce929d0e0e4736'
  const headers = { traceparent: `00-${traceId}-00f067aa0ba902b7-01`, tracestate: 'vendor=abc' }
  await (await test.post('/v1/chat/completions', chat(), headers)).text()
  const [event] = await test.sink.waitFor(1)
  const [server] = byKind(test.spans(), SpanKind.SERVER)
  expect(server?.parentSpanContext).toMatchObject({ spanId: '00f067aa0ba902b7', isRemote: true })
  expect(new Set(test.spans().map((span) => span.spanContext().traceId))).toEqual(new Set([traceId]))
  expect(event?.traceId).toBe(traceId)
  expect(test.upstreams[0]?.seen[0]?.headers).toMatchObject({ traceparent: expect.stringContaining(traceId), tracestate: 'vendor=abc' })
})

it('a refused request is a span without a model in its name, and no fault of the server', async () => {
  await using test = await startTraced([wellBehaved('x')])
  await (await test.post('/v1/chat/completions', chat({ model: 'who-knows' }))).text()
  await test.sink.waitFor(1)
  const [span] = test.spans()
  expect(span?.name).toBe('chat')
  expect(span?.attributes).toMatchObject({ 'error.type': 'GATEWAY_MODEL_NOT_FOUND', 'http.response.status_code': 404 })
  expect(span?.status.code).toBe(SpanStatusCode.UNSET)
})

it('a request that no target answers is a failed span', async () => {
  await using test = await startTraced([refuse(500)], { retry: { attempts: 1 } })
  await (await test.post('/v1/chat/completions', chat())).text()
  await test.sink.waitFor(1)
  const [server] = byKind(test.spans(), SpanKind.SERVER)
  expect(server?.status.code).toBe(SpanStatusCode.ERROR)
  expect(server?.attributes['error.type']).toEqual(expect.stringMatching(/^GATEWAY_/))
})

it('metrics have the names, units and bucket bounds of the conventions', async () => {
  await using test = await startTraced([wellBehaved('hello brave new world')])
  await (await test.post('/v1/chat/completions', chat({ stream: true }))).text()
  await test.sink.waitFor(1)
  const histograms = await test.histograms()
  const shape = (name: string) => {
    const metric = histograms.get(name)
    return { unit: metric?.descriptor.unit, bounds: metric?.dataPoints[0]?.value.buckets.boundaries }
  }
  expect(shape('gen_ai.client.operation.duration')).toEqual({
    unit: 's',
    bounds: [0.01, 0.02, 0.04, 0.08, 0.16, 0.32, 0.64, 1.28, 2.56, 5.12, 10.24, 20.48, 40.96, 81.92],
  })
  expect(shape('gen_ai.client.token.usage')).toEqual({
    unit: '{token}',
    bounds: Array.from({ length: 14 }, (_value, power) => 4 ** power),
  })
  expect(shape('gen_ai.server.time_to_first_token').unit).toBe('s')
  expect(shape('gen_ai.server.time_to_first_token').bounds).toHaveLength(16)
  expect(shape('gen_ai.server.time_per_output_token').bounds).toHaveLength(13)
  const tokens = histograms.get('gen_ai.client.token.usage')?.dataPoints
  expect(tokens?.map((point) => [point.attributes['gen_ai.token.type'], point.value.sum])).toEqual([
    ['input', 11],
    ['output', 7],
  ])
})

it('names that callers invent make no new series', async () => {
  await using test = await startTraced([wellBehaved('x')])
  for (let index = 0; index < 50; index += 1)
    await (await test.post('/v1/chat/completions', chat({ model: `invented-${String(index)}` }))).text()
  await test.sink.waitFor(50)
  const histograms = await test.histograms()
  const points = histograms.get('gen_ai.client.operation.duration')?.dataPoints
  expect(points).toHaveLength(1)
  expect(points?.[0]?.value.count).toBe(50)
})

it('a tracer that throws costs its spans and nothing else', async () => {
  const failing = {
    contract: 'request-tracer/1' as const,
    startRequest: () => {
      throw new Error('broken tracer')
    },
  }
  await using test = await startTraced([wellBehaved('fine')], {}, { tracer: failing })
  const response = await test.post('/v1/chat/completions', chat())
  expect(await response.json()).toMatchObject({ choices: [{ message: { content: 'fine' } }] })
})
