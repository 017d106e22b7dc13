/** Records of one kind, kept in a Store and mirrored in memory: reads are synchronous, changes of other processes arrive by themselves. */
import { resolveConfig, type Clock, type Store } from '@bud-foundry/core'
import type { z } from 'zod'
import { gatewayErrors } from '../errors.ts'
import { expiredKeptMs, parallelRecordReads, recordReloadMs, recordSweepMs } from '../limits.ts'

const utf8Decoder = new TextDecoder()
const utf8Encoder = new TextEncoder()
const encode = (record: object): Uint8Array => utf8Encoder.encode(JSON.stringify(record))

export interface MirrorOptions<Kept> {
  readonly store: Store
  readonly clock: Clock
  /** Of the records' keys in the store. */
  readonly prefix: string
  readonly schema: z.ZodType<Kept>
  /** What one record is called in messages. */
  readonly what: string
  readonly countMax: number
  /** Undefined keeps a record for ever. */
  readonly ttlMs: (record: Kept) => number | undefined
  /** When a record is over: the store forgets it without a word, and so does the mirror a while later. */
  readonly expiresUnixMs?: ((record: Kept) => number | undefined) | undefined
  /** What becomes of a record whose change cannot be read: the change may have been a revocation. Default `keep`: limits stay, and what is disabled. */
  readonly unreadable?: 'keep' | 'drop' | undefined
  /** Sees every change of the mirror, synchronously. */
  readonly onChange: (before: Kept | undefined, after: Kept | undefined) => void
  /** Called after everything was read anew. */
  readonly onReload: () => Promise<void>
  readonly onFailure: (error: unknown) => void
}

export class RecordMirror<Kept extends { readonly id: string }> implements AsyncDisposable {
  readonly ready: Promise<void>
  readonly #options: MirrorOptions<Kept>
  readonly #records = new Map<string, Kept>()
  readonly #subscription: Disposable
  /** Changes are read one after the other, so that an older read never overwrites a newer one. */
  #work: Promise<void> = Promise.resolve()
  /** Counts what this process changed itself: a read that began before such a change is out of date. */
  #ownChanges = 0
  #reload: Disposable | undefined
  #isLoaded = false
  #nextSweepMs = 0
  #closed = false

