import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { createBatcher, createSeededRandom } from '@bud-foundry/core'
import { createFakeClock } from '@bud-foundry/core/testing'

function setUp(deliveryMs: number, more: { waitingItemsMax?: number; fail?: (batch: readonly number[]) => boolean } = {}) {
  const clock = createFakeClock()
  const batches: { readonly atMs: number; readonly items: readonly number[] }[] = []
  const failures: unknown[] = []
  const batcher = createBatcher<number>({
    clock,
    itemsMax: 3,
    ageMsMax: 100,
    ...(more.waitingItemsMax === undefined ? {} : { waitingItemsMax: more.waitingItemsMax }),
    deliver: async (items) => {
      batches.push({ atMs: clock.monotonicMs(), items })
      if (deliveryMs > 0) await clock.sleep(deliveryMs)
      if (more.fail?.(items) === true) throw new Error('refused')
    },
    onFailure: (error, batch) => failures.push([String(error), batch]),
  })
  return { clock, batches, failures, batcher }
}

describe('createBatcher', () => {
  test('delivers a batch when it is full', async () => {
    const { clock, batches, batcher } = setUp(0)
    for (const item of [1, 2, 3, 4]) batcher.add(item)
    await clock.advance(0)
    expect(batches).toEqual([{ atMs: 0, items: [1, 2, 3] }])
    expect(batcher.waiting).toBe(1)
  })

  test('delivers what there is when the oldest item has waited long enough', async () => {
    const { clock, batches, batcher } = setUp(0)
    await clock.advance(5)
    batcher.add(1)
    await clock.advance(60)
    batcher.add(2)
    await clock.advance(100)
    expect(batches).toEqual([{ atMs: 105, items: [1, 2] }])
    await clock.advance(1000)
    expect([batches.length, clock.pending]).toEqual([1, 0])
  })

  test('keeps every item, in order, one batch at a time, and none waits much longer than its age and the deliveries before it', async () => {
    await fc.assert(
      fc.asyncProperty(fc.nat(), fc.integer({ min: 1, max: 40 }), fc.constantFrom(0, 7, 50), async (seed, count, deliveryMs) => {
        const { clock, batches, batcher } = setUp(deliveryMs)
        const random = createSeededRandom(seed)
        for (let item = 0; item < count; item += 1) {
          expect(batcher.add(item)).toBe(true)
          await clock.advance(random.next() * 60)
        }
        await clock.run(batcher.flush())
        expect(batches.flatMap(({ items }) => items)).toEqual(Array.from({ length: count }, (_, item) => item))
        expect(batcher.waiting).toBe(0)
        for (const [index, { items, atMs }] of batches.entries()) {
          expect(items.length).toBeLessThanOrEqual(3)
          expect(atMs - (batches[index - 1]?.atMs ?? -1000)).toBeGreaterThanOrEqual(deliveryMs)
        }
        expect(clock.pending).toBe(0)
      }),
      { numRuns: 30 },
    )
  }, 30_000)

  test('reports a failed batch to its owner and goes on', async () => {
    const { clock, batches, failures, batcher } = setUp(0, { fail: (batch) => batch.includes(2) })
    for (const item of [1, 2, 3, 4, 5, 6]) batcher.add(item)
    await clock.run(batcher.flush())
    expect(failures).toEqual([['Error: refused', [1, 2, 3]]])
    expect(batches).toHaveLength(2)
  })

  test('survives a delivery that throws at once', async () => {
    const clock = createFakeClock()
    const failures: unknown[] = []
    const batcher = createBatcher<number>({
      clock,
      itemsMax: 1,
      ageMsMax: 1,
      deliver: () => {
        throw new Error('at once')
      },
      onFailure: (error) => failures.push(String(error)),
    })
    batcher.add(1)
    batcher.add(2)
    await clock.run(batcher.flush())
    expect(failures).toEqual(['Error: at once', 'Error: at once'])
  })

  test('refuses items beyond the bound, the batch in delivery counted', async () => {
    const { clock, batcher } = setUp(50, { waitingItemsMax: 4 })
    expect([1, 2, 3, 4, 5].map((item) => batcher.add(item))).toEqual([true, true, true, true, false])
    await clock.advance(60)
    expect(batcher.add(6)).toBe(true)
  })

  test('delivers everything when closed, twice without harm, and takes nothing after', async () => {
    const { clock, batches, batcher } = setUp(10)
    for (const item of [1, 2, 3, 4]) batcher.add(item)
    await clock.run(Promise.all([batcher[Symbol.asyncDispose](), batcher[Symbol.asyncDispose]()]))
    expect(batches.flatMap(({ items }) => items)).toEqual([1, 2, 3, 4])
    expect([batcher.add(5), clock.pending]).toEqual([false, 0])
  })
})
