/** What every Store driver must do, as a suite that any test runner can run. */
import assert from 'node:assert/strict'
import type { Claim, Store, StoreChange } from '../../contracts/store.ts'
import type { SuiteRunner } from './suite-runner.ts'

export interface StoreUnderTest {
  readonly store: Store
  /** A second handle on the same state, as another process has it; the same store where there cannot be one. */
  readonly other: Store
  /** The clock that the store goes by. */
  nowMs(): number | Promise<number>
  /** Moves that clock forward; a driver on a server's clock really waits. */
  advance(durationMs: number): Promise<void>
  close(): Promise<void>
}

export interface StoreConformanceOptions extends SuiteRunner {
  readonly name: string
  /** A new, empty store for each test. */
  readonly create: () => Promise<StoreUnderTest>
}

type Body = (under: StoreUnderTest) => Promise<void>
type Cases = readonly (readonly [name: string, body: Body])[]

const bytes = (text: string) => new TextEncoder().encode(text)
const text = (value: Uint8Array | undefined) => (value === undefined ? undefined : new TextDecoder().decode(value))
const invalid = { code: 'CORE_STORE_INPUT_INVALID' }
/** Long enough that a loaded machine does in it what a test expects to happen within one window. */
const windowMs = 1_000

async function listed(store: Store, prefix: string): Promise<readonly string[]> {
  const keys: string[] = []
  for await (const key of store.list(prefix)) keys.push(key)
  return keys
}

/** Stands at the beginning of a window. */
async function align({ nowMs, advance }: StoreUnderTest): Promise<void> {
  await advance(windowMs - ((await nowMs()) % windowMs) + 1)
}

async function admit(store: Store, claims: readonly Claim[]): Promise<string> {
  const reservation = await store.reserve(claims)
  assert.ok(reservation.admitted, `expected room for ${JSON.stringify(claims)}, got ${JSON.stringify(reservation)}`)
  return reservation.id
}

async function refused(store: Store, claims: readonly Claim[]): Promise<{ readonly key: string; readonly retryAfterMs: number }> {
  const reservation = await store.reserve(claims)
  assert.ok(!reservation.admitted, `expected no room for ${JSON.stringify(claims)}`)
  assert.ok(reservation.retryAfterMs > 0, `retryAfterMs is ${String(reservation.retryAfterMs)}`)
  return reservation
}

const inWindow = (key: string, amount: number, limit: number): Claim => ({ key, amount, limit, windowMs })
const leased = (key: string, amount: number, limit: number, leaseMs?: number): Claim => ({ key, amount, limit, windowMs: 'lease', leaseMs })

