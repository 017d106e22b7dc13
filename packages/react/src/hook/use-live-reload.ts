'use client'
/** Reloads a resource when requests finish or the live connection returns, at most once in a while. */
import { useEffect, useRef } from 'react'
import { limits } from '../limits.ts'
import { useBudConnection } from './bud-context.ts'

export function useLiveReload(reload: () => void, isEnabled = true): void {
  const { live, client } = useBudConnection()
  const reloadRef = useRef(reload)
  reloadRef.current = reload
  useEffect(() => {
    if (!isEnabled) return
    let last = live.get()
    let cancel: (() => void) | undefined
    const unsubscribe = live.subscribe(() => {
      const state = live.get()
      const isNews = state.finished !== last.finished || (state.status === 'open' && last.status === 'retrying')
      last = state
      if (!isNews || cancel !== undefined) return
      cancel = client.clock.after(limits.liveReloadMsMin, () => {
        cancel = undefined
        reloadRef.current()
      })
    })
    return () => {
      unsubscribe()
      cancel?.()
    }
  }, [live, client, isEnabled])
}
