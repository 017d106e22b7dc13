/** Reads server-sent events from text that may be split anywhere. */
import { BudClientError } from '../errors.ts'
import { limits } from '../limits.ts'

export interface ServerSentEvent {
  /** `message` when the server names none. */
  readonly event: string
  readonly data: string
  readonly id: string | undefined
  /** The server's wish for the next reconnection delay. */
  readonly retryMs: number | undefined
}

export interface EventStreamParser {
  /** Takes the next piece of text and returns the events that it completed. Throws when one event outgrows its limit. */
  push(text: string): ServerSentEvent[]
}

/** Follows the WHATWG rules: CR, LF or CRLF, comments, several data lines, a byte order mark; an unfinished event is dropped. */
export function createEventStreamParser(): EventStreamParser {
  let line = ''
  let skipLineFeed = false
  let atStart = true
  let event = ''
  let data: string[] = []
  let size = 0
  let id: string | undefined
  let retryMs: number | undefined

  const flush = (out: ServerSentEvent[]) => {
    if (data.length > 0) out.push({ event: event === '' ? 'message' : event, data: data.join('\n'), id, retryMs })
    event = ''
    data = []
    size = 0
  }

  const readLine = (text: string, out: ServerSentEvent[]) => {
    if (text === '') {
      flush(out)
      return
    }
    const colon = text.indexOf(':')
    if (colon === 0) return
    const field = colon < 0 ? text : text.slice(0, colon)
    const raw = colon < 0 ? '' : text.slice(colon + 1)
    const value = raw.startsWith(' ') ? raw.slice(1) : raw
    if (field === 'data') {
      data.push(value)
      size += value.length
    } else if (field === 'event') event = value
    else if (field === 'id' && !value.includes('\0')) id = value
    else if (field === 'retry' && /^\d+$/.test(value)) retryMs = Number(value)
  }

  return {
    push(text) {
      const out: ServerSentEvent[] = []
      let rest = atStart && text.startsWith('\uFEFF') ? text.slice(1) : text
      if (text !== '') atStart = false
      if (skipLineFeed && rest !== '') {
        if (rest.startsWith('\n')) rest = rest.slice(1)
        skipLineFeed = false
      }
      let from = 0
      for (let at = 0; at < rest.length; at += 1) {
        const character = rest[at]
        if (character !== '\n' && character !== '\r') continue
        readLine(line + rest.slice(from, at), out)
        line = ''
        if (character === '\r') {
          if (rest[at + 1] === '\n') at += 1
          else if (at + 1 === rest.length) skipLineFeed = true
        }
        from = at + 1
      }
      line += rest.slice(from)
      if (line.length + size > limits.eventCharactersMax) throw invalidStream()
      return out
    },
  }
}

/** Every event of a response body, in order; ends when the body ends. `onBytes` hears of each arrival, comments included. */
export async function* readEventStream(
  body: ReadableStream<Uint8Array>,
  onBytes?: () => void,
): AsyncGenerator<ServerSentEvent, void, void> {
  const parser = createEventStreamParser()
  const decoder = new TextDecoder()
  const reader = body.getReader()
  try {
    for (;;) {
      const { done, value } = await reader.read()
      if (done) return
      onBytes?.()
      yield* parser.push(decoder.decode(value, { stream: true }))
    }
  } finally {
    // Leaving early must end the request; a body that has failed already rejects here with the same failure.
    await reader.cancel().catch(() => undefined)
  }
}

function invalidStream(): BudClientError {
  return new BudClientError({
    code: 'REACT_RESPONSE_INVALID',
    message: `The event stream sent one event of more than ${limits.eventCharactersMax} characters; the connection was closed.`,
    retryable: true,
  })
}