const values: Cases = [
  [
    'returns the bytes that were set, all 256 of them and none at all',
    async ({ store, other }) => {
      const all = Uint8Array.from({ length: 256 }, (_, index) => index)
      assert.equal(await store.get('bytes'), undefined)
      assert.equal(await store.set('bytes', all), true)
      assert.equal(await store.set('empty', new Uint8Array()), true)
      assert.deepEqual([...((await other.get('bytes')) ?? [])], [...all])
      assert.equal((await other.get('empty'))?.byteLength, 0)
    },
  ],
  [
    'holds a value of a mebibyte',
    async ({ store }) => {
      const value = new Uint8Array(1024 * 1024).fill(7)
      await store.set('large', value)
      assert.ok(Buffer.from(value).equals((await store.get('large')) ?? new Uint8Array()))
    },
  ],
  [
    'keeps its own copy of what goes in and out',
    async ({ store }) => {
      const input = bytes('abc')
      const stored = store.set('key', input)
      input.fill(0)
      await stored
      const output = await store.get('key')
      assert.equal(text(output), 'abc')
      output?.fill(0)
      assert.equal(text(await store.get('key')), 'abc')
    },
  ],
  [
    'sets only absent keys when asked to',
    async ({ store, other }) => {
      assert.equal(await store.set('key', bytes('first'), { ifAbsent: true }), true)
      assert.equal(await other.set('key', bytes('second'), { ifAbsent: true }), false)
      assert.equal(text(await store.get('key')), 'first')
      assert.equal(await store.set('key', bytes('third')), true)
      assert.equal(text(await other.get('key')), 'third')
    },
  ],
  [
    'deletes, and says whether there was something',
    async ({ store, other }) => {
      await store.set('key', bytes('value'))
      assert.equal(await other.delete('key'), true)
      assert.equal(await store.delete('key'), false)
      assert.equal(await store.get('key'), undefined)
    },
  ],
  [
    'forgets a value after its time to live, everywhere',
    async ({ store, advance }) => {
      await store.set('short', bytes('value'), { ttlMs: 300 })
      await store.set('kept', bytes('value'), { ttlMs: 300 })
      await store.set('kept', bytes('value'))
      await store.set('long', bytes('value'), { ttlMs: 60_000 })
      assert.equal(text(await store.get('short')), 'value')
      await advance(320)
      assert.equal(await store.get('short'), undefined)
      assert.deepEqual(await listed(store, ''), ['kept', 'long'])
      assert.equal(await store.delete('short'), false)
      assert.equal(await store.compareAndSet('short', bytes('value'), bytes('other')), false)
      assert.equal(await store.set('short', bytes('again'), { ifAbsent: true }), true)
    },
  ],
  [
    'compares and sets',
    async ({ store, other }) => {
      assert.equal(await store.compareAndSet('key', bytes('no'), bytes('one')), false)
      assert.equal(await store.compareAndSet('key', undefined, bytes('one')), true)
      assert.equal(await other.compareAndSet('key', undefined, bytes('two')), false)
      assert.equal(await other.compareAndSet('key', bytes('on'), bytes('two')), false)
      assert.equal(await other.compareAndSet('key', bytes('one'), bytes('two')), true)
      assert.equal(text(await store.get('key')), 'two')
      assert.equal(await store.compareAndSet('key', bytes('one'), undefined), false)
      assert.equal(await store.compareAndSet('key', bytes('two'), undefined), true)
      assert.equal(await store.get('key'), undefined)
      assert.equal(await store.compareAndSet('key', undefined, undefined), true)
      assert.equal(await store.get('key'), undefined)
    },
  ],
  [
    'gives a compared value its own time to live',
    async ({ store, advance }) => {
      await store.set('key', bytes('one'), { ttlMs: 300 })
      assert.equal(await store.compareAndSet('key', bytes('one'), bytes('one'), { ttlMs: 60_000 }), true)
      await store.set('plain', bytes('one'), { ttlMs: 300 })
      assert.equal(await store.compareAndSet('plain', bytes('one'), bytes('two')), true)
      await advance(320)
      assert.equal(text(await store.get('key')), 'one')
      assert.equal(text(await store.get('plain')), 'two')
      assert.equal(await store.compareAndSet('key', bytes('one'), bytes('two'), { ttlMs: 200 }), true)
      await advance(220)
      assert.equal(await store.get('key'), undefined)
    },
  ],
  [
    'lets exactly one of many competitors win, and loses no update',
    async ({ store, other }) => {
      const handles = Array.from({ length: 24 }, (_, index) => (index % 2 === 0 ? store : other))
      const wins = await Promise.all(handles.map((handle, index) => handle.compareAndSet('winner', undefined, bytes(String(index)))))
      assert.equal(wins.filter(Boolean).length, 1)
      const increment = async (handle: Store) => {
        for (;;) {
          const before = await handle.get('count')
          if (await handle.compareAndSet('count', before, bytes(String(Number(text(before) ?? 0) + 1)))) return
        }
      }
      await Promise.all(handles.map(increment))
      assert.equal(text(await store.get('count')), '24')
    },
  ],
  [
    'lists keys under a prefix in the order of their bytes',
    async ({ store }) => {
      const inside = ['a/', 'a/%', 'a/*', 'a/B', 'a/[x]', 'a/\\', 'a/_', 'a/b', 'a/é', 'a/\uffe0', 'a/😀']
      for (const key of ['a', 'b/1', 'A/1', 'a0', ...[...inside].reverse()]) await store.set(key, bytes('x'))
      assert.deepEqual(await listed(store, 'a/'), inside)
      assert.deepEqual(await listed(store, 'a/_'), ['a/_'])
      assert.deepEqual(await listed(store, 'a/%'), ['a/%'])
      assert.deepEqual(await listed(store, 'nothing'), [])
      assert.equal((await listed(store, '')).length, inside.length + 4)
    },
  ],
  [
    'lists more keys than fit one page, each once',
    async ({ store }) => {
      const keys = Array.from({ length: 1_500 }, (_, index) => `page/${String(index).padStart(5, '0')}`)
      await Promise.all(keys.map((key) => store.set(key, bytes('x'))))
      assert.deepEqual(await listed(store, 'page/'), keys)
    },
  ],
]

