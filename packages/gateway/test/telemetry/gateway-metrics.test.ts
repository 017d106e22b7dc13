/** The Prometheus text: what it tells, that scrapers can read it, and that nobody can make it grow. */
import type { RequestEvent } from '@bud-foundry/core'
import { expect, it } from 'vitest'
import { metricSeries } from '../../src/limits.ts'
import { GatewayMetrics } from '../../src/telemetry/gateway-metrics.ts'
import { chat, oneModel, startGateway } from '../support/gateway.ts'
import { refuse, wellBehaved } from '../support/openai-answers.ts'
import { parsePrometheus } from '../support/prometheus.ts'
import { startUpstream } from '../support/upstream.ts'

const event = (fields: Partial<RequestEvent>): RequestEvent => ({
  id: 'id',
  kind: 'request',
  timeUnixMs: 0,
  traceId: '0'.repeat(32),
  projectId: 'default',
  operation: 'chat',
  dialect: 'openai-chat',
  stream: true,
  requestedModel: 'm',
  status: 200,
  outcome: 'success',
  durationMs: 100,
  inputTokens: 1,
  cachedInputTokens: 0,
  cacheWriteInputTokens: 0,
  outputTokens: 2,
  reasoningTokens: 0,
  usageSource: 'upstream',
  cache: 'none',
  requestBytes: 1,
  responseBytes: 1,
  attempts: [],
  tags: {},
  ...fields,
})
const render = (metrics: GatewayMetrics) => metrics.render({ inFlight: 0, eventsPending: 0, eventsDropped: 0, targets: [] })

it('a scrape after real traffic has histograms of overhead, first token, time per token and duration', async () => {
  await using upstream = await startUpstream(wellBehaved('hello brave new world'))
  await using test = await startGateway(oneModel(upstream.baseUrl))
  await (await test.post('/v1/chat/completions', chat({ stream: true }))).text()
  upstream.answer = refuse(500)
  await (await test.post('/v1/chat/completions', chat())).text()
  await (await test.post('/v1/chat/completions', chat({ model: 'unknown"\\\n' }))).text()
  await test.sink.waitFor(3)
  const families = parsePrometheus(test.gateway.metricsText())
  const counts = (name: string) =>
    families.get(name)?.samples.flatMap((sample) => (sample.name.endsWith('_count') ? [[sample.labels, sample.value]] : []))
  const labels = { model: 'm', target: 'a' }
  expect(counts('bud_gateway_overhead_seconds')).toEqual([[labels, 2]])
  expect(counts('bud_gateway_time_to_first_token_seconds')).toEqual([[labels, 1]])
  expect(counts('bud_gateway_time_per_output_token_seconds')).toEqual([[labels, 1]])
  expect(counts('bud_gateway_request_duration_seconds')).toEqual([
    [{ ...labels, outcome: 'success' }, 1],
    [{ ...labels, outcome: 'error' }, 1],
    [{ model: 'unknown', target: '', outcome: 'rejected' }, 1],
  ])
  expect(families.get('bud_gateway_target_healthy')?.samples).toEqual([
    { name: 'bud_gateway_target_healthy', labels: { target: 'a' }, value: 1 },
  ])
})

it('label values are escaped', () => {
  const metrics = new GatewayMetrics()
  const model = 'a"b\\c\nd,e="f"}'
  metrics.record(event({ model, targetId: 't', providerId: 'p' }))
  const families = parsePrometheus(render(metrics))
  expect(families.get('bud_gateway_requests_total')?.samples[0]?.labels['model']).toBe(model)
})

it('a million model names that callers invent add nothing after the first', { timeout: 60_000 }, () => {
  const metrics = new GatewayMetrics()
  const rejected = (requestedModel: string) =>
    event({ requestedModel, outcome: 'rejected', status: 404, durationMs: 0, usageSource: 'none' })
  metrics.record(rejected('first'))
  const lines = render(metrics).split('\n').length
  for (let index = 0; index < 1_000_000; index += 1) metrics.record(rejected(`invented-${String(index)}`))
  const families = parsePrometheus(render(metrics))
  expect(render(metrics).split('\n')).toHaveLength(lines)
  expect(families.get('bud_gateway_requests_total')?.samples).toMatchObject([{ value: 1_000_001 }])
})

it('configured names beyond the bound share one series, and nothing is lost from the sums', () => {
  const metrics = new GatewayMetrics()
  const count = metricSeries * 3
  for (let index = 0; index < count; index += 1)
    metrics.record(event({ model: `m${String(index)}`, targetId: `t${String(index)}`, providerId: 'p' }))
  // Read without the strict reader: two thousand histograms would take it seconds.
  const requests = render(metrics)
    .split('\n')
    .filter((line) => line.startsWith('bud_gateway_requests_total{'))
  const valueOf = (line: string | undefined) => Number(line?.slice(line.lastIndexOf(' ')))
  expect(requests).toHaveLength(metricSeries + 1)
  expect(requests.reduce((sum, line) => sum + valueOf(line), 0)).toBe(count)
  expect(valueOf(requests.find((line) => line.includes('model="other"')))).toBe(count - metricSeries)
})

it.each([
  ['a missing type', 'a_total 1\n'],
  ['a broken label', '# HELP a_total x\n# TYPE a_total counter\na_total{b="c} 1\n'],
  ['a series twice', '# HELP a x\n# TYPE a gauge\na 1\na 2\n'],
  ['a histogram that shrinks', '# HELP a x\n# TYPE a histogram\na_bucket{le="1"} 2\na_bucket{le="+Inf"} 1\na_sum 1\na_count 1\n'],
])('the reader of these tests refuses %s', (_name, text) => {
  expect(() => parsePrometheus(text)).toThrow()
})
