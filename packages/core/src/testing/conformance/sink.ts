/** What every Sink must do, as a suite that any test runner can run. */
import assert from 'node:assert/strict'
import type { Sink } from '../../contracts/sink.ts'
import type { BudEvent } from '../../event/event.ts'
import type { SuiteRunner } from './suite-runner.ts'

export interface SinkUnderTest {
  readonly sink: Sink
  /** Ids that the destination holds now; an id that it holds twice is there twice. */
  storedIds(): readonly string[] | Promise<readonly string[]>
  close(): Promise<void>
}

export interface SinkConformanceOptions extends SuiteRunner {
  readonly name: string
  /** A new sink with an empty destination for each test. */
  readonly create: () => Promise<SinkUnderTest>
  /** A valid event that the sink takes; equal for equal numbers. */
  readonly createEvent: (number: number) => BudEvent
}

type Body = (under: SinkUnderTest, createEvent: (number: number) => BudEvent) => Promise<void>
const never = new AbortController().signal

function assertReceipt(sink: Sink): void {
  const { produced, stored, pending, dropped } = sink.receipt()
  assert.equal(produced, stored + pending + dropped)
  for (const count of [produced, stored, pending, dropped]) assert.ok(Number.isSafeInteger(count) && count >= 0)
}

const sorted = (ids: readonly string[]) => [...ids].sort()
const range = (count: number, start = 0) => Array.from({ length: count }, (_, index) => start + index)

const cases: readonly (readonly [name: string, body: Body])[] = [
  [
    'stores what it accepted, at the latest when it is flushed',
    async ({ sink, storedIds }, createEvent) => {
      const events = range(25).map(createEvent)
      assertReceipt(sink)
      const writing = sink.write(events, never)
      assertReceipt(sink)
      await writing
      assertReceipt(sink)
      assert.equal(sink.receipt().produced, 25)
      assert.equal(sink.receipt().dropped, 0)
      await sink.flush(never)
      assert.deepEqual(sorted(await storedIds()), sorted(events.map(({ id }) => id)))
      assert.deepEqual(sink.receipt(), { produced: 25, stored: 25, pending: 0, dropped: 0 })
    },
  ],
  [
    'takes nothing at all, and flushes nothing',
    async ({ sink, storedIds }) => {
      await sink.write([], never)
      await sink.flush(never)
      assert.deepEqual(await storedIds(), [])
      assert.deepEqual(sink.receipt(), { produced: 0, stored: 0, pending: 0, dropped: 0 })
    },
  ],
  [
    'takes many writers at once',
    async ({ sink, storedIds }, createEvent) => {
      const batches = range(40).map((batch) => range(25, batch * 25).map(createEvent))
      await Promise.all(batches.map((batch) => sink.write(batch, never)))
      assertReceipt(sink)
      await sink.flush(never)
      assert.equal(new Set(await storedIds()).size, 1_000)
      assert.equal((await storedIds()).length, 1_000)
      assert.deepEqual(sink.receipt(), { produced: 1_000, stored: 1_000, pending: 0, dropped: 0 })
    },
  ],
  [
    'holds an event once, however often it is written',
    async ({ sink, storedIds }, createEvent) => {
      await sink.write([createEvent(1), createEvent(2)], never)
      await sink.flush(never)
      await sink.write([createEvent(2), createEvent(3), createEvent(3)], never)
      await sink.flush(never)
      assert.deepEqual(sorted(await storedIds()), sorted([1, 2, 3].map((number) => createEvent(number).id)))
      assertReceipt(sink)
    },
  ],
  [
    'does not mind that the batch is reused',
    async ({ sink, storedIds }, createEvent) => {
      const batch = range(3).map(createEvent)
      const writing = sink.write(batch, never)
      batch.length = 0
      await writing
      await sink.flush(never)
      assert.equal((await storedIds()).length, 3)
    },
  ],
  [
    'takes the kinds that it names, and no others',
    async ({ sink, storedIds }, createEvent) => {
      const stranger: BudEvent = { ...createEvent(2), kind: 'of-nobody' }
      await sink.write([createEvent(1), stranger], never)
      await sink.flush(never)
      assert.equal((await storedIds()).length, sink.kinds === 'all' ? 2 : 1)
      assert.equal(sink.receipt().produced, sink.kinds === 'all' ? 2 : 1)
    },
  ],
  [
    'honours an aborted signal before it accepts anything',
    async ({ sink, storedIds }, createEvent) => {
      const aborted = AbortSignal.abort(new Error('enough'))
      await assert.rejects(sink.write([createEvent(1)], aborted), { code: 'CORE_ABORTED' })
      await assert.rejects(sink.flush(aborted), { code: 'CORE_ABORTED' })
      await sink.flush(never)
      assert.deepEqual(await storedIds(), [])
      assert.equal(sink.receipt().produced, 0)
    },
  ],
  [
    'closes twice without harm, after storing what it accepted, and takes nothing more',
    async ({ sink, storedIds }, createEvent) => {
      await sink.write(range(10).map(createEvent), never)
      await sink[Symbol.asyncDispose]()
      await sink[Symbol.asyncDispose]()
      assert.equal((await storedIds()).length, 10)
      assertReceipt(sink)
      await assert.rejects(sink.write([createEvent(11)], never), { code: 'CORE_SINK_CLOSED' })
      await assert.rejects(sink.flush(never), { code: 'CORE_SINK_CLOSED' })
      assert.equal((await storedIds()).length, 10)
    },
  ],
]

/** Registers the suite with the test runner that is passed in: `sinkConformance({ describe, test, name, create, createEvent })`. */
export function sinkConformance({ describe, test, name, create, createEvent }: SinkConformanceOptions): void {
  describe(`${name} conforms to sink/1`, () => {
    for (const [title, body] of cases) {
      test(title, async () => {
        const under = await create()
        try {
          await body(under, createEvent)
        } finally {
          await under.close()
        }
      })
    }
  })
}
