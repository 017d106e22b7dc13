'use client'
/** The present, moving on at a fixed pace; for "12s ago". */
import { useContext, useEffect, useState } from 'react'
import { browserClock } from '../client/client-clock.ts'
import { BudContext } from './bud-context.ts'

/** Wall-clock milliseconds, read anew at every interval. */
export function useNow(intervalMs: number): number {
  const clock = useContext(BudContext).connection?.client.clock ?? browserClock
  const [nowMs, setNowMs] = useState(() => clock.nowMs())
  useEffect(() => {
    const tick = () => {
      setNowMs(clock.nowMs())
      cancel = clock.after(intervalMs, tick)
    }
    let cancel = clock.after(intervalMs, tick)
    return () => {
      cancel()
    }
  }, [clock, intervalMs])
  return nowMs
}
