/** Accepts batches of events, idempotent by event id. */
import type { BudEvent } from '../event/event.ts'

/** What became of the events. */
export interface SinkReceipt {
  /** Always `stored + pending + dropped`; includes what a former process left to this one. */
  readonly produced: number
  readonly stored: number
  /** Accepted, or about to be, and not stored yet. */
  readonly pending: number
  /** Not accepted for want of space, or refused by the destination for good. */
  readonly dropped: number
}

/** A destination of events. */
export interface Sink extends AsyncDisposable {
  readonly contract: 'sink/1'
  /** Events of other kinds are passed over, and not counted. */
  readonly kinds: ReadonlySet<string> | 'all'
  /** An event is accepted when this resolves; what is accepted survives the death of the process. */
  write(batch: readonly BudEvent[], signal: AbortSignal): Promise<void>
  /** Resolves when everything accepted so far is stored. */
  flush(signal: AbortSignal): Promise<void>
  receipt(): SinkReceipt
}
