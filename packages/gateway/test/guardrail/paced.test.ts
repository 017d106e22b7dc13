/** Work in turns. */
import { createFakeClock } from '@bud-foundry/core/testing'
import { expect, it } from 'vitest'
import { paced } from '../../src/guardrail/paced.ts'
import { turnMs } from '../../src/guardrail/guardrail-limits.ts'

/** Each look at it takes so long. */
const slowClock = (lookMs: number) => {
  let nowMs = 0
  return Object.assign(createFakeClock(), { monotonicMs: () => (nowMs += lookMs) })
}
const forever = () => new AbortController().signal

it('ends with the call that waits for it, and not with the text', async () => {
  const stop = new AbortController()
  let steps = 0
  const work = function* (): Generator<undefined, string> {
    for (; steps < 1_000; steps += 1) {
      if (steps === 10) stop.abort(new Error('the caller has gone'))
      yield
    }
    return 'all of it'
  }
  await expect(Promise.resolve(paced(work(), slowClock(5), () => stop.signal))).rejects.toThrow('the caller has gone')
  expect(steps).toBeLessThan(20)
})

it('all work together takes one turn of an iteration of the event loop', async () => {
  const clock = slowClock(1)
  let spentMs = 0
  let longestMs = 0
  let isOver = false
  const look = () => {
    longestMs = Math.max(longestMs, spentMs)
    spentMs = 0
    if (!isOver) setImmediate(look)
  }
  const work = function* (id: number): Generator<undefined, number> {
    for (let step = 0; step < 40; step += 1) {
      spentMs += 1
      yield
    }
    return id
  }
  setImmediate(look)
  const count = 20
  const works = Array.from({ length: count }, (_, id) => Promise.resolve(paced(work(id), clock, forever)))
  // Each is begun when it comes, and no more than that once the time of the iteration is over.
  expect(spentMs).toBeLessThan(turnMs + count + 1)
  spentMs = 0
  await expect(Promise.all(works)).resolves.toEqual(works.map((_, id) => id))
  isOver = true
  expect(longestMs).toBeLessThanOrEqual(turnMs + 1)
})

it('what is given up leaves the line at once, however long that is', async () => {
  const clock = slowClock(1)
  const stop = new AbortController()
  const endless = function* (): Generator<undefined, string> {
    for (;;) yield
  }
  const works = Array.from({ length: 100 }, () => Promise.resolve(paced(endless(), clock, () => stop.signal)))
  stop.abort(new Error('gone'))
  let turns = 0
  const count = setInterval(() => (turns += 1), 0)
  await expect(Promise.allSettled(works)).resolves.toEqual(works.map(() => expect.objectContaining({ status: 'rejected' })))
  clearInterval(count)
  expect(turns).toBeLessThan(5)
})
