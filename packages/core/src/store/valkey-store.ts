/** A Store on a Valkey or Redis server, shared by the processes of many machines, on the server's own clock. */
import { z } from 'zod'
import type { Claim, Reservation, Store, StoreChange } from '../contracts/store.ts'
import { createId } from '../id/id.ts'
import { systemRandom, type Random } from '../random/random.ts'
import { systemClock, type Clock } from '../time/clock.ts'
import { ChangeHub } from './change-hub.ts'
import { checkActual, checkClaims, checkKey, checkPrefix, checkTtl, checkValue, refuseUnreserved } from './check-input.ts'
import { storeErrors } from './store-errors.ts'
import { storeLimits } from './store-limits.ts'
import { createValkeyScript, ValkeyConnection, type ValkeyConnectionOptions } from './valkey-connection.ts'
import { ValkeyFeed } from './valkey-feed.ts'
import { createValkeyScripts } from './valkey-scripts.ts'

const limits = storeLimits.valkey
const sources = createValkeyScripts({ purgeRows: limits.purgeRows })
const scripts = {
  set: createValkeyScript('set', sources.set),
  compareAndSet: createValkeyScript('compareAndSet', sources.compareAndSet),
  delete: createValkeyScript('delete', sources.delete),
  list: createValkeyScript('list', sources.list),
  reserve: createValkeyScript('reserve', sources.reserve),
  settle: createValkeyScript('settle', sources.settle),
}

const oldestMajorVersion = 6
const text = z.instanceof(Buffer).transform((buffer) => buffer.toString('utf8'))
const flag = z.number().transform((number) => number === 1)
const page = z.tuple([text, text], text)
const reservation = z.union([z.tuple([z.literal(1)]), z.tuple([z.literal(0), text, text])])

export interface ValkeyStoreOptions {
  /** `redis://user:password@host:port/db`, `rediss://` for TLS. */
  readonly url: string
  /** Further options of the ioredis client, for example `tls`. */
  readonly connection?: ValkeyConnectionOptions
  /** Starts every key; the braces keep all of them in one slot of a server cluster. `{bud}:` when absent. */
  readonly keyPrefix?: string
  readonly clock?: Clock
  readonly random?: Random
  /** How long one command may take, waiting for a connection included; 5 seconds when absent. */
  readonly commandTimeoutMs?: number
}

class ValkeyStore implements Store {
  readonly contract = 'store/1'
  readonly #connection: ValkeyConnection
  readonly #prefix: string
  readonly #clock: Clock
  readonly #random: Random
  readonly #hub = new ChangeHub()
  #feed: ValkeyFeed | undefined
  #closing: Promise<void> | undefined

  constructor(connection: ValkeyConnection, options: { readonly prefix: string; readonly clock: Clock; readonly random: Random }) {
    this.#connection = connection
    this.#prefix = options.prefix
    this.#clock = options.clock
    this.#random = options.random
  }

