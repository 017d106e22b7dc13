/** A chart in words: its summary, and what each point says. */
import type { Format } from '../format/format.ts'
import type { BudStrings } from '../format/strings.ts'
import { indexesOf, isEmptyChart, type ChartAnnotation, type ChartData, type TimeSpan } from './chart-data.ts'

export interface ChartInWords {
  readonly title: string
  readonly data: ChartData
  readonly annotations?: readonly ChartAnnotation[] | undefined
  /** The part that is shown; the summary speaks of it alone. */
  readonly span?: TimeSpan | undefined
}

export function toChartSummary({ title, data, annotations = [], span }: ChartInWords, format: Format, { chart }: BudStrings): string {
  const [first, last] = indexesOf(data.timesUnixMs, span)
  const [from, to] = [data.timesUnixMs[first], data.timesUnixMs[last]]
  if (from === undefined || to === undefined || isEmptyChart(data)) return chart.summaryEmpty(title)
  const write = toTimeWriter(data, format)
  const sentences = data.series.map(({ label, values }) => {
    const shown = span === undefined ? values : values.slice(first, last + 1)
    const sums = toSums(shown)
    if (sums === undefined) return chart.summarySeriesEmpty(label)
    return chart.summarySeries(label, data.write(sums.last), data.write(sums.low), data.write(sums.high), data.write(sums.mean))
  })
  const marks = annotations.map(({ label, fromUnixMs, toUnixMs }) =>
    chart.annotation(label, write(fromUnixMs), toUnixMs === undefined ? undefined : write(toUnixMs)),
  )
  return [chart.summaryRange(title, write(from), write(to), last - first + 1), ...sentences, ...marks].join(' ')
}

const dayMs = 86_400_000

/** The time of day while it tells the points apart, with the date beyond a day. */
export function toTimeWriter({ timesUnixMs, writeTime }: ChartData, format: Format): (unixMs: number) => string {
  if (writeTime !== undefined) return writeTime
  return (timesUnixMs.at(-1) ?? 0) - (timesUnixMs[0] ?? 0) > dayMs ? format.dayMinute : format.time
}

/** In one pass, without copies: a chart may hold a hundred thousand values. */
function toSums(values: readonly (number | null)[]) {
  let [low, high, sum, count, last] = [Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY, 0, 0, 0]
  for (const value of values) {
    if (value === null) continue
    if (value < low) low = value
    if (value > high) high = value
    sum += value
    count += 1
    last = value
  }
  return count === 0 ? undefined : { low, high, mean: sum / count, last }
}

/** The value of every series at one point, with its time. */
export function toPointText(data: ChartData, index: number, format: Format, { chart }: BudStrings): string {
  const time = data.timesUnixMs[index]
  if (time === undefined) return chart.noValue
  const values = data.series.map(({ label, values: all }) => {
    const value = all[index]
    return chart.value(label, value === undefined || value === null ? chart.noValue : data.write(value))
  })
  return chart.point(toTimeWriter(data, format)(time), values.join(', '))
}

/** The index that a key leads to; undefined for keys that are not the chart's. */
export function toNextIndex(key: string, index: number, count: number): number | undefined {
  const last = count - 1
  const step = Math.max(Math.round(count / 10), 1)
  const clamp = (next: number) => Math.min(Math.max(next, 0), last)
  switch (key) {
    case 'ArrowRight':
    case 'ArrowUp':
      return clamp(index + 1)
    case 'ArrowLeft':
    case 'ArrowDown':
      return clamp(index - 1)
    case 'PageUp':
      return clamp(index + step)
    case 'PageDown':
      return clamp(index - step)
    case 'Home':
      return 0
    case 'End':
      return last
    default:
      return undefined
  }
}
