'use client'
/** The measured series of the last minutes, refreshed as requests finish. */
import { toEndedPoints, type Series, type SeriesQuery } from '../client/wire.ts'
import { useLiveReload } from './use-live-reload.ts'
import { useResource, type LoadedResource } from './use-resource.ts'

export interface UseSeriesOptions extends Partial<SeriesQuery> {
  /** Default 5,000: the window moves on even when nothing happens. */
  readonly refreshMs?: number
  /** Also refresh when a request finishes; default true. */
  readonly isLive?: boolean
}

export function useSeries({
  windowSeconds = 300,
  intervalSeconds = 5,
  refreshMs = 5_000,
  isLive = true,
}: UseSeriesOptions = {}): LoadedResource<Series> {
  const series = useResource({
    key: `series:${windowSeconds}:${intervalSeconds}`,
    load: async (client, signal) => {
      const series = await client.series({ windowSeconds, intervalSeconds }, { signal })
      return { ...series, points: toEndedPoints(series, client.clock.nowMs()) }
    },
    refreshMs,
  })
  useLiveReload(series.reload, isLive)
  return series
}
