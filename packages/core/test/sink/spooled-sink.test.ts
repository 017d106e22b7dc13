/** The spooled sink: the suite, failing destinations, bounds, damage, and SIGKILL under load. */
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { appendFileSync, existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, truncateSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import type { Sink } from '../../src/contracts/sink.ts'
import type { BudEvent } from '../../src/event/event.ts'
import { createSeededRandom } from '../../src/random/random.ts'
import { sinkErrors } from '../../src/sink/sink-errors.ts'
import { createSpooledSink, type SinkProblem, type SpooledSinkOptions } from '../../src/sink/spooled-sink.ts'
import { sinkConformance } from '../../src/testing/conformance/sink.ts'
import { createFakeClock } from '../../src/testing/fake-clock.ts'

const never = new AbortController().signal
const createEvent = (number: number): BudEvent => ({
  id: `event ${String(number)}`,
  kind: 'sample',
  timeUnixMs: 1_750_000_000_000 + number,
})
const createEvents = (count: number, start = 0) => Array.from({ length: count }, (_, index) => createEvent(start + index))
const idsOf = (events: readonly BudEvent[]) => events.map(({ id }) => id)

let directory = ''
beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'bud-spool-'))
})
afterEach(() => {
  rmSync(directory, { recursive: true, force: true })
})

describe.each([{ fsync: false }, { fsync: true, kinds: new Set(['sample']) }])('with %o', (variant) => {
  sinkConformance({
    describe,
    test,
    name: 'the spooled sink',
    createEvent,
    create: async () => {
      const stored = new Set<string>()
      const sink = await createSpooledSink({
        ...variant,
        spoolDirectory: directory,
        clock: createFakeClock(),
        deliver: async (events) => {
          for (const { id } of events) stored.add(id)
        },
      })
      return {
        sink,
        storedIds: () => [...stored],
        close: async () => {
          await sink[Symbol.asyncDispose]()
        },
      }
    },
  })
})

/** A destination that can be broken, and remembers each delivery. */
function createBench(options: Partial<SpooledSinkOptions> = {}) {
  const clock = createFakeClock()
  const bench = {
    clock,
    deliveries: [] as (readonly string[])[],
    problems: [] as SinkProblem[],
    failWith: undefined as Error | undefined,
    open: (): Promise<Sink> =>
      createSpooledSink({
        spoolDirectory: directory,
        clock,
        random: createSeededRandom(1),
        deliver: async (events) => {
          if (bench.failWith !== undefined) throw bench.failWith
          bench.deliveries.push(idsOf(events))
        },
        onProblem: (problem) => bench.problems.push(problem),
        ...options,
      }),
  }
  return bench
}

/** Lets every back-off pass; reading the spool takes real time, which the virtual clock does not wait for. */
async function flushed(bench: ReturnType<typeof createBench>, sink: Sink): Promise<void> {
  const flushing = sink.flush(never)
  await bench.clock.advance(60_000)
  await flushing
}

const segments = () => readdirSync(directory).filter((name) => name.endsWith('.spool'))

