/** Random operations on a virtual clock: memory, file and IPC store answer like the model, at every step. */
import { EventEmitter } from 'node:events'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import type { Claim, Store } from '../../src/contracts/store.ts'
import { createFileStore } from '../../src/store/file-store.ts'
import type { IpcEndpoint } from '../../src/store/ipc-protocol.ts'
import { createIpcStore, serveIpcStore } from '../../src/store/ipc.ts'
import { createMemoryStore } from '../../src/store/memory-store.ts'
import { createFakeClock, type FakeClock } from '../../src/testing/fake-clock.ts'
import type { Clock } from '../../src/time/clock.ts'
import { StoreModel } from './store-model.ts'

const startMs = 1_750_000_000_123
/** Of unequal lengths, beyond the last moment that a run can reach. */
const months = [
  0,
  startMs,
  ...Array.from({ length: 13 }, (_, index) => startMs + (index + 1) * (index % 2 === 0 ? 7_900 : 8_100)),
  startMs + 1e9,
]

const key = fc.constantFrom('a', 'a/b', 'a/c', 'b', 'é')
const value = fc.constantFrom('', 'x', 'xy', 'z')
const ttlMs = fc.option(fc.integer({ min: 1, max: 3_000 }), { nil: undefined })
const amount = fc.integer({ min: 0, max: 6 })
const claim: fc.Arbitrary<Claim> = fc.record({
  key,
  amount,
  limit: fc.integer({ min: 0, max: 12 }),
  windowMs: fc.constantFrom<Claim['windowMs'][]>(1_000, 2_500, 'calendar', 'lease'),
  boundariesUnixMs: fc.constant(months),
  leaseMs: fc.option(fc.integer({ min: 1, max: 4_000 }), { nil: undefined }),
})
const claims = fc.uniqueArray(claim, { minLength: 1, maxLength: 4, selector: (each) => `${each.key} ${String(each.windowMs)}` })

const operation = fc.oneof(
  fc.record({ op: fc.constant('set' as const), key, value, ttlMs, ifAbsent: fc.boolean() }),
  fc.record({
    op: fc.constant('compare' as const),
    key,
    expected: fc.option(value, { nil: undefined }),
    value: fc.option(value, { nil: undefined }),
    ttlMs,
  }),
  fc.record({ op: fc.constant('delete' as const), key }),
  fc.record({ op: fc.constant('list' as const), prefix: fc.constantFrom('', 'a', 'a/', 'é') }),
  { weight: 4, arbitrary: fc.record({ op: fc.constant('reserve' as const), claims }) },
  { weight: 2, arbitrary: fc.record({ op: fc.constant('settle' as const), pick: fc.nat(), amount, all: fc.boolean() }) },
  { weight: 1, arbitrary: fc.record({ op: fc.constant('renew' as const), pick: fc.nat(), leaseMs: fc.integer({ min: 1, max: 3_000 }) }) },
  { weight: 2, arbitrary: fc.record({ op: fc.constant('advance' as const), durationMs: fc.integer({ min: 0, max: 1_700 }) }) },
)
type Operation = typeof operation extends fc.Arbitrary<infer Value> ? Value : never

const encode = (text: string | undefined) => (text === undefined ? undefined : new TextEncoder().encode(text))
const decode = (bytes: Uint8Array | undefined) => (bytes === undefined ? undefined : new TextDecoder().decode(bytes))

interface Run {
  readonly store: Store
  readonly clock: FakeClock
  readonly model: StoreModel
  readonly granted: { readonly id: string; readonly claims: readonly Claim[] }[]
}

async function reserve({ store, model, granted }: Run, wanted: readonly Claim[]): Promise<void> {
  const fits = model.fits(wanted)
  const expected = wanted.map((claim) => ({
    used: model.used(claim.key, claim.windowMs) + (fits ? claim.amount : 0),
    resetMs: claim.windowMs === 'lease' ? 0 : model.span(claim).endMs - model.nowMs,
  }))
  const answer = await store.reserve(wanted)
  expect(answer.admitted).toBe(fits)
  expect(answer.usage).toEqual(expected)
  if (answer.admitted) {
    model.grant(granted.length, wanted)
    granted.push({ id: answer.id, claims: wanted })
    return
  }
  const refused = wanted.filter((each) => each.key === answer.key && !model.fits([each]))
  expect(refused).not.toEqual([])
  if (answer.retryAfterMs === Number.POSITIVE_INFINITY) {
    expect(refused.some((each) => each.amount > each.limit)).toBe(true)
    return
  }
  // True and tight: everything fits once that time has passed, and what was refused does not fit a moment before.
  const openMs = model.nowMs + answer.retryAfterMs
  expect(model.fitsAt(openMs, wanted)).toBe(true)
  expect(model.fitsAt(openMs - 1, refused)).toBe(false)
}

