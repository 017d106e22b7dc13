'use client'
/** Measures of the server over time, as lines: several measures, or one by a dimension. */
import { useMemo } from 'react'
import type { Answer, DimensionName, MeasureName, Question, TimeWindow } from '../client/ask.ts'
import { useBudFormat, useBudStrings } from '../hook/bud-context.ts'
import { useAsk, type UseAskOptions } from '../hook/use-ask.ts'
import { ErrorNotice } from '../part/notice.tsx'
import type { BudStrings } from '../format/strings.ts'
import type { ChartAnnotation, ChartSeries, SeriesTone, TimeSpan } from '../time-series/chart-data.ts'
import { TimeSeriesChart } from '../time-series/time-series-chart.tsx'
import { Explain } from './explain.tsx'
import { toInterval } from './interval.ts'
import { toGroupName, toMeasureName, toWriter, unitOf } from './measure-text.ts'

export interface MetricChartProps extends UseAskOptions {
  readonly title: string
  /** Of one unit; with `groupBy` the first one counts. */
  readonly measures: readonly [MeasureName, ...MeasureName[]]
  /** Both ends, or a length that ends now; default the last hour. */
  readonly window?: TimeWindow | undefined
  readonly groupBy?: DimensionName | undefined
  readonly filters?: Question['filters']
  /** Most groups shown; the rest become one more. Default 5. */
  readonly limit?: number | undefined
  /** Default: about 150 buckets. */
  readonly interval?: string | undefined
  /** Drawn behind the lines and said in the summary, e.g. deployments. */
  readonly annotations?: readonly ChartAnnotation[] | undefined
  /** Charts with the same key move their cursors together. */
  readonly syncKey?: string | undefined
  /** Hears the part of the time that was chosen; without it, the chart zooms by itself. */
  readonly onZoom?: ((span: TimeSpan | undefined) => void) | undefined
  /** Fills the area below a lone line; default true. */
  readonly isFilled?: boolean | undefined
}

const lastHour: TimeWindow = { last: '1h' }
const tones: readonly SeriesTone[] = ['accent', 'second', 'third', 'fourth', 'fifth', 'neutral']

export function MetricChart({
  title,
  measures,
  window = lastHour,
  groupBy,
  filters,
  limit = 5,
  isFilled = true,
  annotations,
  syncKey,
  onZoom,
  ...rest
}: MetricChartProps) {
  const strings = useBudStrings()
  const format = useBudFormat()
  const { interval = toInterval(window), refreshMs } = rest
  const [first] = measures
  const question: Question = {
    measure: groupBy === undefined ? measures : [first],
    window,
    interval,
    filters,
    ...(groupBy === undefined ? {} : { groupBy: [groupBy], limit, other: true }),
  }
  const { data, status, error, isStale, reload } = useAsk(question, { refreshMs })
  const shape = useMemo(() => toChart(data, measures, groupBy, strings), [data, measures, groupBy, strings])
  const series = useMemo(
    () => shape.series.map((each) => ({ ...each, isFilled: isFilled && shape.series.length === 1 })),
    [shape, isFilled],
  )
  const write = useMemo(() => toWriter(unitOf(data, first), format), [data, first, format])
  return (
    <TimeSeriesChart
      title={title}
      timesUnixMs={shape.timesUnixMs}
      series={series}
      write={write}
      isStale={isStale}
      isLoading={status === 'loading'}
      annotations={annotations}
      syncKey={syncKey}
      onZoom={onZoom}
      notice={status === 'error' ? <ErrorNotice message={error?.message ?? ''} onRetry={reload} /> : undefined}
      actions={<Explain title={title} measures={groupBy === undefined ? measures : [first]} answer={data} question={question} />}
    />
  )
}

interface Chart {
  readonly timesUnixMs: readonly number[]
  readonly series: readonly ChartSeries[]
}

/** Exported for tests: one series for each measure, or for each group. The bucket under way is left out. */
export function toChart(answer: Answer | undefined, measures: readonly string[], groupBy: string | undefined, strings: BudStrings): Chart {
  if (answer === undefined) return { timesUnixMs: [], series: [] }
  const rows = answer.rows.filter((row) => row.endUnixMs <= answer.toUnixMs)
  const timesUnixMs = [...new Set(rows.map(({ timeUnixMs }) => timeUnixMs))].sort((left, right) => left - right)
  const toneAt = (index: number) => tones[index % tones.length] ?? 'accent'
  if (groupBy === undefined) {
    const values = (name: string) => rows.map((row) => row.values[name] ?? null)
    return {
      timesUnixMs,
      series: measures.map((name, at) => ({ label: toMeasureName(name, strings), values: values(name), tone: toneAt(at) })),
    }
  }
  const [measure = ''] = measures
  const groups = new Map<string, Map<number, number | null>>()
  for (const row of rows) {
    const label = toGroupName(row.group[groupBy], row.isOther, strings)
    const values = groups.get(label) ?? new Map<number, number | null>()
    values.set(row.timeUnixMs, row.values[measure] ?? null)
    groups.set(label, values)
  }
  const series = [...groups].map(([label, values], at) => ({
    label,
    values: timesUnixMs.map((time) => values.get(time) ?? null),
    tone: label === strings.metrics.other ? ('neutral' as const) : toneAt(at),
  }))
  return { timesUnixMs, series: series.filter(({ values }) => values.some((value) => value !== null && value !== 0)) }
}