describe('delivery', () => {
  test('waits for a full batch or the age of the oldest event, and cuts large writes', async () => {
    const bench = createBench({ batchEvents: 10, batchAgeMs: 1_000 })
    const sink = await bench.open()
    await sink.write(createEvents(4), never)
    await bench.clock.advance(999)
    expect(bench.deliveries).toEqual([])
    await bench.clock.advance(1)
    expect(bench.deliveries).toEqual([idsOf(createEvents(4))])
    await sink.write(createEvents(25, 4), never)
    await bench.clock.advance(0)
    expect(bench.deliveries.slice(1).map(({ length }) => length)).toEqual([10, 10])
    await bench.clock.advance(1_000)
    expect(bench.deliveries.flat()).toEqual(idsOf(createEvents(29)))
    await sink[Symbol.asyncDispose]()
  })

  test('backs off with jitter while the destination fails, and then delivers everything once', async () => {
    const bench = createBench()
    const sink = await bench.open()
    bench.failWith = new Error('down')
    await sink.write(createEvents(3), never)
    const flushed = sink.flush(never)
    await bench.clock.advance(120_000)
    const waits = bench.problems.map((problem) => (problem.kind === 'delivery-fail' ? problem.retryInMs : -1))
    expect(waits.length).toBeGreaterThan(5)
    expect(waits.length).toBeLessThan(40)
    waits.forEach((wait, index) => {
      expect(wait).toBeGreaterThanOrEqual(0)
      expect(wait).toBeLessThanOrEqual(Math.min(30_000, 200 * 2 ** index))
    })
    expect(sink.receipt()).toEqual({ produced: 3, stored: 0, pending: 3, dropped: 0 })
    bench.failWith = undefined
    await bench.clock.run(flushed)
    expect(bench.deliveries).toEqual([idsOf(createEvents(3))])
    await sink[Symbol.asyncDispose]()
  })

  test('does what a destination asks that wants to be left alone for a while', async () => {
    const bench = createBench()
    const sink = await bench.open()
    bench.failWith = sinkErrors.SINK_DELIVERY_TIMEOUT({ events: 0, timeoutMs: 0 }, { retryAfterMs: 7_000 })
    await sink.write(createEvents(1), never)
    await bench.clock.advance(1_000)
    expect(bench.problems).toMatchObject([{ kind: 'delivery-fail', attempt: 1, retryInMs: 7_000 }])
    await sink[Symbol.asyncDispose]()
  })

  test('ends a delivery that takes too long, and tries again', async () => {
    let attempts = 0
    const signals: AbortSignal[] = []
    const bench = createBench({
      deliverTimeoutMs: 5_000,
      deliver: (_, signal) => {
        attempts += 1
        signals.push(signal)
        return attempts === 1 ? new Promise(() => undefined) : Promise.resolve()
      },
    })
    const sink = await bench.open()
    await sink.write(createEvents(2), never)
    await bench.clock.run(sink.flush(never))
    expect(attempts).toBe(2)
    expect(signals[0]?.aborted).toBe(true)
    expect(bench.problems).toMatchObject([{ kind: 'delivery-fail', error: { code: 'CORE_SINK_DELIVERY_TIMEOUT' } }])
    expect(sink.receipt().stored).toBe(2)
    await sink[Symbol.asyncDispose]()
  })

  test('sets events aside that the destination refuses for good, and delivers the others at once', async () => {
    const bad = new Set(['event 1', 'event 3'])
    const delivered: string[] = []
    const bench = createBench({
      deliver: async (events) => {
        const ids = idsOf(events).filter((id) => bad.has(id))
        // One at a time, as a destination does that stops at the first.
        if (ids.length > 0) throw sinkErrors.SINK_EVENTS_REFUSED({ ids: ids.slice(0, 1), reason: 'too old' })
        delivered.push(...idsOf(events))
      },
    })
    const sink = await bench.open()
    await sink.write(createEvents(5), never)
    await sink.flush(never)
    expect(delivered).toEqual(['event 0', 'event 2', 'event 4'])
    expect(sink.receipt()).toEqual({ produced: 5, stored: 3, pending: 0, dropped: 2 })
    expect(bench.problems).toMatchObject([
      { kind: 'events-refuse', ids: ['event 1'] },
      { kind: 'events-refuse', ids: ['event 3'] },
    ])
    const kept = readFileSync(join(directory, 'refused.ndjson'), 'utf8').trim().split('\n')
    expect(kept.map((line) => JSON.parse(line) as unknown)).toEqual([createEvent(1), createEvent(3)])
    await sink[Symbol.asyncDispose]()
  })

  test('a flush ends with its signal, and with the sink', async () => {
    const bench = createBench({ closeTimeoutMs: 2_000 })
    const sink = await bench.open()
    bench.failWith = new Error('down')
    await sink.write(createEvents(1), never)
    const controller = new AbortController()
    const aborted = sink.flush(controller.signal)
    const closed = sink.flush(never)
    closed.catch(() => undefined)
    controller.abort()
    await expect(aborted).rejects.toMatchObject({ code: 'CORE_ABORTED' })
    await bench.clock.run(Promise.resolve(sink[Symbol.asyncDispose]()))
    await expect(closed).rejects.toMatchObject({ code: 'CORE_SINK_CLOSED' })
    expect(sink.receipt()).toEqual({ produced: 1, stored: 0, pending: 1, dropped: 0 })
  })

  test('closing gives up on a destination that hangs, and keeps the events', async () => {
    const bench = createBench({ closeTimeoutMs: 2_000, deliver: () => new Promise(() => undefined) })
    const sink = await bench.open()
    await sink.write(createEvents(3), never)
    await bench.clock.run(Promise.resolve(sink[Symbol.asyncDispose]()))
    expect(sink.receipt().pending).toBe(3)
    const next = createBench()
    const reopened = await next.open()
    await reopened.flush(never)
    expect(next.deliveries).toEqual([idsOf(createEvents(3))])
    await reopened[Symbol.asyncDispose]()
  })
})

