/** Every route of the handler: its path, what it takes, and which question answers it. */
import { z } from 'zod'
import { dimensionNames, type DimensionName } from '../ask/dimension.ts'
import { askMeasureNames, measureFacts } from '../ask/measures/registry.ts'
import { recordKinds } from '../ask/records/record-kinds.ts'
import type { MetricsReader } from '../ask/reader.ts'
import { distributionSchema, exportSchema, parseQuery, questionSchema, recordQuestionSchema, trueCostSchema } from '../ask/question.ts'
import { erasureSchema, type Erasure, type ErasureReport } from '../erase/erase-user.ts'
import { metricsErrors } from '../errors.ts'
import { nodePricesSchema, targetDevicesSchema, type NodePrice, type TargetDevice } from '../fleet/fleet-facts.ts'
import { anomalySchema, forecastSchema } from '../forecast/forecast-question.ts'
import { askAnomalies, askForecast } from '../forecast/ask-forecast.ts'
import { metricsLimits } from '../limits.ts'

export interface RouteCall {
  readonly reader: MetricsReader
  /** Values between braces of the path. */
  readonly segments: Readonly<Record<string, string>>
  readonly query: Readonly<Record<string, unknown>>
  readonly body: unknown
  readonly signal: AbortSignal
  readonly request: Request
  /** @throws METRICS_OPERATION_REFUSED to who is no operator, METRICS_ROUTE_UNKNOWN where the server does not offer it */
  readonly operation: <Name extends keyof MetricsOperations>(name: Name) => NonNullable<MetricsOperations[Name]>
}

/** What operators may change over HTTP; what is absent is an unknown route. */
export interface MetricsOperations {
  /** Usually `(user, { signal }) => metrics.erase(user, signal)`. */
  readonly erase?: (user: Erasure, request: Request) => Promise<ErasureReport>
  /** Usually `(prices, { signal }) => metrics.storeNodePrices(prices, signal)`. */
  readonly storeNodePrices?: (prices: readonly NodePrice[], request: Request) => Promise<number>
  /** Usually `(devices, { signal }) => metrics.storeTargetDevices(devices, signal)`. */
  readonly storeTargetDevices?: (devices: readonly TargetDevice[], request: Request) => Promise<number>
}

export interface Route {
  readonly method: 'GET' | 'POST'
  readonly path: string
  readonly summary: string
  readonly query?: z.ZodObject
  readonly body?: z.ZodType
  readonly produces?: string
  readonly answer: (call: RouteCall) => Promise<unknown>
}

/** Unix milliseconds, or any ISO 8601 time with its zone. */
const timeSchema = z
  .string()
  .transform((text) => (/^\d+(\.\d+)?$/.test(text) ? Number(text) : /[Zz]|[+-]\d\d:?\d\d$/.test(text) ? Date.parse(text) : Number.NaN))
  .refine((value) => Number.isFinite(value), { error: 'must be Unix milliseconds or an ISO 8601 time with a zone' })

const numberSchema = z
  .string()
  .regex(/^\d+(\.\d+)?$/, { error: 'must be a number' })
  .transform(Number)

/** Names with commas between them. */
const listSchema = z.string().transform((text) => text.split(','))

// Safe: one optional schema per dimension, which is what the mapped type says.
const filterParams = Object.fromEntries(dimensionNames.map((name) => [name, z.array(z.string()).optional()])) as Readonly<
  Record<DimensionName, z.ZodOptional<z.ZodArray<z.ZodString>>>
>

const params = (shape: Readonly<Record<string, z.ZodType>>) => {
  const valid = [...Object.keys(shape), ...dimensionNames]
  return z.strictObject(
    { ...shape, ...filterParams },
    {
      error: (issue) =>
        issue.code === 'unrecognized_keys'
          ? `unknown query parameter ${issue.keys.map((key) => `'${key}'`).join(', ')}; valid are ${valid.join(', ')}`
          : undefined,
    },
  )
}

