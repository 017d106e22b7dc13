/** However a stream is cut into chunks, the caller gets the same bytes, and the template that skips known events changes nothing. */
import { systemClock } from '@bud-foundry/core'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { gatewayErrors } from '../../src/index.ts'
import { openaiChat } from '../../src/dialect/openai-chat/index.ts'
import { anthropicMessages } from '../../src/dialect/anthropic-messages/index.ts'
import { StreamReader } from '../../src/dispatch/stream-reader.ts'
import { frameEnd } from '../../src/dispatch/frame-end.ts'
import { FrameTemplate, learnLiterals } from '../../src/dispatch/frame-template.ts'
import { doneFrame, finishFrame, roleFrame, textFrame, usageFrame } from '../support/openai-answers.ts'

const targetId = 't'

async function read(chunks: readonly Uint8Array[], options: { readonly stripUsage?: boolean; readonly dialect?: typeof openaiChat } = {}) {
  const out: Uint8Array[] = []
  const seen: string[] = []
  const reader = new StreamReader({
    owner: {
      onCommit: () => {
        seen.push('commit')
        return true
      },
      onBytes: (bytes) => {
        // Copied at once: views of a chunk may not outlive it.
        out.push(Uint8Array.from(bytes))
        return true
      },
      onStreamEnd: (last) => {
        out.push(...last)
        seen.push('end')
      },
      onStreamError: (error) => seen.push(error.code),
      onBroken: (error) => seen.push(String(error)),
    },
    clock: systemClock,
    dialect: options.dialect ?? openaiChat,
    stripUsage: options.stripUsage ?? true,
    translation: undefined,
    requireTerminator: true,
    errors: {
      interrupted: (problem) => gatewayErrors.STREAM_INTERRUPTED({ targetId, problem }),
      invalid: (problem) => gatewayErrors.UPSTREAM_INVALID_ANSWER({ targetId, problem }),
      reported: () => gatewayErrors.UPSTREAM_UNREACHABLE({ targetId, cause: 'reported' }),
      unexpected: () => gatewayErrors.INTERNAL(),
    },
  })
  for (const [index, chunk] of chunks.entries()) {
    reader.push(chunk)
    // Some chunks share a turn of the event loop, some do not.
    if (index % 3 === 0) await Promise.resolve()
  }
  reader.end()
  return { text: Buffer.concat(out).toString(), seen, usage: reader.usage, finishReason: reader.finishReason }
}

const cut = (bytes: Buffer, points: readonly number[]): Uint8Array[] => {
  const sorted = [...new Set(points.map((point) => point % bytes.length))].sort((left, right) => left - right)
  const edges = [0, ...sorted, bytes.length]
  return edges.slice(1).map((edge, index) => bytes.subarray(edges[index], edge))
}

const word = fc.oneof(
  fc.string({ minLength: 1, unit: 'grapheme' }),
  fc.constantFrom('"', '\\', '\n\n', 'data: [DONE]', '"usage":{}', '{"error":1}', '\\"'),
)

describe('a stream in any pieces', () => {
  it('comes out whole, without the usage that was not asked for', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(word, { minLength: 1, maxLength: 20 }),
        fc.array(fc.nat(20_000), { maxLength: 40 }),
        async (words, points) => {
          const kept = [roleFrame, ...words.map(textFrame), finishFrame]
          const bytes = Buffer.from([...kept, usageFrame, doneFrame].join(''))
          const result = await read(cut(bytes, points))
          expect(result.text).toBe([...kept, doneFrame].join(''))
          expect(result.seen).toEqual(['commit', 'end'])
          expect(result.usage).toMatchObject({ inputTokens: 11, outputTokens: 7 })
          expect(result.finishReason).toBe('stop')
        },
      ),
    )
  })

  it('never ends well when it is broken off, wherever that is', async () => {
    const bytes = Buffer.from(
      [roleFrame, textFrame('one'), textFrame('two'), textFrame('three'), finishFrame, usageFrame, doneFrame].join(''),
    )
    const whole = bytes.length - 1
    await fc.assert(
      fc.asyncProperty(fc.integer({ min: 0, max: whole - 1 }), fc.array(fc.nat(2_000), { maxLength: 10 }), async (length, points) => {
        const result = await read(length === 0 ? [] : cut(bytes.subarray(0, length), points))
        // The closing event may lack its blank line, not more.
        expect(result.seen.at(-1)).toMatch(length >= bytes.length - 2 ? /^end$/ : /^GATEWAY_/)
        expect(result.text).not.toContain(length >= bytes.length - 2 ? 'nothing' : '[DONE]')
      }),
    )
  })

  it('keeps Anthropic’s usage events, which say why the model stopped', async () => {
    const event = (type: string, fields: object) => `event: ${type}\ndata: ${JSON.stringify({ type, ...fields })}\n\n`
    const text = (value: string) => event('content_block_delta', { index: 0, delta: { type: 'text_delta', text: value } })
    const stream = [
      event('message_start', { message: { usage: { input_tokens: 3, output_tokens: 1 } } }),
      ...['a', 'b', 'c', 'd'].map(text),
      event('message_delta', { delta: { stop_reason: 'max_tokens' }, usage: { output_tokens: 4 } }),
      event('message_stop', {}),
    ].join('')
    const result = await read(cut(Buffer.from(stream), [7, 100, 200, 205]), { dialect: anthropicMessages, stripUsage: false })
    expect(result.text).toBe(stream)
    expect(result).toMatchObject({ finishReason: 'max_tokens', usage: { inputTokens: 3, outputTokens: 4 } })
  })

  it('finds events that end in carriage returns', () => {
    expect(frameEnd(Buffer.from('data: a\r\n\r\ndata'), 0)).toBe(11)
    expect(frameEnd(Buffer.from('data: a\ndata: b\n\nx'), 0)).toBe(17)
    expect(frameEnd(Buffer.from('data: a\r\n'), 0)).toBe(-1)
  })
})

