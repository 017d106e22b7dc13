/** Questions as callers write them, checked: an unknown measure, dimension or filter is an error that lists the valid ones. */
import { toConfigIssues, type ConfigIssue } from '@bud-foundry/core'
import { z } from 'zod'
import { metricsErrors } from '../errors.ts'
import { metricsLimits } from '../limits.ts'
import { dimensionNames, type DimensionName } from './dimension.ts'
import { measureNames, seriesMeasures, type MeasureName, type SeriesMeasure } from './measure.ts'
import type { Filters } from './request-engine.ts'

const filterValueSchema = z.string().max(metricsLimits.filterValueLength)
const filterSchema = z.union([
  filterValueSchema.transform((value) => [value]),
  z.array(filterValueSchema).min(1).max(metricsLimits.filterValues),
])

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
const filterShape = Object.fromEntries(dimensionNames.map((name) => [name, filterSchema.optional()])) as Readonly<
  Record<DimensionName, z.ZodOptional<typeof filterSchema>>
>

const unixMsSchema = z.number().min(0).max(metricsLimits.eventTimeUnixMsMax)
const filtersSchema = strict('filter', filterShape).default({})
const groupBySchema = z.array(nameSchema('dimension', dimensionNames)).max(metricsLimits.dimensionsPerQuestion).default([])

const windowShape = { fromUnixMs: unixMsSchema, toUnixMs: unixMsSchema }

export const questionSchema = strict('field', {
  measures: z.array(nameSchema('measure', measureNames)).min(1).max(measureNames.length),
  groupBy: groupBySchema,
  filters: filtersSchema,
  ...windowShape,
  /** Bucket length; absent: one answer for the whole window. */
  intervalMs: z.number().min(1).optional(),
  /** Most groups answered. */
  limit: z.int().min(1).max(metricsLimits.groups).default(100),
})

export const requestQuerySchema = strict('field', {
  filters: filtersSchema,
  fromUnixMs: unixMsSchema.default(0),
  toUnixMs: unixMsSchema.default(metricsLimits.eventTimeUnixMsMax),
  limit: z.int().min(1).max(metricsLimits.pageRows).default(50),
  cursor: z.string().max(200).optional(),
})

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
    .array(nameSchema('measure', measureNames))
    .min(1)
    .max(measureNames.length)
    .default([...seriesMeasures]),
  filters: filtersSchema,
})

export const summaryQuerySchema = strict('field', {
  ...periodShape,
  groupBy: groupBySchema,
  filters: filtersSchema,
  limit: z.int().min(1).max(metricsLimits.groups).default(20),
})

/** What callers may leave out, they may. */
export type Question = Omit<z.input<typeof questionSchema>, 'measures' | 'groupBy' | 'filters'> & {
  readonly measures: readonly MeasureName[]
  readonly groupBy?: readonly DimensionName[]
  readonly filters?: FiltersInput
}
export type FiltersInput = Readonly<Partial<Record<DimensionName, string | readonly string[]>>>
export interface RequestQuery extends Omit<z.input<typeof requestQuerySchema>, 'filters'> {
  readonly filters?: FiltersInput
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
function toQuestionIssues(error: z.core.$ZodError): readonly ConfigIssue[] {
  const unknownFields = error.issues.flatMap((issue) =>
    issue.code === 'unrecognized_keys'
      ? [{ path: [...issue.path, ...issue.keys].map(String).join('.'), message: issue.message, fix: 'remove it or correct the spelling' }]
      : [],
  )
  const others = error.issues.filter(({ code }) => code !== 'unrecognized_keys')
  return [...unknownFields, ...(others.length === 0 ? [] : toConfigIssues(new z.core.$ZodError(others)))]
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
      'intervalMs',
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
