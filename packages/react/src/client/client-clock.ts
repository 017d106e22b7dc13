/** The kit's time port: wall clock, monotonic clock and cancellable timers, without `Symbol.dispose`, which some browsers lack. */
import { limits } from '../limits.ts'

export interface ClientClock {
  /** Milliseconds since 1970. */
  readonly nowMs: () => number
  /** Milliseconds that never jump; for durations. */
  readonly monotonicMs: () => number
  /** Calls back once after the delay; the returned function cancels. */
  readonly after: (delayMs: number, callback: () => void) => () => void
}

export const browserClock: ClientClock = {
  nowMs: () => Date.now(),
  monotonicMs: () => performance.now(),
  after: (delayMs, callback) => {
    const timer = setTimeout(callback, Math.min(delayMs, limits.timerMsMax))
    return () => {
      clearTimeout(timer)
    }
  },
}

/** Resolves after the delay, or at once when the signal aborts. */
export function waitFor(clock: ClientClock, delayMs: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    if (signal.aborted) {
      resolve()
      return
    }
    const finish = () => {
      cancel()
      signal.removeEventListener('abort', finish)
      resolve()
    }
    const cancel = clock.after(delayMs, finish)
    signal.addEventListener('abort', finish, { once: true })
  })
}