async function perform(run: Run, operation: Operation): Promise<void> {
  const { store, model, granted, clock } = run
  switch (operation.op) {
    case 'set': {
      const isSet = !operation.ifAbsent || model.get(operation.key) === undefined
      expect(await store.set(operation.key, encode(operation.value) ?? new Uint8Array(), operation)).toBe(isSet)
      if (isSet) model.set(operation.key, operation.value, operation.ttlMs)
      break
    }
    case 'compare': {
      const matches = model.get(operation.key) === operation.expected
      const call = store.compareAndSet(operation.key, encode(operation.expected), encode(operation.value), { ttlMs: operation.ttlMs })
      expect(await call).toBe(matches)
      if (matches && operation.value === undefined) model.values.delete(operation.key)
      if (matches && operation.value !== undefined) model.set(operation.key, operation.value, operation.ttlMs)
      break
    }
    case 'delete':
      expect(await store.delete(operation.key)).toBe(model.get(operation.key) !== undefined)
      model.values.delete(operation.key)
      break
    case 'list': {
      const keys: string[] = []
      for await (const each of store.list(operation.prefix)) keys.push(each)
      expect(keys).toEqual(model.keys(operation.prefix))
      for (const each of keys) expect(decode(await store.get(each))).toBe(model.get(each))
      break
    }
    case 'reserve':
      await reserve(run, operation.claims)
      break
    case 'settle': {
      const index = operation.pick % Math.max(granted.length, 1)
      const target = granted[index]
      if (target === undefined) break
      const keys = [...new Set(target.claims.map((each) => each.key))].slice(0, operation.all ? undefined : 1)
      const actual = keys.map((each) => ({ key: each, amount: operation.amount }))
      expect(await store.settle(target.id, actual)).toEqual(model.settle(index, actual))
      break
    }
    case 'renew': {
      const index = operation.pick % Math.max(granted.length, 1)
      await store.renew([granted[index]?.id ?? 'unknown'], operation.leaseMs)
      model.renew(index, operation.leaseMs)
      break
    }
    case 'advance':
      await clock.advance(operation.durationMs)
      model.nowMs += operation.durationMs
  }
}

/** Both ends of a process channel in one process: messages arrive later, as JSON. */
function overIpc(held: Store, clock: Clock): Store {
  const [holder, user] = [new EventEmitter(), new EventEmitter()]
  const end = (from: EventEmitter, to: EventEmitter): IpcEndpoint => ({
    on: (event: string, listener: (message: unknown) => void) => from.on(event, listener),
    off: (event: string, listener: (message: unknown) => void) => from.off(event, listener),
    send: (message, sent) => {
      const text = JSON.stringify(message)
      setImmediate(() => {
        to.emit('message', JSON.parse(text))
        sent(null)
      })
      return true
    },
  })
  serveIpcStore(held, end(holder, user))
  return createIpcStore({ endpoint: end(user, holder), clock })
}

const drivers: Readonly<Record<string, (directory: string, clock: Clock) => Promise<Store>>> = {
  memory: (_, clock) => Promise.resolve(createMemoryStore({ clock })),
  ipc: (_, clock) => Promise.resolve(overIpc(createMemoryStore({ clock }), clock)),
  file: (directory, clock) => createFileStore({ path: join(directory, 'store.db'), clock }),
}

describe.each(Object.entries(drivers))('the %s store', (_, create) => {
  test('does what the model does', { timeout: 60_000 }, async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(operation, { minLength: 1, maxLength: 60 }), async (operations) => {
        const directory = mkdtempSync(join(tmpdir(), 'bud-model-'))
        const clock = createFakeClock({ startUnixMs: startMs })
        const store = await create(directory, clock)
        try {
          const run: Run = { store, clock, model: new StoreModel(startMs), granted: [] }
          for (const each of operations) await perform(run, each)
        } finally {
          await store[Symbol.asyncDispose]()
          rmSync(directory, { recursive: true, force: true })
        }
      }),
      { numRuns: 150 },
    )
  })
})
