/** OTLP metrics of each convention become canonical samples: what a series grew by, once, whoever sent it and however often. */
import { gzipSync } from 'node:zlib'
import type { BudEvent } from '@bud-foundry/core'
import { createFakeClock, createMemorySink } from '@bud-foundry/core/testing'
import { JsonMetricsSerializer, ProtobufMetricsSerializer } from '@opentelemetry/otlp-transformer'
import {
  AggregationTemporality,
  AggregationType,
  InMemoryMetricExporter,
  MeterProvider,
  PeriodicExportingMetricReader,
  type ResourceMetrics,
} from '@opentelemetry/sdk-metrics'
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { createOtlpReceiver } from '../../src/otlp/receiver.ts'
import { createSeriesMemory } from '../../src/otlp/series-deltas.ts'

const startUnixMs = 1_790_000_000_000
type Value = string | number | boolean
const pairs = (attributes: Readonly<Record<string, Value>>) =>
  Object.entries(attributes).map(([key, value]) => ({
    key,
    value: typeof value === 'string' ? { stringValue: value } : { doubleValue: value },
  }))
const nanos = (second: number) => `${String(startUnixMs / 1000 + second)}000000000`

function open() {
  const sink = createMemorySink()
  const receiver = createOtlpReceiver({
    sink,
    authorize: (request) => request.headers.get('authorization') ?? undefined,
    clock: createFakeClock({ startUnixMs }),
  })
  const send = (body: string | Uint8Array<ArrayBuffer>, headers: Readonly<Record<string, string>> = {}) =>
    receiver.handle(
      new Request('http://localhost/v1/metrics', {
        method: 'POST',
        body,
        headers: { authorization: 'shop', 'content-type': 'application/json', ...headers },
      }),
    )
  return { sink, receiver, send }
}

interface Sent {
  readonly name: string
  readonly unit?: string
  readonly scope?: string
  readonly [kind: string]: unknown
}

const body = (...metrics: readonly Sent[]) =>
  JSON.stringify({
    resourceMetrics: [
      {
        resource: { attributes: pairs({ 'service.name': 'web' }) },
        scopeMetrics: metrics.map(({ scope = 'test', ...metric }) => ({ scope: { name: scope }, metrics: [metric] })),
      },
    ],
  })

const histogram = (attributes: Readonly<Record<string, Value>>) => ({
  aggregationTemporality: 1,
  dataPoints: [
    {
      attributes: pairs(attributes),
      startTimeUnixNano: nanos(0),
      timeUnixNano: nanos(10),
      count: '3',
      sum: 7.5,
      bucketCounts: ['1', '2', '0'],
      explicitBounds: [1, 4],
    },
  ],
})
const counter = (attributes: Readonly<Record<string, Value>>, asInt: string) => ({
  aggregationTemporality: 1,
  isMonotonic: true,
  dataPoints: [{ attributes: pairs(attributes), startTimeUnixNano: nanos(0), timeUnixNano: nanos(10), asInt }],
})

