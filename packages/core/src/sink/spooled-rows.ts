/** A durable queue of rows that are already encoded for their destination: the same spool as of events, without a second encoding. */
import type { SinkReceipt } from '../contracts/sink.ts'
import { isBudError } from '../error/bud-error.ts'
import { coreErrors } from '../error/core-errors.ts'
import { systemRandom, type Random } from '../random/random.ts'
import { lockDirectory } from '../store/directory-lock.ts'
import { systemClock, type Clock } from '../time/clock.ts'
import { deliverWithin } from './deliver-within.ts'
import { DeliveryLoop, type DeliveryFailure } from './delivery-loop.ts'
import { DeliveryQueue, type DeliveryBatch } from './delivery-queue.ts'
import { sinkErrors } from './sink-errors.ts'
import { sinkLimits } from './sink-limits.ts'
import { recoverSpool, type SpoolDamage } from './spool-recovery.ts'
import { Spool } from './spool.ts'

/** Rows that are delivered together. */
export interface RowBatch {
  /** In order; each holds whole rows. */
  readonly payloads: readonly Buffer[]
  readonly rows: number
  /** False: a former attempt or a former process may have delivered some of them, or all. */
  readonly isNew: boolean
}

export type RowProblem =
  | ({ readonly kind: 'delivery-fail'; readonly events: number } & DeliveryFailure)
  | { readonly kind: 'events-drop'; readonly events: number; readonly error: unknown }
  | ({ readonly kind: 'spool-damage' } & SpoolDamage)

export interface SpooledRowsOptions {
  /** Belongs to this queue alone; made when missing, and locked. */
  readonly spoolDirectory: string
  /** Throw to have the batch tried again, with `isNew` false. */
  readonly deliver: (batch: RowBatch, signal: AbortSignal) => Promise<void>
  readonly clock?: Clock
  readonly random?: Random
  /** Also survive power cuts: each append waits for the disk. */
  readonly fsync?: boolean
  readonly batchRows?: number
  readonly batchBytes?: number
  readonly batchAgeMs?: number
  readonly memoryBytesMax?: number
  readonly diskBytesMax?: number
  readonly deliverTimeoutMs?: number
  readonly closeTimeoutMs?: number
  readonly onProblem?: (problem: RowProblem) => void
}

/** Accepts rows into a write-ahead spool and delivers them in batches until the destination has them. */
export interface SpooledRows extends AsyncDisposable {
  /** The bytes are copied, or written, before this returns; the rows are accepted when it resolves. */
  append(rows: Uint8Array, count: number): Promise<void>
  /** Resolves when everything accepted so far is delivered. */
  flush(signal: AbortSignal): Promise<void>
  receipt(): SinkReceipt
}

/** The appends of one turn of the event loop. */
interface Group {
  readonly parts: Uint8Array[]
  readonly done: PromiseWithResolvers<void>
  bytes: number
  count: number
}

class SpoolOfRows implements SpooledRows {
  readonly #options: SpooledRowsOptions
  readonly #clock: Clock
  readonly #lock: Disposable
  readonly #spool: Spool
  readonly #queue: DeliveryQueue<Buffer>
  readonly #loop: DeliveryLoop
  #group: Group | undefined
  #batch: DeliveryBatch<Buffer> | undefined
  #isFirstAttempt = true
  #produced = 0
  #stored = 0
  #dropped = 0
  #queued = 0
  #finished = 0
  #closing: Promise<void> | undefined

