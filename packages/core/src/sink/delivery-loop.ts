/** Decides when to deliver: as soon as a batch is full, old enough or flushed; after a failure, later and later. */
import { retryDelayMs } from '../concurrency/retry.ts'
import { isBudError } from '../error/bud-error.ts'
import { coreErrors } from '../error/core-errors.ts'
import type { Random } from '../random/random.ts'
import type { Clock } from '../time/clock.ts'
import { sinkLimits } from './sink-limits.ts'

export interface DeliveryFailure {
  readonly error: unknown
  /** Failures in a row. */
  readonly attempt: number
  readonly retryInMs: number
}

export interface DeliveryLoopOptions {
  readonly clock: Clock
  readonly random: Random
  readonly batchAgeMs: number
  /** What waits: none, some, or enough for a batch. */
  readonly backlog: () => 'none' | 'some' | 'full'
  /** Delivers one batch, or throws; the signal aborts when the sink closes and will not wait any longer. */
  readonly deliver: (signal: AbortSignal) => Promise<void>
  /** Deliveries until now, in events; flushes wait for it to reach what was accepted when they began. */
  readonly finished: () => number
  readonly onFailure: (failure: DeliveryFailure) => void
}

interface Flush {
  readonly target: number
  readonly resolve: () => void
  readonly reject: (error: unknown) => void
}

export class DeliveryLoop {
  readonly #options: DeliveryLoopOptions
  readonly #giveUp = new AbortController()
  readonly #flushes = new Set<Flush>()
  #running: Promise<void> | undefined
  #wake: (() => void) | undefined
  #waitsFor: 'age' | 'retry' | undefined
  #failures = 0
  #closing = false

  constructor(options: DeliveryLoopOptions) {
    this.#options = options
  }

  /** Something may be ready. */
  nudge(): void {
    if (this.#running === undefined) {
      if (this.#options.backlog() !== 'none' && !this.#giveUp.signal.aborted) this.#running = this.#run()
    } else if (this.#waitsFor === 'age' && this.#isDue()) {
      this.#wake?.()
    }
  }

  flush(target: number, signal: AbortSignal): Promise<void> {
    if (this.#options.finished() >= target) return Promise.resolve()
    return new Promise((resolve, reject) => {
      const onAbort = () => {
        this.#flushes.delete(flush)
        reject(coreErrors.ABORTED({ what: 'a flush' }, { cause: signal.reason }))
      }
      const flush: Flush = {
        target,
        resolve: () => {
          signal.removeEventListener('abort', onAbort)
          resolve()
        },
        reject,
      }
      if (signal.aborted) {
        onAbort()
        return
      }
      signal.addEventListener('abort', onAbort, { once: true })
      this.#flushes.add(flush)
      this.nudge()
    })
  }

  /** Tries once more to deliver everything, within the time; what remains is left. */
  async close(timeoutMs: number, closed: () => Error): Promise<void> {
    this.#closing = true
    this.nudge()
    this.#wake?.()
    const timer = this.#options.clock.schedule(timeoutMs, () => {
      this.#giveUp.abort(coreErrors.ABORTED({ what: 'a delivery, because the sink closes,' }))
      this.#wake?.()
    })
    await this.#running
    timer[Symbol.dispose]()
    this.#giveUp.abort(coreErrors.ABORTED({ what: 'a delivery, because the sink closes,' }))
    for (const flush of this.#flushes) flush.reject(closed())
    this.#flushes.clear()
  }

  /** Never rejects: failures are reported, and followed by another attempt. */
  async #run(): Promise<void> {
    while (this.#options.backlog() !== 'none' && !this.#giveUp.signal.aborted) {
      if (!this.#isDue()) await this.#pause('age', this.#options.batchAgeMs)
      try {
        await this.#options.deliver(this.#giveUp.signal)
        this.#failures = 0
        this.#endFlushes()
      } catch (error) {
        if (this.#closing) break
        await this.#afterFailure(error)
      }
    }
    this.#running = undefined
    this.#endFlushes()
  }

  async #afterFailure(error: unknown): Promise<void> {
    this.#failures += 1
    const policy = { attemptsMax: 1, baseDelayMs: sinkLimits.retryBaseMs, delayMsMax: sinkLimits.retryDelayMs }
    const askedMs = Math.min(isBudError(error) ? (error.retryAfterMs ?? 0) : 0, sinkLimits.retryDelayMs)
    const retryInMs = retryDelayMs(policy, Math.min(this.#failures, 30), this.#options.random, askedMs)
    this.#options.onFailure({ error, attempt: this.#failures, retryInMs })
    await this.#pause('retry', retryInMs)
  }

  #isDue(): boolean {
    return this.#closing || this.#flushes.size > 0 || this.#options.backlog() === 'full'
  }

  async #pause(reason: 'age' | 'retry', durationMs: number): Promise<void> {
    this.#waitsFor = reason
    await new Promise<void>((resolve) => {
      const timer = this.#options.clock.schedule(durationMs, resolve)
      this.#wake = () => {
        timer[Symbol.dispose]()
        resolve()
      }
    })
    this.#wake = undefined
    this.#waitsFor = undefined
  }

  #endFlushes(): void {
    const finished = this.#options.finished()
    for (const flush of this.#flushes) {
      if (flush.target > finished) continue
      this.#flushes.delete(flush)
      flush.resolve()
    }
  }
}
