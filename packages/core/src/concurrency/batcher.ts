/** Groups items by number or age, and delivers one batch at a time, in order. */
import { invariant } from '../error/invariant.ts'
import { coreLimits } from '../limits.ts'
import type { Clock } from '../time/clock.ts'

/** Collects items and hands them over in batches. */
export interface Batcher<Item> extends AsyncDisposable {
  /** False when the item was refused: too many wait for delivery, or the batcher is closed. */
  add(item: Item): boolean
  /** Resolves when everything added so far was delivered, or its failure reported. */
  flush(): Promise<void>
  /** Items not yet delivered. */
  readonly waiting: number
}

/** Settings of `createBatcher`. */
export interface BatcherOptions<Item> {
  readonly clock: Clock
  /** A batch is delivered when it has this many items, */
  readonly itemsMax: number
  /** or when its oldest item has waited this long. */
  readonly ageMsMax: number
  /** Items that may wait, those of the batch in delivery included; `coreLimits.batchWaitingItemsMax` when absent. */
  readonly waitingItemsMax?: number
  readonly deliver: (batch: readonly Item[]) => Promise<void>
  /** Owns the failure of a delivery: the batch is not tried again here. */
  readonly onFailure: (error: unknown, batch: readonly Item[]) => void
}

class ItemBatcher<Item> implements Batcher<Item> {
  readonly #options: Required<BatcherOptions<Item>>
  #items: Item[] = []
  /** Items at the front whose age or a flush makes them due. */
  #due = 0
  #inDelivery = 0
  #timer: Disposable | undefined
  #delivery: Promise<void> | undefined
  #closed = false

  constructor(options: Required<BatcherOptions<Item>>) {
    this.#options = options
  }

  get waiting(): number {
    return this.#items.length + this.#inDelivery
  }

  add(item: Item): boolean {
    if (this.#closed || this.waiting >= this.#options.waitingItemsMax) return false
    this.#items.push(item)
    this.#proceed()
    return true
  }

  async flush(): Promise<void> {
    this.#due = this.#items.length
    this.#proceed()
    let remaining = this.waiting
    while (remaining > 0 && this.#delivery !== undefined) {
      const before = this.#inDelivery
      await this.#delivery
      remaining -= before
      this.#proceed()
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#closed = true
    await this.flush()
    this.#timer?.[Symbol.dispose]()
    this.#timer = undefined
  }

  /** Starts the next delivery when one is due and none runs; else sees to it that a timer will. */
  #proceed(): void {
    if (this.#delivery !== undefined) return
    if (this.#items.length >= this.#options.itemsMax || this.#due > 0) {
      this.#timer?.[Symbol.dispose]()
      this.#timer = undefined
      const batch = this.#items.slice(0, this.#options.itemsMax)
      this.#items = this.#items.slice(batch.length)
      this.#due = Math.max(0, this.#due - batch.length)
      this.#inDelivery = batch.length
      this.#delivery = this.#deliver(batch)
      return
    }
    if (this.#items.length === 0 || this.#timer !== undefined) return
    this.#timer = this.#options.clock.schedule(this.#options.ageMsMax, () => {
      this.#timer = undefined
      this.#due = this.#items.length
      this.#proceed()
    })
  }

  async #deliver(batch: readonly Item[]): Promise<void> {
    // A later turn, so that `#delivery` stands before a callback that throws at once, or adds items, can look at it.
    await Promise.resolve()
    try {
      await this.#options.deliver(batch)
    } catch (error) {
      this.#options.onFailure(error, batch)
    } finally {
      this.#inDelivery = 0
      this.#delivery = undefined
      this.#proceed()
    }
  }
}

/** Closing delivers what waits. Throws CORE_INVARIANT_BROKEN for bounds that contradict each other. */
export function createBatcher<Item>(options: BatcherOptions<Item>): Batcher<Item> {
  const { itemsMax, ageMsMax, waitingItemsMax = coreLimits.batchWaitingItemsMax } = options
  invariant(
    itemsMax >= 1 && itemsMax <= coreLimits.batchItemsMax,
    `itemsMax must be from 1 to ${String(coreLimits.batchItemsMax)}, not ${String(itemsMax)}`,
  )
  invariant(waitingItemsMax >= itemsMax, `waitingItemsMax (${String(waitingItemsMax)}) must have room for one batch (${String(itemsMax)})`)
  invariant(
    ageMsMax >= 0 && ageMsMax <= coreLimits.timerMsMax,
    `ageMsMax must be from 0 to ${String(coreLimits.timerMsMax)}, not ${String(ageMsMax)}`,
  )
  return new ItemBatcher({ ...options, waitingItemsMax })
}
