/** Server-sent events to bytes. */
import { coreErrors } from '../error/core-errors.ts'

/** The fields of one event to be sent. */
export interface SseMessage {
  /** Any text; line breaks become several `data` lines. Undefined sends none, for a comment that keeps a connection alive. */
  readonly data?: string | undefined
  /** Undefined for the default, `message`. */
  readonly event?: string | undefined
  readonly id?: string | undefined
  /** Reconnection time for the reader, in milliseconds. */
  readonly retryMs?: number | undefined
  /** Ignored by every reader. */
  readonly comment?: string | undefined
}

const utf8 = new TextEncoder()
const lineEnds = /\r\n|\r|\n/
const notInOneLine = /[\r\n\0]/

function oneLine(field: 'event' | 'id' | 'comment', value: string | undefined): string {
  if (value === undefined) return ''
  if (notInOneLine.test(value)) throw coreErrors.SSE_FIELD_INVALID({ field })
  return field === 'comment' ? `: ${value}\n` : `${field}: ${value}\n`
}

/** One whole frame. @throws CORE_SSE_FIELD_INVALID for a name, id or comment with line breaks, which would end the line early. */
export function encodeSseEvent(message: SseMessage): Uint8Array {
  const { data, event, id, retryMs, comment } = message
  if (retryMs !== undefined && !(Number.isSafeInteger(retryMs) && retryMs >= 0)) throw coreErrors.SSE_FIELD_INVALID({ field: 'retryMs' })
  let text = oneLine('comment', comment) + oneLine('event', event) + oneLine('id', id)
  if (retryMs !== undefined) text += `retry: ${String(retryMs)}\n`
  if (data !== undefined) for (const line of data.split(lineEnds)) text += `data: ${line}\n`
  return utf8.encode(`${text}\n`)
}
