/** Questions as callers write them, checked: an unknown measure, dimension or filter is an error that lists the valid ones. */
import { toConfigIssues, type ConfigIssue } from '@bud-foundry/core'
import { z } from 'zod'
import { metricsErrors } from '../errors.ts'
import { metricsLimits } from '../limits.ts'
import { closedValues, dimensionNames, type DimensionName } from './dimension.ts'
import { intervalPattern, isTimeZone, parseInterval, roughMs } from './calendar.ts'
import { requestFields, type RequestField } from '../table/request-table.ts'
import { recordKindNames, recordKinds, type RecordKindName } from './records/record-kinds.ts'
import {
  askMeasureNames,
  measures,
  plainMeasureNames,
  rankNames,
  seriesMeasures,
  type AskMeasure,
  type MeasureName,
  type SeriesMeasure,
} from './measures/registry.ts'
import {
  distributionNames,
  rangeNames,
  sourceChoices,
  type DistributionName,
  type Filters,
  type RangeName,
  type SourceChoice,
} from './request-engine.ts'

const filterOf = (value: z.ZodType<string, string>) =>
  z.union([value.transform((one) => [one]), z.array(value).min(1).max(metricsLimits.filterValues)], {
    // A union would answer that nothing fitted; what the value should be is what the caller needs.
    error: ({ input }) => {
      const wrong = (Array.isArray(input) ? input : [input]).map((one) => value.safeParse(one)).find(({ success }) => !success)
      return wrong?.error?.issues[0]?.message
    },
  })
const filterValueSchema = z.string().max(metricsLimits.filterValueLength)
const filterSchema = filterOf(filterValueSchema)
const statusSchema = z
  .string()
  .regex(/^-?\d{1,10}$/, { error: ({ input }) => `unknown status ${JSON.stringify(input)}; it is a number such as 200` })

/** A dimension that has certain values alone is filtered by those. */
function filterSchemaOf(name: DimensionName) {
  if (name === 'status') return filterOf(statusSchema)
  const values = closedValues[name]
  return values === undefined ? filterSchema : filterOf(nameSchema(name, values))
}

const strict = <Shape extends z.ZodRawShape>(what: string, shape: Shape) =>
  z.strictObject(shape, {
    error: (issue) =>
      issue.code === 'unrecognized_keys'
        ? `unknown ${what} ${issue.keys.map((key) => `'${key}'`).join(', ')}; valid are ${Object.keys(shape).join(', ')}`
        : undefined,
  })

const nameSchema = <Name extends string>(what: string, names: readonly Name[]) =>
  z.enum(names, { error: (issue) => `unknown ${what} ${JSON.stringify(issue.input)}; valid are ${names.join(', ')}` })

// Safe: one optional schema per dimension, which is what the mapped type says.
const filterShape = Object.fromEntries(dimensionNames.map((name) => [name, filterSchemaOf(name).optional()])) as Readonly<
  Record<DimensionName, z.ZodOptional<typeof filterSchema>>
>

const unixMsSchema = z.number().min(0).max(metricsLimits.eventTimeUnixMsMax)
const filtersSchema = strict('filter', filterShape).default({})
const groupBySchema = z.array(nameSchema('dimension', dimensionNames)).max(metricsLimits.dimensionsPerQuestion).default([])

const intervalSchema = z
  .string()
  .regex(intervalPattern, { error: 'must be a number with s, m, h, d, w, mo, q or y behind it, such as 5m or 1d' })
  .refine((text) => !/^(?!1h|2h|3h|4h|6h|8h|12h|24h)\d+h$/.test(text), {
    error: 'in hours it must divide a day: 1h, 2h, 3h, 4h, 6h, 8h, 12h or 24h',
  })

/** Any whole number of units of one length: a window need not fit a day as buckets do. */
const lengthSchema = z
  .string()
  .regex(/^[1-9]\d{0,5}[smhdw]$/, { error: 'must be a whole number from 1 with s, m, h, d or w behind it, such as 90m, 48h or 7d' })