  constructor(options: MirrorOptions<Kept>) {
    this.#options = options
    this.#subscription = options.store.subscribe(options.prefix, (change) => {
      this.#enqueue(() => (change.kind === 'resync' ? this.#loadAll() : this.#loadOne(change.key)))
    })
    this.ready = this.#loadAll()
    // Whoever awaits `ready` sees the failure; nobody has to.
    this.ready.catch(() => {
      this.#scheduleReload()
    })
  }

  get size(): number {
    return this.#records.size
  }

  get(id: string): Kept | undefined {
    return this.#records.get(id)
  }

  list(): readonly Kept[] {
    return [...this.#records.values()]
  }

  /** @throws CORE_CONFIG_INVALID naming the field, GATEWAY_KEY_LIMIT when there are too many, GATEWAY_ALREADY_EXISTS for an id that is taken. */
  async create(init: unknown): Promise<Kept> {
    await this.#usable()
    const { store, schema, what, prefix, countMax, ttlMs } = this.#options
    if (this.#records.size >= countMax) this.#sweep(0)
    if (this.#records.size >= countMax) throw gatewayErrors.KEY_LIMIT({ what: `${what}s`, limit: countMax })
    const record = resolveConfig(what, schema, init)
    const isNew = await store.set(prefix + record.id, encode(record), { ttlMs: ttlMs(record), ifAbsent: true })
    if (!isNew) throw gatewayErrors.ALREADY_EXISTS({ what, id: record.id })
    this.#keepOwn(record)
    return record
  }

  /** Loses no change of another process. Undefined when there is no such record. @throws what `edit` throws, and CORE_CONFIG_INVALID. */
  async change(id: string, edit: (record: Kept) => Kept): Promise<Kept | undefined> {
    await this.#usable()
    const { store, schema, what, prefix, ttlMs } = this.#options
    for (;;) {
      const bytes = await store.get(prefix + id)
      if (bytes === undefined) return undefined
      const before = this.#decode(prefix + id, bytes)
      const edited = edit(before)
      if (edited === before) {
        // The mirror may not have heard of it yet: of a change of one's own whose answer got lost, for instance.
        this.#keepOwn(before)
        return before
      }
      const after = resolveConfig(what, schema, edited)
      if (!(await store.compareAndSet(prefix + id, bytes, encode(after), { ttlMs: ttlMs(after) }))) continue
      this.#keepOwn(after)
      return after
    }
  }

  async delete(id: string): Promise<boolean> {
    await this.#usable()
    const wasThere = await this.#options.store.delete(this.#options.prefix + id)
    this.#ownChanges += 1
    this.#put(id, undefined)
    return wasThere
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#closed = true
    this.#reload?.[Symbol.dispose]()
    this.#subscription[Symbol.dispose]()
    await this.#work
  }

  /** What failed at the start may have been read since. */
  async #usable(): Promise<void> {
    if (!this.#isLoaded) await this.ready
  }

  /** Forgets what has been over for that long. */
  #sweep(overMs: number): void {
    const { clock, expiresUnixMs } = this.#options
    if (expiresUnixMs === undefined) return
    const endMs = clock.nowMs() - overMs
    for (const [id, record] of this.#records) if ((expiresUnixMs(record) ?? Infinity) <= endMs) this.#put(id, undefined)
  }

  /** Now and then, with the changes: whoever asks with a key of yesterday is told that it has expired, not that it never was. */
  #sweepSometimes(): void {
    const nowMs = this.#options.clock.monotonicMs()
    if (nowMs < this.#nextSweepMs) return
    this.#nextSweepMs = nowMs + recordSweepMs
    this.#sweep(expiredKeptMs)
  }

  #keepOwn(record: Kept): void {
    this.#ownChanges += 1
    this.#put(record.id, record)
    this.#sweepSometimes()
  }

  #put(id: string, after: Kept | undefined): void {
    const before = this.#records.get(id)
    if (after === undefined) this.#records.delete(id)
    else this.#records.set(id, after)
    if (before !== undefined || after !== undefined) this.#options.onChange(before, after)
  }

  #decode(storeKey: string, bytes: Uint8Array): Kept {
    try {
      return this.#options.schema.parse(JSON.parse(utf8Decoder.decode(bytes)))
    } catch (error) {
      throw gatewayErrors.KEY_RECORD_INVALID({ what: this.#options.what, key: storeKey }, { cause: error })
    }
  }

  #enqueue(work: () => Promise<void>): void {
    this.#work = this.#work.then(work).catch((error: unknown) => {
      this.#options.onFailure(error)
      // What was announced and could not be read would otherwise be missed for ever, a revocation for instance.
      this.#scheduleReload()
    })
  }

  #scheduleReload(): void {
    if (this.#closed) return
    this.#reload ??= this.#options.clock.schedule(recordReloadMs, () => {
      this.#reload = undefined
      this.#enqueue(() => this.#loadAll())
    })
  }

  async #loadOne(storeKey: string): Promise<void> {
    for (;;) {
      const ownChanges = this.#ownChanges
      const bytes = await this.#options.store.get(storeKey)
      if (ownChanges !== this.#ownChanges) continue
      const id = storeKey.slice(this.#options.prefix.length)
      if (bytes === undefined) this.#put(id, undefined)
      else this.#keepRead(storeKey, bytes)
      this.#sweepSometimes()
      return
    }
  }

  /** One broken record must not lock every other one out. */
  #keepRead(storeKey: string, bytes: Uint8Array): void {
    try {
      const record = this.#decode(storeKey, bytes)
      this.#put(record.id, record)
    } catch (error) {
      this.#options.onFailure(error)
      if (this.#options.unreadable === 'drop') this.#put(storeKey.slice(this.#options.prefix.length), undefined)
    }
  }

  async #loadAll(): Promise<void> {
    const { store, prefix, countMax, what, onReload } = this.#options
    const unseen = new Set(this.#records.keys())
    let batch: string[] = []
    let count = 0
    const readBatch = async () => {
      const storeKeys = batch
      batch = []
      await Promise.all(storeKeys.map((storeKey) => this.#loadOne(storeKey)))
    }
    for await (const storeKey of store.list(prefix)) {
      count += 1
      if (count > countMax) throw gatewayErrors.KEY_LIMIT({ what: `${what}s`, limit: countMax })
      unseen.delete(storeKey.slice(prefix.length))
      batch.push(storeKey)
      if (batch.length >= parallelRecordReads) await readBatch()
    }
    await readBatch()
    // Asked one by one: a record may have been made while the list was read.
    for (const id of unseen) await this.#loadOne(prefix + id)
    this.#isLoaded = true
    await onReload()
  }
}
