import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { createBoundedQueue } from '@bud-foundry/core'

const never = new AbortController().signal
const queueOf = (limit: number, overflow: 'refuse' | 'drop-oldest', onDrop?: (item: number) => void) =>
  createBoundedQueue<number>({ what: 'numbers', limit, overflow, ...(onDrop === undefined ? {} : { onDrop }) })

describe('createBoundedQueue', () => {
  test('behaves like a list with a limit, under both rules', () => {
    const step = fc.oneof(fc.nat(), fc.constant('poll' as const))
    fc.assert(
      fc.property(
        fc.integer({ min: 1, max: 5 }),
        fc.constantFrom('refuse' as const, 'drop-oldest' as const),
        fc.array(step, { maxLength: 60 }),
        (limit, rule, steps) => {
          const dropped: number[] = []
          const queue = queueOf(limit, rule, (item) => dropped.push(item))
          const model: number[] = []
          const modelDropped: number[] = []
          for (const next of steps) {
            if (next === 'poll') {
              expect(queue.poll()).toBe(model.shift())
              continue
            }
            const full = model.length === limit
            if (full && rule === 'drop-oldest') modelDropped.push(...model.splice(0, 1))
            expect(queue.offer(next)).toBe(!full || rule === 'drop-oldest')
            if (model.length < limit) model.push(next)
          }
          expect([queue.size, dropped]).toEqual([model.length, modelDropped])
        },
      ),
    )
  })

  test('stays small in memory and correct over many items', () => {
    const queue = queueOf(10, 'refuse')
    for (let number = 0; number < 10_000; number += 1) {
      expect(queue.offer(number)).toBe(true)
      if (number >= 5) expect(queue.poll()).toBe(number - 5)
    }
    expect(queue.size).toBe(5)
  })

  test('hands items to takers in order, and room to putters in order', async () => {
    const queue = queueOf(1, 'refuse')
    const takers = [queue.take(never), queue.take(never)]
    queue.offer(1)
    await queue.put(2, never)
    expect(await Promise.all(takers)).toEqual([1, 2])

    await queue.put(3, never)
    const putters = [queue.put(4, never), queue.put(5, never)]
    expect(queue.offer(6)).toBe(false)
    const seen = []
    for (let turn = 0; turn < 3; turn += 1) seen.push(await queue.take(never))
    await Promise.all(putters)
    expect([seen, queue.overflowed]).toEqual([[3, 4, 5], 1])
  })

  test('lets takers and putters leave on abort, losing nothing', async () => {
    const queue = queueOf(1, 'refuse')
    const controller = new AbortController()
    const taking = queue.take(controller.signal)
    controller.abort()
    await expect(taking).rejects.toMatchObject({ code: 'CORE_ABORTED' })
    expect(queue.offer(1)).toBe(true)
    const second = new AbortController()
    const putting = queue.put(2, second.signal)
    second.abort()
    await expect(putting).rejects.toMatchObject({ code: 'CORE_ABORTED' })
    await expect(queue.take(second.signal)).rejects.toMatchObject({ code: 'CORE_ABORTED' })
    expect([await queue.take(never), queue.size]).toEqual([1, 0])
  })

  test('when closed takes nothing more, lets the rest be taken, and ends those who wait', async () => {
    const queue = queueOf(1, 'drop-oldest')
    queue.offer(1)
    const putting = queue.put(2, never)
    queue[Symbol.dispose]()
    queue[Symbol.dispose]()
    await expect(putting).rejects.toMatchObject({ code: 'CORE_CLOSED' })
    await expect(queue.put(2, never)).rejects.toMatchObject({ code: 'CORE_CLOSED' })
    expect([queue.offer(3), await queue.take(never), await queue.take(never)]).toEqual([false, 1, undefined])
    const empty = queueOf(1, 'refuse')
    const taking = empty.take(never)
    empty[Symbol.dispose]()
    expect(await taking).toBeUndefined()
  })

  test.each([0, 1.5, Number.NaN, 1e9])('refuses a limit of %s', (limit) => {
    expect(() => queueOf(limit, 'refuse')).toThrow('needs a limit from 1')
  })
})
