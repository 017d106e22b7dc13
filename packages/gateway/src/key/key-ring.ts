/** Virtual keys: checked against an in-memory mirror, kept in a Store, revoked at once everywhere. */
import {
  createId,
  storeErrors,
  storeLimits,
  systemClock,
  systemRandom,
  type Clock,
  type Random,
  type Secret,
  type Store,
} from '@bud-foundry/core'
import { generateApiKey, hashApiKey } from '@bud-foundry/core/api-key'
import { gatewayErrors } from '../errors.ts'
import { keyCount, overlappingHashes, recordReloadMs } from '../limits.ts'
import { applyChange, type ChangeOf } from './apply-change.ts'
import type { KeyChange, NewKey, RotateOptions, ShownKey } from './key-change.ts'
import { keyRecordSchema, type KeyRecord } from './key-record.ts'
import { StoreOwnerBook, type OwnerBook } from './owner-book.ts'
import { RecordMirror } from './record-mirror.ts'

const shownCharacters = 10

export type Authentication =
  | { readonly kind: 'accepted'; readonly record: KeyRecord }
  | { readonly kind: 'refused'; readonly reason: 'missing' | 'unknown' | 'revoked' | 'expired' | 'disabled' }

export interface KeyRing extends AsyncDisposable {
  /** Resolves when everything has been read from the store. */
  readonly ready: Promise<void>
  /** Records above the keys, by what `projectId` and `userId` name. */
  readonly projects: OwnerBook
  readonly users: OwnerBook
  /** Grows with every change of a key, project or user that this process knows of. */
  readonly version: number
  /** The key is shown here and never again. */
  create(key: NewKey): Promise<ShownKey>
  rotate(id: string, options?: RotateOptions): Promise<ShownKey | undefined>
  update(id: string, change: ChangeOf<KeyRecord, KeyChange>): Promise<KeyRecord | undefined>
  delete(id: string): Promise<boolean>
  /** All keys, oldest first, revoked ones included. */
  list(): readonly KeyRecord[]
  get(id: string): KeyRecord | undefined
  /**
   * From now on the key is refused here, and elsewhere as soon as the store has told. Undefined when there is no such key.
   * When the store fails, the key stays refused here, and the store is told, again and again, until it takes it: as long as this ring is open, and by
   * the next one with the same journal.
   * @throws GATEWAY_REVOCATION_PENDING while the store cannot be told
   */
  revoke(id: string): Promise<KeyRecord | undefined>
  /** The same for a key that another process has revoked and may not have told the store of. Returns at once. */
  refuse(id: string): void
  /** Synchronous: requests wait for no store. */
  authenticate(key: string | undefined): Authentication
}

/** Where revocations wait for a store that does not answer, so that they outlast the process. Each method may reject. */
export interface RevocationJournal {
  add(id: string): Promise<void>
  remove(id: string): Promise<void>
  /** Ids of keys. */
  list(): Promise<readonly string[]>
}

export interface KeyRingParts {
  readonly store: Store
  readonly journal?: RevocationJournal | undefined
  /** Called at once with the id of each key that is revoked here, before the store is asked: tell other processes, which `refuse` it. */
  readonly onRevoke?: ((id: string) => void) | undefined
  readonly clock?: Clock | undefined
  readonly random?: Random | undefined
  /** Told about records that cannot be read and stores that cannot be reached. */
  readonly onFailure?: ((error: unknown) => void) | undefined
}

/** A hash that is accepted, and until when; `Infinity` for the one that is not about to be replaced. */
interface Accepted {
  readonly record: KeyRecord
  readonly validUntilUnixMs: number
}

const refuse = (reason: Extract<Authentication, { readonly kind: 'refused' }>['reason']): Authentication => ({ kind: 'refused', reason })

class StoreKeyRing implements KeyRing {
  readonly ready: Promise<void>
  readonly projects: StoreOwnerBook
  readonly users: StoreOwnerBook
  version = 0
  readonly #clock: Clock
  readonly #random: Random
  readonly #onFailure: (error: unknown) => void
  readonly #keys: RecordMirror<KeyRecord>
  readonly #byHash = new Map<string, Accepted>()
  readonly #journal: RevocationJournal | undefined
  readonly #onRevoke: (id: string) => void
  /** Refused, whatever the store says: it may not have been told. */
  readonly #untoldRevocations = new Set<string>()
  /** Of those, the ones that the journal has. */
  readonly #noted = new Set<string>()
  #retry: Disposable | undefined
  #isTelling = false
  #closed = false

