/** A chart in words: its summary, and what each point says. */
import type { Format } from '../format/format.ts'
import type { BudStrings } from '../format/strings.ts'
import { toRange } from '../geometry/line-path.ts'
import type { ChartData } from './chart-data.ts'

export function toChartSummary(title: string, data: ChartData, format: Format, { chart }: BudStrings): string {
  const [from, to] = [data.timesUnixMs[0], data.timesUnixMs.at(-1)]
  const isEmpty = data.series.every(({ values }) => values.every((value) => value === null))
  if (from === undefined || to === undefined || isEmpty) return chart.summaryEmpty(title)
  const sentences = data.series.map(({ label, values }) => {
    const range = toRange(values)
    const present = values.filter((value) => value !== null)
    const last = present.at(-1)
    if (range === undefined || last === undefined) return chart.summarySeriesEmpty(label)
    const mean = present.reduce((sum, value) => sum + value, 0) / present.length
    return chart.summarySeries(label, data.write(last), data.write(range.low), data.write(range.high), data.write(mean))
  })
  return [chart.summaryRange(title, format.time(from), format.time(to), data.timesUnixMs.length), ...sentences].join(' ')
}

/** The value of every series at one point, with its time. */
export function toPointText(data: ChartData, index: number, format: Format, { chart }: BudStrings): string {
  const time = data.timesUnixMs[index]
  if (time === undefined) return chart.noValue
  const values = data.series.map(({ label, values: all }) => {
    const value = all[index]
    return chart.value(label, value === undefined || value === null ? chart.noValue : data.write(value))
  })
  return chart.point(format.time(time), values.join(', '))
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
