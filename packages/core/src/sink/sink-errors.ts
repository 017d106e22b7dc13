/** What a Sink can answer instead of accepting events. */
import { defineErrors } from '../error/define-errors.ts'

/** Codes `CORE_SINK_…`. */
export const sinkErrors = defineErrors('CORE', {
  SINK_CLOSED: {
    status: 503,
    retryable: false,
    message: ({ sink }: { readonly sink: string }) => `the ${sink} sink is closed and takes no more events; create a new one`,
  },
  SINK_FULL: {
    status: 503,
    retryable: true,
    message: ({ where, dropped }: { readonly where: string; readonly dropped: number }) =>
      `${String(dropped)} events were dropped, because ${where} is full; check that the destination takes events, and the free space`,
  },
  SINK_SPOOL_FAILED: {
    status: 500,
    retryable: true,
    message: ({ path, reason }: { readonly path: string; readonly reason: string }) =>
      `the spool cannot write '${path}' (${reason}); check the directory`,
  },
  SINK_SPOOL_NOT_OURS: {
    status: 500,
    retryable: false,
    message: ({ path }: { readonly path: string }) =>
      `'${path}' is not a spool file of a version that this program reads; upgrade the program, or move the file away`,
  },
  SINK_EVENT_INVALID: {
    status: 400,
    retryable: false,
    message: ({ id, problem }: { readonly id: string; readonly problem: string }) =>
      `event '${id}' cannot be spooled: ${problem}; send plain data of moderate size`,
  },
  SINK_EVENTS_REFUSED: {
    status: 400,
    retryable: false,
    message: ({ ids, reason }: { readonly ids: readonly string[]; readonly reason: string }) =>
      `the destination will never take ${String(ids.length)} of these events (${reason}), the first being '${ids[0] ?? ''}'; look into refused.ndjson`,
  },
  SINK_DELIVERY_TIMEOUT: {
    status: 504,
    retryable: true,
    message: ({ events, timeoutMs }: { readonly events: number; readonly timeoutMs: number }) =>
      `the destination did not take ${String(events)} events within ${String(timeoutMs)} ms; they stay in the spool and are sent again`,
  },
})
