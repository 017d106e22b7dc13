import { describe, expect, test } from 'vitest'
import { createDeadline } from '@bud-foundry/core'
import { createFakeClock } from '@bud-foundry/core/testing'

describe('createDeadline', () => {
  test('aborts when the budget is spent, with an error that names what and how long', async () => {
    const clock = createFakeClock()
    const deadline = createDeadline({ clock, what: 'the request', budgetMs: 100 })
    await clock.advance(99)
    expect([deadline.signal.aborted, deadline.remainingMs()]).toEqual([false, 1])
    await clock.advance(1)
    expect([deadline.signal.aborted, deadline.remainingMs()]).toEqual([true, 0])
    expect(deadline.signal.reason).toMatchObject({
      code: 'CORE_DEADLINE_EXCEEDED',
      message: expect.stringContaining('the request did not end within 100 ms') as string,
    })
    await clock.advance(50)
    expect(deadline.remainingMs()).toBe(0)
  })

  test("ends with its parent's reason when the caller aborts, before or after it starts", () => {
    const clock = createFakeClock()
    const caller = new AbortController()
    const before = createDeadline({ clock, what: 'a', budgetMs: 100, parent: caller.signal })
    caller.abort('gone')
    const after = createDeadline({ clock, what: 'a', budgetMs: 100, parent: caller.signal })
    expect([before.signal.reason, after.signal.reason, clock.pending]).toEqual(['gone', 'gone', 0])
  })

  test('gives parts that never outlast it', async () => {
    const clock = createFakeClock()
    const whole = createDeadline({ clock, what: 'the request', budgetMs: 100 })
    await clock.advance(30)
    const [short, long] = [whole.part('one attempt', 20), whole.part('another', 500)]
    expect([short.remainingMs(), long.remainingMs()]).toEqual([20, 70])
    await clock.advance(20)
    expect([short.signal.aborted, whole.signal.aborted]).toEqual([true, false])
    await clock.advance(50)
    expect(long.signal.reason).toMatchObject({ code: 'CORE_DEADLINE_EXCEEDED' })
  })

  test('leaves no timer and does not abort when disposed, twice too', async () => {
    const clock = createFakeClock()
    const deadline = createDeadline({ clock, what: 'a', budgetMs: 10 })
    deadline[Symbol.dispose]()
    deadline[Symbol.dispose]()
    await clock.advance(20)
    expect([deadline.signal.aborted, clock.pending]).toEqual([false, 0])
  })

  test.each([-1, Number.NaN, Number.POSITIVE_INFINITY])('refuses a budget of %s', (budgetMs) => {
    expect(() => createDeadline({ clock: createFakeClock(), what: 'a', budgetMs })).toThrow('a deadline needs a budget')
  })
})