/** Both ends, or how long before now it began. */
export const windowSchema = z.union(
  [strict('field', { fromUnixMs: unixMsSchema, toUnixMs: unixMsSchema }), strict('field', { last: lengthSchema })],
  { error: 'must be { fromUnixMs, toUnixMs } or { last }, such as { last: "24h" }' },
)

const tagsSchema = z
  .record(z.string().min(1).max(metricsLimits.filterValueLength), filterSchema)
  .refine((tags) => Object.keys(tags).length <= metricsLimits.tagFilters, {
    error: `has more than ${String(metricsLimits.tagFilters)} tags`,
  })
const rangeSchema = strict('field', { min: z.number().optional(), max: z.number().optional() }).refine(
  ({ min, max }) => min === undefined || max === undefined || min <= max,
  { error: 'has a min above its max' },
)
// Safe: one optional schema per quantity, which is what the mapped type says.
const rangesSchema = strict(
  'range',
  Object.fromEntries(rangeNames.map((name) => [name, rangeSchema.optional()])) as Readonly<
    Record<RangeName, z.ZodOptional<typeof rangeSchema>>
  >,
)
const wordsSchema = z
  .string()
  .max(metricsLimits.filterValueLength)
  .transform((text) => text.split(/\s+/).filter((word) => word !== ''))
  .refine((words) => words.length <= metricsLimits.searchWords, { error: `has more than ${String(metricsLimits.searchWords)} words` })

const limitMsSchema = z.number().positive().max(86_400_000).optional()
const sloSchema = strict('field', { durationMs: limitMsSchema, timeToFirstTokenMs: limitMsSchema, timePerOutputTokenMs: limitMsSchema })
const timeZoneSchema = z
  .string()
  .max(64)
  .refine(isTimeZone, { error: 'must be the IANA name of a time zone, such as Europe/Berlin' })
  .default('UTC')

/** Which requests: what every question about them can say. */
const selectionShape = {
  window: windowSchema,
  filters: filtersSchema,
  tags: tagsSchema.optional(),
  ranges: rangesSchema.optional(),
  search: wordsSchema.optional(),
}

const cutShape = {
  ...selectionShape,
  groupBy: groupBySchema,
  /** Absent: one answer for the whole window. */
  interval: intervalSchema.optional(),
  timeZone: timeZoneSchema,
  /** Most groups answered. */
  limit: z.int().min(1).max(metricsLimits.groups).default(100),
  /** The measure that says which groups are the largest. */
  orderBy: nameSchema('measure to order by', rankNames).default('requests'),
}

const measureSchema = nameSchema('measure', askMeasureNames)

export const questionSchema = strict('field', {
  measure: z.union([measureSchema.transform((name) => [name]), z.array(measureSchema).min(1).max(askMeasureNames.length)], {
    // A union would answer that nothing fitted; the names that do are what the caller needs.
    error: ({ input }) =>
      `unknown measure ${JSON.stringify(Array.isArray(input) ? input.filter((name) => !askMeasureNames.includes(name as never)) : input)}; valid are ${askMeasureNames.join(', ')}`,
  }),
  ...cutShape,
  /** What is in no group answered becomes one group more. */
  other: z.boolean().default(false),
  /** Adds the values of the window of the same length just before, and the relative change. */
  compare: z.enum(['previous']).optional(),
  /** The objective of the goodput measures. */
  slo: sloSchema.optional(),
  /** `raw` leaves rollups aside; the answer is the same, later. */
  from: z.enum(sourceChoices).default('auto'),
}).superRefine(({ measure: names, slo }, context) => {
  const needing = names.filter((name) => name in measures && measures[name as MeasureName].needsSlo === true)
  if (needing.length > 0 && slo === undefined)
    context.addIssue({ code: 'custom', path: ['slo'], message: `is needed by ${needing.join(', ')}, such as { timeToFirstTokenMs: 500 }` })
})

