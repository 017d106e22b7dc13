/** The time port, and the only place that reads the system's clock and timers. */
import { coreErrors } from '../error/core-errors.ts'

export interface Clock {
  /** Wall-clock time, milliseconds since 1970; fractions are allowed. */
  nowMs(): number
  /** Time that never jumps, milliseconds since an arbitrary start; for durations. */
  monotonicMs(): number
  /** Resolves after the duration; rejects with CORE_ABORTED as soon as the signal aborts. */
  sleep(durationMs: number, signal?: AbortSignal): Promise<void>
  /** Calls back once after the duration; disposing cancels. Does not keep the process alive. */
  schedule(durationMs: number, callback: () => void): Disposable
}

export const systemClock: Clock = {
  nowMs: () => Date.now(),
  monotonicMs: () => performance.now(),
  sleep: (durationMs, signal) =>
    new Promise((resolve, reject) => {
      if (signal?.aborted === true) {
        reject(coreErrors.ABORTED({ what: 'a wait' }, { cause: signal.reason }))
        return
      }
      const onAbort = () => {
        clearTimeout(timer)
        reject(coreErrors.ABORTED({ what: 'a wait' }, { cause: signal?.reason }))
      }
      const timer = setTimeout(() => {
        signal?.removeEventListener('abort', onAbort)
        resolve()
      }, durationMs)
      signal?.addEventListener('abort', onAbort, { once: true })
    }),
  schedule: (durationMs, callback) => {
    const timer = setTimeout(callback, durationMs)
    // Browsers return a number, which has no unref and holds no process.
    if (typeof timer === 'object') timer.unref()
    return {
      [Symbol.dispose]: () => {
        clearTimeout(timer)
      },
    }
  },
}
