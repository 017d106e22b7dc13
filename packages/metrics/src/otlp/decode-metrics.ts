/** Reads OTLP/HTTP metrics requests, as protobuf or as JSON, into plain points. */
import { z } from 'zod'
import type { Refusals } from './refusals.ts'
import {
  defineMessage,
  isTimeKnown,
  keyValuesSchema,
  nanosSchema,
  timeProblem,
  toAttributes,
  toMs,
  toProblem,
  type Attributes,
} from './wire.ts'

/** Bins of a histogram: by their upper ends (the last has none), or by a scale of powers. */
export type OtlpBins =
  | { readonly kind: 'explicit'; readonly bounds: readonly number[]; readonly counts: readonly number[] }
  | {
      readonly kind: 'exponential'
      /** Bin `i` holds what is above b^i and up to b^(i+1), with b = 2^(2^-scale). */
      readonly scale: number
      /** What is zero or too close to it, and what is below. */
      readonly zeroCount: number
      /** The number of the first bin. */
      readonly offset: number
      readonly counts: readonly number[]
    }

export interface OtlpPoint {
  readonly name: string
  readonly unit: string
  /** Of the library that measured. */
  readonly scope: string
  readonly resource: Attributes
  readonly attributes: Attributes
  readonly kind: 'gauge' | 'counter' | 'histogram'
  /** True: counted since the start; false: since the point before. */
  readonly isCumulative: boolean
  /** 0: not told. */
  readonly startUnixMs: number
  readonly timeUnixMs: number
  /** Of a histogram the sum of its values. */
  readonly value: number
  /** Values of a histogram; 0 for all others. */
  readonly count: number
  readonly bins?: OtlpBins
}

/* The part of opentelemetry-proto's metrics/v1 that is read; field numbers are the contract. */
const message = defineMessage(
  'ExportMetricsServiceRequest',
  `
message NumberDataPoint { repeated KeyValue attributes = 7; fixed64 start_time_unix_nano = 2; fixed64 time_unix_nano = 3;
  oneof value { double as_double = 4; sfixed64 as_int = 6; } uint32 flags = 8; }
message HistogramDataPoint { repeated KeyValue attributes = 9; fixed64 start_time_unix_nano = 2; fixed64 time_unix_nano = 3;
  fixed64 count = 4; optional double sum = 5; repeated fixed64 bucket_counts = 6; repeated double explicit_bounds = 7; uint32 flags = 10; }
message Buckets { sint32 offset = 1; repeated uint64 bucket_counts = 2; }
message ExponentialHistogramDataPoint { repeated KeyValue attributes = 1; fixed64 start_time_unix_nano = 2; fixed64 time_unix_nano = 3;
  fixed64 count = 4; optional double sum = 5; sint32 scale = 6; fixed64 zero_count = 7; Buckets positive = 8; Buckets negative = 9;
  uint32 flags = 10; }
message SummaryDataPoint { fixed64 time_unix_nano = 3; }
message Gauge { repeated NumberDataPoint data_points = 1; }
message Sum { repeated NumberDataPoint data_points = 1; int32 aggregation_temporality = 2; bool is_monotonic = 3; }
message Histogram { repeated HistogramDataPoint data_points = 1; int32 aggregation_temporality = 2; }
message ExponentialHistogram { repeated ExponentialHistogramDataPoint data_points = 1; int32 aggregation_temporality = 2; }
message Summary { repeated SummaryDataPoint data_points = 1; }
message Metric { string name = 1; string unit = 3; Gauge gauge = 5; Sum sum = 7; Histogram histogram = 9;
  ExponentialHistogram exponential_histogram = 10; Summary summary = 11; }
message ScopeMetrics { InstrumentationScope scope = 1; repeated Metric metrics = 2; }
message ResourceMetrics { Resource resource = 1; repeated ScopeMetrics scope_metrics = 2; }
message ExportMetricsServiceRequest { repeated ResourceMetrics resource_metrics = 1; }`,
)

/** Whole numbers of 64 bits are texts in both encodings; some senders of JSON write numbers. */
const count = z
  .union([z.string(), z.number()])
  .nullish()
  .transform((value) => Number(value ?? 0))
  .pipe(z.number().nonnegative())
/** Also texts such as `NaN`, which JSON cannot say as numbers; points that are not finite are left out. */
const double = z
  .unknown()
  .optional()
  .transform((value) => (value === undefined || value === null ? undefined : Number(value)))
const temporality = z
  .union([z.number(), z.string()])
  .nullish()
  .transform((value) => value === 2 || value === 'AGGREGATION_TEMPORALITY_CUMULATIVE')

const point = {
  attributes: keyValuesSchema,
  startTimeUnixNano: nanosSchema,
  timeUnixNano: nanosSchema.refine((nanos) => isTimeKnown(toMs(nanos)), { error: timeProblem }),
  flags: z.number().nullish(),
}
type TimedPoint = z.output<z.ZodObject<typeof point>>
const numberPoint = z.object({ ...point, asDouble: double, asInt: z.union([z.string(), z.number()]).nullish() })
const histogramPoint = z
  .object({
    ...point,
    count,
    sum: double,
    bucketCounts: z.array(count).nullish(),
    explicitBounds: z.array(z.number()).nullish(),
  })
  .refine(({ bucketCounts, explicitBounds }) => !bucketCounts?.length || bucketCounts.length === (explicitBounds?.length ?? 0) + 1, {
    error: 'bucketCounts must have one entry more than explicitBounds',
    path: ['bucketCounts'],
  })
  .refine(({ explicitBounds }) => (explicitBounds ?? []).every((bound, index, all) => index === 0 || bound > (all[index - 1] ?? bound)), {
    error: 'must rise',
    path: ['explicitBounds'],
  })
