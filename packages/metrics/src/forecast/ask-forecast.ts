/** Continues a series, and finds the buckets that its own pattern does not explain. */
import type { AnswerRow } from '../ask/asker.ts'
import { cutWindow, parseInterval, roughMs } from '../ask/calendar.ts'
import type { AskMeasure } from '../ask/measures/registry.ts'
import { parseQuery } from '../ask/question.ts'
import type { MetricsReader } from '../ask/reader.ts'
import { bucketStartUs } from '../ask/window.ts'
import { metricsErrors } from '../errors.ts'
import { metricsLimits } from '../limits.ts'
import { anomalySchema, forecastSchema, type ForecastQuestion, type SeriesQuestion } from './forecast-question.ts'
import { fitSeries, type Range } from './model.ts'

export interface ForecastPoint {
  readonly timeUnixMs: number
  readonly value: number
  readonly lower: number
  readonly upper: number
}

export interface Forecast {
  readonly measure: AskMeasure
  /** The whole buckets that the model was fitted to; null: nothing was measured, and the model read the neighbours. */
  readonly past: readonly { readonly timeUnixMs: number; readonly value: number | null }[]
  readonly points: readonly ForecastPoint[]
  /** Buckets of one season; absent: there is none. */
  readonly season?: number
}

export interface Anomaly extends ForecastPoint {
  /** What was expected. */
  readonly expected: number
  /** How far outside the range, in widths of half of it. */
  readonly strength: number
}

export interface Anomalies {
  readonly measure: AskMeasure
  readonly buckets: number
  readonly season?: number
  /** Oldest first. */
  readonly anomalies: readonly Anomaly[]
}

/** People work by days and weeks: the buckets of a day, or of a week where buckets are days. Found in no series, but true of most. */
function usualSeason(interval: string): number | undefined {
  const lengthMs = roughMs(parseInterval(interval) ?? { count: 1, unit: 'y' })
  if (lengthMs === 86_400_000) return 7
  const buckets = 86_400_000 / lengthMs
  return Number.isInteger(buckets) && buckets >= 2 && buckets <= 1_000 ? buckets : undefined
}

/** Straight lines through gaps; the ends repeat what they touch. */
function fillGaps(values: readonly (number | null)[]): readonly number[] {
  return values.map((value, index) => {
    if (value !== null) return value
    const before = values.findLastIndex((other, at) => at < index && other !== null)
    const after = values.findIndex((other, at) => at > index && other !== null)
    const [left, right] = [values[before] ?? values[after] ?? 0, values[after] ?? values[before] ?? 0]
    return before === -1 || after === -1 ? left : left + ((right - left) * (index - before)) / (after - before)
  })
}

async function readSeries(reader: MetricsReader, question: SeriesQuestion, signal: AbortSignal | undefined) {
  const { measure, interval, season: _season, level: _level, ...rest } = question
  const { rows, toUnixMs } = await reader.ask({ ...rest, measure, interval }, signal)
  // A bucket that is not over yet would look like a fall.
  const lengthMs = roughMs(parseInterval(interval) ?? { count: 1, unit: 'd' })
  const whole = rows.filter(({ timeUnixMs, endUnixMs }: AnswerRow) => endUnixMs - timeUnixMs >= 0.9 * lengthMs)
  const past = whole.map(({ timeUnixMs, values }) => ({ timeUnixMs, value: values[measure] ?? null }))
  const measured = past.filter(({ value }) => value !== null).length
  if (measured < 10)
    throw metricsErrors.FORECAST_IMPOSSIBLE({ reason: `only ${String(measured)} buckets have a value, at least 10 are needed` })
  if (past.length > metricsLimits.forecastPoints)
    throw metricsErrors.ANSWER_TOO_LARGE({ what: 'buckets to fit', limit: metricsLimits.forecastPoints })
  return { past, values: fillGaps(past.map(({ value }) => value)), toUnixMs }
}

/** Measures cannot be negative, and neither can what is said of them. */
const pointAt = (range: Range, index: number, timeUnixMs: number): ForecastPoint => ({
  timeUnixMs,
  value: Math.max(0, range.point[index] ?? 0),
  lower: Math.max(0, range.lower[index] ?? 0),
  upper: Math.max(0, range.upper[index] ?? 0),
})