test.each([
  [
    'otel',
    {
      name: 'gen_ai.client.token.usage',
      unit: '{token}',
      histogram: histogram({
        'gen_ai.operation.name': 'chat',
        'gen_ai.provider.name': 'openai',
        'gen_ai.request.model': 'gpt-4o',
        'gen_ai.token.type': 'input',
      }),
    },
    { name: 'tokens', unit: 'tokens', value: 7.5, count: 3, bounds: [1, 4], bucketCounts: [1, 2, 0] },
    { operation: 'chat', provider: 'openai', model: 'gpt-4o', requestedModel: 'gpt-4o', tokenType: 'input', side: 'client' },
  ],
  [
    'otel',
    { name: 'gen_ai.server.time_to_first_token', unit: 's', histogram: histogram({ 'gen_ai.request.model': 'm' }) },
    { name: 'timeToFirstTokenMs', unit: 'ms', value: 7_500, count: 3, bounds: [1_000, 4_000], bucketCounts: [1, 2, 0] },
    { model: 'm', side: 'server' },
  ],
  [
    'openai',
    {
      name: 'gen_ai.client.operation.duration',
      unit: 's',
      histogram: histogram({ 'gen_ai.system': 'openai', 'gen_ai.openai.response.service_tier': 'flex', 'error.type': 'timeout' }),
    },
    { name: 'durationMs', value: 7_500 },
    { serviceTier: 'flex', provider: 'openai', errorType: 'timeout' },
  ],
  [
    'openllmetry',
    {
      name: 'llm.openai.chat_completions.streaming_time_to_first_token',
      unit: 'ms',
      histogram: histogram({ 'gen_ai.system': 'openai', 'gen_ai.response.model': 'gpt-4o' }),
    },
    { name: 'timeToFirstTokenMs', unit: 'ms', value: 7.5, bounds: [1, 4] },
    { model: 'gpt-4o', provider: 'openai' },
  ],
  [
    'openllmetry',
    {
      name: 'gen_ai.openai.chat_completions.tokens',
      sum: counter({ 'llm.usage.token_type': 'completion', 'llm.response.model': 'm' }, '40'),
    },
    { name: 'tokens', metricKind: 'counter', value: 40, count: 0 },
    { tokenType: 'output', model: 'm' },
  ],
  [
    'openllmetry',
    { name: 'llm.openai.chat_completions.exceptions', sum: counter({ 'error.type': 'RateLimitError' }, '2') },
    { name: 'errors', unit: 'requests', value: 2 },
    { errorType: 'RateLimitError' },
  ],
  [
    'openinference',
    {
      name: 'llm.token_count.completion',
      sum: counter({ 'llm.model_name': 'claude', 'llm.provider': 'anthropic', 'openinference.span.kind': 'LLM' }, '9'),
    },
    { name: 'tokens', value: 9 },
    { tokenType: 'output', model: 'claude', provider: 'anthropic' },
  ],
  [
    'openlit',
    { name: 'gen_ai.usage.cost', unit: 'USD', histogram: histogram({ 'gen_ai.request.model': 'm' }) },
    { name: 'costUsd', unit: 'usd', value: 7.5 },
    { model: 'm' },
  ],
] as const)('%s: %o becomes a canonical sample', async (source, sent, sample, labels) => {
  const { sink, receiver, send } = open()
  const response = await send(body(sent))
  expect([response.status, await response.json()]).toEqual([200, {}])
  expect(sink.events).toMatchObject([
    {
      kind: 'metric-sample',
      projectId: 'shop',
      timeUnixMs: startUnixMs + 10_000,
      source,
      ...sample,
      labels: { ...labels, service: 'web', metric: sent.name },
    },
  ])
  expect(receiver.coverage()).toMatchObject({ [source]: { spans: 0, samples: { [sample.name]: 1 } } })
})

const cumulative = (...points: readonly (readonly [from: number, to: number, value: number])[]) =>
  body({
    name: 'gen_ai.total.requests',
    sum: {
      aggregationTemporality: 2,
      isMonotonic: true,
      dataPoints: points.map(([from, to, asDouble]) => ({
        attributes: [],
        startTimeUnixNano: nanos(from),
        timeUnixNano: nanos(to),
        asDouble,
      })),
    },
  })
const valuesOf = (events: readonly BudEvent[]) => events.map((event) => (event as BudEvent & { readonly value: number }).value)

test('a cumulative series is stored as what it grew by: also repeated, restarted, several points at once', async () => {
  const { sink, send } = open()
  for (const text of [
    cumulative([1, 10, 5]),
    cumulative([1, 10, 5]),
    cumulative([1, 20, 7], [1, 30, 7], [1, 40, 12]),
    cumulative([1, 30, 7]),
    cumulative([41, 50, 3]),
  ])
    expect((await send(text)).status).toBe(200)
  expect(valuesOf(sink.events)).toEqual([5, 2, 5, 3])
})

test('what a series counted before the receiver began is not counted now', async () => {
  const { sink, send } = open()
  await send(cumulative([-500, 10, 1_000]))
  await send(cumulative([-500, 20, 1_004]))
  expect(valuesOf(sink.events)).toEqual([4])
})

