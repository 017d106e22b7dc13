/** Virtual keys: checked against an in-memory snapshot, kept in a Store, revoked at once everywhere. */
import { hash } from 'node:crypto'
import { createId, createSecret, systemClock, systemRandom, type Clock, type Random, type Secret, type Store } from '@bud-foundry/core'
import { gatewayErrors } from '../errors.ts'
import { keyCount } from '../limits.ts'
import { decodeKeyRecord, encodeKeyRecord, type KeyRecord } from './key-record.ts'

const storePrefix = 'gateway/keys/'
const keyBytes = 32
const prefixLength = 12

export interface NewKey {
  readonly name: string
  readonly projectId?: string | undefined
  readonly userId?: string | undefined
  /** Default: `inference` only. */
  readonly scopes?: readonly string[] | undefined
  readonly models?: readonly string[] | undefined
  readonly expiresUnixMs?: number | undefined
  readonly tags?: Readonly<Record<string, string>> | undefined
  /** The key itself, to bring an existing one in; default: 256 random bits. */
  readonly key?: Secret | undefined
}

export type Authentication =
  | { readonly kind: 'accepted'; readonly record: KeyRecord }
  | { readonly kind: 'refused'; readonly reason: 'missing' | 'unknown' | 'revoked' | 'expired' }

export interface KeyRing extends AsyncDisposable {
  /** Resolves when the snapshot has been read from the store. */
  readonly ready: Promise<void>
  /** The key is shown here and never again. */
  create(key: NewKey): Promise<{ readonly key: Secret; readonly record: KeyRecord }>
  /** All keys, oldest first, revoked ones included. */
  list(): readonly KeyRecord[]
  get(id: string): KeyRecord | undefined
  /** From now on the key is refused here, and elsewhere as soon as the store has told. Undefined when there is no such key. */
  revoke(id: string): Promise<KeyRecord | undefined>
  /** Synchronous: requests wait for no store. */
  authenticate(key: string | undefined): Authentication
}

export interface KeyRingParts {
  readonly store: Store
  readonly clock?: Clock | undefined
  readonly random?: Random | undefined
  /** Told about records that cannot be read and stores that cannot be reached. */
  readonly onFailure?: ((error: unknown) => void) | undefined
}

/** SHA-256 of `bud-` and the key, in hex: the form in which Bud stores keys. */
export const hashKey = (key: string): string => hash('sha256', `bud-${key}`, 'hex')

class StoreKeyRing implements KeyRing {
  readonly ready: Promise<void>
  readonly #store: Store
  readonly #clock: Clock
  readonly #random: Random
  readonly #onFailure: (error: unknown) => void
  readonly #byId = new Map<string, KeyRecord>()
  readonly #byHash = new Map<string, KeyRecord>()
  readonly #subscription: Disposable
  /** Changes are read one after the other, so that an older read never overwrites a newer one. */
  #work: Promise<void> = Promise.resolve()