const windows: Cases = [
  [
    'admits up to the limit of a window, exactly',
    async (under) => {
      await align(under)
      const handles = Array.from({ length: 60 }, (_, index) => (index % 2 === 0 ? under.store : under.other))
      const all = await Promise.all(handles.map((handle) => handle.reserve([inWindow('requests', 1, 37)])))
      assert.equal(all.filter(({ admitted }) => admitted).length, 37)
      await admit(under.store, [inWindow('requests', 0, 37)])
      assert.equal((await refused(under.store, [inWindow('requests', 1, 37)])).key, 'requests')
    },
  ],
  [
    'tells truthfully when a full window opens again',
    async (under) => {
      await align(under)
      await admit(under.store, [inWindow('requests', 5, 5)])
      const { retryAfterMs } = await refused(under.store, [inWindow('requests', 1, 5)])
      assert.ok(retryAfterMs <= windowMs)
      const endMs = (await under.nowMs()) + retryAfterMs
      // Nothing is left but a rounding when it says the window ends at a multiple of its length.
      const offMs = endMs % windowMs
      assert.ok(Math.min(offMs, windowMs - offMs) <= 100, `the window would end ${String(offMs)} ms after a boundary`)
      await under.advance(retryAfterMs)
      await admit(under.store, [inWindow('requests', 5, 5)])
    },
  ],
  [
    'says Infinity for what can never fit',
    async ({ store }) => {
      assert.equal((await refused(store, [inWindow('requests', 6, 5)])).retryAfterMs, Number.POSITIVE_INFINITY)
      assert.equal((await refused(store, [leased('slots', 6, 5)])).retryAfterMs, Number.POSITIVE_INFINITY)
    },
  ],
  [
    'takes all claims or none',
    async (under) => {
      await align(under)
      await admit(under.store, [inWindow('b', 3, 3)])
      const both = [inWindow('a', 2, 3), inWindow('b', 1, 3), leased('c', 1, 1)]
      assert.equal((await refused(under.store, both)).key, 'b')
      await admit(under.store, [inWindow('a', 3, 3), leased('c', 1, 1)])
    },
  ],
  [
    'names the claim that has to wait longest',
    async (under) => {
      await align(under)
      await admit(under.store, [inWindow('soon', 1, 1), leased('late', 1, 1, 30_000)])
      const { key, retryAfterMs } = await refused(under.store, [inWindow('soon', 1, 1), leased('late', 1, 1)])
      assert.equal(key, 'late')
      assert.ok(retryAfterMs > windowMs && retryAfterMs <= 30_000)
    },
  ],
  [
    'keeps windows of different lengths on one key apart, and settles both',
    async (under) => {
      const long = (amount: number): Claim => ({ key: 'tokens', amount, limit: 10, windowMs: 3_600_000 })
      await align(under)
      const id = await admit(under.store, [inWindow('tokens', 4, 4), long(4)])
      await refused(under.store, [inWindow('tokens', 1, 4)])
      await admit(under.store, [long(6)])
      await refused(under.store, [long(1)])
      await under.other.settle(id, [{ key: 'tokens', amount: 1 }])
      await admit(under.store, [inWindow('tokens', 3, 4), long(3)])
      await refused(under.store, [inWindow('tokens', 1, 4)])
      await refused(under.store, [long(1)])
    },
  ],
  [
    'tells what is used in every window, of what was taken and of what was not',
    async (under) => {
      await align(under)
      const claims = [inWindow('requests', 2, 3), leased('slots', 1, 4)]
      const first = await under.store.reserve(claims)
      const second = await under.other.reserve(claims)
      assert.deepEqual([first.admitted, second.admitted], [true, false])
      for (const { usage } of [first, second]) {
        assert.deepEqual(
          usage.map(({ used }) => used),
          [2, 1],
        )
        const [requests, slots] = usage
        assert.ok(requests !== undefined && requests.resetMs > 0 && requests.resetMs <= windowMs)
        assert.equal(slots?.resetMs, 0)
      }
    },
  ],
  [
    'goes by calendar windows on its own clock, and refuses windows that do not hold its time',
    async (under) => {
      const nowMs = Math.floor(await under.nowMs())
      const endMs = nowMs + 1_500
      const boundariesUnixMs = [nowMs - 90_000, nowMs - 60_000, endMs, nowMs + 60_000]
      const monthly = (amount: number): Claim => ({ key: 'spend', amount, limit: 5, windowMs: 'calendar', boundariesUnixMs })
      const id = await admit(under.store, [monthly(3)])
      const { retryAfterMs } = await refused(under.other, [monthly(3)])
      assert.ok(retryAfterMs <= 1_500)
      assert.deepEqual(await under.other.settle(id, [{ key: 'spend', amount: 1 }]), [{ key: 'spend', windowMs: 'calendar', used: 1 }])
      await admit(under.store, [monthly(4)])
      await under.advance(endMs - Math.floor(await under.nowMs()))
      await admit(under.store, [monthly(5)])
      await refused(under.store, [monthly(1)])
      for (const bad of [[1, 2], [2, 1], [nowMs], [nowMs + 60_000, nowMs + 70_000], undefined])
        await assert.rejects(under.store.reserve([{ ...monthly(1), boundariesUnixMs: bad }]), invalid)
    },
  ],
  [
    'keeps large amounts exact',
    async (under) => {
      const limit = Number.MAX_SAFE_INTEGER
      await align(under)
      await admit(under.store, [inWindow('money', limit - 1, limit)])
      await refused(under.store, [inWindow('money', 2, limit)])
      await admit(under.store, [inWindow('money', 1, limit)])
      await refused(under.store, [inWindow('money', 1, limit)])
    },
  ],
]

