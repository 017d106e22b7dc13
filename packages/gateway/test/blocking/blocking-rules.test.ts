/** Rules in a store: kept, shared, checked. */
import { createMemoryStore } from '@bud-foundry/core'
import { createFakeClock } from '@bud-foundry/core/testing'
import { expect, it } from 'vitest'
import { createBlockingRules } from '../../src/blocking/blocking-rules.ts'
import { blockingConfigSchema } from '../../src/blocking/blocking-rule.ts'

it('keeps rules over a restart and tells every process of changes', async () => {
  const clock = createFakeClock()
  await using store = createMemoryStore({ clock })
  await using here = createBlockingRules({ store, clock })
  await using there = createBlockingRules({ store, clock })
  let told = 0
  using _subscription = there.subscribe(() => (told += 1))
  const added = await here.add({ kind: 'address', addresses: ['192.0.2.1'], note: 'abuse' })
  await clock.advance(0)
  expect(there.list()).toEqual([added])
  expect(told).toBeGreaterThan(0)
  await using later = createBlockingRules({ store, clock })
  await later.ready
  expect(later.get(added.id)).toEqual(added)
  expect(await there.remove(added.id)).toBe(true)
  await clock.advance(0)
  expect(here.list()).toEqual([])
  expect(await here.remove(added.id)).toBe(false)
})

it('takes an expiry between two milliseconds, and one beyond what a store keeps', async () => {
  const clock = createFakeClock()
  await using store = createMemoryStore({ clock })
  await using rules = createBlockingRules({ store, clock })
  for (const expiresUnixMs of [clock.nowMs() + 1_500.5, clock.nowMs() + 100 * 365 * 86_400_000]) {
    const { id } = await rules.add({ kind: 'address', addresses: ['192.0.2.1'], expiresUnixMs })
    expect(await store.get(`gateway/blocking/${id}`)).toBeDefined()
  }
})

it('keeps the configured rules apart', async () => {
  const rules = createBlockingRules()
  rules.configure(blockingConfigSchema.parse({ rules: [{ id: 'fixed', kind: 'rate', limit: 5, windowMs: 1_000 }] }).rules)
  expect(rules.list()).toMatchObject([{ id: 'fixed', origin: 'config' }])
  await expect(rules.remove('fixed')).rejects.toMatchObject({ code: 'GATEWAY_BLOCKING_RULE_CONFIGURED' })
  await expect(rules.add({ id: 'fixed', kind: 'address', addresses: ['::1'] })).rejects.toMatchObject({ status: 409 })
  await rules.add({ id: 'own', kind: 'address', addresses: ['::1'] })
  rules.configure([])
  expect(rules.list().map(({ id }) => id)).toEqual(['own'])
})

it.each([
  [{ kind: 'address', addresses: ['192.0.2.256'] }, 'addresses.0'],
  [{ kind: 'address', addresses: ['192.0.2.0/33'] }, 'addresses.0'],
  [{ kind: 'address', addresses: [] }, 'addresses'],
  [{ kind: 'country', countries: ['Germany'] }, 'countries.0'],
  [{ kind: 'rate', limit: 0, windowMs: 1_000 }, 'limit'],
  [{ id: 'a/b', kind: 'rate', limit: 1, windowMs: 1_000 }, 'id'],
  [{ kind: 'user-agent' }, ''],
] as const)('refuses %j and names %s', async (rule, field) => {
  await expect(createBlockingRules().add(rule)).rejects.toMatchObject({ code: 'GATEWAY_BLOCKING_RULE_INVALID', details: { field } })
})

it('goes on with the other rules when one record is broken', async () => {
  const clock = createFakeClock()
  await using store = createMemoryStore({ clock })
  await store.set('gateway/blocking/broken', new TextEncoder().encode('{"kind":"address"'))
  await createBlockingRules({ store, clock }).add({ id: 'good', kind: 'address', addresses: ['192.0.2.1'] })
  const failures: unknown[] = []
  await using rules = createBlockingRules({ store, clock, onFailure: (error) => void failures.push(error) })
  await rules.ready
  expect(rules.list().map(({ id }) => id)).toEqual(['good'])
  expect(failures.length).toBeGreaterThan(0)
})
