/** Bytes to server-sent events, as the HTML standard defines them (WHATWG HTML §9.2.6, "Interpreting an event stream"). */
import { coreLimits } from '../limits.ts'
import { createSseFramer } from './sse-framer.ts'

/** One dispatched event. */
export interface SseEvent {
  /** The event's name; undefined for the default, `message`. */
  readonly event: string | undefined
  /** Lines of data, joined by LF. */
  readonly data: string
  /** The last id seen in the stream so far; undefined before the first. */
  readonly id: string | undefined
  /** Reconnection time that this event asks for, in milliseconds. */
  readonly retryMs: number | undefined
}

/** Fields of one frame; `data` is undefined when the frame has none and so dispatches nothing. */
export interface SseFrameFields {
  readonly event: string | undefined
  readonly data: string | undefined
  readonly id: string | undefined
  readonly retryMs: number | undefined
}

/** Reads one stream. */
export interface SseDecoder {
  /**
   * The events that this chunk completes. The result is the same however the bytes are split into chunks.
   * @throws CORE_SSE_FRAME_TOO_LARGE; events that precede the large one in the same chunk are returned first and the next call throws.
   */
  push(chunk: Uint8Array): readonly SseEvent[]
  /** Call at the end of the stream: an unfinished event is discarded, as the standard says, and the decoder starts anew. */
  end(): readonly SseEvent[]
  /** To be sent as `Last-Event-ID` when reconnecting. */
  readonly lastEventId: string | undefined
  /** The last reconnection time asked for, in milliseconds; it may come in a frame without data. */
  readonly retryMs: number | undefined
}

// The byte order mark is stripped by the decoder below, once a stream, not once a frame.
const utf8 = new TextDecoder('utf-8', { ignoreBOM: true })
const lineEnds = /\r\n|\r|\n/
const digits = /^[0-9]+$/

function splitLines(text: string): readonly string[] {
  return text.includes('\r') ? text.split(lineEnds) : text.split('\n')
}

/** Reads one whole frame, as `createSseFramer` cuts them. Unknown fields and comments are ignored. */
export function decodeSseFrame(frame: Uint8Array): SseFrameFields {
  return readFields(utf8.decode(frame))
}

function readFields(text: string): SseFrameFields {
  let event: string | undefined
  let data: string | undefined
  let id: string | undefined
  let retryMs: number | undefined
  for (const line of splitLines(text)) {
    const colon = line.indexOf(':')
    if (colon === 0 || line === '') continue
    const name = colon < 0 ? line : line.slice(0, colon)
    const value = colon < 0 ? '' : line.slice(line[colon + 1] === ' ' ? colon + 2 : colon + 1)
    if (name === 'data') data = data === undefined ? value : `${data}\n${value}`
    else if (name === 'event') event = value
    else if (name === 'id' && !value.includes('\0')) id = value
    else if (name === 'retry' && digits.test(value) && Number.isSafeInteger(Number(value))) retryMs = Number(value)
  }
  return { event: event === '' ? undefined : event, data, id, retryMs }
}

class Decoder implements SseDecoder {
  readonly #framer
  #started = false
  lastEventId: string | undefined
  retryMs: number | undefined

  constructor(frameBytesMax: number) {
    this.#framer = createSseFramer({ frameBytesMax })
  }

  push(chunk: Uint8Array): readonly SseEvent[] {
    return this.#decode(this.#framer.push(chunk))
  }

  end(): readonly SseEvent[] {
    const rest = this.#framer.end()
    const events = rest?.whole === true ? this.#decode([rest.bytes]) : []
    this.#started = false
    return events
  }

  #decode(frames: readonly Uint8Array[]): readonly SseEvent[] {
    const events: SseEvent[] = []
    for (const frame of frames) {
      const text = utf8.decode(frame)
      const { event, data, id, retryMs } = readFields(!this.#started && text.startsWith('\uFEFF') ? text.slice(1) : text)
      this.#started = true
      if (id !== undefined) this.lastEventId = id
      if (retryMs !== undefined) this.retryMs = retryMs
      if (data !== undefined) events.push({ event, data, id: this.lastEventId, retryMs })
    }
    return events
  }
}

/** One decoder for one stream. */
export function createSseDecoder(options: { readonly frameBytesMax?: number } = {}): SseDecoder {
  return new Decoder(options.frameBytesMax ?? coreLimits.sseFrameBytesMax)
}