const settling: Cases = [
  [
    'replaces what was reserved by what was used, once',
    async (under) => {
      await align(under)
      const id = await admit(under.store, [inWindow('tokens', 10, 10)])
      await under.other.settle(id, [{ key: 'tokens', amount: 4 }])
      await under.store.settle(id, [{ key: 'tokens', amount: 0 }])
      await admit(under.store, [inWindow('tokens', 6, 10)])
      await refused(under.store, [inWindow('tokens', 1, 10)])
    },
  ],
  [
    'lets over-use exceed the limit, which then blocks further',
    async (under) => {
      await align(under)
      const id = await admit(under.store, [inWindow('tokens', 2, 10)])
      await under.store.settle(id, [{ key: 'tokens', amount: 25 }])
      await refused(under.store, [inWindow('tokens', 0, 10)])
      await refused(under.store, [inWindow('tokens', 1, 25)])
      await admit(under.store, [inWindow('tokens', 1, 26)])
    },
  ],
  [
    'keeps the reserved amount of keys that are not named',
    async (under) => {
      await align(under)
      const id = await admit(under.store, [inWindow('a', 3, 3), inWindow('b', 3, 3)])
      await under.store.settle(id, [{ key: 'a', amount: 0 }])
      await admit(under.store, [inWindow('a', 3, 3)])
      await refused(under.store, [inWindow('b', 1, 3)])
    },
  ],
  [
    'leaves a later window alone',
    async (under) => {
      await align(under)
      const id = await admit(under.store, [inWindow('tokens', 5, 5), leased('slots', 1, 1)])
      await align(under)
      await admit(under.store, [inWindow('tokens', 5, 5)])
      await under.store.settle(id, [{ key: 'tokens', amount: 0 }])
      await refused(under.store, [inWindow('tokens', 1, 5)])
      await admit(under.store, [leased('slots', 1, 1)])
    },
  ],
  [
    'ignores a reservation that it does not know, and refuses a key that was not reserved',
    async (under) => {
      await under.store.settle('unknown', [{ key: 'tokens', amount: 1 }])
      await align(under)
      const id = await admit(under.store, [inWindow('tokens', 5, 5)])
      await assert.rejects(
        under.store.settle(id, [
          { key: 'tokens', amount: 0 },
          { key: 'other', amount: 1 },
        ]),
        invalid,
      )
      await refused(under.store, [inWindow('tokens', 1, 5)])
      await under.store.settle(id, [{ key: 'tokens', amount: 0 }])
      await admit(under.store, [inWindow('tokens', 5, 5)])
    },
  ],
  [
    'holds a lease until it is settled',
    async ({ store, other }) => {
      const first = await admit(store, [leased('slots', 2, 3)])
      await admit(other, [leased('slots', 1, 3)])
      assert.equal((await refused(store, [leased('slots', 1, 3)])).key, 'slots')
      await other.settle(first, [])
      await other.settle(first, [])
      await admit(store, [leased('slots', 2, 3)])
      await refused(store, [leased('slots', 1, 3)])
    },
  ],
  [
    'releases a lease that nobody settled, when it said it would',
    async ({ store, advance }) => {
      const lost = await admit(store, [leased('slots', 1, 2, 400)])
      await admit(store, [leased('slots', 1, 2, 60_000)])
      const { retryAfterMs } = await refused(store, [leased('slots', 1, 2)])
      assert.ok(retryAfterMs <= 400)
      const both = await refused(store, [leased('slots', 2, 2)])
      assert.ok(both.retryAfterMs > 400 && both.retryAfterMs <= 60_000)
      await advance(retryAfterMs)
      await admit(store, [leased('slots', 1, 2)])
      await store.settle(lost, [])
      await refused(store, [leased('slots', 1, 2)])
    },
  ],
  [
    'renews leases that live, and none that have expired',
    async ({ store, other, advance }) => {
      const kept = await admit(store, [leased('slots', 1, 2, 400), inWindow('requests', 1, 100)])
      const lost = await admit(store, [leased('other', 1, 1, 400)])
      await other.renew([kept, 'unknown'], 60_000)
      await advance(420)
      await other.renew([lost], 60_000)
      await refused(store, [leased('slots', 2, 2)])
      const { retryAfterMs } = await refused(store, [leased('slots', 2, 2)])
      assert.ok(retryAfterMs > 30_000 && retryAfterMs <= 60_000)
      await admit(store, [leased('other', 1, 1)])
      await store.settle(kept, [])
      await admit(store, [leased('slots', 2, 2)])
      await store.renew([kept], 60_000)
      await refused(store, [leased('slots', 1, 2)])
    },
  ],
  [
    'tells what stands in the windows that were settled',
    async (under) => {
      await align(under)
      const long: Claim = { key: 'a', amount: 5, limit: 50, windowMs: 3_600_000 }
      await admit(under.store, [long])
      const id = await admit(under.store, [inWindow('a', 3, 9), inWindow('b', 3, 9), long, leased('c', 1, 1)])
      const settled = await under.other.settle(id, [
        { key: 'a', amount: 7 },
        { key: 'c', amount: 1 },
      ])
      assert.deepEqual(settled, [
        { key: 'a', windowMs, used: 7 },
        { key: 'a', windowMs: 3_600_000, used: 12 },
      ])
      assert.deepEqual(await under.store.settle(id, [{ key: 'a', amount: 1 }]), [])
    },
  ],
]