const period = { from: timeSchema.optional(), to: timeSchema.optional() }
const listParams = params({
  ...period,
  fields: listSchema.optional(),
  limit: numberSchema.optional(),
  cursor: z.string().optional(),
  search: z.string().optional(),
})
const seriesParams = params({
  ...period,
  windowSeconds: numberSchema.optional(),
  intervalSeconds: numberSchema.optional(),
  measures: listSchema.optional(),
})
const summaryParams = params({
  ...period,
  windowSeconds: numberSchema.optional(),
  limit: numberSchema.optional(),
  groupBy: listSchema.optional(),
})

// Safe: only membership is asked.
export const isFilter = (name: string) => (dimensionNames as readonly string[]).includes(name)

/** The fields of the reader's query, from those of the URL. */
function toQuery(schema: z.ZodObject, values: Readonly<Record<string, unknown>>): Record<string, unknown> {
  const { from, to, ...rest } = parseQuery(schema, values)
  const present = Object.entries(rest).filter(([, value]) => value !== undefined)
  return {
    ...Object.fromEntries(present.filter(([name]) => !isFilter(name))),
    filters: Object.fromEntries(present.filter(([name]) => isFilter(name))),
    ...(from === undefined ? {} : { fromUnixMs: from }),
    ...(to === undefined ? {} : { toUnixMs: to }),
  }
}

const manySchema = z.strictObject({ questions: z.array(questionSchema).min(1).max(metricsLimits.questionsAtOnce) })

/** What can be asked, for those who build a form. */
const catalogue = () => ({
  measures: askMeasureNames.map((name) => {
    const { definition, unit, nullMeans, errorBound } = measureFacts(name)
    return { name, definition, unit, nullMeans, errorBound }
  }),
  dimensions: dimensionNames,
  records: Object.entries(recordKinds).map(([of, { dimensions, measures }]) => ({
    of,
    dimensions: Object.keys(dimensions),
    measures: Object.entries(measures).map(([name, { definition, unit }]) => ({ name, definition, unit })),
  })),
})

