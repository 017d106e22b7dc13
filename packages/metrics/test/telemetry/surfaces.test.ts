/** What the store says of itself, and of requests, to Prometheus, OpenTelemetry and Grafana. */
import { afterAll, beforeAll, expect, test } from 'vitest'
import { z } from 'zod'
import { createMetrics, type Metrics } from '../../src/create-metrics.ts'
import { metricsErrors } from '../../src/errors.ts'
import { createGrafanaDashboards } from '../../src/grafana/dashboards.ts'
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
  expect(metricsErrors.WEBHOOK_FAILED.is(refused)).toBe(true)
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
