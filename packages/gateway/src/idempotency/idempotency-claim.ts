/** The right to answer for an idempotency key: held by renewing a lease, so that a crash gives it back and a long stream keeps it. */
import type { Clock, Store } from '@bud-foundry/core'
import type { IdempotencyConfig } from './idempotency-config.ts'
import { encodeRecord, type IdempotencyRecord } from './idempotency-record.ts'

export interface ClaimInit {
  readonly store: Store
  readonly clock: Clock
  readonly config: IdempotencyConfig
  readonly storeKey: string
  /** As it stands in the store. */
  readonly held: Uint8Array
  readonly onFailure: (error: unknown) => void
}

export class IdempotencyClaim {
  readonly #init: ClaimInit
  #timer: Disposable | undefined
  #renewing: Promise<unknown> = Promise.resolve()
  #over = false

  constructor(init: ClaimInit) {
    this.#init = init
    this.#arm()
  }

  /** Keeps the answer for those who repeat the request. */
  async finish(record: IdempotencyRecord, body?: Uint8Array): Promise<void> {
    await this.#end(encodeRecord(record, body))
  }

  /** There is no answer: whoever repeats the request makes it anew. */
  async release(): Promise<void> {
    await this.#end(undefined)
  }

  async #end(value: Uint8Array | undefined): Promise<void> {
    this.#over = true
    this.#timer?.[Symbol.dispose]()
    // A renewal on its way would put the lease's end in place of the answer's.
    await this.#renewing
    const { store, storeKey, held, config } = this.#init
    // Somebody else's by now when this process was away for longer than its lease: then theirs stands.
    await store.compareAndSet(storeKey, held, value, value === undefined ? {} : { ttlMs: config.ttlMs })
  }

  #arm(): void {
    const { clock, config } = this.#init
    this.#timer = clock.schedule(config.leaseMs / 3, () => {
      this.#renewing = this.#renew()
    })
  }

  async #renew(): Promise<void> {
    const { store, storeKey, held, config, onFailure } = this.#init
    try {
      await store.compareAndSet(storeKey, held, held, { ttlMs: config.leaseMs })
    } catch (error) {
      onFailure(error)
    }
    if (!this.#over) this.#arm()
  }
}
