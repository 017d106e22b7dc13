/** A clock that stands still until a test moves it. */
import type { ClientClock } from '../../src/client/client-clock.ts'
import { limits } from '../../src/limits.ts'

export interface FakeClock extends ClientClock {
  /** Moves on, running every timer that falls due, in order; promises settle between two timers. */
  advance(durationMs: number): Promise<void>
  readonly timerCount: () => number
}

interface Timer {
  readonly dueMs: number
  readonly callback: () => void
}

export function createFakeClock(startMs = 1_000_000): FakeClock {
  let nowMs = startMs
  const timers = new Set<Timer>()
  return {
    nowMs: () => nowMs,
    monotonicMs: () => nowMs,
    after(delayMs, callback) {
      const timer = { dueMs: nowMs + delayMs, callback }
      timers.add(timer)
      return () => {
        timers.delete(timer)
      }
    },
    async advance(durationMs) {
      const endMs = nowMs + durationMs
      await settle()
      for (;;) {
        const next = [...timers].filter(({ dueMs }) => dueMs <= endMs).sort((left, right) => left.dueMs - right.dueMs)[0]
        if (next === undefined) break
        nowMs = next.dueMs
        timers.delete(next)
        next.callback()
        await settle()
      }
      nowMs = endMs
    },
    timerCount: () => timers.size,
  }
}

/** Waits take no time, but for the deadline of a request, which never comes. */
export function createHastyClock(): ClientClock & { readonly waits: readonly number[] } {
  const waits: number[] = []
  return {
    waits,
    nowMs: () => 1_000_000,
    monotonicMs: () => 1_000_000,
    after(delayMs, callback) {
      if (delayMs >= limits.requestTimeoutMs) return () => {}
      waits.push(delayMs)
      const timer = setImmediate(callback)
      return () => {
        clearImmediate(timer)
      }
    },
  }
}

/** Lets promises and stream reads that are already due run to their end. */
export async function settle(): Promise<void> {
  for (let turn = 0; turn < 20; turn += 1) await new Promise<void>((resolve) => setImmediate(resolve))
}
