'use client'
/** The three courses of a running server: requests, tokens, time to first token. */
import { useMemo } from 'react'
import type { SeriesPoint } from '../client/wire.ts'
import { useBudFormat, useBudStrings } from '../hook/bud-context.ts'
import { useSeries, type UseSeriesOptions } from '../hook/use-series.ts'
import { ErrorNotice } from '../part/notice.tsx'
import { TimeSeriesChart } from './time-series-chart.tsx'

const none: readonly SeriesPoint[] = []

export function LiveCharts(options: UseSeriesOptions) {
  const { data, status, error, isStale, reload } = useSeries(options)
  const { chart } = useBudStrings()
  const format = useBudFormat()
  const points = data?.endedPoints ?? none
  const intervalSeconds = (data?.intervalMs ?? 1000) / 1000
  const charts = useMemo(() => {
    const pick = (read: (point: SeriesPoint) => number | null) => points.map(read)
    return {
      times: points.map(({ timeUnixMs }) => timeUnixMs),
      requests: [
        { label: chart.requests, values: pick(({ requests }) => requests / intervalSeconds), tone: 'accent', isFilled: true },
        { label: chart.errors, values: pick(({ errors }) => errors / intervalSeconds), tone: 'danger' },
      ],
      tokens: [{ label: chart.tokens, values: pick((point) => point.outputTokensPerSecond ?? 0), tone: 'accent', isFilled: true }],
      first: [
        { label: chart.p50, values: pick((point) => point.timeToFirstTokenMsP50), tone: 'accent' },
        { label: chart.p95, values: pick((point) => point.timeToFirstTokenMsP95), tone: 'neutral' },
      ],
    } as const
  }, [points, intervalSeconds, chart])
  const shared = {
    timesUnixMs: charts.times,
    isStale,
    isLoading: status === 'loading',
    syncKey: 'bud-live-charts',
    notice: status === 'error' ? <ErrorNotice message={error?.message ?? ''} onRetry={reload} /> : undefined,
  }
  return (
    <div className="bud bud-charts">
      <TimeSeriesChart title={chart.requestsTitle} series={charts.requests} write={format.decimal} {...shared} />
      <TimeSeriesChart title={chart.tokensTitle} series={charts.tokens} write={format.decimal} {...shared} />
      <TimeSeriesChart title={chart.timeToFirstTokenTitle} series={charts.first} write={format.duration} {...shared} />
    </div>
  )
}
