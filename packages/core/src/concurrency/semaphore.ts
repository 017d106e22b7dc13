/** Bounded parallelism: permits are given in the order in which they were asked for. */
import { coreErrors } from '../error/core-errors.ts'
import { invariant } from '../error/invariant.ts'
import { coreLimits } from '../limits.ts'

/** Permits for work that may run at once. */
export interface Semaphore {
  /** Resolves with a permit; disposing it gives it back, once. Rejects with CORE_ABORTED on abort, CORE_WAITERS_FULL when too many wait. */
  acquire(signal: AbortSignal): Promise<Disposable>
  /** Runs the action under a permit. */
  run<Value>(action: () => Promise<Value>, signal: AbortSignal): Promise<Value>
  readonly inUse: number
  readonly waiting: number
}

/** Settings of `createSemaphore`; at most `coreLimits.semaphoreWaitersMax` callers wait when `waitersMax` is absent. */
export interface SemaphoreOptions {
  /** What it guards, for errors. */
  readonly what: string
  readonly permits: number
  readonly waitersMax?: number
}

class FairSemaphore implements Semaphore {
  readonly #options: Required<SemaphoreOptions>
  // In order of arrival; a Set, so that an aborted waiter leaves at no cost.
  readonly #waiters = new Set<() => void>()
  #inUse = 0

  constructor(options: Required<SemaphoreOptions>) {
    this.#options = options
  }

  get inUse(): number {
    return this.#inUse
  }

  get waiting(): number {
    return this.#waiters.size
  }

  acquire(signal: AbortSignal): Promise<Disposable> {
    const { what, permits, waitersMax } = this.#options
    const aborted = () => coreErrors.ABORTED({ what: `waiting for ${what}` }, { cause: signal.reason })
    if (signal.aborted) return Promise.reject(aborted())
    if (this.#inUse < permits) return Promise.resolve(this.#permit())
    if (this.#waiters.size >= waitersMax) return Promise.reject(coreErrors.WAITERS_FULL({ what, limit: waitersMax }))
    return new Promise((resolve, reject) => {
      const onAbort = () => {
        this.#waiters.delete(grant)
        reject(aborted())
      }
      const grant = () => {
        signal.removeEventListener('abort', onAbort)
        resolve(this.#permit())
      }
      this.#waiters.add(grant)
      signal.addEventListener('abort', onAbort, { once: true })
    })
  }

  async run<Value>(action: () => Promise<Value>, signal: AbortSignal): Promise<Value> {
    using _permit = await this.acquire(signal)
    return await action()
  }

  #permit(): Disposable {
    this.#inUse += 1
    let held = true
    return {
      [Symbol.dispose]: () => {
        if (!held) return
        held = false
        this.#inUse -= 1
        const [next] = this.#waiters
        if (next === undefined) return
        this.#waiters.delete(next)
        next()
      },
    }
  }
}

/** All permits are free at the start. Throws CORE_INVARIANT_BROKEN for fewer than 1. */
export function createSemaphore(options: SemaphoreOptions): Semaphore {
  invariant(
    Number.isSafeInteger(options.permits) && options.permits > 0,
    `a semaphore needs 1 permit or more, not ${String(options.permits)}`,
  )
  return new FairSemaphore({ ...options, waitersMax: options.waitersMax ?? coreLimits.semaphoreWaitersMax })
}
