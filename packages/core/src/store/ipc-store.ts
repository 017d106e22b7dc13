/** A Store that another process holds, used over the channel between the two. */
import { z } from 'zod'
import type { Claim, Reservation, SettledAmount, SettledWindow, Store, StoreChange } from '../contracts/store.ts'
import { systemClock, type Clock } from '../time/clock.ts'
import { ChangeHub } from './change-hub.ts'
import { checkActual, checkClaims, checkKey, checkPrefix, checkRenewal, checkTtl, checkValue } from './check-input.ts'
import { decodeBytes, encodeBytes, reservationSchema, settledSchema, type Answers, type Call, type IpcEndpoint } from './ipc-protocol.ts'
import { IpcRequests } from './ipc-requests.ts'
import { storeErrors } from './store-errors.ts'
import { storeLimits } from './store-limits.ts'

const keysSchema = z.array(z.string())

export interface IpcStoreOptions {
  /** The channel to the holder; this process's own channel to its parent when absent. */
  readonly endpoint?: IpcEndpoint
  readonly clock?: Clock
  /** How long one request may take; 5 seconds when absent. */
  readonly requestTimeoutMs?: number
}

const copyClaim = ({ boundariesUnixMs, ...claim }: Claim) => ({ ...claim, boundariesUnixMs: boundariesUnixMs && [...boundariesUnixMs] })

class IpcStore implements Store {
  readonly contract = 'store/1'
  readonly #requests: IpcRequests
  readonly #hubs = new Map<number, ChangeHub>()
  #nextSubscription = 1
  #closed = false

  constructor(endpoint: IpcEndpoint, clock: Clock, timeoutMs: number) {
    this.#requests = new IpcRequests({
      endpoint,
      clock,
      timeoutMs,
      onChanges: (changes) => {
        this.#onChanges(changes)
      },
      onLateReservation: (claims, result) => {
        this.#giveBack(claims, result)
      },
    })
  }

  async get(key: string): Promise<Uint8Array | undefined> {
    checkKey(key)
    const value = z
      .string()
      .nullable()
      .parse(await this.#call({ op: 'get', key }))
    return value === null ? undefined : decodeBytes(value)
  }

  async set(
    key: string,
    value: Uint8Array,
    options: { readonly ttlMs?: number | undefined; readonly ifAbsent?: boolean | undefined } = {},
  ) {
    checkKey(key)
    checkValue(value)
    checkTtl(options.ttlMs)
    return z
      .boolean()
      .parse(await this.#call({ op: 'set', key, value: encodeBytes(value), ttlMs: options.ttlMs, ifAbsent: options.ifAbsent }))
  }

  async compareAndSet(
    key: string,
    expected: Uint8Array | undefined,
    value: Uint8Array | undefined,
    options: { readonly ttlMs?: number | undefined } = {},
  ): Promise<boolean> {
    checkKey(key)
    if (value !== undefined) checkValue(value)
    checkTtl(options.ttlMs)
    const bytes = { expected: expected && encodeBytes(expected), value: value && encodeBytes(value) }
    return z.boolean().parse(await this.#call({ op: 'compareAndSet', key, ...bytes, ttlMs: options.ttlMs }))
  }

  async delete(key: string): Promise<boolean> {
    checkKey(key)
    return z.boolean().parse(await this.#call({ op: 'delete', key }))
  }

  async *list(prefix: string): AsyncGenerator<string, void, undefined> {
    this.#enter()
    checkPrefix(prefix)
    for (const page of await this.#requests.send({ op: 'list', prefix })) yield* keysSchema.parse(page)
  }

  async reserve(claims: readonly Claim[]): Promise<Reservation> {
    checkClaims(claims)
    return reservationSchema.parse(await this.#call({ op: 'reserve', claims: claims.map(copyClaim) }))
  }

  async settle(id: string, actual: readonly SettledAmount[]): Promise<readonly SettledWindow[]> {
    checkActual(actual)
    return settledSchema.parse(await this.#call({ op: 'settle', id, actual: actual.map((row) => ({ ...row })) }))
  }

  async renew(ids: readonly string[], leaseMs: number): Promise<void> {
    checkRenewal(ids, leaseMs)
    await this.#call({ op: 'renew', ids: [...ids], leaseMs })
  }

  subscribe(prefix: string, onChange: (change: StoreChange) => void): Disposable {
    this.#enter()
    if (this.#hubs.size >= storeLimits.subscriptions)
      throw storeErrors.STORE_FULL({ what: 'subscriptions', limit: storeLimits.subscriptions })
    const subscription = this.#nextSubscription
    this.#nextSubscription += 1
    const hub = new ChangeHub()
    const onDispose = () => {
      this.#hubs.delete(subscription)
      if (!this.#closed) this.#tell({ op: 'unsubscribe', subscription })
    }
    const disposable = hub.subscribe({ prefix, onChange, live: false, onDispose })
    this.#hubs.set(subscription, hub)
    this.#tell({ op: 'subscribe', subscription, prefix })
    return disposable
  }

  async [Symbol.asyncDispose](): Promise<void> {
    if (this.#closed) return
    const goodbyes = [...this.#hubs.keys()].map((subscription) => this.#requests.send({ op: 'unsubscribe', subscription }))
    this.#closed = true
    for (const hub of this.#hubs.values()) hub.close()
    this.#hubs.clear()
    // A holder that does not answer any more has dropped the subscriptions too, or does so when the channel closes.
    await Promise.allSettled(goodbyes)
    this.#requests.close(storeErrors.STORE_CLOSED({ store: 'ipc' }))
  }

  #enter(): void {
    if (this.#closed) throw storeErrors.STORE_CLOSED({ store: 'ipc' })
  }

  async #call(call: Call): Promise<unknown> {
    this.#enter()
    const [result] = await this.#requests.send(call)
    return result
  }

  /** A subscription whose request failed has no feed; `resync` makes its owner load, and meet the same failure. */
  #tell(call: Extract<Call, { readonly subscription: number }>): void {
    this.#requests.send(call).catch(() => this.#hubs.get(call.subscription)?.resync())
  }

  #onChanges(changes: Answers['changes']): void {
    for (const { subscription, change } of changes) this.#hubs.get(subscription)?.emit(change)
  }

  /** A reservation whose caller has given up would hold its room until lease and window end. */
  #giveBack(claims: readonly Claim[], result: unknown): void {
    const late = reservationSchema.safeParse(result)
    if (!late.success || !late.data.admitted) return
    const actual = [...new Set(claims.map(({ key }) => key))].map((key) => ({ key, amount: 0 }))
    // Failing again only leaves the lease to expire, as it would have without this call.
    this.#requests.send({ op: 'settle', id: late.data.id, actual }).catch(() => undefined)
  }
}

/** @throws CORE_STORE_UNREACHABLE when the process was not forked, so has no channel. */
export function createIpcStore(options: IpcStoreOptions = {}): Store {
  const endpoint = options.endpoint ?? process
  if (endpoint.send === undefined) {
    throw storeErrors.STORE_UNREACHABLE({ what: 'this process has no channel to a parent', fix: 'fork it, or pass `endpoint`' })
  }
  return new IpcStore(endpoint, options.clock ?? systemClock, options.requestTimeoutMs ?? storeLimits.ipc.requestTimeoutMs)
}
