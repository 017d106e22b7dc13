import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { createSseDecoder, decodeSseFrame, encodeSseEvent, type SseEvent } from '@bud-foundry/core'

const bytes = (text: string) => new TextEncoder().encode(text)
const message = (data: string, more: Partial<SseEvent> = {}): SseEvent => ({
  event: undefined,
  data,
  id: undefined,
  retryMs: undefined,
  ...more,
})

function decode(pieces: readonly Uint8Array[]): SseEvent[] {
  const decoder = createSseDecoder()
  return [...pieces.flatMap((piece) => decoder.push(piece)), ...decoder.end()]
}

/**
 * The standard's algorithm (WHATWG HTML §9.2.6) on decoded text, written line by line with no thought of chunks: the oracle.
 */
function oracle(input: string): SseEvent[] {
  const events: SseEvent[] = []
  let [data, event, lastId, retryMs] = ['', '', undefined as string | undefined, undefined as number | undefined]
  const lines = input.replace(/^\uFEFF/, '').split(/\r\n|\r|\n/)
  lines.pop()
  for (const line of lines) {
    if (line === '') {
      if (data !== '') events.push(message(data.slice(0, -1), { event: event === '' ? undefined : event, id: lastId, retryMs }))
      ;[data, event, retryMs] = ['', '', undefined]
      continue
    }
    const [, name, value] = /^([^:]*)(?:: ?(.*))?$/su.exec(line) ?? []
    if (name === 'data') data += `${value ?? ''}\n`
    if (name === 'event') event = value ?? ''
    if (name === 'id' && value?.includes('\0') !== true) lastId = value ?? ''
    if (name === 'retry' && /^[0-9]+$/.test(value ?? '')) retryMs = Number(value)
  }
  return events
}

const piece = fc.constantFrom(
  ...[
    '\n',
    '\r',
    '\r\n',
    '\n\n',
    '\r\n\r\n',
    'data',
    'data:',
    'data: ',
    'event: ping',
    'id: 7',
    'id',
    'id: \0',
    'retry: 30',
    'retry: x',
    ': note',
  ],
  ...['ä', '€', '😀', '\uFEFF', ':', ' ', 'text', 'data: {"a":1}\n\n', 'foo: bar'],
)
const streamText = fc.array(piece, { maxLength: 16 }).map((parts) => parts.join(''))

describe('createSseDecoder', () => {
  test('decodes the examples of the standard', () => {
    expect(decode([bytes('data: YHOO\ndata: +2\ndata: 10\n\n')])).toEqual([message('YHOO\n+2\n10')])
    expect(decode([bytes(': test stream\n\ndata: first event\nid: 1\n\ndata:second event\nid\n\ndata:  third event\n\n')])).toEqual([
      message('first event', { id: '1' }),
      message('second event', { id: '' }),
      message(' third event', { id: '' }),
    ])
    expect(decode([bytes('data\n\ndata\ndata\n\ndata:')])).toEqual([message(''), message('\n')])
  })

  test('strips one byte order mark, at the start of the stream only', () => {
    expect(
      decode([Uint8Array.of(0xef), Uint8Array.of(0xbb), Uint8Array.of(0xbf), bytes('data: a\n\n\uFEFFdata: b\n\ndata: c\n\n')]),
    ).toEqual([message('a'), message('c')])
  })

  test('keeps id and reconnection time of frames that have no data', () => {
    const decoder = createSseDecoder()
    expect(decoder.push(bytes('id: 9\nretry: 1500\n\n'))).toEqual([])
    expect([decoder.lastEventId, decoder.retryMs]).toEqual(['9', 1500])
    expect(decoder.push(bytes('data: a\n\n'))).toEqual([message('a', { id: '9' })])
  })

  test('replaces bytes that are not UTF-8 instead of failing', () => {
    expect(decode([Uint8Array.of(...bytes('data: '), 0xe2, 0x82, ...bytes('\n\n'))])).toEqual([message('\uFFFD')])
  })

  test('discards an event that the stream did not finish', () => {
    expect(decode([bytes('data: a\n\ndata: b\n')])).toEqual([message('a')])
    expect(decode([bytes('data: a\r\n\r')])).toEqual([message('a')])
  })

  test('agrees with the standard, whole and split at every byte', () => {
    fc.assert(
      fc.property(streamText, (input) => {
        const whole = bytes(input)
        const expected = oracle(input)
        expect(decode([whole])).toEqual(expected)
        for (let cut = 1; cut < whole.length; cut += 1) expect(decode([whole.subarray(0, cut), whole.subarray(cut)])).toEqual(expected)
        expect(decode(Array.from(whole, (byte) => Uint8Array.of(byte)))).toEqual(expected)
      }),
      { numRuns: 500 },
    )
  }, 60_000)

  test('bounds the size of an event', () => {
    const decoder = createSseDecoder({ frameBytesMax: 10 })
    expect(() => decoder.push(bytes('data: 12345'))).toThrow(expect.objectContaining({ code: 'CORE_SSE_FRAME_TOO_LARGE' }))
  })
})

describe('encodeSseEvent', () => {
  test('is read back as it was written', () => {
    const line = fc.string({ unit: 'grapheme' }).filter((text) => !/[\r\n\0]/.test(text))
    const written = fc.record({
      data: fc.array(line, { minLength: 1 }).map((lines) => lines.join('\n')),
      event: fc.option(
        line.filter((text) => text !== ''),
        { nil: undefined },
      ),
      id: fc.option(line, { nil: undefined }),
      retryMs: fc.option(fc.nat(), { nil: undefined }),
    })
    fc.assert(
      fc.property(written, (event) => {
        expect(decode([encodeSseEvent(event)])).toEqual([event])
        expect(decodeSseFrame(encodeSseEvent(event))).toEqual(event)
      }),
    )
  })

  test('writes a comment alone, which keeps a connection alive and dispatches nothing', () => {
    expect(encodeSseEvent({ comment: 'ping' })).toEqual(bytes(': ping\n\n'))
    expect(decode([encodeSseEvent({ comment: 'ping' })])).toEqual([])
  })

  test.each([
    { event: 'a\nb', data: '' },
    { id: 'a\r', data: '' },
    { id: '\0', data: '' },
    { comment: 'a\n\ndata: forged', data: '' },
    { retryMs: -1, data: '' },
    { retryMs: 1.5, data: '' },
  ])('refuses %j, which would break the framing', (event) => {
    expect(() => encodeSseEvent(event)).toThrow(expect.objectContaining({ code: 'CORE_SSE_FIELD_INVALID' }))
  })
})
