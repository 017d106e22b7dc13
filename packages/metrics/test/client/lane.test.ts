/** Sessions are lent one task at a time, in order, within a bound. */
import { coreErrors } from '@bud-foundry/core'
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { createLane } from '../../src/client/lane.ts'
import { metricsErrors } from '../../src/errors.ts'

const catchError = async (work: Promise<unknown>): Promise<unknown> =>
  work.then(
    () => undefined,
    (error: unknown) => error,
  )

test('no session ever has two tasks, tasks begin in order, and every one ends', async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.integer({ min: 1, max: 4 }),
      fc.array(fc.boolean(), { maxLength: 30 }),
      fc.scheduler(),
      async (count, fails, scheduler) => {
        const busy = new Set<number>()
        const begun: number[] = []
        const lane = createLane([...Array(count).keys()], 100)
        const tasks = fails.map((fail, index) =>
          lane.run('testing', async (session) => {
            expect(busy.has(session)).toBe(false)
            busy.add(session)
            begun.push(index)
            await scheduler.schedule(Promise.resolve())
            busy.delete(session)
            if (fail) throw new Error('failed')
            return index
          }),
        )
        const results = Promise.allSettled(tasks)
        await scheduler.waitFor(results)
        expect((await results).map(({ status }) => status === 'rejected')).toEqual(fails)
        expect(begun).toEqual(fails.map((_, index) => index))
        expect(busy.size).toBe(0)
      },
    ),
  )
})

test('when too many wait, the next is refused at once', async () => {
  const lane = createLane(['only'], 1)
  const gate = Promise.withResolvers<undefined>()
  const first = lane.run('first', () => gate.promise)
  const second = lane.run('second', () => Promise.resolve('done'))
  expect(metricsErrors.QUEUE_FULL.is(await catchError(lane.run('third', () => Promise.resolve())))).toBe(true)
  gate.resolve(undefined)
  await first
  expect(await second).toBe('done')
})

test('a caller that leaves while waiting costs nothing; closing waits for what runs and refuses the rest', async () => {
  const lane = createLane(['only'], 10)
  const gate = Promise.withResolvers<undefined>()
  const first = lane.run('first', () => gate.promise)
  const abort = new AbortController()
  let begun = false
  const left = catchError(
    lane.run(
      'left',
      () => {
        begun = true
        return Promise.resolve()
      },
      abort.signal,
    ),
  )
  abort.abort(new Error('gone'))
  expect(coreErrors.ABORTED.is(await left)).toBe(true)
  expect(coreErrors.ABORTED.is(await catchError(lane.run('late', () => Promise.resolve(), abort.signal)))).toBe(true)
  const closing = lane.close()
  expect(metricsErrors.CLIENT_CLOSED.is(await catchError(lane.run('after', () => Promise.resolve())))).toBe(true)
  gate.resolve(undefined)
  await Promise.all([first, closing])
  expect(begun).toBe(false)
})
