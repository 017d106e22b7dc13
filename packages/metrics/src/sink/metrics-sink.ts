/** The sink in front of the database: requests that are certainly new go as encoded rows, everything else as events that are looked up. */
import { join } from 'node:path'
import { coreErrors, sinkErrors, sinkLimits, type BudEvent, type Clock, type Logger, type Random, type Sink } from '@bud-foundry/core'
import { assertEvents, createSpooledSink, type SinkProblem } from '@bud-foundry/core/sink/spool'
import { createSpooledRows, type RowBatch, type SpooledRows } from '@bud-foundry/core/sink/spooled-rows'
import { metricsErrors } from '../errors.ts'
import { metricsLimits } from '../limits.ts'
import { cutLabels } from '../table/label.ts'
import { RecentIds } from '../table/recent-ids.ts'
import type { StoredRequest } from '../table/request-details.ts'
import { writeRequestRow } from '../table/request-rows.ts'
import { RowWriter } from '../table/row-writer.ts'
import { isTimely, storedKinds } from './deliver.ts'

export interface MetricsSinkOptions {
  /** Takes each event id once. */
  readonly storeEvents: (events: readonly BudEvent[], maybeTorn: boolean, signal: AbortSignal) => Promise<void>
  /** Takes rows of `requestRowColumns`; those that are not new, each id once. */
  readonly storeRows: (batch: RowBatch, signal: AbortSignal) => Promise<void>
  readonly spoolDirectory: string
  readonly clock: Clock
  readonly random: Random
  readonly logger: Logger
  readonly fsync: boolean
}

const toDetails = ({ path, startOffset, bytes, events, keptAt }: Extract<SinkProblem, { kind: 'spool-damage' }>) => ({
  ...{ path, startOffset, bytes, events },
  ...(keptAt === undefined ? {} : { keptAt }),
})

function logProblem(logger: Logger, problem: SinkProblem): void {
  switch (problem.kind) {
    case 'delivery-fail':
      logger.warn('metrics could not be stored; they wait in the spool', {
        events: problem.events,
        attempt: problem.attempt,
        retryInMs: problem.retryInMs,
        error: problem.error,
      })
      break
    case 'events-refuse':
      logger.error('events were refused and set aside', { ids: problem.ids.slice(0, 10), events: problem.ids.length, error: problem.error })
      break
    case 'events-drop':
      logger.error('events were dropped', { events: problem.events, error: problem.error })
      break
    case 'spool-damage':
      if (problem.isTorn) logger.warn('the end of a spool file was cut short by a crash', { path: problem.path, bytes: problem.bytes })
      else logger.error('a spool file was damaged, and the events in that place are lost', toDetails(problem))
  }
}

/** Sorts the events of a write: into rows of the writer, or into the list that is returned. */
class RequestEncoder {
  readonly #writer = new RowWriter()
  readonly #recent: RecentIds

  constructor(clock: Clock) {
    this.#recent = new RecentIds(() => clock.nowMs())
  }