  constructor(options: SpooledRowsOptions, lock: Disposable) {
    this.#options = options
    this.#lock = lock
    this.#clock = options.clock ?? systemClock
    const recovered = recoverSpool(options.spoolDirectory)
    const diskBytesMax = options.diskBytesMax ?? sinkLimits.diskBytes
    this.#spool = new Spool({ directory: options.spoolDirectory, diskBytesMax, fsync: options.fsync === true, recovered })
    this.#queue = new DeliveryQueue({
      memoryBytesMax: options.memoryBytesMax ?? sinkLimits.memoryBytes,
      batchEvents: options.batchRows ?? sinkLimits.batchEvents,
      batchBytes: options.batchBytes ?? sinkLimits.batchBytes,
      read: (span, rowsMax) => this.#spool.read(span, rowsMax, (payload) => [payload]),
    })
    this.#loop = new DeliveryLoop({
      clock: this.#clock,
      random: options.random ?? systemRandom,
      batchAgeMs: options.batchAgeMs ?? sinkLimits.batchAgeMs,
      backlog: () => (this.#queue.events === 0 ? 'none' : this.#queue.isFull ? 'full' : 'some'),
      deliver: (signal) => this.#deliver(signal),
      finished: () => this.#finished,
      onFailure: (failure) => {
        options.onProblem?.({ kind: 'delivery-fail', events: this.#batch?.count ?? 0, ...failure })
      },
    })
    for (const damage of recovered.damages) {
      this.#produced += damage.events
      this.#dropped += damage.events
      options.onProblem?.({ kind: 'spool-damage', ...damage })
    }
    for (const span of recovered.spans) {
      this.#produced += span.count
      this.#queued += span.count
      this.#queue.push(span)
    }
    this.#loop.nudge()
  }

  append(rows: Uint8Array, count: number): Promise<void> {
    if (this.#closing !== undefined) return Promise.reject(sinkErrors.SINK_CLOSED({ sink: 'spooled' }))
    const group = (this.#group ??= this.#startGroup())
    // Copied, because the caller writes its next rows into the same memory.
    group.parts.push(rows.slice())
    group.bytes += rows.byteLength
    group.count += count
    this.#produced += count
    if (group.bytes >= sinkLimits.groupChars) this.#commitGroup()
    return group.done.promise
  }

  async flush(signal: AbortSignal): Promise<void> {
    if (signal.aborted) throw coreErrors.ABORTED({ what: 'a flush' }, { cause: signal.reason })
    if (this.#closing !== undefined) throw sinkErrors.SINK_CLOSED({ sink: 'spooled' })
    this.#commitGroup()
    await this.#loop.flush(this.#queued, signal)
  }

  receipt(): SinkReceipt {
    const pending = (this.#group?.count ?? 0) + this.#queue.events
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

  #startGroup(): Group {
    setImmediate(() => {
      this.#commitGroup()
    })
    return { parts: [], done: Promise.withResolvers(), bytes: 0, count: 0 }
  }

  #commitGroup(): void {
    const group = this.#group
    this.#group = undefined
    if (group === undefined || group.count === 0) return
    const { parts, bytes, count, done } = group
    try {
      const payload = Buffer.concat(parts, bytes)
      const span = this.#spool.append(payload, count)
      this.#queue.push(span, [payload])
    } catch (error) {
      this.#dropped += count
      this.#options.onProblem?.({ kind: 'events-drop', events: count, error })
      done.reject(error)
      return
    }
    this.#queued += count
    this.#loop.nudge()
    if (this.#options.fsync === true) this.#spool.sync().then(done.resolve, done.reject)
    else done.resolve()
  }

  async #deliver(signal: AbortSignal): Promise<void> {
    const batch = (this.#batch ??= await this.#queue.take())
    if (batch === undefined) return
    const rows = batch.count - batch.lost
    const isNew = batch.isNew && this.#isFirstAttempt
    this.#isFirstAttempt = false
    if (rows > 0) {
      const timeoutMs = this.#options.deliverTimeoutMs ?? sinkLimits.deliverTimeoutMs
      await deliverWithin({ clock: this.#clock, timeoutMs, events: rows, signal }, (either) =>
        this.#options.deliver({ payloads: batch.events, rows, isNew }, either),
      )
    }
    this.#isFirstAttempt = true
    this.#batch = undefined
    this.#queue.commit(batch)
    this.#stored += rows
    this.#dropped += batch.lost
    this.#finished += batch.count
    if (batch.lost > 0) {
      const error = sinkErrors.SINK_SPOOL_FAILED({
        path: this.#options.spoolDirectory,
        reason: 'rows that were written cannot be read back',
      })
      this.#options.onProblem?.({ kind: 'events-drop', events: batch.lost, error })
    }
    this.#spool.deliveredTo(batch.end, this.#queue.first)
  }
}

/**
 * Opens the spool, and begins to deliver what a former process left in it.
 * @throws CORE_STORE_LOCKED when another process uses the directory; CORE_STORE_UNWRITABLE, CORE_SINK_SPOOL_FAILED, CORE_SINK_SPOOL_NOT_OURS.
 */
export async function createSpooledRows(options: SpooledRowsOptions): Promise<SpooledRows> {
  const { spoolDirectory } = options
  const lock = lockDirectory(spoolDirectory)
  try {
    return new SpoolOfRows(options, lock)
  } catch (error) {
    lock[Symbol.dispose]()
    if (isBudError(error)) throw error
    const reason = error instanceof Error ? error.message : String(error)
    throw sinkErrors.SINK_SPOOL_FAILED({ path: spoolDirectory, reason }, { cause: error })
  }
}
