/** Accepts batches of events, idempotent by event id. */
import type { BudEvent } from '../event/event.ts'

/** What became of the events. */
export interface SinkReceipt {
  /** Always `stored + pending + dropped`. */
  readonly produced: number
  readonly stored: number
  readonly pending: number
  readonly dropped: number
}

/** A destination of events. */
export interface Sink extends AsyncDisposable {
  readonly contract: 'sink/1'
  readonly kinds: ReadonlySet<string> | 'all'
  /** An event is accepted when this resolves; what is accepted survives the death of the process. */
  write(batch: readonly BudEvent[], signal: AbortSignal): Promise<void>
  /** Resolves when everything accepted so far is stored. */
  flush(signal: AbortSignal): Promise<void>
  receipt(): SinkReceipt
}