describe('the spool', () => {
  test('is delivered after a restart, in order, and then leaves no file behind', async () => {
    const bench = createBench()
    bench.failWith = new Error('down')
    const first = await bench.open()
    for (let start = 0; start < 100; start += 10) await first.write(createEvents(10, start), never)
    await bench.clock.run(Promise.resolve(first[Symbol.asyncDispose]()))
    expect(segments()).toHaveLength(1)
    bench.failWith = undefined
    const second = await bench.open()
    expect(second.receipt()).toEqual({ produced: 100, stored: 0, pending: 100, dropped: 0 })
    await second.write(createEvents(10, 100), never)
    await second.flush(never)
    expect(bench.deliveries.flat()).toEqual(idsOf(createEvents(110)))
    expect(second.receipt()).toEqual({ produced: 110, stored: 110, pending: 0, dropped: 0 })
    await second[Symbol.asyncDispose]()
    expect(segments()).toEqual([])
  })

  test('does not deliver again what was delivered before an orderly end', async () => {
    const bench = createBench({ batchEvents: 10 })
    const first = await bench.open()
    await first.write(createEvents(10), never)
    await first.flush(never)
    bench.failWith = new Error('down')
    await first.write(createEvents(5, 10), never)
    await bench.clock.run(Promise.resolve(first[Symbol.asyncDispose]()))
    bench.failWith = undefined
    const second = await bench.open()
    await second.flush(never)
    expect(bench.deliveries).toEqual([idsOf(createEvents(10)), idsOf(createEvents(5, 10))])
    await second[Symbol.asyncDispose]()
  })

  test('keeps no more in memory than it may, and reads the rest back', async () => {
    const bench = createBench({ memoryBytesMax: 4_000, batchEvents: 50 })
    bench.failWith = new Error('down')
    const sink = await bench.open()
    for (let start = 0; start < 1_000; start += 20) await sink.write(createEvents(20, start), never)
    bench.failWith = undefined
    await flushed(bench, sink)
    expect(bench.deliveries.flat()).toEqual(idsOf(createEvents(1_000)))
    expect(Math.max(...bench.deliveries.map(({ length }) => length))).toBeLessThanOrEqual(50)
    await sink.write(createEvents(20, 1_000), never)
    await flushed(bench, sink)
    expect(bench.deliveries.flat()).toEqual(idsOf(createEvents(1_020)))
    await sink[Symbol.asyncDispose]()
  })

  test('drops with a receipt when its disk space is used up, and takes events again after delivery', async () => {
    const bench = createBench({ diskBytesMax: 64 * 1024 })
    bench.failWith = new Error('down')
    const sink = await bench.open()
    let accepted = 0
    let failure: unknown
    for (let start = 0; failure === undefined; start += 10) {
      await sink.write(createEvents(10, start), never).then(
        () => (accepted += 10),
        (error: unknown) => (failure = error),
      )
    }
    expect(failure).toMatchObject({ code: 'CORE_SINK_FULL', retryable: true, details: { dropped: 10 } })
    expect(accepted).toBeGreaterThan(500)
    expect(sink.receipt()).toEqual({ produced: accepted + 10, stored: 0, pending: accepted, dropped: 10 })
    expect(bench.problems.at(-1)).toMatchObject({ kind: 'events-drop', events: 10 })
    bench.failWith = undefined
    await flushed(bench, sink)
    for (let round = 0; round < 20; round += 1) {
      await sink.write(createEvents(200, 10_000 + round * 200), never)
      await flushed(bench, sink)
    }
    expect(sink.receipt()).toEqual({ produced: accepted + 4_010, stored: accepted + 4_000, pending: 0, dropped: 10 })
    await sink[Symbol.asyncDispose]()
  })

  test('refuses an event that it cannot hold, and with it the batch', async () => {
    const bench = createBench()
    const sink = await bench.open()
    const circular: Record<string, unknown> = {}
    circular['self'] = circular
    for (const extra of [{ note: circular }, { note: 1n }, { note: 'x'.repeat(1024 * 1024) }]) {
      const writing = sink.write([createEvent(1), { ...createEvent(2), ...extra }], never)
      await expect(writing).rejects.toMatchObject({ code: 'CORE_SINK_EVENT_INVALID', details: { id: 'event 2' } })
    }
    // Safe for the test: the point is what is no event.
    const nothing = null as unknown as BudEvent
    await expect(sink.write([createEvent(1), nothing], never)).rejects.toMatchObject({ code: 'CORE_SINK_EVENT_INVALID' })
    expect(sink.receipt().produced).toBe(0)
    await sink[Symbol.asyncDispose]()
  })

  test('hands over after a restart what lacks the fields of an event, and nothing waits behind it', async () => {
    const bench = createBench()
    bench.failWith = new Error('down')
    const first = await bench.open()
    // Safe for the test: the point is events that break their type.
    const nameless = { kind: 'sample', timeUnixMs: Number.NaN } as unknown as BudEvent
    await first.write([nameless, createEvent(1)], never)
    await bench.clock.run(Promise.resolve(first[Symbol.asyncDispose]()))
    bench.failWith = undefined
    const second = await bench.open()
    await flushed(bench, second)
    expect(bench.deliveries).toEqual([[undefined, 'event 1']])
    await second[Symbol.asyncDispose]()
  })

  test('takes a write that is larger than a group, whole', async () => {
    const bench = createBench()
    const sink = await bench.open()
    const large = createEvents(12).map((event) => ({ ...event, note: 'ä'.repeat(200_000) }))
    await sink.write(large, never)
    await sink.write(createEvents(20_000, 12), never)
    await sink.flush(never)
    expect(bench.deliveries.flat()).toEqual(idsOf(createEvents(20_012)))
    await sink[Symbol.asyncDispose]()
  })

  test('takes events that are larger than a group, alone and together', async () => {
    const bench = createBench()
    const sink = await bench.open()
    const large = createEvents(4).map((event) => ({ ...event, note: 'x'.repeat(600_000) }))
    await sink.write(large.slice(0, 1), never)
    await sink.write(large.slice(1), never)
    expect(sink.receipt().produced).toBe(4)
    await sink.flush(never)
    expect(bench.deliveries.flat()).toEqual(idsOf(large))
    await sink[Symbol.asyncDispose]()
  })

  test('belongs to one sink at a time', async () => {
    const bench = createBench()
    const sink = await bench.open()
    await expect(bench.open()).rejects.toMatchObject({ code: 'CORE_STORE_LOCKED' })
    await sink[Symbol.asyncDispose]()
    await (await bench.open())[Symbol.asyncDispose]()
  })

  test('names a directory that it cannot use', async () => {
    writeFileSync(join(directory, 'file'), '')
    const path = join(directory, 'file', 'spool')
    await expect(createBench({ spoolDirectory: path }).open()).rejects.toMatchObject({ code: 'CORE_STORE_UNWRITABLE', details: { path } })
  })
})

