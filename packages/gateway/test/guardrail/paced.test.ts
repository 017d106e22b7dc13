/** Work in turns. */
import { createFakeClock } from '@bud-foundry/core/testing'
import { expect, it } from 'vitest'
import { paced } from '../../src/guardrail/paced.ts'

it('ends with the call that waits for it, and not with the text', async () => {
  let nowMs = 0
  const clock = Object.assign(createFakeClock(), { monotonicMs: () => (nowMs += 5) })
  const stop = new AbortController()
  let steps = 0
  const work = function* (): Generator<undefined, string> {
    for (; steps < 1_000; steps += 1) {
      if (steps === 10) stop.abort(new Error('the caller has gone'))
      yield
    }
    return 'all of it'
  }
  await expect(Promise.resolve(paced(work(), clock, () => stop.signal))).rejects.toThrow('the caller has gone')
  expect(steps).toBeLessThan(20)
})