/** What a subscriber saw, and a way to wait for it that works on virtual and on real clocks. */
function watch(under: StoreUnderTest, prefix: string) {
  const changes: StoreChange[] = []
  const subscription = under.store.subscribe(prefix, (change) => changes.push(change))
  const until = async (isSeen: (seen: readonly StoreChange[]) => boolean) => {
    for (let round = 0; round < 250; round += 1) {
      if (isSeen(changes)) return
      await under.advance(20)
    }
    assert.fail(`the change did not come; seen: ${JSON.stringify(changes)}`)
  }
  return { changes, subscription, until }
}
const has = (kind: 'set' | 'delete', key: string) => (seen: readonly StoreChange[]) =>
  seen.some((change) => change.kind === kind && change.key === key)

const subscriptions: Cases = [
  [
    'starts a subscription with resync, then tells the changes of every handle under the prefix, in order',
    async (under) => {
      await under.store.set('p/before', bytes('x'))
      const { changes, subscription, until } = watch(under, 'p/')
      await until((seen) => seen.length > 0)
      assert.deepEqual(changes, [{ kind: 'resync' }])
      await under.store.set('p/1', bytes('x'))
      await until(has('set', 'p/1'))
      await under.other.set('q/1', bytes('x'))
      await under.other.compareAndSet('p/1', bytes('x'), bytes('y'))
      await under.other.delete('p/1')
      await until(has('delete', 'p/1'))
      await under.other.compareAndSet('p/2', undefined, bytes('x'))
      await under.other.compareAndSet('p/2', bytes('x'), undefined)
      await until(has('delete', 'p/2'))
      subscription[Symbol.dispose]()
      assert.deepEqual(
        changes.slice(1).map((change) => (change.kind === 'resync' ? 'resync' : `${change.kind} ${change.key}`)),
        ['set p/1', 'set p/1', 'delete p/1', 'set p/2', 'delete p/2'],
      )
    },
  ],
  [
    'is silent about what changed nothing, and after disposal',
    async (under) => {
      await under.store.set('p/1', bytes('x'))
      const { changes, subscription, until } = watch(under, 'p/')
      await until((seen) => seen.length > 0)
      await under.other.set('p/1', bytes('y'), { ifAbsent: true })
      await under.other.compareAndSet('p/1', bytes('no'), bytes('y'))
      await under.other.delete('p/none')
      await under.other.set('p/last', bytes('x'))
      await until(has('set', 'p/last'))
      assert.equal(changes.length, 2)
      subscription[Symbol.dispose]()
      subscription[Symbol.dispose]()
      const second = watch(under, '')
      await second.until((seen) => seen.length > 0)
      await under.other.set('p/after', bytes('x'))
      await second.until(has('set', 'p/after'))
      second.subscription[Symbol.dispose]()
      assert.equal(changes.length, 2)
    },
  ],
]

