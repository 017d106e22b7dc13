/** A Store on a Valkey or Redis server, shared by the processes of many machines, on the server's own clock. */
import { z } from 'zod'
import type { Claim, ClaimUsage, Reservation, SettledAmount, SettledWindow, Store, StoreChange } from '../contracts/store.ts'
import { createId } from '../id/id.ts'
import { systemRandom, type Random } from '../random/random.ts'
import { systemClock, type Clock } from '../time/clock.ts'
import { ChangeHub } from './change-hub.ts'
import {
  checkActual,
  checkClaims,
  checkKey,
  checkPrefix,
  checkRenewal,
  checkTtl,
  checkValue,
  refuseOutside,
  refuseUnreserved,
} from './check-input.ts'
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
  renew: createValkeyScript('renew', sources.renew),
  cancel: createValkeyScript('cancel', sources.cancel),
}

const oldestMajorVersion = 6
const text = z.instanceof(Buffer).transform((buffer) => buffer.toString('utf8'))
const flag = z.number().transform((number) => number === 1)
const page = z.tuple([text, text], text)
const reservation = z.tuple([z.literal([-1, 0, 1]), text, text], text)
const settlement = z.tuple([text], text)

/** What a claim's script needs beside its window. */
function windowArgument({ windowMs, boundariesUnixMs = [], leaseMs = storeLimits.leaseMs }: Claim): string {
  if (windowMs === 'lease') return String(leaseMs)
  return windowMs === 'calendar' ? boundariesUnixMs.join(',') : ''
}

/** Two texts per claim. */
function decodeUsage(rest: readonly string[]): readonly ClaimUsage[] {
  const usage: ClaimUsage[] = []
  for (let at = 0; at + 1 < rest.length; at += 2) usage.push({ used: Number(rest[at]), resetMs: Number(rest[at + 1]) })
  return usage
}

/** Three texts per window. */
function decodeSettled(rest: readonly string[]): readonly SettledWindow[] {
  const windows: SettledWindow[] = []
  for (let at = 0; at + 2 < rest.length; at += 3) {
    const windowMs = rest[at + 1] === 'calendar' ? 'calendar' : Number(rest[at + 1])
    windows.push({ key: rest[at] ?? '', windowMs, used: Number(rest[at + 2]) })
  }
  return windows
}

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
  /** Reservations whose answer never came; they may hold room. */
  readonly #givenUp = new Set<string>()
  #retry: Disposable | undefined
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
    for (const claim of claims) {
      const { key, amount, limit, windowMs } = claim
      const first = windowMs === 'lease' ? this.#name('l', key) : this.#name(`w${String(windowMs)}`, key)
      keys.push(first, windowMs === 'lease' ? this.#name('t', key) : first)
      args.push(key, String(amount), String(limit), String(windowMs), windowArgument(claim))
    }
    const [state, key, wait, ...rest] = reservation.parse(await this.#reserve(id, keys, args))
    if (state === -1) return refuseOutside(key)
    const usage = decodeUsage(rest)
    if (state === 1) return { admitted: true, id, usage }
    return { admitted: false, key, retryAfterMs: wait === 'never' ? Number.POSITIVE_INFINITY : Number(wait), usage }
  }

  async settle(id: string, actual: readonly SettledAmount[]): Promise<readonly SettledWindow[]> {
    this.#enter()
    checkActual(actual)
    const args = [id, ...actual.flatMap(({ key, amount }) => [key, String(amount)])]
    const [unreserved, ...rest] = settlement.parse(await this.#connection.runScript(scripts.settle, [this.#name('r', id)], args))
    return unreserved === '' ? decodeSettled(rest) : refuseUnreserved(unreserved)
  }

  async renew(ids: readonly string[], leaseMs: number): Promise<void> {
    this.#enter()
    checkRenewal(ids, leaseMs)
    const names = ids.map((id) => this.#name('r', id))
    await this.#connection.runScript(scripts.renew, names, [String(leaseMs), ...ids])
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
    this.#retry?.[Symbol.dispose]()
    this.#feed?.close()
    this.#hub.close()
    await this.#connection.close()
  }

  async #reserve(id: string, keys: readonly string[], args: readonly string[]): Promise<unknown> {
    try {
      return await this.#connection.runScript(scripts.reserve, keys, args)
    } catch (error) {
      // Whether it happened is not known, and nobody is left who would settle it.
      if (storeErrors.STORE_TIMEOUT.is(error) || storeErrors.STORE_UNREACHABLE.is(error)) this.#giveUp(id)
      throw error
    }
  }

  #giveUp(id: string): void {
    // The oldest go first: their leases and windows end soonest.
    const oldest = this.#givenUp.values().next()
    if (this.#givenUp.size >= limits.pendingCommands && oldest.done !== true) this.#givenUp.delete(oldest.value)
    this.#givenUp.add(id)
    this.#retry ??= this.#clock.schedule(limits.cancelEveryMs, () => void this.#cancelGivenUp())
  }

  /** Never rejects: what could not be cancelled is tried again. */
  async #cancelGivenUp(): Promise<void> {
    for (const id of this.#givenUp) {
      if (this.#closing !== undefined) return
      try {
        await this.#connection.runScript(scripts.cancel, [this.#name('r', id)], [id, String(limits.cancelledMs)])
      } catch (error) {
        // What the server refuses it would refuse again; the others must not wait for it.
        if (!storeErrors.STORE_FAILED.is(error)) break
      }
      this.#givenUp.delete(id)
    }
    this.#retry = this.#givenUp.size === 0 ? undefined : this.#clock.schedule(limits.cancelEveryMs, () => void this.#cancelGivenUp())
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
