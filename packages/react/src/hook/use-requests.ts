'use client'
/** Stored requests and those that have just finished, as one list without doubles. */
import type { RequestEvent } from '@bud-foundry/core'
import { useMemo } from 'react'
import type { RequestPage, RequestQuery, RequestStart } from '../client/wire.ts'
import { useLive } from './use-live.ts'
import { useLiveReload } from './use-live-reload.ts'
import { useResource, type LoadedResource } from './use-resource.ts'

export interface LiveRequests extends LoadedResource<RequestPage> {
  /** Newest first, stored and live together. */
  readonly requests: readonly RequestEvent[]
  readonly inFlight: readonly RequestStart[]
}

export function useRequests(query: RequestQuery = {}): LiveRequests {
  const { limit = 50 } = query
  const page = useResource({
    key: `requests:${JSON.stringify({ ...query, limit })}`,
    load: (client, signal) => client.requests({ ...query, limit }, { signal }),
    refreshMs: 30_000,
  })
  useLiveReload(page.reload, page.status === 'error')
  const live = useLive()
  const stored = page.data?.data
  const { model, outcome, projectId, cursor, fromUnixMs, toUnixMs } = query
  const requests = useMemo(() => {
    const matches = (event: RequestEvent) =>
      cursor === undefined &&
      (model === undefined || event.model === model || event.requestedModel === model) &&
      (projectId === undefined || event.projectId === projectId) &&
      (outcome === undefined || event.outcome === outcome) &&
      (fromUnixMs === undefined || event.timeUnixMs >= fromUnixMs) &&
      (toUnixMs === undefined || event.timeUnixMs < toUnixMs)
    return mergeRequests(live.finished.filter(matches), stored ?? []).slice(0, Math.max(limit, stored?.length ?? 0))
  }, [live.finished, stored, limit, model, outcome, projectId, cursor, fromUnixMs, toUnixMs])
  return useMemo(() => ({ ...page, requests, inFlight: live.inFlight }), [page, requests, live.inFlight])
}

/** Newest first; an id that is in both lists appears once. */
export function mergeRequests(live: readonly RequestEvent[], stored: readonly RequestEvent[]): readonly RequestEvent[] {
  const known = new Set(stored.map(({ id }) => id))
  return [...live.filter(({ id }) => !known.has(id)), ...stored].sort((left, right) => right.timeUnixMs - left.timeUnixMs)
}
