import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { createDeadline, createSeededRandom, defineErrors, retry, retryDelayMs, type RetryOptions } from '@bud-foundry/core'
import { createFakeClock, type FakeClock } from '@bud-foundry/core/testing'

const errors = defineErrors('DEMO', {
  BUSY: { status: 503, retryable: true, message: () => 'busy' },
  WRONG: { status: 400, retryable: false, message: () => 'wrong' },
})
const policy = { attemptsMax: 4, baseDelayMs: 100 }
const highest = { next: () => 1, bytes: (length: number) => new Uint8Array(length) }

function options(clock: FakeClock, more: Partial<RetryOptions> = {}): RetryOptions {
  return { clock, random: highest, policy, signal: new AbortController().signal, ...more }
}

/** Fails with the errors in turn, then answers; notes when it was called. */
function failing(clock: FakeClock, ...failures: Error[]) {
  const calledAtMs: number[] = []
  const action = (attempt: number) => {
    calledAtMs.push(clock.monotonicMs())
    const failure = failures[attempt - 1]
    return failure === undefined ? Promise.resolve(`answer ${String(attempt)}`) : Promise.reject(failure)
  }
  return { action, calledAtMs }
}

describe('retry', () => {
  test('waits up to twice as long each time, and returns the first answer', async () => {
    const clock = createFakeClock()
    const { action, calledAtMs } = failing(clock, errors.BUSY(), errors.BUSY(), errors.BUSY())
    expect(await clock.run(retry(action, options(clock)))).toBe('answer 4')
    expect(calledAtMs).toEqual([0, 100, 300, 700])
  })

  test('throws the last error itself when the attempts are used up', async () => {
    const clock = createFakeClock()
    const last = errors.BUSY()
    const { action, calledAtMs } = failing(clock, errors.BUSY(), errors.BUSY(), errors.BUSY(), last)
    await expect(clock.run(retry(action, options(clock)))).rejects.toBe(last)
    expect(calledAtMs).toHaveLength(4)
  })

  test.each([
    ['not retryable', errors.WRONG()],
    ['of another class', new TypeError('a bug')],
  ])('does not try again what is %s', async (_, failure) => {
    const clock = createFakeClock()
    const { action, calledAtMs } = failing(clock, failure)
    await expect(retry(action, options(clock))).rejects.toBe(failure)
    expect(calledAtMs).toHaveLength(1)
  })

  test('waits as long as the server asks for, unless that is too long', async () => {
    const clock = createFakeClock()
    const patient = failing(clock, errors.BUSY(undefined, { retryAfterMs: 5000 }))
    expect(await clock.run(retry(patient.action, options(clock)))).toBe('answer 2')
    expect(patient.calledAtMs).toEqual([0, 5000])
    const tooLong = errors.BUSY(undefined, { retryAfterMs: 3_600_000 })
    await expect(retry(failing(clock, tooLong).action, options(clock))).rejects.toBe(tooLong)
  })

  test('does not begin a wait that would outlast the deadline', async () => {
    const clock = createFakeClock()
    const deadline = createDeadline({ clock, what: 'the request', budgetMs: 250 })
    const second = errors.BUSY()
    const { action, calledAtMs } = failing(clock, errors.BUSY(), second, errors.BUSY())
    await expect(clock.run(retry(action, options(clock, { deadline })))).rejects.toBe(second)
    expect(calledAtMs).toEqual([0, 100])
  })

  test('passes the signal down, and stops waiting on abort', async () => {
    const clock = createFakeClock()
    const controller = new AbortController()
    const { action, calledAtMs } = failing(clock, errors.BUSY(), errors.BUSY())
    const retrying = retry(action, options(clock, { signal: controller.signal }))
    retrying.catch(() => undefined)
    await clock.advance(50)
    controller.abort()
    await expect(retrying).rejects.toMatchObject({ code: 'CORE_ABORTED' })
    await clock.advance(1000)
    expect([calledAtMs, clock.pending]).toEqual([[0], 0])
    await expect(retry(action, options(clock, { signal: controller.signal }))).rejects.toMatchObject({ code: 'CORE_ABORTED' })
  })

  test('keeps every wait between what the server asks for and the bounds', () => {
    fc.assert(
      fc.property(
        fc.nat(),
        fc.integer({ min: 1, max: 60 }),
        fc.nat(10_000),
        fc.nat(10_000),
        fc.nat(20_000),
        (seed, attempt, baseDelayMs, retryAfterMs, delayMsMax) => {
          const delayMs = retryDelayMs({ attemptsMax: 60, baseDelayMs, delayMsMax }, attempt, createSeededRandom(seed), retryAfterMs)
          expect(delayMs).toBeGreaterThanOrEqual(retryAfterMs)
          expect(delayMs).toBeLessThanOrEqual(Math.max(retryAfterMs, Math.min(delayMsMax, baseDelayMs * 2 ** (attempt - 1))))
        },
      ),
    )
  })

  test('refuses a policy without attempts', async () => {
    const clock = createFakeClock()
    await expect(retry(() => Promise.resolve(1), options(clock, { policy: { attemptsMax: 0, baseDelayMs: 1 } }))).rejects.toThrow(
      'attemptsMax',
    )
  })
})
