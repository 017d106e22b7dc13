/** Events reach the sink in batches, through failures, within bounds, and before closing ends. */
import type { BudEvent, Sink } from '@bud-foundry/core'
import { createFakeClock } from '@bud-foundry/core/testing'
import { expect, it } from 'vitest'
import { eventBatch, pendingEvents } from '../../src/limits.ts'
import { createEventPump } from '../../src/telemetry/event-pump.ts'

const event = (index: number): BudEvent => ({ id: String(index), kind: 'request', timeUnixMs: 0 })

function setUp(write: (batch: readonly BudEvent[]) => Promise<void>) {
  const clock = createFakeClock()
  const failures: unknown[] = []
  const sink: Sink = {
    contract: 'sink/1',
    kinds: 'all',
    write,
    flush: () => Promise.resolve(),
    receipt: () => ({ produced: 0, stored: 0, pending: 0, dropped: 0 }),
    [Symbol.asyncDispose]: () => Promise.resolve(),
  }
  return { clock, failures, pump: createEventPump({ sink, clock, flushMs: 250, onFailure: (error) => failures.push(error) }) }
}

it('hands over what has gathered after the flush time, in one call', async () => {
  const batches: number[] = []
  const { clock, pump } = setUp((batch) => {
    batches.push(batch.length)
    return Promise.resolve()
  })
  for (let index = 0; index < 10; index += 1) pump.push(event(index))
  await clock.advance(249)
  expect(batches).toEqual([])
  await clock.advance(1)
  expect(batches).toEqual([10])
})

it('does not wait when a batch is full', async () => {
  const batches: number[] = []
  const { clock, pump } = setUp((batch) => {
    batches.push(batch.length)
    return Promise.resolve()
  })
  for (let index = 0; index < eventBatch + 1; index += 1) pump.push(event(index))
  await clock.advance(0)
  expect(batches[0]).toBe(eventBatch)
})

it('keeps order and loses nothing while the sink fails, and tells once', async () => {
  const stored: string[] = []
  let broken = true
  const { clock, pump, failures } = setUp((batch) => {
    if (broken) return Promise.reject(new Error('disk full'))
    stored.push(...batch.map(({ id }) => id))
    return Promise.resolve()
  })
  for (let index = 0; index < 5; index += 1) pump.push(event(index))
  await clock.advance(5_000)
  expect(failures).toHaveLength(1)
  for (let index = 5; index < 8; index += 1) pump.push(event(index))
  broken = false
  await clock.advance(20_000)
  expect(stored).toEqual(['0', '1', '2', '3', '4', '5', '6', '7'])
  expect(pump.dropped).toBe(0)
})

it('drops the oldest beyond its bound, and counts them', () => {
  const { pump } = setUp(() => new Promise(() => undefined))
  const written = eventBatch
  for (let index = 0; index < pendingEvents + written + 10; index += 1) pump.push(event(index))
  expect(pump.pending).toBe(pendingEvents)
  expect(pump.dropped).toBe(10)
})

it('flushes everything before it resolves, and gives up when told to', async () => {
  const stored: string[] = []
  const good = setUp((batch) => {
    stored.push(...batch.map(({ id }) => id))
    return Promise.resolve()
  })
  for (let index = 0; index < eventBatch * 2 + 3; index += 1) good.pump.push(event(index))
  await good.pump.flush(new AbortController().signal)
  expect(stored).toHaveLength(eventBatch * 2 + 3)
  const bad = setUp(() => Promise.reject(new Error('no')))
  bad.pump.push(event(1))
  const stop = new AbortController()
  const flushed = bad.pump.flush(stop.signal)
  stop.abort()
  await bad.clock.run(flushed)
  expect(bad.pump.pending).toBe(1)
})
