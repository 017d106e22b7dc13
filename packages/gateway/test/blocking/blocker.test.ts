/** Which callers get in. */
import { createMemoryStore, type Store } from '@bud-foundry/core'
import { createFakeClock } from '@bud-foundry/core/testing'
import { describe, expect, it } from 'vitest'
import { createBlocker, type Blocked } from '../../src/blocking/blocker.ts'
import { createBlockingRules } from '../../src/blocking/blocking-rules.ts'
import type { BlockingRuleInput } from '../../src/blocking/blocking-rule.ts'

const countries = new Map([
  ['192.0.2.1', 'DE'],
  ['192.0.2.2', 'FR'],
])

async function blockerOf(inputs: readonly BlockingRuleInput[], store?: Store) {
  const clock = createFakeClock()
  const rules = createBlockingRules({ clock })
  for (const rule of inputs) await rules.add(rule)
  const failures: unknown[] = []
  const blocker = createBlocker({
    rules,
    clock,
    store,
    countryOf: (address) => countries.get(address),
    onFailure: (error) => void failures.push(error),
  })
  const check = async (address: string | undefined, userAgent?: string): Promise<Blocked | undefined> =>
    blocker.judge({ address, userAgent }) ?? (await blocker.count({ address, userAgent }))
  return { blocker, rules, clock, check, failures }
}

it('refuses addresses and networks with an error that names no rule', async () => {
  const { check } = await blockerOf([{ id: 'bad-net', kind: 'address', addresses: ['192.0.2.0/30', '2001:db8::/32'] }])
  const blocked = await check('::ffff:192.0.2.3')
  expect(blocked).toMatchObject({ reason: 'address', ruleId: 'bad-net', error: { code: 'GATEWAY_BLOCKED', status: 403 } })
  expect(JSON.stringify(blocked?.error)).not.toContain('bad-net')
  expect(blocked?.error.message).not.toContain('bad-net')
  expect(await check('2001:db8::5')).toBeDefined()
  expect(await check('192.0.2.4')).toBeUndefined()
  expect(await check(undefined)).toBeUndefined()
})

it('refuses countries, the unknown one by ZZ', async () => {
  const { check } = await blockerOf([{ kind: 'country', countries: ['fr', 'ZZ'] }])
  expect(await check('192.0.2.1')).toBeUndefined()
  expect(await check('192.0.2.2')).toMatchObject({ reason: 'country' })
  expect(await check('192.0.2.9')).toMatchObject({ reason: 'country' })
})

describe('user agents', () => {
  const rule: BlockingRuleInput = { kind: 'user-agent', contains: ['BadBot', ''], patterns: ['^scan(ner)?/\\d+'] }
  it.each([
    ['some badbot/1', true],
    ['Scanner/12', true],
    ['my scanner/12', false],
    ['curl/8', false],
    ['', true],
    ['x'.repeat(1_025), true],
    ['x'.repeat(1_024), false],
  ])('%s: refused %s', async (userAgent, refused) => {
    const { check } = await blockerOf([rule])
    expect((await check('192.0.2.1', userAgent)) !== undefined).toBe(refused)
  })

  it('are matched in linear time: a pattern that would hang a backtracking engine does not', async () => {
    const { check } = await blockerOf([{ kind: 'user-agent', patterns: ['(a+)+$', '(a|aa)+$', '(.*)*x$'] }])
    expect(await check('192.0.2.1', `${'a'.repeat(900)}!`)).toBeUndefined()
  })

  it('refuse patterns that cannot be matched in linear time', async () => {
    const { rules } = await blockerOf([])
    await expect(rules.add({ kind: 'user-agent', patterns: ['(a)\\1'] })).rejects.toMatchObject({
      code: 'GATEWAY_BLOCKING_RULE_INVALID',
      details: { field: 'patterns.0' },
    })
  })
})

it('lets in what an allow rule names, whatever the deny and rate rules say', async () => {
  const { check } = await blockerOf([
    { kind: 'address', addresses: ['192.0.2.0/24'] },
    { kind: 'address', action: 'allow', addresses: ['192.0.2.1'] },
    { kind: 'rate', limit: 1, windowMs: 60_000 },
  ])
  for (let index = 0; index < 3; index += 1) expect(await check('192.0.2.1')).toBeUndefined()
  expect(await check('192.0.2.2')).toBeDefined()
})

it('turns the allow rules into the list of who may come in', async () => {
  const { blocker, check } = await blockerOf([{ kind: 'address', action: 'allow', addresses: ['192.0.2.1'] }])
  expect(await check('198.51.100.1')).toBeUndefined()
  blocker.otherwise = 'deny'
  expect(await check('192.0.2.1')).toBeUndefined()
  expect(await check('198.51.100.2')).toMatchObject({ reason: 'otherwise', ruleId: undefined })
  expect(await check(undefined)).toMatchObject({ reason: 'otherwise' })
})