  async get(key: string): Promise<Uint8Array | undefined> {
    this.#enter()
    checkKey(key)
    const value = await this.#connection.run('get', (client) => client.getBuffer(this.#name('v', key)))
    return value === null ? undefined : new Uint8Array(value)
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
    const args = [this.#channel, key, value, String(options.ttlMs ?? ''), options.ifAbsent === true ? '1' : '0']
    return flag.parse(await this.#connection.runScript(scripts.set, this.#entryNames(key), args))
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
    const before = expected === undefined ? ['0', ''] : ['1', expected]
    const after = value === undefined ? ['0', ''] : ['1', value]
    const args = [this.#channel, key, ...before, ...after, String(options.ttlMs ?? '')]
    return flag.parse(await this.#connection.runScript(scripts.compareAndSet, this.#entryNames(key), args))
  }

  async delete(key: string): Promise<boolean> {
    this.#enter()
    checkKey(key)
    return flag.parse(await this.#connection.runScript(scripts.delete, this.#entryNames(key), [this.#channel, key]))
  }

  async *list(prefix: string): AsyncGenerator<string, void, undefined> {
    checkPrefix(prefix)
    let from = prefix === '' ? '-' : `[${prefix}`
    for (;;) {
      this.#enter()
      const [, index, expiry] = this.#entryNames('')
      const answer = await this.#connection.runScript(scripts.list, [index, expiry], [from, String(limits.listPage)])
      const [hasMore, last, ...keys] = page.parse(answer)
      for (const key of keys) {
        if (!key.startsWith(prefix)) return
        yield key
      }
      if (hasMore !== '1' || !last.startsWith(prefix)) return
      from = `(${last}`
    }
  }

  async reserve(claims: readonly Claim[]): Promise<Reservation> {
    this.#enter()
    checkClaims(claims)
    const id = createId(this.#clock, this.#random)
    const keys = [this.#name('r', id)]
    const args = [id, String(storeLimits.reservationMs)]
    for (const { key, amount, limit, windowMs, leaseMs = storeLimits.leaseMs } of claims) {
      const first = windowMs === 'lease' ? this.#name('l', key) : this.#name(`w${String(windowMs)}`, key)
      keys.push(first, windowMs === 'lease' ? this.#name('t', key) : first)
      args.push(key, String(amount), String(limit), String(windowMs), windowMs === 'lease' ? String(leaseMs) : '')
    }
    const answer = reservation.parse(await this.#connection.runScript(scripts.reserve, keys, args))
    if (answer[0] === 1) return { admitted: true, id }
    const [, key, wait] = answer
    return { admitted: false, key, retryAfterMs: wait === 'never' ? Number.POSITIVE_INFINITY : Number(wait) }
  }

  async settle(id: string, actual: readonly { readonly key: string; readonly amount: number }[]): Promise<void> {
    this.#enter()
    checkActual(actual)
    const args = [id, ...actual.flatMap(({ key, amount }) => [key, String(amount)])]
    const unreserved = text.parse(await this.#connection.runScript(scripts.settle, [this.#name('r', id)], args))
    if (unreserved !== '') refuseUnreserved(unreserved)
  }

  subscribe(prefix: string, onChange: (change: StoreChange) => void): Disposable {
    this.#enter()
    const subscription = this.#hub.subscribe({ prefix, onChange, live: this.#feed?.isLive ?? false })
    this.#feed ??= new ValkeyFeed({ client: this.#connection.client, channel: this.#channel, hub: this.#hub, clock: this.#clock })
    return subscription
  }

  [Symbol.asyncDispose](): Promise<void> {
    this.#closing ??= this.#close()
    return this.#closing
  }

  async #close(): Promise<void> {
    this.#feed?.close()
    this.#hub.close()
    await this.#connection.close()
  }

  get #channel(): string {
    return `${this.#prefix}changes`
  }

  #enter(): void {
    if (this.#closing !== undefined) throw storeErrors.STORE_CLOSED({ store: 'valkey' })
  }

  #name(kind: string, key: string): string {
    return `${this.#prefix}${kind}:${key}`
  }

  #entryNames(key: string): readonly [value: string, index: string, expiry: string] {
    return [this.#name('v', key), `${this.#prefix}index`, `${this.#prefix}expiry`]
  }
}

/**
 * Connects, and checks the server. Its `maxmemory-policy` must be `noeviction`: an evicted key would be a lost limit or revocation.
 * @throws CORE_STORE_UNREACHABLE, and CORE_STORE_FAILED for a server older than Redis 6 or one that refuses the credentials.
 */
export async function createValkeyStore(options: ValkeyStoreOptions): Promise<Store> {
  const { url, connection: redisOptions = {}, keyPrefix: prefix = '{bud}:', clock = systemClock, random = systemRandom } = options
  const connection = new ValkeyConnection(url, redisOptions, options.commandTimeoutMs ?? limits.commandTimeoutMs)
  try {
    await connection.run('connect', (client) => client.connect())
    const info = await connection.run('info', (client) => client.info('server'))
    const version = /^redis_version:(\d+)\S*/m.exec(info)
    if (version === null || Number(version[1]) < oldestMajorVersion) {
      const found = version?.[0] ?? 'no redis_version'
      throw storeErrors.STORE_FAILED({ what: `${connection.address} says '${found}'; use Redis 6 or newer, or Valkey 7 or newer` })
    }
  } catch (error) {
    await connection.close()
    throw error
  }
  return new ValkeyStore(connection, { prefix, clock, random })
}