export const distributionSchema = strict('field', {
  of: nameSchema('quantity', distributionNames),
  ...cutShape,
  /** Ascending upper ends of the bins, exclusive; absent: bins that grow by the square root of two. */
  bounds: z
    .array(z.number().min(-metricsLimits.boundMax).max(metricsLimits.boundMax))
    .min(1)
    .max(metricsLimits.bins)
    .refine((bounds) => bounds.every((bound, index) => index === 0 || bound > (bounds[index - 1] ?? bound)), { error: 'must ascend' })
    .optional(),
})

export const requestQuerySchema = strict('field', {
  filters: filtersSchema,
  tags: tagsSchema.optional(),
  ranges: rangesSchema.optional(),
  /** Every word must occur in one of the texts of the request. */
  search: wordsSchema.optional(),
  fromUnixMs: unixMsSchema.default(0),
  toUnixMs: unixMsSchema.default(metricsLimits.eventTimeUnixMsMax),
  /** What is told of each request; its id and its time always. Absent: everything. */
  fields: z.array(nameSchema('field', requestFields)).min(1).max(requestFields.length).optional(),
  limit: z.int().min(1).max(metricsLimits.pageRows).default(50),
  cursor: z.string().max(200).optional(),
}).refine(({ fromUnixMs, toUnixMs }) => fromUnixMs < toUnixMs, { path: ['fromUnixMs'], error: 'the window must start before its end' })

/** Either the two ends, or the length of a window that ends now. */
const periodShape = {
  fromUnixMs: unixMsSchema.optional(),
  toUnixMs: unixMsSchema.optional(),
  windowSeconds: z
    .number()
    .positive()
    .max(metricsLimits.windowDays * 86_400)
    .optional(),
}

export const seriesQuerySchema = strict('field', {
  ...periodShape,
  intervalSeconds: z.number().min(0.1).optional(),
  measures: z
    .array(nameSchema('measure', plainMeasureNames))
    .min(1)
    .max(plainMeasureNames.length)
    .default([...seriesMeasures]),
  filters: filtersSchema,
})

export const summaryQuerySchema = strict('field', {
  ...periodShape,
  groupBy: groupBySchema,
  filters: filtersSchema,
  limit: z.int().min(1).max(metricsLimits.groups).default(20),
})

/** Of one kind of record, with that kind's own names. */
const recordSchemaOf = (kind: RecordKindName) => {
  const { measures: known, dimensions: columns } = recordKinds[kind]
  const names = Object.keys(known)
  const dimension = nameSchema(`dimension of ${kind}`, Object.keys(columns))
  const measure = nameSchema(`measure of ${kind}`, names)
  return strict('field', {
    of: z.literal(kind),
    measure: z.preprocess((value) => (typeof value === 'string' ? [value] : value), z.array(measure).min(1).max(names.length)),
    window: windowSchema,
    groupBy: z.array(dimension).max(metricsLimits.dimensionsPerQuestion).default([]),
    filters: strict(`filter of ${kind}`, Object.fromEntries(Object.keys(columns).map((name) => [name, filterSchema.optional()]))).default(
      {},
    ),
    interval: intervalSchema.optional(),
    timeZone: timeZoneSchema,
    limit: z.int().min(1).max(metricsLimits.groups).default(100),
  })
}

export const recordQuestionSchema = z.discriminatedUnion(
  'of',
  [
    recordSchemaOf('devices'),
    recordSchemaOf('nodes'),
    recordSchemaOf('pods'),
    recordSchemaOf('engines'),
    recordSchemaOf('blocked'),
    recordSchemaOf('guardrails'),
    recordSchemaOf('scores'),
    recordSchemaOf('audit'),
    recordSchemaOf('budgetAlerts'),
    recordSchemaOf('metrics'),
  ],
  { error: ({ code }) => (code === 'invalid_union' ? `unknown kind of record; valid are ${recordKindNames.join(', ')}` : undefined) },
)

export const exportSchema = strict('field', {
  ...selectionShape,
  format: z.enum(['csv', 'jsonl', 'parquet']),
  limit: z.int().min(1).max(metricsLimits.exportRows).optional(),
})

export const trueCostSchema = strict('field', { window: windowSchema })

