import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest'
import { systemClock } from '@bud-foundry/core'

// The one place where the system's timers are faked: everything else gets a Clock.
beforeEach(() => vi.useFakeTimers())
afterEach(() => vi.useRealTimers())

describe('systemClock', () => {
  test('sleeps, and stops at once on abort without leaving a timer', async () => {
    const slept = systemClock.sleep(50)
    await vi.advanceTimersByTimeAsync(50)
    await slept
    const controller = new AbortController()
    const sleeping = expect(systemClock.sleep(50, controller.signal)).rejects.toMatchObject({ code: 'CORE_ABORTED', cause: 'why' })
    controller.abort('why')
    await sleeping
    await expect(systemClock.sleep(50, controller.signal)).rejects.toMatchObject({ code: 'CORE_ABORTED' })
    expect(vi.getTimerCount()).toBe(0)
  })

  test('waits for longer than one timer can', async () => {
    const days = 24 * 60 * 60 * 1000
    let fired = 0
    systemClock.schedule(60 * days, () => (fired += 1))
    const cancelled = systemClock.schedule(60 * days, () => (fired += 100))
    await vi.advanceTimersByTimeAsync(59 * days)
    cancelled[Symbol.dispose]()
    expect(fired).toBe(0)
    await vi.advanceTimersByTimeAsync(days)
    expect([fired, vi.getTimerCount()]).toEqual([1, 0])
  })
})
