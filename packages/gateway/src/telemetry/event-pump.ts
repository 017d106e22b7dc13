/** Hands events to the sink in batches, off the hot path, with a bound and a count of what was lost. */
import type { BudEvent, Clock, Sink } from '@bud-foundry/core'
import { eventBatch, pendingEvents } from '../limits.ts'

/** Wait after a failed write; doubles up to the second number. */
const retryMs = [250, 10_000] as const

export interface EventPump {
  push(event: BudEvent): void
  /** Tries to hand everything over; resolves when that is done, or when the signal aborts. */
  flush(signal: AbortSignal): Promise<void>
  readonly pending: number
  readonly dropped: number
}

export interface EventPumpOptions {
  readonly sink: Sink
  readonly clock: Clock
  readonly flushMs: number
  /** Events that may wait. */
  readonly capacity?: number | undefined
  /** Called with the first failure of a series. */
  readonly onFailure: (error: unknown) => void
}

class Pump implements EventPump {
  readonly #options: EventPumpOptions
  readonly #capacity: number
  #waiting: BudEvent[] = []
  #timer: Disposable | undefined
  #writing: Promise<void> | undefined
  #backoffMs = 0
  dropped = 0

  constructor(options: EventPumpOptions) {
    this.#options = options
    this.#capacity = options.capacity ?? pendingEvents
  }

  get pending(): number {
    return this.#waiting.length
  }

  push(event: BudEvent): void {
    if (this.#waiting.length >= this.#capacity) {
      this.#waiting.shift()
      this.dropped += 1
    }
    this.#waiting.push(event)
    if (this.#backoffMs === 0 && this.#waiting.length >= eventBatch) this.#start()
    else this.#schedule(Math.max(this.#backoffMs, this.#options.flushMs))
  }

  async flush(signal: AbortSignal): Promise<void> {
    while ((this.#waiting.length > 0 || this.#writing !== undefined) && !signal.aborted) {
      await (this.#writing ?? this.#writeAll(signal))
      if (this.#backoffMs > 0) await this.#options.clock.sleep(this.#backoffMs, signal).catch(() => undefined)
    }
    if (!signal.aborted) await this.#options.sink.flush(signal)
  }

  #schedule(delayMs: number): void {
    this.#timer ??= this.#options.clock.schedule(delayMs, () => {
      this.#timer = undefined
      this.#start()
    })
  }

  #start(): void {
    if (this.#writing !== undefined || this.#waiting.length === 0) return
    this.#timer?.[Symbol.dispose]()
    this.#timer = undefined
    this.#writing = this.#writeAll(new AbortController().signal).finally(() => {
      this.#writing = undefined
      if (this.#waiting.length > 0) this.#schedule(Math.max(this.#backoffMs, this.#options.flushMs))
    })
  }

  /** Never rejects: a failed batch goes back to the head of the line. */
  async #writeAll(signal: AbortSignal): Promise<void> {
    while (this.#waiting.length > 0) {
      const batch = this.#waiting.splice(0, eventBatch)
      try {
        await this.#options.sink.write(batch, signal)
        this.#backoffMs = 0
      } catch (error) {
        if (this.#backoffMs === 0) this.#options.onFailure(error)
        const room = Math.max(0, this.#capacity - this.#waiting.length)
        this.dropped += Math.max(0, batch.length - room)
        this.#waiting = batch.slice(Math.max(0, batch.length - room)).concat(this.#waiting)
        this.#backoffMs = Math.min(Math.max(this.#backoffMs * 2, retryMs[0]), retryMs[1])
        return
      }
    }
  }
}

export const createEventPump = (options: EventPumpOptions): EventPump => new Pump(options)