const bucketsSchema = z.object({ offset: z.int().nullish(), bucketCounts: z.array(count).nullish() }).nullish()
const exponentialPoint = z.object({
  ...point,
  count,
  sum: double,
  // The range that the specification gives a 32-bit number; beyond these no bin has a finite bound.
  scale: z.int().min(-10).max(20).nullish(),
  zeroCount: count,
  positive: bucketsSchema,
  negative: bucketsSchema,
})

const list = <Schema extends z.ZodType>(schema: Schema) => z.array(schema).nullish()
/** Points are looked at one by one: a bad one does not take the others with it. */
const points = list(z.unknown())
const metricSchema = z.object({
  name: z.string(),
  unit: z.string().nullish(),
  gauge: z.object({ dataPoints: points }).nullish(),
  sum: z.object({ dataPoints: points, aggregationTemporality: temporality, isMonotonic: z.boolean().nullish() }).nullish(),
  histogram: z.object({ dataPoints: points, aggregationTemporality: temporality }).nullish(),
  exponentialHistogram: z.object({ dataPoints: points, aggregationTemporality: temporality }).nullish(),
  summary: z.object({ dataPoints: points }).nullish(),
})
const requestSchema = z.object({
  resourceMetrics: list(
    z.object({
      resource: z.object({ attributes: keyValuesSchema }).nullish(),
      scopeMetrics: list(z.object({ scope: z.object({ name: z.string().nullish() }).nullish(), metrics: list(metricSchema) })),
    }),
  ),
})

/** The flag of a point that says that there is no value. */
const noRecordedValue = 1
const isRecorded = ({ flags }: { readonly flags?: number | null | undefined }) => ((flags ?? 0) & noRecordedValue) === 0

type Own = Pick<OtlpPoint, 'name' | 'unit' | 'scope' | 'resource'>

const timed = ({ attributes, startTimeUnixNano, timeUnixNano }: TimedPoint) => ({
  attributes: toAttributes(attributes),
  startUnixMs: toMs(startTimeUnixNano),
  timeUnixMs: toMs(timeUnixNano),
})

const sum = (counts: readonly number[] | null | undefined) => (counts ?? []).reduce((total, value) => total + value, 0)

function toPoints(metric: z.output<typeof metricSchema>, own: Own, refusals: Refusals): readonly OtlpPoint[] {
  const read = <Point extends z.ZodType<TimedPoint>>(schema: Point, content: readonly unknown[] | null | undefined) =>
    (content ?? []).flatMap((one) => {
      const { success, data, error } = schema.safeParse(one)
      if (!success) refusals.add(`${own.name}: ${toProblem(error)}`)
      return success && isRecorded(data) ? [data] : []
    })
  const numbers = (content: readonly unknown[] | null | undefined, rest: Pick<OtlpPoint, 'kind' | 'isCumulative'>) =>
    read(numberPoint, content).map((one) => ({ ...own, ...timed(one), ...rest, value: Number(one.asDouble ?? one.asInt ?? 0), count: 0 }))
  const { gauge, sum: total, histogram, exponentialHistogram } = metric
  return [
    ...numbers(gauge?.dataPoints, { kind: 'gauge', isCumulative: false }),
    // A sum that may fall is a state, such as requests in flight.
    ...(total?.isMonotonic === true
      ? numbers(total.dataPoints, { kind: 'counter', isCumulative: total.aggregationTemporality })
      : numbers(total?.dataPoints, { kind: 'gauge', isCumulative: false })),
    ...read(histogramPoint, histogram?.dataPoints).map((one) => ({
      ...own,
      ...timed(one),
      kind: 'histogram' as const,
      isCumulative: histogram?.aggregationTemporality ?? false,
      value: one.sum ?? 0,
      count: one.count,
      bins: { kind: 'explicit' as const, bounds: one.explicitBounds ?? [], counts: one.bucketCounts ?? [] },
    })),
    ...read(exponentialPoint, exponentialHistogram?.dataPoints).map((one) => ({
      ...own,
      ...timed(one),
      kind: 'histogram' as const,
      isCumulative: exponentialHistogram?.aggregationTemporality ?? false,
      value: one.sum ?? 0,
      count: one.count,
      bins: {
        kind: 'exponential' as const,
        scale: one.scale ?? 0,
        zeroCount: one.zeroCount + sum(one.negative?.bucketCounts),
        offset: one.positive?.offset ?? 0,
        counts: one.positive?.bucketCounts ?? [],
      },
    })),
  ]
}

/** The points that can be taken; the others are told to `refusals`. @throws METRICS_OTLP_INVALID */
export function decodeMetrics(body: Uint8Array, contentType: string, refusals: Refusals): readonly OtlpPoint[] {
  const { resourceMetrics } = message.read(body, contentType, requestSchema)
  const taken: OtlpPoint[] = []
  for (const { resource, scopeMetrics } of resourceMetrics ?? [])
    for (const { scope, metrics } of scopeMetrics ?? [])
      for (const metric of metrics ?? []) {
        const own = { name: metric.name, unit: metric.unit ?? '', scope: scope?.name ?? '', resource: toAttributes(resource?.attributes) }
        for (const one of toPoints(metric, own, refusals)) {
          if (Number.isFinite(one.value)) taken.push(one)
          else refusals.add(`${metric.name}: its value is no finite number`)
        }
        for (const _ of metric.summary?.dataPoints ?? []) refusals.add(`${metric.name}: a summary has no counts that could be added`)
      }
  return taken
}
