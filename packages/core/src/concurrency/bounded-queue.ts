/** A queue with a limit, and a rule for what happens there. */
import { coreErrors } from '../error/core-errors.ts'
import { invariant } from '../error/invariant.ts'
import { coreLimits } from '../limits.ts'

/** `refuse`: the new item is not taken. `drop-oldest`: the item that waited longest makes room. */
export type OverflowRule = 'refuse' | 'drop-oldest'

/** First in, first out, up to a limit. */
export interface BoundedQueue<Item> extends Disposable {
  /** False when the item was refused: the queue is full or closed. */
  offer(item: Item): boolean
  /** Waits for room, whatever the rule. Rejects with CORE_ABORTED or CORE_CLOSED. */
  put(item: Item, signal: AbortSignal): Promise<void>
  /** The oldest item, or undefined when there is none. */
  poll(): Item | undefined
  /** Waits for an item; undefined when the queue is closed and empty. Rejects with CORE_ABORTED. */
  take(signal: AbortSignal): Promise<Item | undefined>
  readonly size: number
  /** Items refused or dropped so far. */
  readonly overflowed: number
  /** Takes nothing more; what waits can still be taken. */
  [Symbol.dispose](): void
}

/** Settings of `createBoundedQueue`. */
export interface BoundedQueueOptions<Item> {
  /** What it holds, for errors. */
  readonly what: string
  readonly limit: number
  readonly overflow: OverflowRule
  /** Called for every item that `drop-oldest` drops. */
  readonly onDrop?: (item: Item) => void
}

interface Waiter<Result> {
  readonly resolve: (result: Result) => void
}

/** Waiters in order of arrival, each leaving on its own signal. */
class Waiters<Result> {
  readonly #waiting = new Set<Waiter<Result>>()
  readonly #what: string

  constructor(what: string) {
    this.#what = what
  }

  wait(signal: AbortSignal): Promise<Result> {
    const aborted = () => coreErrors.ABORTED({ what: `waiting for ${this.#what}` }, { cause: signal.reason })
    if (signal.aborted) return Promise.reject(aborted())
    if (this.#waiting.size >= coreLimits.semaphoreWaitersMax) {
      return Promise.reject(coreErrors.WAITERS_FULL({ what: this.#what, limit: coreLimits.semaphoreWaitersMax }))
    }
    return new Promise((resolve, reject) => {
      const leave = () => {
        this.#waiting.delete(waiter)
        signal.removeEventListener('abort', onAbort)
      }
      const onAbort = () => {
        leave()
        reject(aborted())
      }
      const waiter: Waiter<Result> = {
        resolve: (result) => {
          leave()
          resolve(result)
        },
      }
      this.#waiting.add(waiter)
      signal.addEventListener('abort', onAbort, { once: true })
    })
  }

  first(): Waiter<Result> | undefined {
    const [first] = this.#waiting
    return first
  }

  all(): readonly Waiter<Result>[] {
    return [...this.#waiting]
  }
}

class ArrayQueue<Item> implements BoundedQueue<Item> {
  readonly #options: BoundedQueueOptions<Item>
  readonly #takers: Waiters<Item | undefined>
  readonly #putters: Waiters<undefined>
  // Taken from the front by moving an index: shifting a long array copies it.
  #items: (Item | undefined)[] = []
  #first = 0
  #closed = false
  overflowed = 0

  constructor(options: BoundedQueueOptions<Item>) {
    this.#options = options
    this.#takers = new Waiters(options.what)
    this.#putters = new Waiters(`room in ${options.what}`)
  }

  get size(): number {
    return this.#items.length - this.#first
  }

  offer(item: Item): boolean {
    if (this.#closed) {
      this.overflowed += 1
      return false
    }
    const taker = this.#takers.first()
    if (taker !== undefined) {
      taker.resolve(item)
      return true
    }
    if (this.size >= this.#options.limit) {
      this.overflowed += 1
      if (this.#options.overflow === 'refuse') return false
      // The queue is full and its limit is at least 1, so there is an item.
      const dropped = this.#shift() as Item
      this.#items.push(item)
      this.#options.onDrop?.(dropped)
      return true
    }
    this.#items.push(item)
    return true
  }

  async put(item: Item, signal: AbortSignal): Promise<void> {
    // Another may take the room between a waiter's wake-up and its turn, so it looks again.
    while (!this.#closed && this.size >= this.#options.limit) await this.#putters.wait(signal)
    if (this.#closed) throw coreErrors.CLOSED({ what: this.#options.what })
    if (signal.aborted) throw coreErrors.ABORTED({ what: `waiting for room in ${this.#options.what}` }, { cause: signal.reason })
    this.offer(item)
  }

  poll(): Item | undefined {
    if (this.size === 0) return undefined
    const item = this.#shift()
    this.#putters.first()?.resolve(undefined)
    return item
  }

  async take(signal: AbortSignal): Promise<Item | undefined> {
    if (!signal.aborted && this.size > 0) return this.poll()
    if (!signal.aborted && this.#closed) return undefined
    return this.#takers.wait(signal)
  }

  [Symbol.dispose](): void {
    this.#closed = true
    for (const taker of this.#takers.all()) taker.resolve(undefined)
    for (const putter of this.#putters.all()) putter.resolve(undefined)
  }

  #shift(): Item | undefined {
    const item = this.#items[this.#first]
    this.#items[this.#first] = undefined
    this.#first += 1
    if (this.#first > 1024 && this.#first * 2 > this.#items.length) {
      this.#items = this.#items.slice(this.#first)
      this.#first = 0
    }
    return item
  }
}

/** Empty at the start. Throws CORE_INVARIANT_BROKEN for a limit outside 1 to `coreLimits.queueItemsMax`. */
export function createBoundedQueue<Item>(options: BoundedQueueOptions<Item>): BoundedQueue<Item> {
  const { limit, what } = options
  const fits = Number.isSafeInteger(limit) && limit > 0 && limit <= coreLimits.queueItemsMax
  invariant(fits, `the queue of ${what} needs a limit from 1 to ${String(coreLimits.queueItemsMax)}, not ${String(limit)}`)
  return new ArrayQueue(options)
}