const edges: Cases = [
  [
    'refuses input that it could not hold exactly, naming the field',
    async ({ store }) => {
      const value = bytes('x')
      const claim = inWindow('key', 1, 1)
      const calls: (() => Promise<unknown>)[] = [
        () => store.get(''),
        () => store.set('nul\0', value),
        () => store.set('half \ud800', value),
        () => store.set('x'.repeat(1_025), value),
        () => store.set('key', new Uint8Array(8 * 1024 * 1024 + 1)),
        () => store.set('key', value, { ttlMs: 0 }),
        () => store.set('key', value, { ttlMs: 1.5 }),
        () => store.compareAndSet('key', undefined, value, { ttlMs: Number.NaN }),
        () => store.reserve([]),
        () => store.reserve(Array.from({ length: 65 }, (_, index) => inWindow(String(index), 1, 1))),
        () => store.reserve([claim, claim]),
        () => store.reserve([{ ...claim, amount: -1 }]),
        () => store.reserve([{ ...claim, amount: 0.5 }]),
        () => store.reserve([{ ...claim, limit: Number.POSITIVE_INFINITY }]),
        () => store.reserve([{ ...claim, windowMs: 0 }]),
        () => store.reserve([leased('key', 1, 1, -5)]),
        () => store.settle('id', [{ key: 'key', amount: -1 }]),
        () => store.renew(['id'], 0),
        () => listed(store, 'nul\0'),
      ]
      for (const call of calls) await assert.rejects(call, invalid, call.toString())
      assert.deepEqual(await listed(store, ''), [])
      await store.set('x'.repeat(1_024), value)
    },
  ],
  [
    'closes twice without harm, and says so to whoever comes later',
    async ({ store }) => {
      await store.set('key', bytes('x'))
      await store[Symbol.asyncDispose]()
      await store[Symbol.asyncDispose]()
      const closed = { code: 'CORE_STORE_CLOSED' }
      await assert.rejects(store.get('key'), closed)
      await assert.rejects(store.set('key', bytes('x')), closed)
      await assert.rejects(store.reserve([inWindow('key', 1, 1)]), closed)
      await assert.rejects(listed(store, ''), closed)
      assert.throws(() => store.subscribe('', () => undefined), closed)
    },
  ],
]

/** Registers the suite with the test runner that is passed in: `storeConformance({ describe, test, name, create })`. */
export function storeConformance({ describe, test, name, create }: StoreConformanceOptions): void {
  const groups = { values, windows, settling, subscriptions, edges }
  describe(`${name} conforms to store/1`, () => {
    for (const [group, cases] of Object.entries(groups)) {
      describe(group, () => {
        for (const [title, body] of cases) {
          test(title, async () => {
            const under = await create()
            try {
              await body(under)
            } finally {
              await under.close()
            }
          })
        }
      })
    }
  })
}