/** @throws METRICS_QUESTION_INVALID, METRICS_FORECAST_IMPOSSIBLE */
export async function askForecast(reader: MetricsReader, input: unknown, signal?: AbortSignal): Promise<Forecast> {
  const { horizon, ...rest } = parseQuery(forecastSchema, input)
  // Safe: `ask` checks what the schema here leaves open, the name of the measure among it.
  const question = { ...(input as ForecastQuestion) }
  const { horizon: _horizon, ...series } = question
  const { past, values } = await readSeries(reader, series, signal)
  const { ahead, season } = await fitSeries({ values, season: rest.season ?? usualSeason(rest.interval), horizon, level: rest.level })
  const last = past.at(-1)?.timeUnixMs ?? 0
  const interval = parseInterval(rest.interval) ?? { count: 1, unit: 'd' as const }
  const future = cutWindow({
    fromUnixMs: last,
    toUnixMs: last + (horizon + 2) * roughMs(interval) * 1.1,
    interval,
    timeZone: rest.timeZone,
  })
  return {
    measure: question.measure,
    past,
    points: Array.from({ length: horizon }, (_, index) => pointAt(ahead, index, bucketStartUs(future, index + 1) / 1000)),
    ...(season === undefined ? {} : { season }),
  }
}

const median = (values: readonly number[]): number => {
  const sorted = values.toSorted((left, right) => left - right)
  return sorted[Math.floor(sorted.length / 2)] ?? 0
}

/** Without a season: the median, give or take what 99 of 100 normal values stay within by their median deviation. */
function robustRange(values: readonly number[], level: number): Range {
  const middle = median(values)
  // 1.4826 makes the median deviation of a normal distribution its standard deviation; 1.26·√−ln(1−level²) is its two-sided quantile, within 2 %.
  const spread = 1.4826 * median(values.map((value) => Math.abs(value - middle))) * 1.26 * Math.sqrt(-Math.log(1 - level ** 2))
  return { point: values.map(() => middle), lower: values.map(() => middle - spread), upper: values.map(() => middle + spread) }
}

/** @throws METRICS_QUESTION_INVALID, METRICS_FORECAST_IMPOSSIBLE */
export async function askAnomalies(reader: MetricsReader, input: unknown, signal?: AbortSignal): Promise<Anomalies> {
  const { level, interval, season: wanted = usualSeason(interval) } = parseQuery(anomalySchema, input)
  // Safe: `ask` checks what the schema here leaves open.
  const question = input as SeriesQuestion
  const { past, values } = await readSeries(reader, question, signal)
  const { fitted, season } = await fitSeries({ values, season: wanted, horizon: 1, level })
  // The residuals of a fit are widened by the very outliers that are looked for, so their robust spread replaces the model's own range.
  const residuals = fitted === undefined ? [] : values.map((value, index) => value - (fitted.point[index] ?? value))
  const around = robustRange(fitted === undefined ? values : residuals, level)
  const range: Range =
    fitted === undefined
      ? around
      : {
          point: fitted.point,
          lower: fitted.point.map((point, index) => point + (around.lower[index] ?? 0)),
          upper: fitted.point.map((point, index) => point + (around.upper[index] ?? 0)),
        }
  // A series that hardly varies has no spread but that of the arithmetic, which is no anomaly.
  const noise = 1e-6 * values.reduce((largest, value) => Math.max(largest, Math.abs(value)), 1e-6)
  const anomalies = past.flatMap(({ timeUnixMs, value }, index): Anomaly[] => {
    const [low, high] = [(range.lower[index] ?? -Infinity) - noise, (range.upper[index] ?? Infinity) + noise]
    if (value === null || (value >= low && value <= high)) return []
    const half = (high - low) / 2
    return [
      {
        ...pointAt(range, index, timeUnixMs),
        value,
        expected: Math.max(0, range.point[index] ?? 0),
        strength: (value < low ? low - value : value - high) / half,
      },
    ]
  })
  return { measure: question.measure, buckets: past.length, ...(season === undefined ? {} : { season }), anomalies }
}
