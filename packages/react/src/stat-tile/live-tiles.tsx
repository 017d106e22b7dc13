'use client'
/** The four numbers of a running server: requests, tokens, time to first token, errors. */
import type { Format } from '../format/format.ts'
import type { BudStrings } from '../format/strings.ts'
import { toRange } from '../geometry/line-path.ts'
import { useBudFormat, useBudStrings } from '../hook/bud-context.ts'
import { useSeries, type LiveSeries, type UseSeriesOptions } from '../hook/use-series.ts'
import { StatTile, type StatTileProps } from './stat-tile.tsx'

export function LiveTiles(options: UseSeriesOptions) {
  const series = useSeries(options)
  const strings = useBudStrings()
  const format = useBudFormat()
  return (
    <section className="bud bud-tiles" aria-label={strings.tiles.label}>
      {toTiles(series.data, format, strings).map((tile) => (
        <StatTile
          key={tile.label}
          {...tile}
          isStale={series.isStale}
          isLoading={series.status === 'loading'}
          error={series.data === undefined ? series.error?.message : undefined}
        />
      ))}
    </section>
  )
}

/** What the tiles say. "Now" is the mean of the newest buckets that hold about fifteen seconds. */
export function toTiles(series: LiveSeries | undefined, format: Format, { tiles, common }: BudStrings): readonly StatTileProps[] {
  const points = series?.endedPoints ?? []
  const all = series?.points ?? []
  const intervalSeconds = (series?.intervalMs ?? 1000) / 1000
  const rates = points.map(({ requests }) => requests / intervalSeconds)
  const tokens = points.map(({ outputTokensPerSecond }) => outputTokensPerSecond)
  const first = points.map(({ timeToFirstTokenMsP50 }) => timeToFirstTokenMsP50)
  const requestCount = all.reduce((sum, { requests }) => sum + requests, 0)
  const errorCount = all.reduce((sum, { errors }) => sum + errors, 0)
  const recent = Math.max(Math.ceil(15 / intervalSeconds), 1)
  const windowText = series === undefined ? '' : format.duration(series.toUnixMs - series.fromUnixMs)
  const show = (value: number | undefined | null, write: (value: number) => string) =>
    value === undefined || value === null ? common.none : write(value)
  const trendText = (label: string, values: readonly (number | null)[], write: (value: number) => string) => {
    const range = toRange(values)
    return range === undefined
      ? tiles.noTrend(label)
      : tiles.trend(
          label,
          write(range.low),
          write(range.high),
          show(
            values.findLast((value) => value !== null),
            write,
          ),
        )
  }
  const p50 = series?.totals['timeToFirstTokenMsP50'] ?? lastOf(all.map(({ timeToFirstTokenMsP50 }) => timeToFirstTokenMsP50))
  const p95 = series?.totals['timeToFirstTokenMsP95'] ?? lastOf(all.map(({ timeToFirstTokenMsP95 }) => timeToFirstTokenMsP95))
  const errorShare = requestCount === 0 ? undefined : errorCount / requestCount
  return [
    {
      label: tiles.requestsPerSecond,
      value: show(meanOf(rates.slice(-recent)), format.decimal),
      detail: series === undefined ? undefined : tiles.requestsDetail(format.count(requestCount), windowText),
      trend: rates,
      trendText: trendText(tiles.requestsPerSecond, rates, format.decimal),
    },
    {
      label: tiles.tokensPerSecond,
      value: show(meanOf(tokens.slice(-recent).map((value) => value ?? 0)), format.decimal),
      detail: series === undefined ? undefined : tiles.tokensDetail(show(toRange(tokens)?.high, format.decimal)),
      trend: tokens.map((value) => value ?? 0),
      trendText: trendText(tiles.tokensPerSecond, tokens, format.decimal),
    },
    {
      label: tiles.timeToFirstToken,
      value: show(p50, format.duration),
      detail: series === undefined ? undefined : tiles.percentiles(show(p95, format.duration)),
      trend: first,
      trendText: trendText(tiles.timeToFirstToken, first, format.duration),
    },
    {
      label: tiles.errors,
      value: show(errorShare, format.percent),
      detail: series === undefined ? undefined : tiles.errorsDetail(format.count(errorCount), format.count(requestCount)),
      trend: points.map(({ errors }) => errors),
      trendText: trendText(
        tiles.errors,
        points.map(({ errors }) => errors),
        format.count,
      ),
      tone: 'danger',
    },
  ]
}

function meanOf(values: readonly number[]): number | undefined {
  return values.length === 0 ? undefined : values.reduce((sum, value) => sum + value, 0) / values.length
}

function lastOf(values: readonly (number | null)[]): number | undefined {
  return values.findLast((value) => value !== null) ?? undefined
}