  constructor(parts: KeyRingParts) {
    this.#store = parts.store
    this.#clock = parts.clock ?? systemClock
    this.#random = parts.random ?? systemRandom
    this.#onFailure = parts.onFailure ?? (() => undefined)
    this.#subscription = this.#store.subscribe(storePrefix, (change) => {
      this.#enqueue(() => (change.kind === 'resync' ? this.#loadAll() : this.#loadOne(change.key)))
    })
    this.ready = this.#loadAll()
    // Whoever awaits `ready` sees the failure; nobody has to.
    this.ready.catch(this.#onFailure)
  }

  async create(init: NewKey): Promise<{ readonly key: Secret; readonly record: KeyRecord }> {
    await this.ready
    if (this.#byId.size >= keyCount) throw gatewayErrors.KEY_LIMIT({ limit: keyCount })
    const key = init.key ?? createSecret(`bud_${Buffer.from(this.#random.bytes(keyBytes)).toString('base64url')}`)
    const record: KeyRecord = {
      id: createId(this.#clock, this.#random),
      hash: hashKey(key.reveal()),
      prefix: key.reveal().slice(0, prefixLength),
      name: init.name,
      projectId: init.projectId ?? 'default',
      scopes: init.scopes ?? ['inference'],
      createdUnixMs: this.#clock.nowMs(),
      tags: init.tags ?? {},
      ...(init.userId === undefined ? {} : { userId: init.userId }),
      ...(init.models === undefined ? {} : { models: init.models }),
      ...(init.expiresUnixMs === undefined ? {} : { expiresUnixMs: init.expiresUnixMs }),
    }
    const ttlMs = init.expiresUnixMs === undefined ? undefined : Math.max(1, init.expiresUnixMs - this.#clock.nowMs())
    await this.#store.set(storePrefix + record.id, encodeKeyRecord(record), { ttlMs })
    this.#keep(record)
    return { key, record }
  }

  list(): readonly KeyRecord[] {
    return [...this.#byId.values()].sort((left, right) => left.createdUnixMs - right.createdUnixMs)
  }

  get(id: string): KeyRecord | undefined {
    return this.#byId.get(id)
  }

  async revoke(id: string): Promise<KeyRecord | undefined> {
    await this.ready
    const storeKey = storePrefix + id
    for (;;) {
      const bytes = await this.#store.get(storeKey)
      if (bytes === undefined) return undefined
      const record = decodeKeyRecord(storeKey, bytes)
      if (record.revokedUnixMs !== undefined) return record
      const revoked = { ...record, revokedUnixMs: this.#clock.nowMs() }
      // Refused here even if the store fails half-way: the safe side of an uncertain answer.
      this.#keep(revoked)
      if (await this.#store.compareAndSet(storeKey, bytes, encodeKeyRecord(revoked))) return revoked
    }
  }

  authenticate(key: string | undefined): Authentication {
    if (key === undefined || key === '') return { kind: 'refused', reason: 'missing' }
    const record = this.#byHash.get(hashKey(key))
    if (record === undefined) return { kind: 'refused', reason: 'unknown' }
    if (record.revokedUnixMs !== undefined) return { kind: 'refused', reason: 'revoked' }
    if (record.expiresUnixMs !== undefined && this.#clock.nowMs() >= record.expiresUnixMs) return { kind: 'refused', reason: 'expired' }
    return { kind: 'accepted', record }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#subscription[Symbol.dispose]()
    await this.#work
  }

  #enqueue(work: () => Promise<void>): void {
    this.#work = this.#work.then(work).catch(this.#onFailure)
  }

  #keep(record: KeyRecord): void {
    // A late read of the state before a revocation must not bring the key back.
    if (this.#byId.get(record.id)?.revokedUnixMs !== undefined && record.revokedUnixMs === undefined) return
    this.#byId.set(record.id, record)
    this.#byHash.set(record.hash, record)
  }

  #forget(id: string): void {
    const record = this.#byId.get(id)
    this.#byId.delete(id)
    if (record !== undefined) this.#byHash.delete(record.hash)
  }

  async #loadOne(storeKey: string): Promise<void> {
    const bytes = await this.#store.get(storeKey)
    if (bytes === undefined) this.#forget(storeKey.slice(storePrefix.length))
    else this.#keep(decodeKeyRecord(storeKey, bytes))
  }

  async #loadAll(): Promise<void> {
    const seen = new Set<string>()
    for await (const storeKey of this.#store.list(storePrefix)) {
      if (seen.size >= keyCount) throw gatewayErrors.KEY_LIMIT({ limit: keyCount })
      seen.add(storeKey.slice(storePrefix.length))
      // One broken record must not lock every other key out.
      await this.#loadOne(storeKey).catch(this.#onFailure)
    }
    // Asked again one by one: a key may have been made while the list was read.
    for (const id of [...this.#byId.keys()]) if (!seen.has(id)) await this.#loadOne(storePrefix + id)
  }
}

/** Keys in a store. Await `ready` before the first `authenticate`; the gateway does. */
export function createKeyRing(parts: KeyRingParts): KeyRing {
  return new StoreKeyRing(parts)
}
