'use client'
/** The one hook that loads: shared by key, refreshed while mounted, aborted when the last view leaves. */
import { useCallback, useMemo, useRef, useSyncExternalStore } from 'react'
import type { BudClient } from '../client/client.ts'
import { emptyResource, type Resource } from '../client/resource-store.ts'
import { useBudConnection } from './bud-context.ts'

export interface UseResourceOptions<T> {
  /** Equal keys share one request; put every parameter of `load` into it. */
  readonly key: string
  readonly load: (client: BudClient, signal: AbortSignal) => Promise<T>
  /** Loaded again this long after each answer; absent: once. A function is asked after each; keep it outside of the component. */
  readonly refreshMs?: number | ((data: T | undefined) => number | undefined) | undefined
}

export interface LoadedResource<T> extends Resource<T> {
  readonly reload: () => void
}

export function useResource<T>({ key, load, refreshMs }: UseResourceOptions<T>): LoadedResource<T> {
  const { client, resources } = useBudConnection()
  // The key stands for the loader: a new function with an old key must not start a new request.
  const loadRef = useRef(load)
  loadRef.current = load
  const subscribe = useCallback(
    (listener: () => void) => resources.follow({ key, refreshMs, load: (signal) => loadRef.current(client, signal) }, listener),
    [resources, client, key, refreshMs],
  )
  const get = useCallback(() => resources.get<T>(key), [resources, key])
  const resource = useSyncExternalStore<Resource<T>>(subscribe, get, () => emptyResource)
  return useMemo(
    () => ({
      ...resource,
      reload: () => {
        resources.reload(key)
      },
    }),
    [resource, resources, key],
  )
}
