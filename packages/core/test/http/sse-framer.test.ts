import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { coreErrors, createSseFramer } from '@bud-foundry/core'

const bytes = (text: string) => new TextEncoder().encode(text)
const text = (frame: Uint8Array | undefined) => (frame === undefined ? undefined : new TextDecoder().decode(frame))

/** The frames of a text, pushed in the given pieces, and what is left at the end. */
function frame(pieces: readonly Uint8Array[]): { frames: (string | undefined)[]; rest: string | undefined; whole: boolean | undefined } {
  const framer = createSseFramer()
  const frames = pieces.flatMap((piece) => framer.push(piece)).map(text)
  const rest = framer.end()
  return { frames, rest: text(rest?.bytes), whole: rest?.whole }
}

/** Text made of the characters that matter to framing. */
const streamText = fc
  .array(fc.constantFrom('\n', '\r', '\r\n', '\n\n', '\r\n\r\n', 'data: ä€😀', ':', 'x'), { maxLength: 14 })
  .map((parts) => parts.join(''))

describe('createSseFramer', () => {
  test.each([
    ['LF', 'data: a\n\ndata: b\n\n', ['data: a\n\n', 'data: b\n\n']],
    ['CRLF', 'data: a\r\n\r\ndata: b\r\n\r\ndata', ['data: a\r\n\r\n', 'data: b\r\n\r\n']],
    ['CR', 'data: a\r\rdata: b\r\r', ['data: a\r\r', 'data: b\r\r']],
    ['mixed ends', 'data: a\n\r\ndata: b\r\n\ndata: c\n\rd', ['data: a\n\r\n', 'data: b\r\n\n', 'data: c\n\r']],
    ['several lines', 'event: x\ndata: a\n\n', ['event: x\ndata: a\n\n']],
    ['blank lines before a frame', '\n\r\n\ndata: a\n\n', ['\n\r\n\ndata: a\n\n']],
  ])('cuts frames that end in %s', (_, input, expected) => {
    expect(frame([bytes(input)]).frames).toEqual(expected)
  })

  test('returns an unfinished frame at the end, and starts anew', () => {
    const framer = createSseFramer()
    expect(framer.push(bytes('data: a\n'))).toEqual([])
    expect(framer.end()).toEqual({ bytes: bytes('data: a\n'), whole: false })
    expect(framer.push(bytes('\ndata: b\n\n')).map(text)).toEqual(['\ndata: b\n\n'])
    expect(framer.end()).toBeUndefined()
  })

  test('holds a frame whose CR an LF may follow, and calls it whole at the end', () => {
    expect(frame([bytes('data: a\r\n\r')])).toEqual({ frames: [], rest: 'data: a\r\n\r', whole: true })
  })

  test('gives a frame inside one chunk as a view of the chunk, and a whole chunk as itself', () => {
    const one = bytes('data: a\n\n')
    expect(createSseFramer().push(one)[0]).toBe(one)
    const two = bytes('data: a\n\ndata: b\n\n')
    for (const view of createSseFramer().push(two)) expect(view.buffer).toBe(two.buffer)
  })

  test('does not depend on a chunk whose memory is reused', () => {
    const framer = createSseFramer()
    const chunk = bytes('data: a\n')
    framer.push(chunk)
    chunk.fill(0)
    expect(framer.push(bytes('\n')).map(text)).toEqual(['data: a\n\n'])
  })

  test('gives the same frames however the bytes are split: every split in two, and byte by byte', () => {
    fc.assert(
      fc.property(streamText, (input) => {
        const whole = bytes(input)
        const expected = frame([whole])
        expect(expected.frames.join('') + (expected.rest ?? '')).toBe(input)
        for (let cut = 0; cut <= whole.length; cut += 1) expect(frame([whole.subarray(0, cut), whole.subarray(cut)])).toEqual(expected)
        expect(frame(Array.from(whole, (byte) => Uint8Array.of(byte)))).toEqual(expected)
      }),
      { numRuns: 500 },
    )
  }, 60_000)

  test('refuses a frame over the bound, after the frames before it, however the bytes are split', () => {
    const input = bytes('data: a\n\ndata: 1234567890')
    for (let cut = 0; cut <= input.length; cut += 1) {
      const framer = createSseFramer({ frameBytesMax: 12 })
      const frames: (string | undefined)[] = []
      const read = () => {
        frames.push(...framer.push(input.subarray(0, cut)).map(text))
        frames.push(...framer.push(input.subarray(cut)).map(text))
        framer.end()
      }
      expect(read).toThrow(expect.objectContaining({ code: 'CORE_SSE_FRAME_TOO_LARGE' }))
      expect(frames).toEqual(['data: a\n\n'])
      expect(() => framer.push(bytes('\n\n'))).toThrow(expect.objectContaining({ code: 'CORE_SSE_FRAME_TOO_LARGE' }))
    }
  })

  test('accepts a frame of exactly the bound', () => {
    const framer = createSseFramer({ frameBytesMax: 9 })
    expect(framer.push(bytes('data: a\n\n'))).toHaveLength(1)
    expect(() => framer.push(bytes('data: ab\n\n'))).toThrow()
    expect(coreErrors.SSE_FRAME_TOO_LARGE({ limitBytes: 9 }).message).toContain('9 bytes')
  })
})
