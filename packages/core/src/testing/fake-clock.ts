/** Virtual time: nothing happens until a test advances it, and then in order. */
import { coreErrors } from '../error/core-errors.ts'
import { invariant } from '../error/invariant.ts'
import { coreLimits } from '../limits.ts'
import type { Clock } from '../time/clock.ts'

/** A Clock that stands still until it is told to move. */
export interface FakeClock extends Clock {
  /** Runs every timer due within the duration, in order of time, letting promises settle before, between and after; then stands at the end. */
  advance(durationMs: number): Promise<void>
  /** Advances from timer to timer until the promise settles, and returns its result. Fails when nothing is left that could settle it. */
  run<Value>(promise: Promise<Value>): Promise<Value>
  /** Timers and sleeps that wait. */
  readonly pending: number
}

interface Timer {
  readonly atMs: number
  readonly order: number
  readonly fire: () => void
}

/** Lets every queued microtask run, and what those queue: a macrotask comes after all of them. */
function settle(): Promise<void> {
  return new Promise((resolve) => {
    if (typeof setImmediate === 'function') setImmediate(resolve)
    else setTimeout(resolve, 0)
  })
}

class VirtualClock implements FakeClock {
  readonly #startMs: number
  #elapsedMs = 0
  #order = 0
  readonly #timers = new Set<Timer>()

  constructor(startMs: number) {
    this.#startMs = startMs
  }

  get pending(): number {
    return this.#timers.size
  }

  nowMs(): number {
    return this.#startMs + this.#elapsedMs
  }

  monotonicMs(): number {
    return this.#elapsedMs
  }

  sleep(durationMs: number, signal?: AbortSignal): Promise<void> {
    return new Promise((resolve, reject) => {
      const abort = () => {
        reject(coreErrors.ABORTED({ what: 'a wait' }, { cause: signal?.reason }))
      }
      if (signal?.aborted === true) {
        abort()
        return
      }
      const onAbort = () => {
        timer[Symbol.dispose]()
        abort()
      }
      const timer = this.schedule(durationMs, () => {
        signal?.removeEventListener('abort', onAbort)
        resolve()
      })
      signal?.addEventListener('abort', onAbort, { once: true })
    })
  }

  schedule(durationMs: number, callback: () => void): Disposable {
    this.#order += 1
    const timer: Timer = { atMs: this.#elapsedMs + Math.max(0, durationMs), order: this.#order, fire: callback }
    this.#timers.add(timer)
    return {
      [Symbol.dispose]: () => {
        this.#timers.delete(timer)
      },
    }
  }

  async advance(durationMs: number): Promise<void> {
    invariant(durationMs >= 0, `a fake clock cannot go back by ${String(durationMs)} ms`)
    const endMs = this.#elapsedMs + durationMs
    await settle()
    for (let fired = 0; ; fired += 1) {
      invariant(fired < coreLimits.fakeClockTimersMax, 'timers keep scheduling timers without end on the fake clock')
      const next = this.#next()
      if (next === undefined || next.atMs > endMs) break
      await this.#fire(next)
    }
    this.#elapsedMs = endMs
  }

  async run<Value>(promise: Promise<Value>): Promise<Value> {
    let settled = false
    const note = () => {
      settled = true
    }
    promise.then(note, note)
    await settle()
    for (let fired = 0; !this.#isTrue(settled); fired += 1) {
      invariant(fired < coreLimits.fakeClockTimersMax, 'timers keep scheduling timers without end on the fake clock')
      const next = this.#next()
      invariant(next !== undefined, 'the promise waits for something that is not on the fake clock')
      await this.#fire(next)
    }
    return promise
  }

  /** Keeps the type checker from narrowing a flag that callbacks change. */
  #isTrue(flag: boolean): boolean {
    return flag
  }

  #next(): Timer | undefined {
    let next: Timer | undefined
    for (const timer of this.#timers) {
      if (next === undefined || timer.atMs < next.atMs || (timer.atMs === next.atMs && timer.order < next.order)) next = timer
    }
    return next
  }

  async #fire(timer: Timer): Promise<void> {
    this.#timers.delete(timer)
    this.#elapsedMs = timer.atMs
    timer.fire()
    await settle()
  }
}

/** @param options.startUnixMs Wall-clock time at the start; 2026-01-01T00:00:00Z when absent. */
export function createFakeClock(options: { readonly startUnixMs?: number } = {}): FakeClock {
  return new VirtualClock(options.startUnixMs ?? Date.UTC(2026, 0, 1))
}
