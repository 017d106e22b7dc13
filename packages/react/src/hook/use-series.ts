'use client'
/** The measured series of the last minutes, refreshed as requests finish. */
import { toEndedPoints, type Series, type SeriesPoint, type SeriesQuery } from '../client/wire.ts'
import { useLiveReload } from './use-live-reload.ts'
import { useResource, type LoadedResource } from './use-resource.ts'

export interface LiveSeries extends Series {
  /** `points` without the bucket under way: what lines are drawn from. */
  readonly endedPoints: readonly SeriesPoint[]
}

export interface UseSeriesOptions extends Partial<SeriesQuery> {
  /** Default: half an interval; the window moves on even when nothing happens. */
  readonly refreshMs?: number
  /** Also refresh when a request finishes; default true. */
  readonly isLive?: boolean
}

export function useSeries({
  windowSeconds = 300,
  intervalSeconds = 2,
  refreshMs = Math.max(intervalSeconds * 500, 1_000),
  isLive = true,
}: UseSeriesOptions = {}): LoadedResource<LiveSeries> {
  const series = useResource({
    key: `series:${windowSeconds}:${intervalSeconds}`,
    load: async (client, signal) => {
      const series = await client.series({ windowSeconds, intervalSeconds }, { signal })
      return { ...series, endedPoints: toEndedPoints(series, client.clock.nowMs()) }
    },
    refreshMs,
  })
  useLiveReload(series.reload, isLive)
  return series
}
