/** A delivery that outlives its time limit is waited for, never begun a second time beside itself. */
import { createFakeClock } from '@bud-foundry/core/testing'
import { expect, test } from 'vitest'
import { createLane } from '../../src/client/lane.ts'
import { metricsErrors } from '../../src/errors.ts'
import { metricsLimits } from '../../src/limits.ts'
import { createBlockSize } from '../../src/sink/block-size.ts'
import { createLastingDeliveries } from '../../src/sink/lasting-delivery.ts'

/** Deliveries whose ends the test decides. */
function setUp() {
  const ends: PromiseWithResolvers<void>[] = []
  const deliver = createLastingDeliveries(createLane(['session'], 8))
  const attempt = (batch: object, signal: AbortSignal) =>
    deliver({
      what: 'storing',
      batch,
      signal,
      work: () => {
        const end: PromiseWithResolvers<void> = Promise.withResolvers()
        ends.push(end)
        return end.promise
      },
    })
  return { ends, attempt }
}

const patient = new AbortController().signal
const unavailable = () => metricsErrors.DATABASE_UNAVAILABLE({ what: 'storing', reason: 'busy' })

test('the attempt after a timeout takes the outcome of the one that still works', async () => {
  const { ends, attempt } = setUp()
  const batch = {}
  for (const _ of [1, 2, 3]) {
    const limit = new AbortController()
    const late = attempt(batch, limit.signal)
    await Promise.resolve()
    limit.abort()
    await expect(late).rejects.toMatchObject({ code: 'CORE_ABORTED' })
  }
  const last = attempt(batch, patient)
  expect(ends).toHaveLength(1)
  ends[0]?.resolve()
  await last
})

test('an end that came between two attempts counts, and the next batch is begun', async () => {
  const { ends, attempt } = setUp()
  const [batch, other] = [{}, {}]
  const limit = new AbortController()
  const late = attempt(batch, limit.signal)
  await Promise.resolve()
  limit.abort()
  await expect(late).rejects.toMatchObject({ code: 'CORE_ABORTED' })
  ends[0]?.resolve()
  await attempt(batch, patient)
  const next = attempt(other, patient)
  await expect.poll(() => ends.length).toBe(2)
  ends[1]?.resolve()
  await next
})

test('after a failure the batch is begun anew', async () => {
  const { ends, attempt } = setUp()
  const batch = {}
  const first = attempt(batch, patient)
  await expect.poll(() => ends.length).toBe(1)
  ends[0]?.reject(unavailable())
  await expect(first).rejects.toMatchObject({ code: 'METRICS_DATABASE_UNAVAILABLE' })
  const second = attempt(batch, patient)
  await expect.poll(() => ends.length).toBe(2)
  ends[1]?.resolve()
  await second
})

test('blocks are halved by slow inserts and by failures, down to a bound, and doubled by quick ones', async () => {
  const clock = createFakeClock()
  const size = createBlockSize(clock)
  const take = (ms: number) => size.measure(() => clock.advance(ms))
  expect(size.rows).toBe(metricsLimits.rowBatchRows)
  await take(metricsLimits.slowInsertMs + 1)
  expect(size.rows).toBe(metricsLimits.rowBatchRows / 2)
  await expect(size.measure(() => Promise.reject(unavailable()))).rejects.toThrow('busy')
  expect(size.rows).toBe(metricsLimits.rowBatchRows / 4)
  await take(metricsLimits.quickInsertMs)
  expect(size.rows).toBe(metricsLimits.rowBatchRows / 4)
  await take(0)
  expect(size.rows).toBe(metricsLimits.rowBatchRows / 2)
  for (let index = 0; index < 8; index += 1) await take(metricsLimits.slowInsertMs + 1)
  expect(size.rows).toBe(metricsLimits.rowBlockRowsMin)
  for (let index = 0; index < 8; index += 1) await take(0)
  expect(size.rows).toBe(metricsLimits.rowBatchRows)
})
