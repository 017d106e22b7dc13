/** A Store in one SQLite file: survives restarts and SIGKILL, shared by the processes of one machine. */
import { mkdirSync } from 'node:fs'
import { dirname } from 'node:path'
import type { DatabaseSync, StatementSync } from 'node:sqlite'
import { z } from 'zod'
import type { Claim, Reservation, SettledAmount, SettledWindow, Store, StoreChange } from '../contracts/store.ts'
import { createId } from '../id/id.ts'
import { systemRandom, type Random } from '../random/random.ts'
import { systemClock, type Clock } from '../time/clock.ts'
import { ChangeHub } from './change-hub.ts'
import { ChangeLog } from './change-log.ts'
import { checkActual, checkClaims, checkKey, checkPrefix, checkRenewal, checkTtl, checkValue } from './check-input.ts'
import { equalBytes } from './compare-keys.ts'
import { FileLedger } from './file-ledger.ts'
import { openDatabase } from './file-schema.ts'
import { GroupCommit } from './group-commit.ts'
import { renewReservations, reserveClaims, settleReservation } from './ledger.ts'
import { isSqliteBusy, toStoreError } from './sqlite-errors.ts'
import { storeErrors } from './store-errors.ts'
import { storeLimits } from './store-limits.ts'

const limits = storeLimits.file
const valueRow = z.object({ value: z.instanceof(Uint8Array) })
const keyRow = z.object({ key: z.string() })
const live = '(expires_at_ms IS NULL OR expires_at_ms > ?)'

export interface FileStoreOptions {
  /** The SQLite file; its directory is made when missing. SQLite keeps two more files beside it. */
  readonly path: string
  /** Must be the system's clock, or one that all processes on the file share. */
  readonly clock?: Clock
  readonly random?: Random
  /** Bound of the whole file, reached with CORE_STORE_FULL; 4 GiB when absent. */
  readonly fileBytesMax?: number
}

class FileStore implements Store {
  readonly contract = 'store/1'
  readonly #options: Required<FileStoreOptions>
  readonly #database: DatabaseSync
  readonly #ledger: FileLedger
  readonly #log: ChangeLog
  readonly #hub = new ChangeHub()
  readonly #writes: GroupCommit
  readonly #statements: Readonly<Record<'get' | 'put' | 'drop' | 'listFrom' | 'listAfter', StatementSync>>
  readonly #purges: readonly StatementSync[]
  #purgedAtMs = 0
  #poll: Disposable | undefined
  #closing: Promise<void> | undefined

