/** The default Store: everything in this process, bounded, gone with it. */
import type { Claim, Reservation, SettledAmount, SettledWindow, Store, StoreChange, SynchronousReservations } from '../contracts/store.ts'
import { createId } from '../id/id.ts'
import { systemRandom, type Random } from '../random/random.ts'
import { systemClock, type Clock } from '../time/clock.ts'
import { ChangeHub } from './change-hub.ts'
import { checkActual, checkClaims, checkKey, checkPrefix, checkRenewal, checkTtl, checkValue } from './check-input.ts'
import { compareKeys, equalBytes } from './compare-keys.ts'
import { ExpiringMap } from './expiring-map.ts'
import { renewReservations, reserveClaims, settleReservation } from './ledger.ts'
import { MemoryLedger } from './memory-ledger.ts'
import { storeErrors } from './store-errors.ts'
import { storeLimits } from './store-limits.ts'

interface Entry {
  readonly key: string
  readonly value: Uint8Array
  readonly expiresAtMs: number
}

const limits = storeLimits.memory
/** What an entry costs beside key and value: a map slot and three objects. */
const entryOverheadBytes = 200
const sizeOf = ({ key, value }: Pick<Entry, 'key' | 'value'>) => key.length * 2 + value.byteLength + entryOverheadBytes

class MemoryStore implements Store {
  readonly contract = 'store/1'
  readonly synchronous: SynchronousReservations = {
    reserve: (claims) => this.#reserve(claims),
    settle: (id, actual) => this.#settle(id, actual),
  }
  readonly #clock: Clock
  /** A count tells this store's reservations apart, and the prefix those of an earlier one that a caller may still hold. */
  readonly #idPrefix: string
  #reservations = 0
  #entryBytes = 0
  readonly #entries = new ExpiringMap<Entry>((entry) => {
    this.#entryBytes -= sizeOf(entry)
  })
  readonly #ledger = new MemoryLedger()
  readonly #hub = new ChangeHub()
  #closed = false

  constructor(clock: Clock, random: Random) {
    this.#clock = clock
    this.#idPrefix = `${createId(clock, random)}/`
  }

  async get(key: string): Promise<Uint8Array | undefined> {
    this.#enter()
    checkKey(key)
    return this.#entries.get(key, this.#nowMs())?.value.slice()
  }

  async set(
    key: string,
    value: Uint8Array,
    options: { readonly ttlMs?: number | undefined; readonly ifAbsent?: boolean | undefined } = {},
  ) {
    this.#enter()
    checkKey(key)
    checkValue(value)
    checkTtl(options.ttlMs)
    if (options.ifAbsent === true && this.#entries.get(key, this.#nowMs()) !== undefined) return false
    this.#put(key, value, options.ttlMs)
    return true
  }

  async compareAndSet(
    key: string,
    expected: Uint8Array | undefined,
    value: Uint8Array | undefined,
    options: { readonly ttlMs?: number | undefined } = {},
  ): Promise<boolean> {
    this.#enter()
    checkKey(key)
    if (value !== undefined) checkValue(value)
    checkTtl(options.ttlMs)
    const found = this.#entries.get(key, this.#nowMs())?.value
    const matches = found === undefined || expected === undefined ? found === expected : equalBytes(found, expected)
    if (!matches) return false
    if (value !== undefined) this.#put(key, value, options.ttlMs)
    else if (found !== undefined) this.#remove(key)
    return true
  }

  async delete(key: string): Promise<boolean> {
    this.#enter()
    checkKey(key)
    if (this.#entries.get(key, this.#nowMs()) === undefined) return false
    this.#remove(key)
    return true
  }

  async *list(prefix: string): AsyncGenerator<string, void, undefined> {
    this.#enter()
    checkPrefix(prefix)
    const keys = [...this.#entries.keys()].filter((key) => key.startsWith(prefix)).sort(compareKeys)
    for (const key of keys) if (this.#entries.get(key, this.#nowMs()) !== undefined) yield key
  }

  async reserve(claims: readonly Claim[]): Promise<Reservation> {
    return this.#reserve(claims)
  }

  async settle(id: string, actual: readonly SettledAmount[]): Promise<readonly SettledWindow[]> {
    return this.#settle(id, actual)
  }

  async renew(ids: readonly string[], leaseMs: number): Promise<void> {
    this.#enter()
    checkRenewal(ids, leaseMs)
    renewReservations(this.#ledger, { ids, leaseMs, nowMs: this.#nowMs() })
  }

  subscribe(prefix: string, onChange: (change: StoreChange) => void): Disposable {
    this.#enter()
    return this.#hub.subscribe({ prefix, onChange, live: true })
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#closed = true
    this.#hub.close()
  }

  #reserve(claims: readonly Claim[]): Reservation {
    this.#enter()
    checkClaims(claims)
    const nowMs = this.#nowMs()
    this.#ledger.makeRoom(claims, nowMs)
    this.#reservations += 1
    return reserveClaims(this.#ledger, { id: `${this.#idPrefix}${String(this.#reservations)}`, claims, nowMs })
  }

  #settle(id: string, actual: readonly SettledAmount[]): readonly SettledWindow[] {
    this.#enter()
    checkActual(actual)
    return settleReservation(this.#ledger, { id, actual, nowMs: this.#nowMs() })
  }

  #enter(): void {
    if (this.#closed) throw storeErrors.STORE_CLOSED({ store: 'memory' })
  }

  #nowMs(): number {
    return Math.floor(this.#clock.nowMs())
  }

  #put(key: string, value: Uint8Array, ttlMs: number | undefined): void {
    const nowMs = this.#nowMs()
    const entry: Entry = { key, value: value.slice(), expiresAtMs: ttlMs === undefined ? Number.POSITIVE_INFINITY : nowMs + ttlMs }
    this.#makeRoom(entry, nowMs)
    this.#entryBytes += sizeOf(entry)
    this.#entries.set(key, entry, nowMs)
    this.#hub.emit({ kind: 'set', key })
  }

  #makeRoom(entry: Entry, nowMs: number): void {
    const replaced = this.#entries.get(entry.key, nowMs)
    const moreEntries = replaced === undefined ? 1 : 0
    const moreBytes = sizeOf(entry) - (replaced === undefined ? 0 : sizeOf(replaced))
    const fits = () => this.#entries.size + moreEntries <= limits.entries && this.#entryBytes + moreBytes <= limits.entryBytes
    if (fits()) return
    this.#entries.sweep(nowMs)
    if (fits()) return
    if (this.#entries.size + moreEntries > limits.entries) throw storeErrors.STORE_FULL({ what: 'entries', limit: limits.entries })
    throw storeErrors.STORE_FULL({ what: 'bytes', limit: limits.entryBytes })
  }

  #remove(key: string): void {
    this.#entries.delete(key)
    this.#hub.emit({ kind: 'delete', key })
  }
}

/** A Store for tests and for a single process that may forget everything when it ends. */
export function createMemoryStore(options: { readonly clock?: Clock; readonly random?: Random } = {}): Store {
  return new MemoryStore(options.clock ?? systemClock, options.random ?? systemRandom)
}