  constructor(parts: KeyRingParts) {
    const { store, clock = systemClock, random = systemRandom, onFailure = () => undefined, onRevoke = () => undefined } = parts
    this.#journal = parts.journal
    this.#onRevoke = onRevoke
    this.#clock = clock
    this.#random = random
    this.#onFailure = onFailure
    const onOwnerChange = () => {
      this.version += 1
    }
    this.projects = new StoreOwnerBook({ kind: 'project', store, clock, onChange: onOwnerChange, onFailure })
    this.users = new StoreOwnerBook({ kind: 'user', store, clock, onChange: onOwnerChange, onFailure })
    this.#keys = new RecordMirror({
      store,
      clock,
      prefix: 'gateway/keys/',
      schema: keyRecordSchema,
      what: 'key',
      countMax: keyCount,
      ttlMs: (record) => this.#ttlMs(record),
      expiresUnixMs: (record) => record.expiresUnixMs,
      unreadable: 'drop',
      onChange: (before, after) => {
        this.#index(before, after)
      },
      onReload: () => this.#tellRevocations(),
      onFailure,
    })
    this.ready = Promise.all([this.#readJournal(), this.#keys.ready, this.projects.ready, this.users.ready]).then(() => undefined)
    this.ready.catch(onFailure)
  }

  async create({ key: given, ...init }: NewKey): Promise<ShownKey> {
    const made = this.#make(given)
    const record = await this.#keys.create({
      id: createId(this.#clock, this.#random),
      hash: made.hash,
      prefix: made.prefix,
      createdUnixMs: this.#clock.nowMs(),
      ...init,
      projectId: init.projectId ?? 'default',
      scopes: init.scopes ?? ['inference'],
    })
    return { key: made.key, record }
  }

  async rotate(id: string, { overlapMs = 0 }: RotateOptions = {}): Promise<ShownKey | undefined> {
    const made = this.#make(undefined)
    const record = await this.#keys.change(id, (before) => {
      if (before.revokedUnixMs !== undefined) throw gatewayErrors.KEY_REVOKED({ id })
      const nowMs = this.#clock.nowMs()
      const replaced = { hash: before.hash, prefix: before.prefix, validUntilUnixMs: nowMs + overlapMs }
      // Without overlap every earlier key ends: one of them may be the reason for the rotation.
      const previous = overlapMs > 0 ? [replaced, ...(before.previous ?? [])].filter((each) => each.validUntilUnixMs > nowMs) : []
      return { ...before, hash: made.hash, prefix: made.prefix, previous: previous.slice(0, overlappingHashes), rotatedUnixMs: nowMs }
    })
    return record === undefined ? undefined : { key: made.key, record }
  }

  update(id: string, change: ChangeOf<KeyRecord, KeyChange>): Promise<KeyRecord | undefined> {
    return this.#keys.change(id, (record) => applyChange(record, change))
  }

  delete(id: string): Promise<boolean> {
    return this.#keys.delete(id)
  }

  list(): readonly KeyRecord[] {
    return this.#keys.list().toSorted((left, right) => left.createdUnixMs - right.createdUnixMs)
  }

  get(id: string): KeyRecord | undefined {
    return this.#keys.get(id)
  }

  async revoke(id: string): Promise<KeyRecord | undefined> {
    // First of all here: the safe side, whatever the store says.
    this.#untoldRevocations.add(id)
    this.#onRevoke(id)
    try {
      return await this.#storeRevocation(id)
    } catch (error) {
      // Trying again would change nothing.
      if (gatewayErrors.KEY_RECORD_INVALID.is(error) || storeErrors.STORE_CLOSED.is(error)) throw error
      const isNoted = await this.#note(id)
      this.#scheduleRetry()
      const problem = error instanceof Error ? error.message : String(error)
      throw gatewayErrors.REVOCATION_PENDING({ id, problem, isNoted }, { cause: error })
    }
  }

  refuse(id: string): void {
    this.#untoldRevocations.add(id)
    this.#scheduleRetry()
  }

  authenticate(key: string | undefined): Authentication {
    if (key === undefined || key === '') return refuse('missing')
    const accepted = this.#byHash.get(hashApiKey(key))
    if (accepted === undefined) return refuse('unknown')
    const { record, validUntilUnixMs } = accepted
    if (record.revokedUnixMs !== undefined || this.#untoldRevocations.has(record.id)) return refuse('revoked')
    if (validUntilUnixMs !== Number.POSITIVE_INFINITY && this.#clock.nowMs() >= validUntilUnixMs) return refuse('expired')
    const { projectId, userId } = record
    if (this.projects.isDisabled(projectId) || (userId !== undefined && this.users.isDisabled(userId))) return refuse('disabled')
    return { kind: 'accepted', record }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#closed = true
    this.#retry?.[Symbol.dispose]()
    await Promise.all([this.#keys, this.projects, this.users].map((each) => each[Symbol.asyncDispose]()))
  }

  #make(given: Secret | undefined): { readonly key: Secret; readonly hash: string; readonly prefix: string } {
    const made = given === undefined ? generateApiKey(this.#random) : undefined
    if (made !== undefined) return made
    const text = given?.reveal() ?? ''
    const hash = hashApiKey(text)
    const taken = this.#byHash.get(hash)
    if (taken !== undefined) throw gatewayErrors.ALREADY_EXISTS({ what: 'key', id: taken.record.id })
    // Of a short key of one's own even the first characters would tell too much.
    return { key: given ?? generateApiKey(this.#random).key, hash, prefix: text.slice(0, Math.min(shownCharacters, text.length >> 2)) }
  }

  /** An expired key leaves the store by itself. */
  #ttlMs({ expiresUnixMs }: KeyRecord): number | undefined {
    if (expiresUnixMs === undefined) return undefined
    return Math.min(Math.max(1, Math.ceil(expiresUnixMs - this.#clock.nowMs())), storeLimits.ttlMs)
  }

  #index(before: KeyRecord | undefined, after: KeyRecord | undefined): void {
    this.version += 1
    if (before !== undefined) for (const { hash } of [before, ...(before.previous ?? [])]) this.#byHash.delete(hash)
    if (after === undefined) return
    const endMs = after.expiresUnixMs ?? Number.POSITIVE_INFINITY
    for (const { hash, validUntilUnixMs } of after.previous ?? []) {
      this.#byHash.set(hash, { record: after, validUntilUnixMs: Math.min(validUntilUnixMs, endMs) })
    }
    this.#byHash.set(after.hash, { record: after, validUntilUnixMs: endMs })
  }

  /** Whether the journal has it. */
  async #note(id: string): Promise<boolean> {
    try {
      await this.#journal?.add(id)
    } catch (error) {
      this.#onFailure(error)
      return false
    }
    if (this.#journal === undefined) return false
    this.#noted.add(id)
    // Told while it was written down.
    if (!this.#untoldRevocations.has(id)) await this.#forget(id)
    return true
  }

  /** What an earlier process could not tell. A journal that cannot be read keeps nobody out. */
  async #readJournal(): Promise<void> {
    try {
      for (const id of (await this.#journal?.list()) ?? []) {
        this.#noted.add(id)
        this.refuse(id)
      }
    } catch (error) {
      this.#onFailure(error)
    }
  }

  /** The store has it. */
  async #forget(id: string): Promise<void> {
    this.#untoldRevocations.delete(id)
    if (this.#noted.delete(id)) await this.#journal?.remove(id).catch(this.#onFailure)
  }

  async #storeRevocation(id: string): Promise<KeyRecord | undefined> {
    const record = await this.#keys.change(id, (before) =>
      before.revokedUnixMs === undefined ? { ...before, revokedUnixMs: this.#clock.nowMs() } : before,
    )
    await this.#forget(id)
    return record
  }

  /** A store that hangs and goes on breaks no connection: nobody would say that it is back. */
  #scheduleRetry(): void {
    if (this.#closed || this.#isTelling || this.#untoldRevocations.size === 0) return
    this.#retry ??= this.#clock.schedule(recordReloadMs, () => {
      this.#retry = undefined
      void this.#tellRevocations()
    })
  }

  /** Never rejects: whoever revoked has been told of the failure. */
  async #tellRevocations(): Promise<void> {
    if (this.#isTelling) return
    this.#isTelling = true
    for (const id of this.#untoldRevocations) {
      if (this.#closed) break
      // Somebody else has told it already.
      if (this.#keys.get(id)?.revokedUnixMs !== undefined) await this.#forget(id)
      else await this.#storeRevocation(id).catch(() => undefined)
    }
    this.#isTelling = false
    this.#scheduleRetry()
  }
}

/** Keys, projects and users in a store. Await `ready` before the first `authenticate`; the gateway does. */
export function createKeyRing(parts: KeyRingParts): KeyRing {
  return new StoreKeyRing(parts)
}
