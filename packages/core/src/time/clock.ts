/** The time port, and the only place that reads the system's clock and timers. */
import { coreErrors } from '../error/core-errors.ts'
import { coreLimits } from '../limits.ts'

/** Where time comes from. */
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

/** Starts a timer and returns what stops it. setTimeout fires at once for delays beyond 24.8 days, so those are waited for in parts. */
function startTimer(durationMs: number, keepsProcess: boolean, callback: () => void): () => void {
  let remainingMs = durationMs
  let handle: ReturnType<typeof setTimeout> | undefined
  const arm = () => {
    const partMs = Math.min(remainingMs, coreLimits.timerMsMax)
    remainingMs -= partMs
    handle = setTimeout(remainingMs > 0 ? arm : callback, partMs)
    // Browsers return a number, which has no unref and holds no process.
    if (!keepsProcess && typeof handle === 'object') handle.unref()
  }
  arm()
  return () => {
    clearTimeout(handle)
  }
}

const isNodeTimer = (handle: unknown): handle is Disposable & { unref(): Disposable } =>
  typeof handle === 'object' && handle !== null && Symbol.dispose in handle && 'unref' in handle

/** The system's clock and timers. */
export const systemClock: Clock = {
  nowMs: () => Date.now(),
  monotonicMs: () => performance.now(),
  sleep: (durationMs, signal) =>
    new Promise((resolve, reject) => {
      const aborted = () => coreErrors.ABORTED({ what: 'a wait' }, { cause: signal?.reason })
      if (signal?.aborted === true) {
        reject(aborted())
        return
      }
      const onAbort = () => {
        stop()
        reject(aborted())
      }
      const stop = startTimer(durationMs, true, () => {
        signal?.removeEventListener('abort', onAbort)
        resolve()
      })
      signal?.addEventListener('abort', onAbort, { once: true })
    }),
  schedule: (durationMs, callback) => {
    if (durationMs <= coreLimits.timerMsMax) {
      // Node's timers can be disposed of themselves; timers come by the thousand, so nothing is wrapped around them.
      const handle: unknown = setTimeout(callback, durationMs)
      if (isNodeTimer(handle)) return handle.unref()
      clearTimeout(handle as number)
    }
    return { [Symbol.dispose]: startTimer(durationMs, false, callback) }
  },
}
