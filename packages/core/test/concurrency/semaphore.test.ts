import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { createSeededRandom, createSemaphore } from '@bud-foundry/core'
import { createFakeClock } from '@bud-foundry/core/testing'

const never = new AbortController().signal

describe('createSemaphore', () => {
  test('never gives more permits than it has, and gives them in the order asked', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.integer({ min: 1, max: 4 }),
        fc.array(fc.nat(20), { maxLength: 20 }),
        fc.nat(),
        async (permits, durations, seed) => {
          const clock = createFakeClock()
          const random = createSeededRandom(seed)
          const semaphore = createSemaphore({ what: 'slots', permits })
          const started: number[] = []
          const order: number[] = []
          let most = 0
          const work = durations.map(async (durationMs, index) => {
            await clock.sleep(random.next() * 10)
            order.push(index)
            await semaphore.run(async () => {
              started.push(index)
              most = Math.max(most, semaphore.inUse)
              await clock.sleep(durationMs)
            }, never)
          })
          await clock.run(Promise.all(work))
          expect(started).toEqual(order)
          expect(most).toBeLessThanOrEqual(permits)
          expect([semaphore.inUse, semaphore.waiting]).toEqual([0, 0])
        },
      ),
      { numRuns: 25 },
    )
  }, 30_000)

  test('lets a waiter leave on abort without losing a permit', async () => {
    const semaphore = createSemaphore({ what: 'slots', permits: 1 })
    const held = await semaphore.acquire(never)
    const controller = new AbortController()
    const leaving = semaphore.acquire(controller.signal)
    const staying = semaphore.acquire(never)
    controller.abort()
    await expect(leaving).rejects.toMatchObject({ code: 'CORE_ABORTED' })
    held[Symbol.dispose]()
    held[Symbol.dispose]()
    const next = await staying
    expect([semaphore.inUse, semaphore.waiting]).toEqual([1, 0])
    next[Symbol.dispose]()
    await expect(semaphore.acquire(controller.signal)).rejects.toMatchObject({ code: 'CORE_ABORTED' })
  })

  test('refuses callers beyond the bound on waiting', async () => {
    const semaphore = createSemaphore({ what: 'slots', permits: 1, waitersMax: 1 })
    const held = await semaphore.acquire(never)
    const waiting = semaphore.acquire(never)
    await expect(semaphore.acquire(never)).rejects.toMatchObject({ code: 'CORE_WAITERS_FULL', retryable: true })
    held[Symbol.dispose]()
    ;(await waiting)[Symbol.dispose]()
  })

  test('gives the permit back when the action fails', async () => {
    const semaphore = createSemaphore({ what: 'slots', permits: 1 })
    await expect(semaphore.run(() => Promise.reject(new Error('inner')), never)).rejects.toThrow('inner')
    expect(semaphore.inUse).toBe(0)
    expect(() => createSemaphore({ what: 'slots', permits: 0 })).toThrow('1 permit or more')
  })
})