  constructor(database: DatabaseSync, options: Required<FileStoreOptions>) {
    this.#options = options
    this.#database = database
    this.#ledger = new FileLedger(database)
    this.#log = new ChangeLog(database)
    this.#statements = {
      get: database.prepare(`SELECT value FROM entries WHERE key = ? AND ${live}`),
      put: database.prepare(
        `INSERT INTO entries (key, value, expires_at_ms) VALUES (?, ?, ?)
         ON CONFLICT DO UPDATE SET value = excluded.value, expires_at_ms = excluded.expires_at_ms`,
      ),
      drop: database.prepare('DELETE FROM entries WHERE key = ?'),
      listFrom: database.prepare(`SELECT key FROM entries WHERE key >= ? AND ${live} ORDER BY key LIMIT ?`),
      listAfter: database.prepare(`SELECT key FROM entries WHERE key > ? AND ${live} ORDER BY key LIMIT ?`),
    }
    this.#purges = [
      ['entries', 'key', 'expires_at_ms'],
      ['windows', 'key, window_ms', 'ends_at_ms'],
      ['leases', 'key, id', 'expires_at_ms'],
      ['reservations', 'id', 'expires_at_ms'],
    ].map(([table, key, end]) =>
      database.prepare(
        `DELETE FROM ${String(table)} WHERE (${String(key)}) IN (SELECT ${String(key)} FROM ${String(table)} WHERE ${String(end)} <= ? LIMIT ${String(limits.purgeRows)})`,
      ),
    )
    this.#writes = new GroupCommit({
      database,
      ...options,
      onCommitting: () => {
        this.#purge()
      },
      onCommitted: () => {
        this.#announce()
      },
    })
  }

  async get(key: string): Promise<Uint8Array | undefined> {
    this.#enter()
    checkKey(key)
    return this.#reading(() => this.#read(key))
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
    const bytes = value.slice()
    return this.#writes.run(() => {
      if (options.ifAbsent === true && this.#read(key) !== undefined) return false
      this.#put(key, bytes, options.ttlMs)
      return true
    })
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
    const [before, after] = [expected?.slice(), value?.slice()]
    return this.#writes.run(() => {
      const found = this.#read(key)
      const matches = found === undefined || before === undefined ? found === before : equalBytes(found, before)
      if (!matches) return false
      if (after !== undefined) this.#put(key, after, options.ttlMs)
      else if (found !== undefined) this.#drop(key)
      return true
    })
  }

  async delete(key: string): Promise<boolean> {
    this.#enter()
    checkKey(key)
    return this.#writes.run(() => {
      if (this.#read(key) === undefined) return false
      this.#drop(key)
      return true
    })
  }

  async *list(prefix: string): AsyncGenerator<string, void, undefined> {
    checkPrefix(prefix)
    let page = this.#page('listFrom', prefix)
    for (;;) {
      for (const key of page) {
        if (!key.startsWith(prefix)) return
        yield key
      }
      const last = page.at(-1)
      if (last === undefined || page.length < limits.listPage) return
      page = this.#page('listAfter', last)
    }
  }

  async reserve(claims: readonly Claim[]): Promise<Reservation> {
    this.#enter()
    checkClaims(claims)
    const id = createId(this.#options.clock, this.#options.random)
    const copies = claims.map((claim) => ({ ...claim }))
    return this.#writes.run(() => reserveClaims(this.#ledger, { id, claims: copies, nowMs: this.#nowMs() }))
  }

  async settle(id: string, actual: readonly SettledAmount[]): Promise<readonly SettledWindow[]> {
    this.#enter()
    checkActual(actual)
    const copies = actual.map((row) => ({ ...row }))
    return this.#writes.run(() => settleReservation(this.#ledger, { id, actual: copies, nowMs: this.#nowMs() }))
  }

  async renew(ids: readonly string[], leaseMs: number): Promise<void> {
    this.#enter()
    checkRenewal(ids, leaseMs)
    const copies = [...ids]
    return this.#writes.run(() => {
      renewReservations(this.#ledger, { ids: copies, leaseMs, nowMs: this.#nowMs() })
    })
  }

  subscribe(prefix: string, onChange: (change: StoreChange) => void): Disposable {
    this.#enter()
    if (this.#hub.size === 0)
      this.#reading(() => {
        this.#log.skip()
      })
    const onDispose = () => {
      if (this.#hub.size === 0) this.#stopPolling()
    }
    const subscription = this.#hub.subscribe({ prefix, onChange, live: true, onDispose })
    if (this.#poll === undefined) this.#schedulePoll()
    return subscription
  }

  [Symbol.asyncDispose](): Promise<void> {
    this.#closing ??= this.#close()
    return this.#closing
  }

  async #close(): Promise<void> {
    this.#stopPolling()
    this.#hub.close()
    await this.#writes.settled()
    this.#database.close()
  }

  #enter(): void {
    if (this.#closing !== undefined) throw storeErrors.STORE_CLOSED({ store: 'file' })
  }

  #nowMs(): number {
    return Math.floor(this.#options.clock.nowMs())
  }

  #reading<Result>(read: () => Result): Result {
    try {
      return read()
    } catch (error) {
      throw toStoreError(error, this.#options)
    }
  }

  #read(key: string): Uint8Array | undefined {
    const row = this.#statements.get.get(key, this.#nowMs())
    return row === undefined ? undefined : valueRow.parse(row).value
  }

  #page(statement: 'listFrom' | 'listAfter', from: string): readonly string[] {
    this.#enter()
    return this.#reading(() => this.#statements[statement].all(from, this.#nowMs(), limits.listPage).map((row) => keyRow.parse(row).key))
  }

  #put(key: string, value: Uint8Array, ttlMs: number | undefined): void {
    this.#statements.put.run(key, value, ttlMs === undefined ? null : this.#nowMs() + ttlMs)
    this.#log.append('set', key)
  }

  #drop(key: string): void {
    this.#statements.drop.run(key)
    this.#log.append('delete', key)
  }

  #purge(): void {
    const nowMs = this.#nowMs()
    if (nowMs - this.#purgedAtMs < limits.purgeEveryMs) return
    this.#purgedAtMs = nowMs
    for (const purge of this.#purges) purge.run(nowMs)
  }

  #announce(): void {
    if (this.#hub.size === 0) return
    try {
      for (const change of this.#log.read()) this.#hub.emit(change)
    } catch (error) {
      // While it is locked the next poll reads the same changes. Anything else the subscribers meet themselves, when they load again.
      if (!isSqliteBusy(error)) this.#hub.resync()
    }
  }

  #schedulePoll(): void {
    this.#poll = this.#options.clock.schedule(limits.changePollMs, () => {
      this.#announce()
      this.#schedulePoll()
    })
  }

  #stopPolling(): void {
    this.#poll?.[Symbol.dispose]()
    this.#poll = undefined
  }
}

/**
 * Opens or makes the file.
 * @throws CORE_STORE_UNWRITABLE, CORE_STORE_NOT_OURS, CORE_STORE_VERSION_NEWER, CORE_STORE_BUSY, each with the path.
 */
export async function createFileStore(options: FileStoreOptions): Promise<Store> {
  const { path, clock = systemClock, random = systemRandom, fileBytesMax = limits.fileBytes } = options
  try {
    mkdirSync(dirname(path), { recursive: true })
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error)
    throw storeErrors.STORE_UNWRITABLE({ path, reason }, { cause: error })
  }
  const database = await openDatabase({ path, clock, fileBytesMax })
  return new FileStore(database, { path, clock, random, fileBytesMax })
}