/** A filter per dimension: the values that match. */
export type FiltersInput = Readonly<Partial<Record<DimensionName, string | readonly string[]>>>

/** Which requests a question is about. */
export interface SelectionInput {
  /** Both ends in Unix milliseconds, or a length such as `24h` that ends now. */
  readonly window: { readonly fromUnixMs: number; readonly toUnixMs: number } | { readonly last: string }
  readonly filters?: FiltersInput | undefined
  /** Values of tags, by the name of the tag. */
  readonly tags?: Readonly<Record<string, string | readonly string[]>> | undefined
  /** Both ends belong to a range; requests without the value do not match. */
  readonly ranges?: Readonly<Partial<Record<RangeName, { readonly min?: number; readonly max?: number }>>> | undefined
  /** Words that must all occur in the texts of a request, whatever their case. */
  readonly search?: string | undefined
}

export interface CutInput extends SelectionInput {
  readonly groupBy?: readonly DimensionName[] | undefined
  /** Length of a bucket: `30s`, `5m`, `6h`, `1d`, `1w`, `1mo`, `1q`, `1y`; absent: one bucket. */
  readonly interval?: string | undefined
  /** IANA name; hours, days, weeks and months begin by its clocks. Default UTC. */
  readonly timeZone?: string | undefined
  /** Most groups answered; default 100. */
  readonly limit?: number | undefined
  /** The measure that says which groups are the largest; default `requests`. */
  readonly orderBy?: MeasureName | undefined
}

export interface Question extends CutInput {
  readonly measure: AskMeasure | readonly AskMeasure[]
  /** What is in no group answered becomes one group more. */
  readonly other?: boolean | undefined
  /** Adds the values of the window of the same length just before, and the relative change. */
  readonly compare?: 'previous' | undefined
  /** The objective of the goodput measures, in milliseconds. */
  readonly slo?: { readonly durationMs?: number; readonly timeToFirstTokenMs?: number; readonly timePerOutputTokenMs?: number } | undefined
  /** `raw` leaves rollups aside; the answer is the same, later. */
  readonly from?: SourceChoice | undefined
}

export interface DistributionQuestion extends CutInput {
  readonly of: DistributionName
  /** Ascending upper ends of the bins, exclusive. */
  readonly bounds?: readonly number[] | undefined
}

export interface RequestQuery<Fields extends RequestField = RequestField> extends Omit<
  z.input<typeof requestQuerySchema>,
  'filters' | 'tags' | 'ranges' | 'fields'
> {
  /** What is told of each request, beside its id and its time; a list that shows little reads little. Absent: everything. */
  readonly fields?: readonly Fields[]
  readonly filters?: FiltersInput
  readonly tags?: SelectionInput['tags']
  readonly ranges?: SelectionInput['ranges']
}
export interface SeriesQuery<Names extends MeasureName = SeriesMeasure> extends Omit<
  z.input<typeof seriesQuerySchema>,
  'filters' | 'measures'
> {
  /** Default: what a dashboard draws first. */
  readonly measures?: readonly Names[]
  readonly filters?: FiltersInput
}
export interface SummaryQuery extends Omit<z.input<typeof summaryQuerySchema>, 'filters' | 'groupBy'> {
  readonly groupBy?: readonly DimensionName[]
  readonly filters?: FiltersInput
}

const refuse = (path: string, message: string, fix: string): never => {
  const issues: readonly ConfigIssue[] = [{ path, message, fix }]
  throw metricsErrors.QUESTION_INVALID({ issues })
}

/** @throws METRICS_QUESTION_INVALID naming every wrong field */
export function parseQuery<Schema extends z.ZodType>(schema: Schema, input: unknown): z.output<Schema> {
  const result = schema.safeParse(input)
  if (!result.success) throw metricsErrors.QUESTION_INVALID({ issues: toQuestionIssues(result.error) })
  return result.data
}

