/** Questions about what a series will do, or did against its own pattern. */
import { z } from 'zod'
import { questionSchema, type Question } from '../ask/question.ts'
import type { AskMeasure } from '../ask/measures/registry.ts'
import { metricsLimits } from '../limits.ts'

const { window, filters, tags, ranges, search, timeZone, interval, slo } = questionSchema.shape
const fields = {
  measure: z.string(),
  window,
  filters,
  tags,
  ranges,
  search,
  timeZone,
  slo,
  interval: interval.unwrap(),
  /** Buckets of one season, such as 24 for hours of a day; absent: those of a day, or of a week where buckets are days. */
  season: z.int().min(2).max(1_000).optional(),
}

export const forecastSchema = z.strictObject({
  ...fields,
  /** Buckets to continue by. */
  horizon: z.int().min(1).max(metricsLimits.forecastHorizon).default(24),
  /** Share of the cases in which the truth should lie in the range. */
  level: z.number().min(0.5).max(0.999).default(0.95),
})

export const anomalySchema = z.strictObject({ ...fields, level: z.number().min(0.5).max(0.9999).default(0.99) })

/** One measure of requests over time, without groups. */
export interface SeriesQuestion extends Omit<Question, 'measure' | 'groupBy' | 'limit' | 'orderBy' | 'other' | 'compare' | 'from'> {
  readonly measure: AskMeasure
  readonly interval: string
  /** Buckets of one season, such as 24 for the hours of a day; absent: those of a day, or of a week where buckets are days. */
  readonly season?: number | undefined
  readonly level?: number | undefined
}

export interface ForecastQuestion extends SeriesQuestion {
  readonly horizon?: number | undefined
}