test('what the sink did not take is counted when it is sent again', async () => {
  const { sink, receiver } = open()
  let isFull = true
  const failing = {
    ...sink,
    write: (events: readonly BudEvent[], signal: AbortSignal) => (isFull ? Promise.reject(new Error('full')) : sink.write(events, signal)),
  }
  const again = createOtlpReceiver({ sink: failing, authorize: () => 'shop', clock: createFakeClock({ startUnixMs }) })
  const request = () =>
    new Request('http://localhost/v1/metrics', {
      method: 'POST',
      body: cumulative([1, 10, 5]),
      headers: { 'content-type': 'application/json' },
    })
  await expect(again.handle(request())).rejects.toThrow('full')
  isFull = false
  expect((await again.handle(request())).status).toBe(200)
  expect(valuesOf(sink.events)).toEqual([5])
  expect(again.coverage()['openlit']?.samples).toEqual({ requests: 1 })
  expect(receiver.coverage()).toEqual({})
})

test('the deltas of any cumulative series add up to its last point', async () => {
  const growth = fc.array(fc.integer({ min: 0, max: 1_000 }), { minLength: 1, maxLength: 20 })
  await fc.assert(
    fc.asyncProperty(growth, async (steps) => {
      const { sink, send } = open()
      let total = 0
      for (const [index, step] of steps.entries()) {
        total += step
        await send(cumulative([0, index + 1, total]))
      }
      expect(valuesOf(sink.events).reduce((sum, value) => sum + value, 0)).toBe(total)
    }),
    { numRuns: 30 },
  )
})

/** What OpenTelemetry's own SDK measured and collected. */
async function measure(
  temporality: AggregationTemporality,
  type: AggregationType.EXPONENTIAL_HISTOGRAM | AggregationType.EXPLICIT_BUCKET_HISTOGRAM,
) {
  const exporter = new InMemoryMetricExporter(temporality)
  const reader = new PeriodicExportingMetricReader({ exporter, exportIntervalMillis: 3_600_000 })
  const provider = new MeterProvider({ readers: [reader], views: [{ instrumentName: '*', aggregation: { type } }] })
  const duration = provider.getMeter('app').createHistogram('gen_ai.client.operation.duration', { unit: 's' })
  const collected: ResourceMetrics[] = []
  const collect = async () => {
    await provider.forceFlush()
    collected.push(...exporter.getMetrics())
    exporter.reset()
  }
  for (const batch of [
    [0.1, 0.3],
    [0.2, 40, 0],
  ]) {
    for (const seconds of batch) duration.record(seconds, { 'gen_ai.request.model': 'm' })
    await collect()
  }
  await provider.shutdown()
  return collected
}

test.each([
  ['protobuf', 'cumulative', 'exponential'],
  ['json', 'delta', 'exponential'],
  ['protobuf', 'delta', 'explicit'],
  ['json', 'cumulative', 'explicit'],
])("what OpenTelemetry's SDK exports is read: %s, %s temporality, %s bins, with gzip", async (encoding, temporality, bins) => {
  const collected = await measure(
    temporality === 'delta' ? AggregationTemporality.DELTA : AggregationTemporality.CUMULATIVE,
    bins === 'exponential' ? AggregationType.EXPONENTIAL_HISTOGRAM : AggregationType.EXPLICIT_BUCKET_HISTOGRAM,
  )
  const { sink, send } = open()
  const serializer = encoding === 'json' ? JsonMetricsSerializer : ProtobufMetricsSerializer
  for (const one of collected) {
    const bytes = serializer.serializeRequest(one) ?? expect.fail('nothing to send')
    const response = await send(new Uint8Array(gzipSync(bytes)), {
      'content-type': encoding === 'json' ? 'application/json' : 'application/x-protobuf',
      'content-encoding': 'gzip',
    })
    expect(response.status).toBe(200)
    if (encoding === 'protobuf') expect((await response.arrayBuffer()).byteLength).toBe(0)
  }
  // Safe for the test: the receiver writes samples of metrics alone.
  const samples = sink.events as readonly (BudEvent & {
    readonly value: number
    readonly count: number
    readonly bounds: readonly number[]
    readonly bucketCounts: readonly number[]
  })[]
  expect(samples.map(({ value, count }) => [Number(value.toFixed(6)), count])).toEqual([
    [400, 2],
    [40_200, 3],
  ])
  for (const { bounds, bucketCounts, count } of samples) {
    expect(bucketCounts).toHaveLength(bounds.length + 1)
    expect(bucketCounts.reduce((sum, one) => sum + one, 0)).toBe(count)
  }
  const [, second] = samples
  const upperOf = (value: number) => second?.bounds.findIndex((bound) => value <= bound) ?? -1
  for (const ms of [0, 200, 40_000]) expect(second?.bucketCounts[upperOf(ms)]).toBeGreaterThan(0)
})

