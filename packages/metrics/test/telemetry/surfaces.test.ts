/** What the store says of itself, and of requests, to Prometheus, OpenTelemetry and Grafana. */
import { afterAll, beforeAll, expect, test } from 'vitest'
import { z } from 'zod'
import { silentLogger } from '@bud-foundry/core'
import { createFakeClock, createMemorySink } from '@bud-foundry/core/testing'
import { createMetrics, type Metrics } from '../../src/create-metrics.ts'
import { metricsErrors } from '../../src/errors.ts'
import { createGrafanaDashboards } from '../../src/grafana/dashboards.ts'
import { createOtlpReceiver } from '../../src/otlp/receiver.ts'
import { createOtlpExporter } from '../../src/telemetry/otlp-exporter.ts'
import { exportOtlpMetrics, toOtlpMetrics } from '../../src/telemetry/otlp-export.ts'
import { storeMetricsText } from '../../src/telemetry/store-metrics.ts'
import { openTestEngine, type TestEngine } from '../support/engine.ts'
import { baseUnixMs, makeRequest } from '../support/request-arbitrary.ts'

let engine: TestEngine
let metrics: Metrics
const window = { fromUnixMs: baseUnixMs, toUnixMs: baseUnixMs + 60_000 }

beforeAll(async () => {
  engine = await openTestEngine()
  metrics = await createMetrics(engine)
  await metrics.store([
    makeRequest({ id: 'a', providerId: 'p', durationMs: 100, timeToFirstTokenMs: 40 }),
    makeRequest({ id: 'b', providerId: 'p', durationMs: 300 }),
  ])
})
afterAll(async () => {
  await metrics[Symbol.asyncDispose]()
  await engine[Symbol.asyncDispose]()
})

test('Prometheus reads what each convention of OTLP told', async () => {
  const receipt = { produced: 0, stored: 0, pending: 0, dropped: 0 }
  const coverage = { otel: { spans: 3, tokens: 2, timeToFirstToken: 0, cost: 0, user: 1, samples: { durationMs: 7 } } }
  const text = await storeMetricsText({ client: engine.client, receipt, coverage })
  expect(text).toContain('# TYPE bud_metrics_otlp_spans_total counter\nbud_metrics_otlp_spans_total{source="otel"} 3\n')
  expect(text).toContain('bud_metrics_otlp_spans_covered_total{source="otel",fact="tokens"} 2\n')
  expect(text).toContain('bud_metrics_otlp_samples_total{source="otel",name="durationMs"} 7\n')
  expect(await storeMetricsText({ client: engine.client, receipt })).not.toContain('otlp')
})

test('Prometheus reads what became of events and how much the tables hold', async () => {
  const text = await storeMetricsText({ client: engine.client, receipt: { produced: 7, stored: 4, pending: 2, dropped: 1 } })
  expect(text).toContain('# TYPE bud_metrics_events_stored_total counter\nbud_metrics_events_stored_total 4\n')
  expect(text).toContain('bud_metrics_table_rows{table="requests"} 2\n')
})

const otlpSchema = z.object({
  resourceMetrics: z.array(
    z.object({
      scopeMetrics: z.array(
        z.object({
          metrics: z.array(
            z.object({
              name: z.string(),
              histogram: z.object({
                dataPoints: z.array(
                  z.object({ count: z.string(), sum: z.number(), bucketCounts: z.array(z.string()), explicitBounds: z.array(z.number()) }),
                ),
              }),
            }),
          ),
        }),
      ),
    }),
  ),
})

test('OpenTelemetry gets histograms whose counts and sums are those of the requests', async () => {
  const { resourceMetrics } = otlpSchema.parse(await toOtlpMetrics(metrics, window))
  const all = resourceMetrics[0]?.scopeMetrics[0]?.metrics ?? []
  expect(all.map(({ name }) => name)).toEqual([
    'gen_ai.server.request.duration',
    'gen_ai.server.time_to_first_token',
    'gen_ai.client.token.usage',
    'gen_ai.client.token.usage',
  ])
  const [duration, firstToken] = all.map(({ histogram }) => histogram.dataPoints[0])
  expect(duration).toMatchObject({ count: '2', sum: 0.4 })
  expect(duration?.bucketCounts).toHaveLength((duration?.explicitBounds.length ?? 0) + 1)
  expect(duration?.bucketCounts.map(Number).reduce((sum, count) => sum + count, 0)).toBe(2)
  expect(firstToken).toMatchObject({ count: '1', sum: 0.04 })
})

