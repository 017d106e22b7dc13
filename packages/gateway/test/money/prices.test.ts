/** Prices that are set at run time: many of them, and broken ones among them. */
import { createMemoryStore } from '@bud-foundry/core'
import { createFakeClock } from '@bud-foundry/core/testing'
import { expect, it } from 'vitest'
import type { ModelPrice } from '../../src/money/price-schema.ts'
import { createPrices } from '../../src/index.ts'

const record = (number: number, price: Partial<ModelPrice> = {}) => ({
  id: `p${String(number)}`,
  subject: { model: `m${String(number)}` },
  price: { inputUsdPerMillionTokens: 1, outputUsdPerMillionTokens: 0, ...price },
  validFrom: '2026-01-01',
  updatedUnixMs: 1,
})
const write = (value: object): Uint8Array => Buffer.from(JSON.stringify(value))

// It was ten minutes when each record compiled all of them.
it('ten thousand prices are read without compiling all of them for each', { timeout: 30_000 }, async () => {
  const store = createMemoryStore()
  const count = 10_000
  for (let number = 0; number < count; number += 1) await store.set(`gateway/prices/p${String(number)}`, write(record(number)))
  await using prices = createPrices({ store })
  await prices.ready
  expect(prices.book.list().filter(({ origin }) => origin === 'admin')).toHaveLength(count)
})

it('a record that cannot be exact is left out and told of, and the others go on changing', async () => {
  const store = createMemoryStore({ clock: createFakeClock() })
  const failures: unknown[] = []
  const third = { serviceTiers: { batch: { multiplier: 1 / 3 } } }
  await store.set('gateway/prices/p1', write(record(1, third)))
  await using prices = createPrices({ store, onFailure: (error) => failures.push(error), builtIn: { version: 'none', entries: [] } })
  await prices.ready
  expect(failures).toContainEqual(expect.objectContaining({ code: 'GATEWAY_PRICE_NOT_EXACT' }))
  const { id, updatedUnixMs: _, ...entry } = record(2)
  await prices.put(id, entry)
  expect(prices.book.list().map((price) => price.entry.subject)).toEqual([{ model: 'm2' }])
  expect(await prices.delete('p2')).toBe(true)
  expect(prices.book.list()).toEqual([])
})
