/** A bounded Sink that keeps its events in memory, each id once. */
import type { Sink, SinkReceipt } from '../contracts/sink.ts'
import { coreErrors } from '../error/core-errors.ts'
import type { BudEvent } from '../event/event.ts'
import { sinkErrors } from '../sink/sink-errors.ts'
import { sinkLimits } from '../sink/sink-limits.ts'

export interface MemorySink extends Sink {
  /** In the order in which they came first. */
  readonly events: readonly BudEvent[]
}

class BoundedMemorySink implements MemorySink {
  readonly contract = 'sink/1'
  readonly kinds: ReadonlySet<string> | 'all'
  readonly #eventsMax: number
  readonly #byId = new Map<string, BudEvent>()
  #stored = 0
  #dropped = 0
  #closed = false

  constructor(kinds: ReadonlySet<string> | 'all', eventsMax: number) {
    this.kinds = kinds
    this.#eventsMax = eventsMax
  }

  get events(): readonly BudEvent[] {
    return [...this.#byId.values()]
  }

  async write(batch: readonly BudEvent[], signal: AbortSignal): Promise<void> {
    this.#enter(signal, 'writing events')
    const { kinds } = this
    let dropped = 0
    for (const event of batch) {
      if (kinds !== 'all' && !kinds.has(event.kind)) continue
      if (!this.#byId.has(event.id) && this.#byId.size >= this.#eventsMax) {
        dropped += 1
        continue
      }
      this.#stored += 1
      if (!this.#byId.has(event.id)) this.#byId.set(event.id, event)
    }
    this.#dropped += dropped
    if (dropped > 0) throw sinkErrors.SINK_FULL({ where: 'the memory sink', dropped })
  }

  async flush(signal: AbortSignal): Promise<void> {
    this.#enter(signal, 'a flush')
  }

  receipt(): SinkReceipt {
    return { produced: this.#stored + this.#dropped, stored: this.#stored, pending: 0, dropped: this.#dropped }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#closed = true
  }

  #enter(signal: AbortSignal, what: string): void {
    if (this.#closed) throw sinkErrors.SINK_CLOSED({ sink: 'memory' })
    if (signal.aborted) throw coreErrors.ABORTED({ what }, { cause: signal.reason })
  }
}

/** @param options.eventsMax More than this many events are dropped with CORE_SINK_FULL; a million when absent. */
export function createMemorySink(options: { readonly kinds?: ReadonlySet<string>; readonly eventsMax?: number } = {}): MemorySink {
  return new BoundedMemorySink(options.kinds ?? 'all', options.eventsMax ?? sinkLimits.memorySinkEvents)
}