  encode(batch: readonly BudEvent[]): { readonly rows: Buffer; readonly count: number; readonly others: readonly BudEvent[] } {
    const others: BudEvent[] = []
    let count = 0
    for (const event of batch) {
      if (event.kind === 'request' && this.#encodeNew(event)) count += 1
      // Cut here too: an event that is too large for its spool would be refused, and with it those of its write.
      else if (storedKinds.has(event.kind)) others.push(cutLabels(event))
    }
    return { rows: this.#writer.take(), count, others }
  }

  #encodeNew(event: BudEvent): boolean {
    // Looked at again where it is refused with a reason.
    if (!isTimely(event)) return false
    const before = this.#writer.length
    try {
      // Safe: the kind says so, and the writer throws when a field is not what it says.
      writeRequestRow(this.#writer, event as unknown as StoredRequest)
    } catch {
      // Field by field, like the time above.
      this.#writer.cutTo(before)
      return false
    }
    // A row with thousands of tags is refused with the reason that every event of its size is.
    const fits = this.#writer.length - before <= sinkLimits.eventBytes
    if (fits && this.#recent.add(event.id)) return true
    this.#writer.cutTo(before)
    return false
  }
}

class MetricsSink implements Sink {
  readonly contract = 'sink/1'
  readonly kinds = storedKinds
  readonly #encoder: RequestEncoder
  readonly #rows: SpooledRows
  readonly #events: Sink

  constructor(parts: { readonly encoder: RequestEncoder; readonly rows: SpooledRows; readonly events: Sink }) {
    this.#encoder = parts.encoder
    this.#rows = parts.rows
    this.#events = parts.events
  }

  async write(batch: readonly BudEvent[], signal: AbortSignal): Promise<void> {
    if (signal.aborted) throw coreErrors.ABORTED({ what: 'writing events' }, { cause: signal.reason })
    assertEvents(batch)
    const { rows, count, others } = this.#encoder.encode(batch)
    const appended = count === 0 ? undefined : this.#rows.append(rows, count)
    if (others.length === 0) await appended
    else await Promise.all([appended, this.#events.write(others, signal)])
  }

  async flush(signal: AbortSignal): Promise<void> {
    await this.#rows.flush(signal)
    await this.#events.flush(signal)
  }

  receipt() {
    const [rows, events] = [this.#rows.receipt(), this.#events.receipt()]
    return {
      produced: rows.produced + events.produced,
      stored: rows.stored + events.stored,
      pending: rows.pending + events.pending,
      dropped: rows.dropped + events.dropped,
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    // The events wait for the rows, so these go first.
    await this.#rows[Symbol.asyncDispose]()
    await this.#events[Symbol.asyncDispose]()
  }
}

/** Where certainly new requests wait, inside the directory of all other events; the number is that of the row format. */
export const toRowsDirectory = (spoolDirectory: string): string => join(spoolDirectory, 'requests-1')

/** @throws CORE_STORE_LOCKED, CORE_STORE_UNWRITABLE, CORE_SINK_SPOOL_FAILED, CORE_SINK_SPOOL_NOT_OURS */
export async function createMetricsSink(options: MetricsSinkOptions): Promise<Sink> {
  const { storeEvents, storeRows, spoolDirectory, clock, random, logger, fsync } = options
  const onProblem = (problem: SinkProblem) => {
    logProblem(logger, problem)
  }
  const common = { clock, random, fsync, batchAgeMs: metricsLimits.batchAgeMs, onProblem }
  const rows = await createSpooledRows({
    ...common,
    spoolDirectory: toRowsDirectory(spoolDirectory),
    batchRows: metricsLimits.rowBatchRows,
    batchBytes: metricsLimits.rowBatchBytes,
    memoryBytesMax: metricsLimits.rowMemoryBytes,
    deliver: storeRows,
  })
  // Events of a former process, and a batch that failed before, may have been stored in part.
  let inherited = Number.POSITIVE_INFINITY
  let failed = false
  try {
    const events = await createSpooledSink({
      ...common,
      spoolDirectory,
      kinds: storedKinds,
      batchEvents: metricsLimits.batchRows,
      async deliver(batch, signal) {
        try {
          // What is not certainly new may be the second copy of a row that still waits: it is looked up after that is stored.
          if (batch.some(({ kind }) => kind === 'request') && rows.receipt().pending > 0) await rows.flush(signal)
          const maybeTorn = failed || inherited > 0
          failed = true
          await storeEvents(batch, maybeTorn, signal)
          failed = false
          inherited -= batch.length
        } catch (error) {
          // The spool sets these aside and goes on; every other failure it repeats.
          if (!metricsErrors.EVENTS_INVALID.is(error)) throw error
          throw sinkErrors.SINK_EVENTS_REFUSED({ ids: error.details.events.map(({ id }) => id), reason: error.message }, { cause: error })
        }
      },
    })
    inherited = events.receipt().pending
    return new MetricsSink({ encoder: new RequestEncoder(clock), rows, events })
  } catch (error) {
    await rows[Symbol.asyncDispose]()
    throw error
  }
}
