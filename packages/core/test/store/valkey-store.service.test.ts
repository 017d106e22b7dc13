/** The Valkey driver against a real server: the suite, broken connections, and limits across processes. */
import { randomUUID } from 'node:crypto'
import { createServer, connect, type Server, type Socket } from 'node:net'
import { Redis } from 'ioredis'
import fc from 'fast-check'
import { afterAll, afterEach, describe, expect, test } from 'vitest'
import type { Claim, StoreChange } from '../../src/contracts/store.ts'
import { createValkeyStore } from '../../src/store/valkey-store.ts'
import { storeConformance } from '../../src/testing/conformance/store.ts'
import { systemClock } from '../../src/time/clock.ts'
import { StoreModel } from './store-model.ts'

const url = process.env['BUD_TEST_VALKEY_URL']
if (url === undefined)
  throw new Error('BUD_TEST_VALKEY_URL is not set: start a server with scripts/services, or set redis://127.0.0.1:<port>')
const admin = new Redis(url)
afterAll(() => {
  admin.disconnect()
})

async function serverNowMs(): Promise<number> {
  const [seconds, microseconds] = await admin.time()
  return Number(seconds) * 1_000 + Math.floor(Number(microseconds) / 1_000)
}

async function removeAll(prefix: string): Promise<number> {
  const names = await admin.keys(`${prefix}*`)
  return names.length === 0 ? 0 : admin.del(...names)
}

storeConformance({
  describe,
  test: (name, body) => {
    test(name, { timeout: 30_000 }, body)
  },
  name: 'the Valkey store',
  create: async () => {
    const keyPrefix = `{bud-test-${randomUUID()}}:`
    const [store, other] = await Promise.all([createValkeyStore({ url, keyPrefix }), createValkeyStore({ url, keyPrefix })])
    return {
      store,
      other,
      nowMs: serverNowMs,
      // The clock is the server's, so time really has to pass.
      advance: (durationMs) => systemClock.sleep(durationMs + 1),
      close: async () => {
        await store[Symbol.asyncDispose]()
        await other[Symbol.asyncDispose]()
        await removeAll(keyPrefix)
      },
    }
  },
})

/** A way to the server that can be cut and mended. */
class Cable {
  readonly #server: Server
  readonly #sockets = new Set<Socket>()
  isCut = false

