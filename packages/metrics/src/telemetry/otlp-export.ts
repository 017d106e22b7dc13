/** Requests of one window as OpenTelemetry metrics, by the GenAI semantic conventions, for any OTLP/HTTP receiver. */
import { revealHeaders, type CallHeaders } from '../client/reveal-headers.ts'
import { metricsErrors } from '../errors.ts'
import type { MetricsReader } from '../ask/reader.ts'
import type { AskMeasure } from '../ask/measures/registry.ts'
import type { DistributionName } from '../ask/request-engine.ts'
import type { DimensionName } from '../ask/dimension.ts'

/** Bounds that the conventions advise (semantic-conventions-genai, docs/gen-ai/gen-ai-metrics.md). */
const secondsBounds = Array.from({ length: 14 }, (_, step) => 0.01 * 2 ** step)
const firstTokenBounds = [0.001, 0.005, 0.01, 0.02, 0.04, 0.06, 0.08, 0.1, 0.25, 0.5, 0.75, 1, 2.5, 5, 7.5, 10]
const perTokenBounds = [0.01, 0.025, 0.05, 0.075, 0.1, 0.15, 0.2, 0.3, 0.4, 0.5, 0.75, 1, 2.5]
const tokenBounds = Array.from({ length: 14 }, (_, step) => 4 ** step)

interface Instrument {
  readonly name: string
  readonly unit: 's' | '{token}'
  readonly of: DistributionName
  readonly bounds: readonly number[]
  /** One unit of the bounds in units of the distribution. */
  readonly scale: number
  readonly sum: (values: Readonly<Partial<Record<AskMeasure, number | null>>>) => number
  readonly attributes?: Readonly<Record<string, string>>
}

const secondsSum =
  (mean: AskMeasure, count: AskMeasure): Instrument['sum'] =>
  (values) =>
    ((values[mean] ?? 0) * (values[count] ?? 0)) / 1000

const instruments: readonly Instrument[] = [
  {
    name: 'gen_ai.server.request.duration',
    unit: 's',
    of: 'durationMs',
    bounds: secondsBounds,
    scale: 1000,
    sum: secondsSum('durationMsMean', 'requests'),
  },
  {
    name: 'gen_ai.server.time_to_first_token',
    unit: 's',
    of: 'timeToFirstTokenMs',
    bounds: firstTokenBounds,
    scale: 1000,
    sum: secondsSum('timeToFirstTokenMsMean', 'timeToFirstTokenCount'),
  },
  {
    name: 'gen_ai.server.time_per_output_token',
    unit: 's',
    of: 'timePerOutputTokenMs',
    bounds: perTokenBounds,
    scale: 1000,
    sum: secondsSum('timePerOutputTokenMsMean', 'timePerOutputTokenCount'),
  },
  {
    name: 'gen_ai.client.token.usage',
    unit: '{token}',
    of: 'inputTokens',
    bounds: tokenBounds,
    scale: 1,
    sum: (values) => values.inputTokens ?? 0,
    attributes: { 'gen_ai.token.type': 'input' },
  },
  {
    name: 'gen_ai.client.token.usage',
    unit: '{token}',
    of: 'outputTokens',
    bounds: tokenBounds,
    scale: 1,
    sum: (values) => values.outputTokens ?? 0,
    attributes: { 'gen_ai.token.type': 'output' },
  },
]

const groupBy = ['operation', 'providerId', 'model'] as const satisfies readonly DimensionName[]
const attributeNames = { operation: 'gen_ai.operation.name', providerId: 'gen_ai.provider.name', model: 'gen_ai.request.model' } as const
const sums: readonly AskMeasure[] = [
  'requests',
  'durationMsMean',
  'timeToFirstTokenMsMean',
  'timeToFirstTokenCount',
  'timePerOutputTokenMsMean',
  'timePerOutputTokenCount',
  'inputTokens',
  'outputTokens',
]

const toAttributes = (pairs: Readonly<Record<string, string>>) =>
  Object.entries(pairs).map(([key, stringValue]) => ({ key, value: { stringValue } }))

export interface OtlpWindow {
  readonly fromUnixMs: number
  readonly toUnixMs: number
}

const toNanos = (unixMs: number) => `${String(Math.round(unixMs * 1000))}000`

/** An ExportMetricsServiceRequest as JSON, with delta temporality: windows that follow each other add up. */
export async function toOtlpMetrics(reader: MetricsReader, window: OtlpWindow, signal?: AbortSignal): Promise<unknown> {
  const totals = await reader.ask({ measure: sums, window, groupBy, limit: 1_000 }, signal)
  const keyOf = (group: Readonly<Partial<Record<DimensionName, string>>>) => JSON.stringify(groupBy.map((name) => group[name] ?? ''))
  const valuesOf = new Map(totals.rows.map(({ group, values }) => [keyOf(group), values]))
  const metrics = await Promise.all(
    instruments.map(async ({ name, unit, of, bounds, scale, sum, attributes = {} }) => {
      const { rows } = await reader.distribution(
        { of, window, groupBy, limit: 1_000, bounds: bounds.map((bound) => bound * scale) },
        signal,
      )
      const dataPoints = rows
        .map(({ group, requests }) => ({
          attributes: toAttributes({ ...Object.fromEntries(groupBy.map((key) => [attributeNames[key], group[key] ?? ''])), ...attributes }),
          startTimeUnixNano: toNanos(window.fromUnixMs),
          timeUnixNano: toNanos(window.toUnixMs),
          count: String(requests.reduce((total, count) => total + count, 0)),
          sum: sum(valuesOf.get(keyOf(group)) ?? {}),
          bucketCounts: requests.map(String),
          explicitBounds: bounds,
        }))
        .filter(({ count }) => count !== '0')
      return { name, unit, histogram: { aggregationTemporality: 1, dataPoints } }
    }),
  )
  return {
    resourceMetrics: [
      {
        resource: { attributes: toAttributes({ 'service.name': 'bud-foundry' }) },
        scopeMetrics: [
          { scope: { name: '@bud-foundry/metrics' }, metrics: metrics.filter(({ histogram }) => histogram.dataPoints.length > 0) },
        ],
      },
    ],
  }
}

export interface OtlpExportOptions {
  readonly reader: MetricsReader
  /** The receiver's metrics path, such as `http://collector:4318/v1/metrics`. */
  readonly url: string
  readonly headers?: CallHeaders
  /** Default: the platform's. */
  readonly fetch?: (url: string, init: RequestInit) => Promise<Response>
}

/** Sends one window. @throws METRICS_OTLP_REFUSED when the receiver does not accept it; send the same window again then */
export async function exportOtlpMetrics(options: OtlpExportOptions, window: OtlpWindow, signal?: AbortSignal): Promise<void> {
  const { reader, url, headers = {}, fetch: send = globalThis.fetch } = options
  const body = JSON.stringify(await toOtlpMetrics(reader, window, signal))
  const refuse = (reason: string, cause?: unknown) => metricsErrors.OTLP_REFUSED({ origin: new URL(url).origin, reason }, { cause })
  const init = {
    method: 'POST',
    body,
    redirect: 'manual',
    headers: { ...revealHeaders(headers), 'content-type': 'application/json' },
  } as const
  const response = await send(url, { ...init, ...(signal === undefined ? {} : { signal }) }).catch((error: unknown) => {
    throw refuse(error instanceof Error ? error.message : String(error), error)
  })
  await response.body?.cancel()
  if (!response.ok) throw refuse(`status ${String(response.status)}`)
}
