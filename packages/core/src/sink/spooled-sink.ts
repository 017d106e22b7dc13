/** The base of durable sinks: accepts events into a write-ahead spool, and delivers them in batches until the destination has them. */
import { appendFileSync, statSync } from 'node:fs'
import { join } from 'node:path'
import type { Sink, SinkReceipt } from '../contracts/sink.ts'
import { isBudError } from '../error/bud-error.ts'
import { coreErrors } from '../error/core-errors.ts'
import type { BudEvent } from '../event/event.ts'
import { systemRandom, type Random } from '../random/random.ts'
import { lockDirectory } from '../store/directory-lock.ts'
import { systemClock, type Clock } from '../time/clock.ts'
import { deliverWithin } from './deliver-within.ts'
import { DeliveryLoop, type DeliveryFailure } from './delivery-loop.ts'
import { DeliveryQueue, type DeliveryBatch } from './delivery-queue.ts'
import { sinkErrors } from './sink-errors.ts'
import { sinkLimits } from './sink-limits.ts'
import { decodeEvents } from './spool-format.ts'
import { recoverSpool, type SpoolDamage } from './spool-recovery.ts'
import { Spool } from './spool.ts'

export { removeDamaged } from './spool-recovery.ts'

/** What an operator should know; none of it stops the sink. */
export type SinkProblem =
  | ({ readonly kind: 'delivery-fail'; readonly events: number } & DeliveryFailure)
  | { readonly kind: 'events-refuse'; readonly ids: readonly string[]; readonly error: unknown }
  | { readonly kind: 'events-drop'; readonly events: number; readonly error: unknown }
  /** Of a file that a former process left. */
  | ({ readonly kind: 'spool-damage' } & SpoolDamage)

export interface SpooledSinkOptions {
  /** Belongs to this sink alone; made when missing, and locked. */
  readonly spoolDirectory: string
  /**
   * Stores a batch. It may be repeated with the same events, after a failure or a crash, in other batches than before: the destination must
   * take each event id once. Throw to have the batch tried again; throw CORE_SINK_EVENTS_REFUSED for events that will never be taken.
   */
  readonly deliver: (events: readonly BudEvent[], signal: AbortSignal) => Promise<void>
  /** Events of other kinds are not taken; all are when absent. */
  readonly kinds?: ReadonlySet<string>
  readonly clock?: Clock
  readonly random?: Random
  /** Also survive power cuts: each write waits for the disk. Off when absent: what is accepted survives the process. */
  readonly fsync?: boolean
  /** A batch is delivered when it has this many events, */
  readonly batchEvents?: number
  /** or when its oldest has waited this long. */
  readonly batchAgeMs?: number
  readonly memoryBytesMax?: number
  readonly diskBytesMax?: number
  readonly deliverTimeoutMs?: number
  /** How long closing tries to deliver what is pending; it stays in the spool after that. */
  readonly closeTimeoutMs?: number
  readonly onProblem?: (problem: SinkProblem) => void
}

/** The events of one turn of the event loop, and the promise of all who wrote them. */
interface Group {
  readonly lines: string[]
  readonly events: BudEvent[]
  readonly done: PromiseWithResolvers<void>
  chars: number
}

class SpooledSink implements Sink {
  readonly contract = 'sink/1'
  readonly kinds: ReadonlySet<string> | 'all'
  readonly #options: SpooledSinkOptions
  readonly #clock: Clock
  readonly #lock: Disposable
  readonly #spool: Spool
  readonly #queue: DeliveryQueue<BudEvent>
  readonly #loop: DeliveryLoop
  #group: Group | undefined
  #batch: DeliveryBatch<BudEvent> | undefined
  #produced = 0
  #stored = 0
  #dropped = 0
  /** Events that entered the queue, and those that left it; flushes wait for the second to reach the first. */
  #queued = 0
  #finished = 0
  #closing: Promise<void> | undefined

