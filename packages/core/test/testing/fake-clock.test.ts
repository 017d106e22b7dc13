import { describe, expect, test } from 'vitest'
import { createFakeClock } from '@bud-foundry/core/testing'

describe('createFakeClock', () => {
  test('runs timers in order of time, then of creation, at their own time', async () => {
    const clock = createFakeClock({ startUnixMs: 1000 })
    const seen: [string, number][] = []
    for (const [name, ms] of [
      ['late', 30],
      ['first', 10],
      ['second', 10],
    ] as const)
      clock.schedule(ms, () => seen.push([name, clock.nowMs()]))
    await clock.advance(20)
    expect(seen).toEqual([
      ['first', 1010],
      ['second', 1010],
    ])
    expect([clock.nowMs(), clock.monotonicMs(), clock.pending]).toEqual([1020, 20, 1])
    await clock.advance(10)
    expect(seen).toHaveLength(3)
  })

  test('runs timers that timers and settled promises schedule, within one advance', async () => {
    const clock = createFakeClock()
    const seen: number[] = []
    const work = async () => {
      for (let round = 0; round < 3; round += 1) {
        await clock.sleep(10)
        await Promise.resolve()
        seen.push(clock.monotonicMs())
      }
    }
    const done = work()
    await clock.advance(30)
    await done
    expect(seen).toEqual([10, 20, 30])
  })

  test('cancels a disposed timer and an aborted sleep', async () => {
    const clock = createFakeClock()
    let fired = false
    clock
      .schedule(1, () => {
        fired = true
      })
      [Symbol.dispose]()
    const controller = new AbortController()
    const sleeping = clock.sleep(5, controller.signal)
    controller.abort()
    await expect(sleeping).rejects.toMatchObject({ code: 'CORE_ABORTED' })
    await expect(clock.sleep(5, controller.signal)).rejects.toMatchObject({ code: 'CORE_ABORTED' })
    await clock.advance(10)
    expect([fired, clock.pending]).toEqual([false, 0])
  })

  test('runs on until a promise settles, and says when nothing can settle it', async () => {
    const clock = createFakeClock()
    expect(await clock.run(clock.sleep(3_600_000).then(() => 'done'))).toBe('done')
    expect(clock.monotonicMs()).toBe(3_600_000)
    await expect(clock.run(new Promise(() => undefined))).rejects.toThrow('not on the fake clock')
    await expect(clock.run(Promise.reject(new Error('own failure')))).rejects.toThrow('own failure')
  })
})
