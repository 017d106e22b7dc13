'use client'
/** The live feed: what is under way and what has just finished. */
import type { LiveState } from '../client/live-feed.ts'
import { useBudConnection } from './bud-context.ts'
import { useObservable } from './use-observable.ts'

/** All views of one provider share one connection. */
export function useLive(): LiveState {
  return useObservable(useBudConnection().live)
}