describe('damage', () => {
  /** A spool with ten groups of ten events that were never delivered, as a crash leaves it. */
  async function leaveSpool(): Promise<string> {
    const bench = createBench()
    bench.failWith = new Error('down')
    const sink = await bench.open()
    for (let start = 0; start < 100; start += 10) await sink.write(createEvents(10, start), never)
    await bench.clock.run(Promise.resolve(sink[Symbol.asyncDispose]()))
    return join(directory, segments()[0] ?? '')
  }

  async function deliverRest() {
    const bench = createBench()
    const sink = await bench.open()
    await sink.flush(never)
    await sink[Symbol.asyncDispose]()
    expect(sink.receipt()).toMatchObject({ stored: bench.deliveries.flat().length, pending: 0 })
    return { ...bench, receipt: sink.receipt() }
  }

  test('at the end is cut, whatever it is', async () => {
    const path = await leaveSpool()
    const size = readFileSync(path).byteLength
    appendFileSync(path, '#0000')
    const bench = await deliverRest()
    expect(bench.deliveries.flat()).toEqual(idsOf(createEvents(100)))
    expect(bench.problems).toEqual([{ kind: 'spool-damage', path, startOffset: size, bytes: 5, isTorn: true, events: 0 }])
  })

  test('of the last group takes that group and nothing else', async () => {
    const path = await leaveSpool()
    truncateSync(path, readFileSync(path).byteLength - 1)
    const bench = await deliverRest()
    expect(bench.deliveries.flat()).toEqual(idsOf(createEvents(90)))
  })

  test('in the middle takes one group, which is counted, reported and kept aside', async () => {
    const path = await leaveSpool()
    const bytes = readFileSync(path)
    const at = bytes.indexOf('event 35')
    bytes[at] = 0
    writeFileSync(path, bytes)
    const bench = await deliverRest()
    expect(bench.deliveries.flat()).toEqual(idsOf([...createEvents(30), ...createEvents(60, 40)]))
    expect(bench.problems).toMatchObject([{ kind: 'spool-damage', path, isTorn: false, events: 10 }])
    expect(bench.receipt).toEqual({ produced: 100, stored: 90, pending: 0, dropped: 10 })
    const [problem] = bench.problems
    const kept = problem?.kind === 'spool-damage' ? readFileSync(problem.keptAt ?? '', 'utf8') : ''
    expect(kept).toContain('event 30')
    expect(kept).not.toContain('event 40')
    expect(segments()).toEqual([])
  })

  test('while it waits takes one group, and those after it are delivered', async () => {
    const path = await leaveSpool()
    const bench = createBench()
    const sink = await bench.open()
    const bytes = readFileSync(path)
    for (const id of ['event 35', 'event 77']) bytes[bytes.indexOf(id)] = 0
    writeFileSync(path, bytes)
    await flushed(bench, sink)
    expect(bench.deliveries.flat()).toEqual(idsOf([...createEvents(30), ...createEvents(30, 40), ...createEvents(20, 80)]))
    expect(sink.receipt()).toEqual({ produced: 100, stored: 80, pending: 0, dropped: 20 })
    await sink[Symbol.asyncDispose]()
  })

  test('of the first line alone, or of the cursor, loses nothing that was accepted', async () => {
    const path = await leaveSpool()
    writeFileSync(join(directory, '000000000099.spool'), 'bud-sp')
    writeFileSync(join(directory, 'cursor'), 'what?')
    const bench = await deliverRest()
    expect(bench.deliveries.flat()).toEqual(idsOf(createEvents(100)))
    expect(existsSync(path)).toBe(false)
  })

  test('is not what a file of another version is', async () => {
    writeFileSync(join(directory, '000000000001.spool'), 'bud-spool/2\n')
    await expect(createBench().open()).rejects.toMatchObject({ code: 'CORE_SINK_SPOOL_NOT_OURS' })
    expect(existsSync(join(directory, '000000000001.spool'))).toBe(true)
  })

  test('of a file that vanishes while it waits is counted', async () => {
    const path = await leaveSpool()
    const bench = createBench()
    bench.failWith = new Error('down')
    const sink = await bench.open()
    rmSync(path)
    bench.failWith = undefined
    await flushed(bench, sink)
    expect(sink.receipt()).toEqual({ produced: 100, stored: 0, pending: 0, dropped: 100 })
    expect(bench.problems.at(-1)).toMatchObject({ kind: 'events-drop', events: 100 })
    await sink[Symbol.asyncDispose]()
  })
})