export const routes: readonly Route[] = [
  {
    method: 'GET',
    path: '/requests',
    summary: 'Requests, newest first, in pages; every dimension filters by its name, and may repeat',
    query: listParams,
    answer: ({ reader, query, signal }) => reader.requests(toQuery(listParams, query), signal),
  },
  {
    method: 'GET',
    path: '/requests/{id}',
    summary: 'One request with its attempts',
    answer: async ({ reader, segments: { id = '' }, signal }) => {
      const event = await reader.request(id, signal)
      if (event === undefined) throw metricsErrors.REQUEST_UNKNOWN({ id })
      return event
    },
  },
  {
    method: 'GET',
    path: '/requests/{id}/payload',
    summary: 'What was asked and answered, where it was captured',
    answer: async ({ reader, segments: { id = '' }, signal }) => {
      const payload = await reader.payload(id, signal)
      if (payload === undefined) throw metricsErrors.PAYLOAD_UNKNOWN({ id })
      return payload
    },
  },
  {
    method: 'GET',
    path: '/traces/{traceId}',
    summary: 'The requests of one trace, oldest first',
    answer: async ({ reader, segments: { traceId = '' }, signal }) => ({ data: await reader.trace(traceId, signal) }),
  },
  {
    method: 'GET',
    path: '/traces/{traceId}/spans',
    summary: 'The spans of one trace that came over OTLP, oldest first',
    answer: async ({ reader, segments: { traceId = '' }, signal }) => ({ data: await reader.spans(traceId, signal) }),
  },
  {
    method: 'GET',
    path: '/series',
    summary: 'Measures over time, and over the whole window',
    query: seriesParams,
    answer: ({ reader, query, signal }) => reader.series(toQuery(seriesParams, query), signal),
  },
  {
    method: 'GET',
    path: '/summary',
    summary: 'Every measure over a window, compared with the one before',
    query: summaryParams,
    answer: ({ reader, query, signal }) => reader.summary(toQuery(summaryParams, query), signal),
  },
  { method: 'GET', path: '/measures', summary: 'What can be asked, with definitions', answer: () => Promise.resolve(catalogue()) },
  {
    method: 'POST',
    path: '/ask',
    summary: 'A question about requests',
    body: questionSchema,
    // Safe: `ask` checks the question by the same schema, and says what is wrong.
    answer: ({ reader, body, signal }) => reader.ask(body as Parameters<MetricsReader['ask']>[0], signal),
  },
  {
    method: 'POST',
    path: '/ask-many',
    summary: 'Several questions; those about the same rows share a pass over them',
    body: manySchema,
    answer: async ({ reader, body, signal }) => {
      const { questions } = parseQuery(z.strictObject({ questions: z.array(z.unknown()).min(1) }), body)
      // Safe: `askMany` checks each question by its schema.
      return { answers: await reader.askMany(questions as Parameters<MetricsReader['askMany']>[0], signal) }
    },
  },
  {
    method: 'POST',
    path: '/distribution',
    summary: 'How values spread over bins; with an interval, a heatmap',
    body: distributionSchema,
    // Safe: checked by the reader.
    answer: ({ reader, body, signal }) => reader.distribution(body as Parameters<MetricsReader['distribution']>[0], signal),
  },
  {
    method: 'POST',
    path: '/records',
    summary: 'Samples of devices, nodes, pods and engines, blocked requests, and scores',
    body: recordQuestionSchema,
    // Safe: checked by the reader.
    answer: ({ reader, body, signal }) => reader.records(body as Parameters<MetricsReader['records']>[0], signal),
  },
  {
    method: 'POST',
    path: '/true-cost',
    summary: 'What a million tokens really cost, by target',
    body: trueCostSchema,
    // Safe: checked by the reader.
    answer: ({ reader, body, signal }) => reader.trueCost(body as Parameters<MetricsReader['trueCost']>[0], signal),
  },
  {
    method: 'POST',
    path: '/forecast',
    summary: 'A measure continued into the future, with the range it will probably be in',
    body: forecastSchema,
    answer: ({ reader, body, signal }) => askForecast(reader, body, signal),
  },
  {
    method: 'POST',
    path: '/anomalies',
    summary: 'Buckets of a series that its own past does not explain',
    body: anomalySchema,
    answer: ({ reader, body, signal }) => askAnomalies(reader, body, signal),
  },
  {
    method: 'POST',
    path: '/erase',
    summary: 'Removes all that is stored of one user of a project; for operators, where the server allows it',
    body: erasureSchema,
    answer: async ({ operation, request, body }) => operation('erase')(parseQuery(erasureSchema, body), request),
  },
  {
    method: 'POST',
    path: '/node-prices',
    summary: 'What nodes cost from when on; for operators, where the server allows it',
    body: nodePricesSchema,
    answer: async ({ operation, request, body }) => ({
      stored: await operation('storeNodePrices')(parseQuery(nodePricesSchema, body), request),
    }),
  },
  {
    method: 'POST',
    path: '/target-devices',
    summary: 'Which devices serve which target from when on; for operators, where the server allows it',
    body: targetDevicesSchema,
    answer: async ({ operation, request, body }) => ({
      stored: await operation('storeTargetDevices')(parseQuery(targetDevicesSchema, body), request),
    }),
  },
  {
    method: 'POST',
    path: '/export',
    summary: 'Requests as a file: CSV, JSON lines or Parquet',
    body: exportSchema,
    produces: 'application/octet-stream',
    answer: async ({ reader, body, signal }) => {
      // Safe: checked by the reader.
      const { bytes, contentType, fileName } = await reader.export(body as Parameters<MetricsReader['export']>[0], signal)
      return new Response(Buffer.from(bytes), {
        headers: { 'content-type': contentType, 'content-disposition': `attachment; filename="${fileName}"` },
      })
    },
  },
]