  constructor() {
    const { hostname, port } = new URL(url ?? '')
    this.#server = createServer((near) => {
      if (this.isCut) {
        near.destroy()
        return
      }
      const far = connect(Number(port), hostname)
      for (const socket of [near, far]) {
        this.#sockets.add(socket)
        socket.on('error', () => undefined)
        socket.on('close', () => {
          near.destroy()
          far.destroy()
          this.#sockets.delete(socket)
        })
      }
      near.pipe(far).pipe(near)
    })
  }

  async listen(): Promise<string> {
    await new Promise<void>((resolve) => this.#server.listen(0, '127.0.0.1', resolve))
    const address = this.#server.address()
    if (typeof address !== 'object' || address === null) throw new Error('the cable has no port')
    return `redis://127.0.0.1:${String(address.port)}`
  }

  cut(): void {
    this.isCut = true
    for (const socket of this.#sockets) socket.destroy()
  }

  close(): void {
    this.cut()
    this.#server.close()
  }
}

describe('the Valkey store', () => {
  const prefixes: string[] = []
  const newPrefix = () => {
    const prefix = `{bud-test-${randomUUID()}}:`
    prefixes.push(prefix)
    return prefix
  }
  afterEach(async () => {
    for (const prefix of prefixes.splice(0)) await removeAll(prefix)
  })

  test('comes back after a broken connection, and sends resync', { timeout: 30_000 }, async () => {
    const cable = new Cable()
    const keyPrefix = newPrefix()
    const near = await cable.listen()
    const store = await createValkeyStore({ url: near, keyPrefix, commandTimeoutMs: 500 })
    const changes: StoreChange[] = []
    let wake: () => void = () => undefined
    const seen = async (count: number) => {
      while (changes.length < count) await new Promise<void>((resolve) => (wake = resolve))
    }
    store.subscribe('', (change) => {
      changes.push(change)
      wake()
    })
    await seen(1)
    cable.cut()
    await expect(store.get('key')).rejects.toMatchObject({ code: 'CORE_STORE_UNREACHABLE', retryable: true })
    const direct = await createValkeyStore({ url, keyPrefix })
    await direct.set('missed', new Uint8Array(1))
    cable.isCut = false
    await seen(2)
    expect(changes).toEqual([{ kind: 'resync' }, { kind: 'resync' }])
    await direct.set('heard', new Uint8Array(1))
    await seen(3)
    expect(changes[2]).toEqual({ kind: 'set', key: 'heard' })
    expect(await store.get('missed')).toEqual(new Uint8Array(1))
    await store[Symbol.asyncDispose]()
    await direct[Symbol.asyncDispose]()
    cable.close()
  })

  test('says which server it could not reach', async () => {
    const cable = new Cable()
    const near = await cable.listen()
    cable.close()
    const { host } = new URL(near)
    await expect(createValkeyStore({ url: near })).rejects.toMatchObject({
      code: 'CORE_STORE_UNREACHABLE',
      message: expect.stringContaining(host) as unknown,
    })
  })

  test('gives up on a server that accepts and does not answer', async () => {
    const server = createServer(() => undefined)
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
    const address = server.address()
    const port = typeof address === 'object' && address !== null ? address.port : 0
    const failure = createValkeyStore({ url: `redis://127.0.0.1:${String(port)}`, commandTimeoutMs: 200 })
    await expect(failure).rejects.toMatchObject({ retryable: true })
    server.close()
  })

  test('leaves nothing behind when everything has expired', { timeout: 30_000 }, async () => {
    const keyPrefix = newPrefix()
    const store = await createValkeyStore({ url, keyPrefix })
    for (let index = 0; index < 40; index += 1) {
      await store.set(`key ${String(index)}`, new Uint8Array(1), { ttlMs: 100 })
      await store.reserve([
        { key: `w ${String(index)}`, amount: 1, limit: 1, windowMs: 100 },
        { key: 'l', amount: 1, limit: 100, windowMs: 'lease', leaseMs: 100 },
      ])
    }
    await systemClock.sleep(300)
    for (let index = 0; index < 4; index += 1) await store.set('last', new Uint8Array(1))
    await store.delete('last')
    expect(await admin.keys(`${keyPrefix}*`)).toEqual([])
    await store[Symbol.asyncDispose]()
  })

  test('grants, settles and renews what the model does', { timeout: 60_000 }, async () => {
    const nowMs = await serverNowMs()
    // The server's time cannot be set, so nothing ends during the test; when windows and leases end is the suite's subject.
    const quarterMs = 92 * 86_400_000
    const claim: fc.Arbitrary<Claim> = fc.record({
      key: fc.constantFrom('a', 'b', 'é'),
      amount: fc.integer({ min: 0, max: 6 }),
      limit: fc.integer({ min: 0, max: 25 }),
      windowMs: fc.constantFrom<Claim['windowMs'][]>(quarterMs, quarterMs - 1, 'calendar', 'lease'),
      boundariesUnixMs: fc.constant([0, nowMs - 3_600_000, nowMs + 3_600_000]),
    })
    const claims = fc.uniqueArray(claim, { minLength: 1, maxLength: 5, selector: (each) => `${each.key} ${String(each.windowMs)}` })
    const operation = fc.oneof(
      { weight: 3, arbitrary: fc.record({ op: fc.constant('reserve' as const), claims }) },
      { weight: 2, arbitrary: fc.record({ op: fc.constant('settle' as const), pick: fc.nat(), amount: fc.nat({ max: 9 }) }) },
      fc.record({ op: fc.constant('renew' as const), pick: fc.nat() }),
    )
    await fc.assert(
      fc.asyncProperty(fc.array(operation, { minLength: 1, maxLength: 40 }), async (operations) => {
        await using store = await createValkeyStore({ url, keyPrefix: newPrefix() })
        const model = new StoreModel(nowMs)
        const granted: { readonly id: string; readonly claims: readonly Claim[] }[] = []
        for (const each of operations) {
          if (each.op === 'reserve') {
            const fits = model.fits(each.claims)
            const used = each.claims.map(({ key, windowMs, amount }) => model.used(key, windowMs) + (fits ? amount : 0))
            const answer = await store.reserve(each.claims)
            expect([answer.admitted, answer.usage.map((one) => one.used)]).toEqual([fits, used])
            if (answer.admitted) {
              model.grant(granted.length, each.claims)
              granted.push({ id: answer.id, claims: each.claims })
            }
            continue
          }
          const index = each.pick % Math.max(granted.length, 1)
          const target = granted[index]
          if (target === undefined) continue
          if (each.op === 'renew') await store.renew([target.id], 3_600_000)
          else {
            const actual = [...new Set(target.claims.map(({ key }) => key))].map((key) => ({ key, amount: each.amount }))
            expect(await store.settle(target.id, actual)).toEqual(model.settle(index, actual))
          }
        }
      }),
      { numRuns: 60 },
    )
  })

  test('takes back what it reserved for a caller who never got the answer', { timeout: 30_000 }, async () => {
    const cable = new Cable()
    const keyPrefix = newPrefix()
    const store = await createValkeyStore({ url: await cable.listen(), keyPrefix, commandTimeoutMs: 300 })
    await using direct = await createValkeyStore({ url, keyPrefix })
    const claims: readonly Claim[] = [
      { key: 'requests', amount: 1, limit: 1, windowMs: 92 * 86_400_000 },
      // What costs nothing is claimed all the same.
      { key: 'spend', amount: 0, limit: 1, windowMs: 92 * 86_400_000 },
      { key: 'slots', amount: 1, limit: 1, windowMs: 'lease' },
    ]
    cable.cut()
    await expect(store.reserve(claims)).rejects.toMatchObject({ retryable: true })
    cable.isCut = false
    // It waits in the client until the connection is back, and is carried out then; afterwards it is taken back.
    await expect.poll(async () => (await admin.keys(`${keyPrefix}r:*`)).length, { timeout: 10_000 }).toBe(1)
    const [record = ''] = await admin.keys(`${keyPrefix}r:*`)
    // Once and for all: taken back again and again, counts would fall below zero.
    await expect.poll(() => admin.get(record), { timeout: 10_000 }).toBe('[]')
    await expect.poll(async () => (await direct.reserve(claims)).admitted, { timeout: 10_000 }).toBe(true)
    await store[Symbol.asyncDispose]()
    cable.close()
  })
})