/** Core's issues name the field; the schemas here also list what is valid instead, and that list must reach the caller. */
function toQuestionIssues(error: z.ZodError): readonly ConfigIssue[] {
  const unknownFields = error.issues.flatMap((issue) =>
    issue.code === 'unrecognized_keys'
      ? [{ path: [...issue.path, ...issue.keys].map(String).join('.'), message: issue.message, fix: 'remove it or correct the spelling' }]
      : [],
  )
  const others = error.issues.filter(({ code }) => code !== 'unrecognized_keys')
  return [...unknownFields, ...(others.length === 0 ? [] : toConfigIssues(new z.ZodError(others)))]
}

/** The two ends of a window that is stated either way. @throws METRICS_QUESTION_INVALID */
export function resolvePeriod(
  period: { readonly fromUnixMs?: number | undefined; readonly toUnixMs?: number | undefined; readonly windowSeconds?: number | undefined },
  nowUnixMs: number,
): { readonly fromUnixMs: number; readonly toUnixMs: number } {
  const { fromUnixMs, windowSeconds } = period
  if (fromUnixMs !== undefined && windowSeconds !== undefined) {
    return refuse('windowSeconds', 'both windowSeconds and fromUnixMs are given', 'leave one of them out')
  }
  const toUnixMs = period.toUnixMs ?? nowUnixMs
  const from = fromUnixMs ?? Math.max(0, toUnixMs - (windowSeconds ?? 300) * 1000)
  assertPeriod(from, toUnixMs)
  return { fromUnixMs: from, toUnixMs }
}

/** The ends of the window of a question, checked. @throws METRICS_QUESTION_INVALID */
export function resolveWindow(
  window: z.output<typeof windowSchema>,
  nowUnixMs: number,
): { readonly fromUnixMs: number; readonly toUnixMs: number } {
  const ends =
    'last' in window
      ? { fromUnixMs: Math.max(0, nowUnixMs - roughMs(parseInterval(window.last) ?? { count: 1, unit: 'h' })), toUnixMs: nowUnixMs }
      : window
  assertPeriod(ends.fromUnixMs, ends.toUnixMs)
  return ends
}

/** @throws METRICS_QUESTION_INVALID when the window is empty or longer than the limit */
export function assertPeriod(fromUnixMs: number, toUnixMs: number): void {
  if (!(fromUnixMs < toUnixMs))
    refuse('fromUnixMs', `the window starts at ${String(fromUnixMs)} and ends at ${String(toUnixMs)}`, 'start it before its end')
  const daysMax = metricsLimits.windowDays
  if (toUnixMs - fromUnixMs > daysMax * 86_400_000)
    refuse('fromUnixMs', `the window is longer than ${String(daysMax)} days`, 'ask for less')
}

/** @throws METRICS_QUESTION_INVALID when the answer would have more points than the limit */
export function assertPoints(buckets: number, groups: number): void {
  const points = buckets * groups
  if (points > metricsLimits.seriesPoints) {
    refuse(
      'interval',
      `the answer would have up to ${String(points)} points, the limit is ${String(metricsLimits.seriesPoints)}`,
      'use a longer interval, a shorter window or a smaller limit',
    )
  }
}

interface CursorPosition {
  readonly timeUs: number
  readonly key: string
}

export const encodeCursor = ({ timeUs, key }: CursorPosition): string => Buffer.from(`${String(timeUs)}.${key}`).toString('base64url')

/** @throws METRICS_QUESTION_INVALID when it is not a cursor of an earlier page */
export function decodeCursor(cursor: string): CursorPosition {
  const match = /^(\d{1,17})\.([0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12})$/.exec(
    Buffer.from(cursor, 'base64url').toString('latin1'),
  )
  const timeUs = Number(match?.[1])
  const key = match?.[2]
  if (key === undefined || !Number.isSafeInteger(timeUs))
    return refuse('cursor', 'is not a cursor of an earlier page', 'send nextCursor as it came, or leave it out')
  return { timeUs, key }
}

/** The checked filters without the dimensions that were left out. */
export const toFilters = (filters: Readonly<Partial<Record<DimensionName, readonly string[] | undefined>>>): Filters =>
  Object.fromEntries(Object.entries(filters).filter(([, values]) => values !== undefined))
