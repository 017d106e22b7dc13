/** The limiter when its store is slow. */
import { createMemoryStore, systemRandom, type Store } from '@bud-foundry/core'
import { createFakeClock } from '@bud-foundry/core/testing'
import { expect, test } from 'vitest'
import type { RateLimitsConfig } from '../../src/limit/limit-config.ts'
import { Limiter } from '../../src/limit/limiter.ts'

test('gives back what a store reserves too late, tokens and dollars too', async () => {
  const clock = createFakeClock()
  const held = createMemoryStore({ clock })
  let settled = 0
  let letGo: (() => void) | undefined
  const store: Store = {
    contract: 'store/1',
    get: (key) => held.get(key),
    set: (key, value, options) => held.set(key, value, options),
    compareAndSet: (key, expected, value, options) => held.compareAndSet(key, expected, value, options),
    delete: (key) => held.delete(key),
    list: (prefix) => held.list(prefix),
    subscribe: (prefix, onChange) => held.subscribe(prefix, onChange),
    reserve: async (claims) => {
      await new Promise<void>((resolve) => (letGo = resolve))
      return await held.reserve(claims)
    },
    settle: async (id, actual) => {
      const windows = await held.settle(id, actual)
      settled += 1
      return windows
    },
    renew: (ids, leaseMs) => held.renew(ids, leaseMs),
    [Symbol.asyncDispose]: () => held[Symbol.asyncDispose](),
  }
  const config: RateLimitsConfig = {
    rules: [],
    onStoreFailure: 'closed',
    storeTimeoutMs: 100,
    leaseMs: 1_000,
    defaultOutputTokens: 1,
    unpriced: 'allow',
    headers: true,
  }
  const limiter = new Limiter(config, { store, clock, random: systemRandom, onFailure: () => undefined })
  const day = 86_400_000
  const claims = [
    { key: 'tokens', amount: 7, limit: 10, windowMs: day },
    { key: 'slots', amount: 1, limit: 1, windowMs: 'lease', leaseMs: day },
  ] as const
  const admission = limiter.reserve(claims)
  await clock.advance(100)
  expect(await admission).toEqual({ kind: 'unavailable' })
  letGo?.()
  await expect.poll(() => settled).toBe(1)
  const probe = await held.reserve(claims.map((claim) => ({ ...claim, amount: 1 })))
  expect(probe.usage.map(({ used }) => used)).toEqual([1, 1])
  await limiter[Symbol.asyncDispose]()
})