  constructor(options: SpooledSinkOptions, lock: Disposable) {
    this.#options = options
    this.#lock = lock
    this.kinds = options.kinds ?? 'all'
    this.#clock = options.clock ?? systemClock
    const recovered = recoverSpool(options.spoolDirectory)
    const diskBytesMax = options.diskBytesMax ?? sinkLimits.diskBytes
    this.#spool = new Spool({ directory: options.spoolDirectory, diskBytesMax, fsync: options.fsync === true, recovered })
    this.#queue = new DeliveryQueue({
      memoryBytesMax: options.memoryBytesMax ?? sinkLimits.memoryBytes,
      batchEvents: options.batchEvents ?? sinkLimits.batchEvents,
      batchBytes: sinkLimits.batchBytes,
      read: (span, eventsMax) => this.#spool.read(span, eventsMax, decodeEvents),
    })
    this.#loop = new DeliveryLoop({
      clock: this.#clock,
      random: options.random ?? systemRandom,
      batchAgeMs: options.batchAgeMs ?? sinkLimits.batchAgeMs,
      backlog: () => (this.#queue.events === 0 ? 'none' : this.#queue.isFull ? 'full' : 'some'),
      deliver: (signal) => this.#deliver(signal),
      finished: () => this.#finished,
      onFailure: (failure) => {
        this.#report({ kind: 'delivery-fail', events: this.#batch?.events.length ?? 0, ...failure })
      },
    })
    for (const damage of recovered.damages) {
      this.#produced += damage.events
      this.#dropped += damage.events
      this.#report({ kind: 'spool-damage', ...damage })
    }
    for (const span of recovered.spans) {
      this.#produced += span.count
      this.#queued += span.count
      this.#queue.push(span)
    }
    this.#loop.nudge()
  }

  async write(batch: readonly BudEvent[], signal: AbortSignal): Promise<void> {
    if (this.#closing !== undefined) throw sinkErrors.SINK_CLOSED({ sink: 'spooled' })
    if (signal.aborted) throw coreErrors.ABORTED({ what: 'writing events' }, { cause: signal.reason })
    assertEvents(batch)
    const { kinds } = this
    const taken = kinds === 'all' ? batch : batch.filter(({ kind }) => kinds.has(kind))
    // All are encoded before any is taken, so that a bad one refuses the batch as a whole.
    const lines = taken.map(encodeEvent)
    if (lines.length > 0) await this.#add(taken, lines)
  }

  async flush(signal: AbortSignal): Promise<void> {
    if (signal.aborted) throw coreErrors.ABORTED({ what: 'a flush' }, { cause: signal.reason })
    if (this.#closing !== undefined) throw sinkErrors.SINK_CLOSED({ sink: 'spooled' })
    this.#commitGroup()
    await this.#loop.flush(this.#queued, signal)
  }

  receipt(): SinkReceipt {
    const refused = this.#batch === undefined ? 0 : this.#batch.count - this.#batch.lost - this.#batch.events.length
    const pending = (this.#group?.events.length ?? 0) + this.#queue.events - refused
    return { produced: this.#produced, stored: this.#stored, pending, dropped: this.#dropped }
  }

  [Symbol.asyncDispose](): Promise<void> {
    this.#closing ??= this.#close()
    return this.#closing
  }

  async #close(): Promise<void> {
    this.#commitGroup()
    await this.#loop.close(this.#options.closeTimeoutMs ?? sinkLimits.closeTimeoutMs, () => sinkErrors.SINK_CLOSED({ sink: 'spooled' }))
    if (this.#queue.events === 0) this.#spool.clear()
    await this.#spool.close()
    this.#lock[Symbol.dispose]()
  }

  #add(events: readonly BudEvent[], lines: readonly string[]): Promise<void> {
    const batchEvents = this.#options.batchEvents ?? sinkLimits.batchEvents
    let group = (this.#group ??= this.#startGroup())
    const groups = [group]
    events.forEach((event, index) => {
      const line = lines[index] ?? ''
      // An event that is larger than a group has one for itself; only a group with events settles its promise.
      const isFull = group.chars + line.length > sinkLimits.groupChars || group.events.length >= batchEvents
      if (isFull && group.events.length > 0) {
        this.#commitGroup()
        group = this.#group = this.#startGroup()
        groups.push(group)
      }
      group.events.push(event)
      group.lines.push(line)
      group.chars += line.length
    })
    this.#produced += events.length
    return groups.length === 1 ? group.done.promise : allDone(groups)
  }

  #startGroup(): Group {
    // At the end of this turn everything that came in it is written at once.
    setImmediate(() => {
      this.#commitGroup()
    })
    const done: PromiseWithResolvers<void> = Promise.withResolvers()
    return { lines: [], events: [], done, chars: 0 }
  }

  #commitGroup(): void {
    const group = this.#group
    this.#group = undefined
    if (group === undefined || group.events.length === 0) return
    const { events, lines, done } = group
    try {
      const span = this.#spool.append(Buffer.from(`${lines.join('\n')}\n`), events.length)
      this.#queue.push(span, events)
    } catch (error) {
      this.#dropped += events.length
      this.#report({ kind: 'events-drop', events: events.length, error })
      done.reject(error)
      return
    }
    this.#queued += events.length
    this.#loop.nudge()
    if (this.#options.fsync === true) this.#spool.sync().then(done.resolve, done.reject)
    else done.resolve()
  }

  async #deliver(signal: AbortSignal): Promise<void> {
    let batch = (this.#batch ??= await this.#queue.take())
    if (batch === undefined) return
    const timeoutMs = this.#options.deliverTimeoutMs ?? sinkLimits.deliverTimeoutMs
    while (batch.events.length > 0) {
      const { events } = batch
      try {
        await deliverWithin({ clock: this.#clock, timeoutMs, events: batch.events.length, signal }, (either) =>
          this.#options.deliver(events, either),
        )
        break
      } catch (error) {
        // What was refused for good must not hold up the others, which are tried again at once.
        batch = this.#batch = this.#setRefusedAside(batch, error)
      }
    }
    this.#batch = undefined
    this.#queue.commit(batch)
    this.#stored += batch.events.length
    this.#dropped += batch.lost
    this.#finished += batch.count
    if (batch.lost > 0) this.#report({ kind: 'events-drop', events: batch.lost, error: lostError(this.#options.spoolDirectory) })
    this.#spool.deliveredTo(batch.end, this.#queue.first)
  }

  /** The batch without what the destination refused for good; throws the error on when that is not what it says. */
  #setRefusedAside(batch: DeliveryBatch<BudEvent>, error: unknown): DeliveryBatch<BudEvent> {
    if (!sinkErrors.SINK_EVENTS_REFUSED.is(error)) throw error
    const ids = new Set(error.details.ids)
    const refused = batch.events.filter(({ id }) => ids.has(id))
    if (refused.length === 0) throw error
    this.#keepRefused(refused)
    this.#dropped += refused.length
    this.#report({ kind: 'events-refuse', ids: refused.map(({ id }) => id), error })
    return { ...batch, events: batch.events.filter(({ id }) => !ids.has(id)) }
  }

  #keepRefused(events: readonly BudEvent[]): void {
    const path = join(this.#options.spoolDirectory, 'refused.ndjson')
    const size = statSync(path, { throwIfNoEntry: false })?.size ?? 0
    const text = events.map((event) => `${JSON.stringify(event)}\n`).join('')
    // Beyond the bound the report is all that remains of them.
    if (size + text.length <= sinkLimits.refusedBytes) appendFileSync(path, text)
  }

  #report(problem: SinkProblem): void {
    this.#options.onProblem?.(problem)
  }
}

/** The batch was too large for one group; it is accepted when every part of it is. */
async function allDone(groups: readonly Group[]): Promise<void> {
  await Promise.all(groups.map(({ done }) => done.promise))
}

function lostError(directory: string): Error {
  return sinkErrors.SINK_SPOOL_FAILED({ path: directory, reason: 'events that were written cannot be read back' })
}

/** A batch is refused as a whole when one of it is no object. @throws CORE_SINK_EVENT_INVALID */
export function assertEvents(batch: readonly unknown[]): void {
  const index = batch.findIndex((event) => typeof event !== 'object' || event === null)
  if (index !== -1) throw sinkErrors.SINK_EVENT_INVALID({ id: '', problem: `number ${String(index)} of its batch is no object` })
}

/** @throws CORE_SINK_EVENT_INVALID */
function encodeEvent(event: BudEvent): string {
  let line
  try {
    line = JSON.stringify(event)
  } catch (error) {
    const problem = error instanceof Error ? error.message : String(error)
    throw sinkErrors.SINK_EVENT_INVALID({ id: event.id, problem }, { cause: error })
  }
  if (line.length * 3 <= sinkLimits.eventBytes) return line
  const bytes = Buffer.byteLength(line)
  if (bytes <= sinkLimits.eventBytes) return line
  throw sinkErrors.SINK_EVENT_INVALID({
    id: event.id,
    problem: `it has ${String(bytes)} bytes of at most ${String(sinkLimits.eventBytes)}`,
  })
}

/**
 * Opens the spool, and begins to deliver what a former process left in it.
 * @throws CORE_STORE_LOCKED when another process uses the directory; CORE_STORE_UNWRITABLE, CORE_SINK_SPOOL_FAILED, CORE_SINK_SPOOL_NOT_OURS.
 */
export async function createSpooledSink(options: SpooledSinkOptions): Promise<Sink> {
  const { spoolDirectory } = options
  const lock = lockDirectory(spoolDirectory)
  try {
    return new SpooledSink(options, lock)
  } catch (error) {
    lock[Symbol.dispose]()
    if (isBudError(error)) throw error
    const reason = error instanceof Error ? error.message : String(error)
    throw sinkErrors.SINK_SPOOL_FAILED({ path: spoolDirectory, reason }, { cause: error })
  }
}
