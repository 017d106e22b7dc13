'use client'
/** The present, moving on at a fixed pace; for "12s ago". */
import { useEffect, useState } from 'react'

/** Wall-clock milliseconds, read anew at every interval. */
export function useNow(intervalMs: number): number {
  const [nowMs, setNowMs] = useState(() => Date.now())
  useEffect(() => {
    const timer = setInterval(() => {
      setNowMs(Date.now())
    }, intervalMs)
    return () => {
      clearInterval(timer)
    }
  }, [intervalMs])
  return nowMs
}