describe('the template of an event', () => {
  const bytes = (text: string) => Buffer.from(text)

  it('matches what differs inside string values only', () => {
    const template = new FrameTemplate()
    template.learn(bytes(textFrame('one')))
    template.learn(bytes(textFrame('two more')))
    const stream = bytes(textFrame('three') + finishFrame)
    expect(template.skip(stream, 0)).toBe(textFrame('three').length)
    expect(template.skip(stream, textFrame('three').length)).toBe(textFrame('three').length)
    const several = textFrame('three') + textFrame('fourth') + textFrame('5')
    expect(template.skip(bytes(several + usageFrame), 0)).toBe(several.length)
    for (const other of [roleFrame, usageFrame, doneFrame, textFrame('')]) expect(template.skip(bytes(other), 0)).toBe(0)
  })

  it('does not match an event that is broken off, with or without others behind it', () => {
    const template = new FrameTemplate()
    template.learn(bytes(textFrame('one')))
    template.learn(bytes(textFrame('two')))
    const frame = textFrame('three')
    for (let length = 0; length < frame.length; length += 1) {
      expect(template.skip(bytes(frame.slice(0, length)), 0)).toBe(0)
      if (length < frame.length - 2) expect(template.skip(bytes(`${frame.slice(0, length)}\n\n${frame}`), 0)).toBe(0)
    }
  })

  it.each([
    ['a number', '{"a":1}', '{"a":2}'],
    ['a field name', '{"a":"x"}', '{"b":"x"}'],
    ['the end of a string', '{"a":"x"}', '{"a":"x","b":"y"}'],
    ['an empty value', '{"a":""}', '{"a":"x"}'],
    ['nothing', '{"a":"x"}', '{"a":"x"}'],
  ])('is not learnt from events that differ in %s', (_name, left, right) => {
    expect(learnLiterals(bytes(left), bytes(right))).toBeUndefined()
  })

  it('never takes an event of another kind for content, by property', () => {
    const value = fc.oneof(word, fc.constant(''))
    const event = fc.record({
      content: value,
      finish: fc.constantFrom(null, 'stop', 'length'),
      usage: fc.constantFrom(undefined, null, { prompt_tokens: 1, completion_tokens: 1 }),
      vendor: value,
    })
    const toFrame = (fields: { content: string; finish: string | null; usage: unknown; vendor: string }) =>
      `data: ${JSON.stringify({ id: 'x', choices: [{ index: 0, delta: { content: fields.content }, finish_reason: fields.finish }], usage: fields.usage, vendor: fields.vendor })}\n\n`
    fc.assert(
      fc.property(fc.array(event, { maxLength: 12 }), (events) => {
        const template = new FrameTemplate()
        for (const fields of events) {
          const frame = bytes(toFrame(fields))
          const kind = openaiChat.classify(frame)
          const end = template.skip(frame, 0)
          if (end !== 0) {
            expect(end).toBe(frame.length)
            expect(kind).toBe('content')
          } else if (kind === 'content') template.learn(frame)
        }
      }),
      { numRuns: 500 },
    )
  })
})
