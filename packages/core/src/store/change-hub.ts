/** Hands changes to the subscribers of one store handle, in order, never inside the call that made the change. */
import type { StoreChange } from '../contracts/store.ts'
import { checkPrefix } from './check-input.ts'
import { storeErrors } from './store-errors.ts'
import { storeLimits } from './store-limits.ts'

interface Subscriber {
  readonly prefix: string
  readonly onChange: (change: StoreChange) => void
  active: boolean
}

const resync: StoreChange = { kind: 'resync' }

export class ChangeHub {
  readonly #subscribers = new Set<Subscriber>()

  get size(): number {
    return this.#subscribers.size
  }

  /** Sends the first `resync` by itself when the feed behind the hub is live already. */
  subscribe(options: {
    readonly prefix: string
    readonly onChange: (change: StoreChange) => void
    readonly live: boolean
    readonly onDispose?: () => void
  }): Disposable {
    checkPrefix(options.prefix)
    if (this.#subscribers.size >= storeLimits.subscriptions) {
      throw storeErrors.STORE_FULL({ what: 'subscriptions', limit: storeLimits.subscriptions })
    }
    const subscriber: Subscriber = { prefix: options.prefix, onChange: options.onChange, active: true }
    this.#subscribers.add(subscriber)
    if (options.live) this.#send(subscriber, resync)
    return {
      [Symbol.dispose]: () => {
        if (!subscriber.active) return
        subscriber.active = false
        this.#subscribers.delete(subscriber)
        options.onDispose?.()
      },
    }
  }

  emit(change: StoreChange): void {
    for (const subscriber of this.#subscribers) {
      if (change.kind === 'resync' || change.key.startsWith(subscriber.prefix)) this.#send(subscriber, change)
    }
  }

  resync(): void {
    this.emit(resync)
  }

  close(): void {
    for (const subscriber of this.#subscribers) subscriber.active = false
    this.#subscribers.clear()
  }

  #send(subscriber: Subscriber, change: StoreChange): void {
    queueMicrotask(() => {
      if (subscriber.active) subscriber.onChange(change)
    })
  }
}