test('what is not about models is left out, and its sender is told so', async () => {
  const { sink, send } = open()
  const sent = [
    { name: 'http.server.request.duration', unit: 's', histogram: histogram({}) },
    { name: 'gen_ai.client.operation.duration', summary: { dataPoints: [{}] } },
    { name: 'constructor', sum: counter({}, '1') },
  ]
  const response = await send(body(...sent))
  expect(await response.json()).toMatchObject({
    partialSuccess: { rejectedDataPoints: 3, errorMessage: expect.stringContaining('http.server.request.duration') as string },
  })
  expect(sink.events).toEqual([])
})

test('damaged requests, unknown encodings and paths are refused, and values that are no numbers left out', async () => {
  const { sink, receiver, send } = open()
  for (const [text, headers] of [
    ['{"resourceMetrics": 7}', {}],
    ['{', {}],
    ['{}', { 'content-encoding': 'br' }],
    ['not gzip', { 'content-encoding': 'gzip' }],
    ['\u00ff\u00ff', { 'content-type': 'application/x-protobuf' }],
  ] as const)
    expect((await send(text, headers)).status).toBe(400)
  const logs = await receiver.handle(new Request('http://localhost/v1/logs', { method: 'POST', headers: { authorization: 'shop' } }))
  expect(logs.status).toBe(404)
  const notNumber = { dataPoints: [{ asDouble: 'NaN', timeUnixNano: nanos(1) }], isMonotonic: true, aggregationTemporality: 1 }
  expect((await send(body({ name: 'gen_ai.total.requests', sum: notNumber }))).status).toBe(200)
  expect(sink.events).toEqual([])
})

test.each<[string, object, RegExp]>([
  ['counts that do not fit its bounds', { bucketCounts: ['1', '2'] }, /bucketCounts must have one entry more/],
  ['a negative count', { bucketCounts: ['-1', '4', '0'] }, /bucketCounts\.0/],
  ['bounds that fall', { explicitBounds: [4, 1] }, /explicitBounds: must rise/],
  ['no time', { timeUnixNano: '0' }, /timeUnixNano: missing, 0/],
  ['a sum that is no number', { sum: 'NaN' }, /no finite number/],
])('a histogram with %s is refused by its name and field, and the other points are kept', async (_, fields, reason) => {
  const { sink, send } = open()
  const good = histogram({ 'gen_ai.request.model': 'm', 'gen_ai.token.type': 'input' })
  const bad = { ...good, dataPoints: good.dataPoints.map((one) => ({ ...one, ...fields })) }
  const [duration, tokens] = ['gen_ai.client.operation.duration', 'gen_ai.client.token.usage']
  const response = await send(body({ name: duration, unit: 's', histogram: bad }, { name: tokens, histogram: good }))
  expect(response.status).toBe(200)
  const { partialSuccess } = (await response.json()) as { partialSuccess: { rejectedDataPoints: number; errorMessage: string } }
  expect(partialSuccess.rejectedDataPoints).toBe(1)
  expect(partialSuccess.errorMessage).toMatch(reason)
  expect(partialSuccess.errorMessage).toContain(duration)
  expect(sink.events).toMatchObject([{ name: 'tokens', value: 7.5 }])
})

test('series beyond the limit are forgotten, so that no number of labels exhausts memory', () => {
  const memory = createSeriesMemory(2)
  const point = { name: '', unit: '', scope: '', resource: {}, attributes: {}, kind: 'counter', isCumulative: true } as const
  for (const key of ['a', 'b', 'a', 'c']) memory.keep(new Map([[key, { ...point, startUnixMs: 0, timeUnixMs: 0, value: 1, count: 0 }]]))
  expect(['a', 'b', 'c'].map((key) => memory.get(key) !== undefined)).toEqual([true, false, true])
})