describe('SIGKILL', () => {
  const script = fileURLToPath(new URL('./producer.child.ts', import.meta.url))

  test('under load, again and again, loses no event that was accepted', { timeout: 60_000 }, async () => {
    const deliveredPath = join(directory, 'delivered')
    const accepted: string[] = []
    for (let round = 0; round < 8; round += 1) {
      const child = spawn(process.execPath, ['--conditions=bud-source', '--no-warnings', script, directory, String(round)], {
        stdio: ['ignore', 'pipe', 'inherit'],
      })
      let text = ''
      child.stdout.on('data', (chunk) => {
        text += String(chunk)
        // A different amount each round, so that it dies in different places.
        if (text.length > 3_000 + round * 1_700) child.kill('SIGKILL')
      })
      await once(child, 'close')
      accepted.push(...text.split('\n').slice(0, -1))
    }
    const sink = await createSpooledSink({
      spoolDirectory: join(directory, 'spool'),
      deliver: async (events) => appendFileSync(deliveredPath, events.map(({ id }) => `${id}\n`).join('')),
    })
    await sink.flush(never)
    await sink[Symbol.asyncDispose]()
    const delivered = new Set(readFileSync(deliveredPath, 'utf8').split('\n'))
    expect(accepted.length).toBeGreaterThan(500)
    expect(accepted.filter((id) => !delivered.has(id))).toEqual([])
  })
})