it('admits exactly the rate of each address, and says when the next window begins', async () => {
  const clock = createFakeClock()
  await using store = createMemoryStore({ clock })
  const rules = createBlockingRules({ clock })
  await rules.add({ id: 'slow', kind: 'rate', limit: 3, windowMs: 10_000 })
  const blockers = [createBlocker({ rules, clock, store }), createBlocker({ rules, clock, store })]
  const ask = async (index: number, address: string) => {
    const caller = { address, userAgent: '' }
    return blockers[index]?.judge(caller) ?? (await blockers[index]?.count(caller))
  }
  const admitted = async (address: string): Promise<number> => {
    const results = await Promise.all(Array.from({ length: 20 }, async (_, index) => await ask(index % 2, address)))
    return results.filter((result) => result === undefined).length
  }
  expect(await admitted('192.0.2.1')).toBe(3)
  expect(await admitted('192.0.2.2')).toBe(3)
  expect(await admitted('192.0.2.1')).toBe(0)
  const blocked = await ask(0, '192.0.2.1')
  expect(blocked).toMatchObject({ reason: 'rate', ruleId: 'slow', error: { status: 429 } })
  await clock.advance(blocked?.error.retryAfterMs ?? 0)
  expect(await admitted('192.0.2.1')).toBe(3)
})

it('counts in the process while the store is away', async () => {
  const broken: Store = { ...createMemoryStore(), reserve: () => Promise.reject(new Error('the store is away')) }
  const { check, failures } = await blockerOf([{ kind: 'rate', limit: 2, windowMs: 60_000 }], broken)
  const results = [await check('192.0.2.1'), await check('192.0.2.1'), await check('192.0.2.1')]
  expect(results.map((result) => result === undefined)).toEqual([true, true, false])
  expect(failures.length).toBeGreaterThan(0)
})

it('waits for a store that hangs once, and then counts in the process for a moment', async () => {
  let asked = 0
  const hanging: Store = {
    ...createMemoryStore(),
    reserve: () => {
      asked += 1
      return new Promise(() => undefined)
    },
  }
  const { check, clock, failures } = await blockerOf([{ kind: 'rate', limit: 2, windowMs: 60_000 }], hanging)
  const first = check('192.0.2.1')
  await clock.advance(500)
  expect(await first).toBe(undefined)
  // Neither of these waits for the clock.
  expect(await check('192.0.2.1')).toBe(undefined)
  expect(await check('192.0.2.1')).toMatchObject({ reason: 'rate' })
  expect([asked, failures]).toMatchObject([1, [{ code: 'GATEWAY_BLOCKING_STORE_SLOW' }]])
  await clock.advance(500)
  const later = check('192.0.2.2')
  await clock.advance(500)
  expect(await later).toBe(undefined)
  expect(asked).toBe(2)
})

it('follows rules as they come, are switched off and expire', async () => {
  const { check, rules, clock } = await blockerOf([])
  expect(await check('192.0.2.1')).toBeUndefined()
  await rules.add({ id: 'now', kind: 'address', addresses: ['192.0.2.1'], expiresUnixMs: clock.nowMs() + 1_000 })
  expect(await check('192.0.2.1')).toBeDefined()
  await rules.add({ id: 'now', kind: 'address', addresses: ['192.0.2.1'], enabled: false })
  expect(await check('192.0.2.1')).toBeUndefined()
  await rules.add({ id: 'now', kind: 'address', addresses: ['192.0.2.1'], expiresUnixMs: clock.nowMs() + 1_000 })
  await clock.advance(1_000)
  expect(await check('192.0.2.1')).toBeUndefined()
  expect(rules.list()).toEqual([])
})

describe('rates', () => {
  it('count all addresses of an IPv6 /64 together, and each IPv4 address for itself', async () => {
    const { check } = await blockerOf([{ id: 'r', kind: 'rate', limit: 2, windowMs: 60_000 }])
    expect(await check('2001:db8:0:1::1')).toBeUndefined()
    expect(await check('2001:db8:0:1:ffff::2')).toBeUndefined()
    expect(await check('2001:db8:0:1:1234::3')).toMatchObject({ reason: 'rate', ruleId: 'r' })
    expect(await check('2001:db8:0:2::1')).toBeUndefined()
    for (const address of ['192.0.2.7', '192.0.2.8', '192.0.2.7', '192.0.2.8']) expect(await check(address)).toBeUndefined()
    expect(await check('192.0.2.7')).toMatchObject({ reason: 'rate' })
  })

  it('leave no reservation behind', async () => {
    await using store = createMemoryStore({})
    const settled: string[] = []
    const counting: Store = {
      contract: store.contract,
      get: (key) => store.get(key),
      set: (key, value, options) => store.set(key, value, options),
      compareAndSet: (...given) => store.compareAndSet(...given),
      delete: (key) => store.delete(key),
      list: (prefix) => store.list(prefix),
      reserve: (claims) => store.reserve(claims),
      settle: (id, actual) => {
        settled.push(id)
        return store.settle(id, actual)
      },
      renew: (ids, leaseMs) => store.renew(ids, leaseMs),
      subscribe: (prefix, onChange) => store.subscribe(prefix, onChange),
      [Symbol.asyncDispose]: () => Promise.resolve(),
    }
    const { check } = await blockerOf([{ kind: 'rate', limit: 2, windowMs: 60_000 }], counting)
    for (let index = 0; index < 2; index += 1) expect(await check('192.0.2.1')).toBeUndefined()
    expect(settled).toHaveLength(2)
    expect(await check('192.0.2.1')).toMatchObject({ reason: 'rate' })
  })
})
