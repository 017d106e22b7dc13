/** A stream that is kept as bytes, in the pieces that it is sent in again. */
import { toBuffer } from '../dialect/sse-frame.ts'
import { frameEnd } from '../dispatch/frame-end.ts'
import { cacheLimits } from './cache-limits.ts'

/** Those of a stream that comes from an upstream. */
export const streamHeaders: Readonly<Record<string, string>> = {
  'content-type': 'text/event-stream; charset=utf-8',
  'cache-control': 'no-cache',
  'x-accel-buffering': 'no',
}

/** Whole events, one by one. */
export function* eventsOf(body: Uint8Array): Generator<Uint8Array> {
  const bytes = toBuffer(body)
  let at = 0
  for (let end = frameEnd(bytes, at); end !== -1; end = frameEnd(bytes, at)) {
    yield bytes.subarray(at, end)
    at = end
  }
  if (at < bytes.length) yield bytes.subarray(at)
}

/** Whole events in pieces that are worth a write. */
export function* piecesOf(body: Uint8Array): Generator<Uint8Array> {
  let from = 0
  let to = 0
  for (const event of eventsOf(body)) {
    to += event.byteLength
    if (to - from < cacheLimits.replayBytes) continue
    yield body.subarray(from, to)
    from = to
  }
  if (to > from) yield body.subarray(from, to)
}
