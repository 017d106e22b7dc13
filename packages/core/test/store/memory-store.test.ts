/** The memory driver: the suite, and its bounds. */
import { describe, expect, test } from 'vitest'
import { createMemoryStore } from '../../src/store/memory-store.ts'
import { storeLimits } from '../../src/store/store-limits.ts'
import { storeConformance } from '../../src/testing/conformance/store.ts'
import { createFakeClock } from '../../src/testing/fake-clock.ts'

storeConformance({
  describe,
  test,
  name: 'the memory store',
  create: async () => {
    const clock = createFakeClock()
    const store = createMemoryStore({ clock })
    return {
      store,
      other: store,
      nowMs: () => clock.nowMs(),
      advance: (durationMs) => clock.advance(durationMs),
      close: async () => {
        await store[Symbol.asyncDispose]()
      },
    }
  },
})

describe('the memory store is bounded', () => {
  test('refuses an entry beyond the limit, and takes it again once others have expired', async () => {
    const clock = createFakeClock()
    await using store = createMemoryStore({ clock })
    const value = new Uint8Array(1)
    for (let index = 0; index < storeLimits.memory.entries; index += 1) await store.set(`key ${String(index)}`, value, { ttlMs: 1_000 })
    await expect(store.set('one more', value)).rejects.toMatchObject({ code: 'CORE_STORE_FULL', retryable: true })
    await store.set('key 0', value)
    await clock.advance(1_000)
    await store.set('one more', value)
    const keys: string[] = []
    for await (const key of store.list('')) keys.push(key)
    expect(keys).toEqual(['key 0', 'one more'])
  })

  test('refuses more bytes than the limit, and counts replaced and deleted ones as free', async () => {
    await using store = createMemoryStore()
    const value = new Uint8Array(storeLimits.valueBytes)
    const fitting = Math.floor(storeLimits.memory.entryBytes / (value.byteLength + 1_000))
    for (let index = 0; index < fitting; index += 1) await store.set(`key ${String(index)}`, value)
    await expect(store.set('one more', value)).rejects.toMatchObject({ code: 'CORE_STORE_FULL' })
    await store.set('key 0', value)
    await store.delete('key 1')
    await store.set('one more', value)
  })

  test('refuses reservations beyond the limit until some are settled or expired', async () => {
    const clock = createFakeClock({ startUnixMs: 0 })
    await using store = createMemoryStore({ clock })
    const claim = { key: 'k', amount: 1, limit: 1_000_000, windowMs: 60_000 }
    let last = ''
    for (let index = 0; index < storeLimits.memory.reservations; index += 1) {
      const reservation = await store.reserve([claim])
      if (reservation.admitted) last = reservation.id
    }
    await expect(store.reserve([claim])).rejects.toMatchObject({ code: 'CORE_STORE_FULL' })
    await store.settle(last, [])
    await store.reserve([claim])
    await expect(store.reserve([claim])).rejects.toMatchObject({ code: 'CORE_STORE_FULL' })
    await clock.advance(60_000)
    expect(await store.reserve([claim])).toMatchObject({ admitted: true })
  })
})
