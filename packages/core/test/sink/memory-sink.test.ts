/** The memory sink: the suite, and its bound. */
import { describe, expect, test } from 'vitest'
import { createMemorySink } from '../../src/testing/memory-sink.ts'
import { sinkConformance } from '../../src/testing/conformance/sink.ts'

const createEvent = (number: number) => ({ id: `event ${String(number)}`, kind: 'sample', timeUnixMs: 1_750_000_000_000 + number })

describe.each([undefined, new Set(['sample'])])('of kinds %s', (kinds) => {
  sinkConformance({
    describe,
    test,
    name: 'the memory sink',
    createEvent,
    create: async () => {
      const sink = createMemorySink(kinds === undefined ? {} : { kinds })
      return {
        sink,
        storedIds: () => sink.events.map(({ id }) => id),
        close: async () => {
          await sink[Symbol.asyncDispose]()
        },
      }
    },
  })
})

test('the memory sink drops what lies beyond its bound, and says so', async () => {
  const sink = createMemorySink({ eventsMax: 2 })
  const signal = new AbortController().signal
  const writing = sink.write([createEvent(1), createEvent(2), createEvent(3), createEvent(1)], signal)
  await expect(writing).rejects.toMatchObject({ code: 'CORE_SINK_FULL', details: { dropped: 1 } })
  expect(sink.receipt()).toEqual({ produced: 4, stored: 3, pending: 0, dropped: 1 })
  expect(sink.events).toHaveLength(2)
})
