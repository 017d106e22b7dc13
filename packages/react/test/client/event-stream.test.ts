/** Server-sent events survive any split of their bytes. */
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { createEventStreamParser, readEventStream, type ServerSentEvent } from '../../src/client/event-stream.ts'
import { limits } from '../../src/limits.ts'

const parse = (pieces: readonly string[]): ServerSentEvent[] => {
  const parser = createEventStreamParser()
  return pieces.flatMap((piece) => parser.push(piece))
}

const field = fc.stringMatching(/^[a-zA-Z0-9 :{}"äß€😀-]{0,24}$/)
const eventText = fc.record({
  name: fc.option(fc.stringMatching(/^[a-z-]{1,12}$/), { nil: undefined }),
  lines: fc.array(field, { minLength: 1, maxLength: 3 }),
  comment: fc.boolean(),
  newline: fc.constantFrom('\n', '\r', '\r\n'),
})

test('events are the same however the text is split', () => {
  fc.assert(
    fc.property(fc.array(eventText, { maxLength: 5 }), fc.array(fc.nat({ max: 400 }), { maxLength: 12 }), (events, cuts) => {
      const text = events
        .map(({ name, lines, comment, newline }) => {
          const rows = [
            ...(comment ? [': ping'] : []),
            ...(name === undefined ? [] : [`event: ${name}`]),
            ...lines.map((line) => `data: ${line}`),
            '',
            '',
          ]
          return rows.slice(0, -1).join(newline) + newline
        })
        .join('')
      const places = [...new Set(cuts.map((cut) => Math.min(cut, text.length)))].sort((left, right) => left - right)
      const pieces = [0, ...places].map((from, index) => text.slice(from, places[index] ?? text.length))
      const whole = parse([text])
      expect(parse(pieces)).toEqual(whole)
      expect(parse(Array.from({ length: text.length }, (_, index) => text.charAt(index)))).toEqual(whole)
      expect(whole.map(({ data }) => data)).toEqual(events.map(({ lines }) => lines.join('\n')))
      expect(whole.map(({ event }) => event)).toEqual(events.map(({ name }) => name ?? 'message'))
    }),
  )
})

test('an unfinished event at the end is dropped', () => {
  expect(parse(['data: whole\n\ndata: half\n'])).toMatchObject([{ data: 'whole' }])
})

test('id and retry are read, a byte order mark and unknown fields are passed over', () => {
  expect(parse(['\uFEFFid: 7\nretry: 250\nfoo: bar\ndata\n\n'])).toEqual([{ event: 'message', data: '', id: '7', retryMs: 250 }])
})

test('an event without end is refused once it passes the limit', () => {
  const parser = createEventStreamParser()
  parser.push(`data: ${'x'.repeat(limits.eventCharactersMax - 100)}`)
  expect(() => parser.push('y'.repeat(200))).toThrow(/more than 4194304 characters/)
})

test('characters of several bytes may be cut anywhere', async () => {
  const bytes = new TextEncoder().encode('data: grün 😀 €\n\n')
  const body = new ReadableStream<Uint8Array>({
    start: (controller) => {
      for (const byte of bytes) controller.enqueue(Uint8Array.of(byte))
      controller.close()
    },
  })
  const events: ServerSentEvent[] = []
  for await (const event of readEventStream(body)) events.push(event)
  expect(events).toMatchObject([{ data: 'grün 😀 €' }])
})

test('leaving the loop early ends the request', async () => {
  let isCancelled = false
  const body = new ReadableStream<Uint8Array>({
    start: (controller) => {
      controller.enqueue(new TextEncoder().encode('data: 1\n\ndata: 2\n\n'))
    },
    cancel: () => {
      isCancelled = true
    },
  })
  for await (const event of readEventStream(body)) {
    expect(event.data).toBe('1')
    break
  }
  expect(isCancelled).toBe(true)
})