test('a receiver that refuses a window is an error that says so', async () => {
  const send = (status: number) => (_: string, init: RequestInit) => {
    expect(new Headers(init.headers).get('content-type')).toBe('application/json')
    return Promise.resolve(new Response(null, { status }))
  }
  const url = 'http://collector:4318/v1/metrics'
  await exportOtlpMetrics({ reader: metrics, url, fetch: send(200) }, window)
  const refused = await exportOtlpMetrics({ reader: metrics, url, fetch: send(400) }, window).catch((error: unknown) => error)
  expect(metricsErrors.OTLP_REFUSED.is(refused)).toBe(true)
  const broken = () => Promise.reject(new TypeError('fetch failed'))
  expect(String(await exportOtlpMetrics({ reader: metrics, url, fetch: broken }, window).catch((error: unknown) => error))).toContain(
    'fetch failed',
  )
})

test('what is sent, our own receiver takes, with the same counts and sums', async () => {
  const sink = createMemorySink()
  const receiver = createOtlpReceiver({ sink, authorize: () => 'other' })
  const send = (url: string, init: RequestInit) => receiver.handle(new Request(url, init))
  await exportOtlpMetrics({ reader: metrics, url: 'http://collector:4318/v1/metrics', fetch: send }, window)
  expect(sink.events).toMatchObject([
    { name: 'durationMs', source: 'otel', value: 400, count: 2, labels: { side: 'server', provider: 'p', operation: 'chat' } },
    { name: 'timeToFirstTokenMs', value: 40, count: 1 },
    { name: 'tokens', value: 20, count: 2, labels: { tokenType: 'input' } },
    { name: 'tokens', value: 40, count: 2, labels: { tokenType: 'output' } },
  ])
})

test('windows are sent one after the other, a while after their end, and a refused one again', async () => {
  const clock = createFakeClock({ startUnixMs: window.fromUnixMs })
  const sent: number[] = []
  let status = 503
  const send = (_: string, init: RequestInit) => {
    const [first] = otlpSchema.parse(JSON.parse(typeof init.body === 'string' ? init.body : '')).resourceMetrics
    sent.push(Number(first?.scopeMetrics[0]?.metrics[0]?.histogram.dataPoints[0]?.count ?? 0))
    return Promise.resolve(new Response(null, { status }))
  }
  await using exporter = createOtlpExporter({
    ...{ reader: metrics, url: 'http://collector:4318/v1/metrics', fetch: send },
    ...{ clock, logger: silentLogger, intervalMs: 60_000, delayMs: 120_000 },
  })
  expect(await exporter.send()).toBe(0)
  await clock.advance(180_000)
  expect(await exporter.send()).toBe(0)
  status = 200
  sent.length = 0
  expect(await exporter.send()).toBe(3)
  // Two windows lie before the one with both requests.
  expect(sent).toEqual([0, 0, 2])
})

const dashboardSchema = z.object({
  uid: z.string(),
  panels: z.array(
    z.object({ title: z.string(), targets: z.array(z.object({ rawSql: z.string().optional(), expr: z.string().optional() })) }),
  ),
})

test('every query of the ClickHouse dashboard runs on the tables of this release', async () => {
  const { panels } = dashboardSchema.parse(createGrafanaDashboards()['bud-foundry-clickhouse.json'])
  expect(panels.length).toBeGreaterThan(10)
  for (const { title, targets } of panels) {
    // Stands in for Grafana, which replaces its macros and variables before it asks.
    const sql = (targets[0]?.rawSql ?? '')
      .replaceAll(/\$__timeFilter\((\w+)\)/g, "$1 >= toDateTime('2026-01-01 00:00:00')")
      .replaceAll(/\$__timeInterval\((\w+)\)/g, 'toStartOfMinute($1)')
      .replaceAll('${project:singlequote}', "'alpha'")
    const rows = await engine.client.query({ what: `drawing ${title}`, sql })
    expect([title, rows.length]).toEqual([title, title === 'Device utilisation' ? 0 : 1])
  }
})
