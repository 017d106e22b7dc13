/** The scanner finds what JSON.parse finds, and splicing changes nothing else. */
import { isBudError } from '@bud-foundry/core'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { anthropicMessages } from '../../src/dialect/anthropic-messages/index.ts'
import { topLevelFields } from '../../src/dialect/json-scan.ts'
import { openaiChat } from '../../src/dialect/openai-chat/index.ts'
import { bytes, json, text } from './sse.ts'

/** A count that is none is refused, not copied. */
const counts = ['n', 'best_of', 'max_tokens', 'max_completion_tokens']
const name = fc.string().filter((each) => !counts.includes(each))
const anyObject = fc.dictionary(name, fc.jsonValue({ maxDepth: 4 }), { maxKeys: 8 })
const spacing = fc.constantFrom(undefined, 1, 2, '\t')
const model = fc.string({ minLength: 1, unit: 'grapheme' })

const failure = (run: () => unknown) => {
  try {
    run()
  } catch (error) {
    if (isBudError(error)) return error
    throw error
  }
  return undefined
}

describe('splice', () => {
  it('changes the model and nothing else, for any JSON object in any layout', () => {
    fc.assert(
      fc.property(anyObject, model, model, spacing, (rest, before, after, space) => {
        const body = { ...rest, model: before, stream: false }
        const spliced = openaiChat.splice(bytes(JSON.stringify(body, null, space)), { model: after, includeUsage: true })
        expect(json(spliced)).toEqual({ ...(JSON.parse(JSON.stringify(body)) as object), model: after })
      }),
    )
  })

  it('copies every other byte, unknown numbers and escapes included', () => {
    const body =
      '{ "seed" : 12345678901234567890, "model":"gpt\\u002d4", "x": "\\u00e9\\/", "messages":[{"content":"\\"model\\":\\"no\\""}] }'
    expect(text(openaiChat.splice(bytes(body), { model: 'm' }))).toBe(body.replace('"gpt\\u002d4"', '"m"'))
  })

  it('returns the same bytes when the model is right already', () => {
    const body = bytes('{"model":"m","messages":[]}')
    expect(openaiChat.splice(body, { model: 'm' })).toBe(body)
  })

  it('replaces every repeated model, so that no upstream can pick another one', () => {
    const body = '{"model":"a","mod\\u0065l":"b","messages":[],"model":"c"}'
    expect(openaiChat.readHead(bytes(body)).model).toBe('c')
    expect(text(openaiChat.splice(bytes(body), { model: 'm' }))).toBe('{"model":"m","mod\\u0065l":"m","messages":[],"model":"m"}')
  })

  it('switches usage on in streams and keeps the other options', () => {
    fc.assert(
      fc.property(anyObject, fc.option(anyObject, { nil: undefined }), spacing, (rest, options, space) => {
        const body = { ...rest, model: 'a', stream: true, ...(options === undefined ? {} : { stream_options: options }) }
        const spliced = json(openaiChat.splice(bytes(JSON.stringify(body, null, space)), { model: 'b', includeUsage: true }))
        expect(spliced).toEqual({
          ...(JSON.parse(JSON.stringify(body)) as object),
          model: 'b',
          stream_options: { ...(JSON.parse(JSON.stringify(options ?? {})) as object), include_usage: true },
        })
      }),
    )
  })

  it('replaces stream_options of null and asks for nothing outside streams', () => {
    expect(json(openaiChat.splice(bytes('{"model":"a","stream":true,"stream_options":null}'), { model: 'a', includeUsage: true }))).toEqual(
      {
        model: 'a',
        stream: true,
        stream_options: { include_usage: true },
      },
    )
    const plain = bytes('{"model":"a"}')
    expect(openaiChat.splice(plain, { model: 'a', includeUsage: true })).toBe(plain)
    const messages = bytes('{"model":"a","stream":true}')
    expect(anthropicMessages.splice(messages, { model: 'a', includeUsage: true })).toBe(messages)
  })

  it('uses a head only for the body that it was read from', () => {
    const first = bytes('{"model":"a"}')
    const second = bytes('{"x":1,"model":"b"}')
    const head = openaiChat.readHead(first)
    expect(text(openaiChat.splice(first, { model: 'm' }, head))).toBe('{"model":"m"}')
    expect(text(openaiChat.splice(second, { model: 'm' }, head))).toBe('{"x":1,"model":"m"}')
  })
})

describe('readHead', () => {
  it('reads what the gateway needs from OpenAI bodies', () => {
    const head = openaiChat.readHead(
      bytes(
        '{"model":"m","stream":true,"stream_options":{"include_usage":true},"max_tokens":5,"user":"u","n":2,"messages":[{"role":"user"}]}',
      ),
    )
    expect(head).toMatchObject({ model: 'm', stream: true, includeUsage: true, maxOutputTokens: 5, userId: 'u', choices: 2 })
    expect(text(head.raw('messages'))).toBe('[{"role":"user"}]')
    expect(head.raw('tools')).toBeUndefined()
  })

  it('reads what the gateway needs from Anthropic bodies', () => {
    const head = anthropicMessages.readHead(bytes('{"model":"m","max_tokens":9,"metadata":{"user_id":"u"}}'))
    expect(head).toMatchObject({ model: 'm', stream: false, includeUsage: true, maxOutputTokens: 9, userId: 'u', choices: 1 })
  })

  it.each([
    ['', 'GATEWAY_BODY_MALFORMED'],
    ['[]', 'GATEWAY_BODY_MALFORMED'],
    ['{"model":"m"', 'GATEWAY_BODY_MALFORMED'],
    ['{"model":"m"}}', 'GATEWAY_BODY_MALFORMED'],
    ['{"model":"m",}', 'GATEWAY_BODY_MALFORMED'],
    ['{"model":"m" "x":1}', 'GATEWAY_BODY_MALFORMED'],
    ['{"model":"m","x":01}', 'GATEWAY_BODY_MALFORMED'],
    ['{"model":"m","x":tru}', 'GATEWAY_BODY_MALFORMED'],
    ['{"model":"m","x":[1,}', 'GATEWAY_BODY_MALFORMED'],
    ['{"model":"m","x":[1}]', 'GATEWAY_BODY_MALFORMED'],
    ['{"model":"m","x":"\\q"}', 'GATEWAY_BODY_MALFORMED'],
    ['{"model":"m","x":"\u0001"}', 'GATEWAY_BODY_MALFORMED'],
    [`{"model":"m","x":${'['.repeat(600)}${']'.repeat(600)}}`, 'GATEWAY_BODY_MALFORMED'],
    ['{}', 'GATEWAY_FIELD_INVALID'],
    ['{"model":1}', 'GATEWAY_FIELD_INVALID'],
    ['{"model":""}', 'GATEWAY_FIELD_INVALID'],
    ['{"model":"m","stream":"yes"}', 'GATEWAY_FIELD_INVALID'],
  ])('refuses %s', (body, code) => {
    const error = failure(() => openaiChat.readHead(bytes(body)))
    expect(error).toMatchObject({ code, status: 400, retryable: false, scope: 'request' })
  })
})

describe('the scanner', () => {
  it('finds the fields of every object that JSON.parse reads', () => {
    fc.assert(
      fc.property(anyObject, spacing, (object, space) => {
        const body = bytes(JSON.stringify(object, null, space))
        const positions = topLevelFields(body)
        const found: [string, unknown][] = []
        for (let index = 0; index < positions.length; index += 4) {
          const [keyStart, keyEnd, valueStart, valueEnd] = positions.slice(index, index + 4)
          found.push([
            JSON.parse(text(body.subarray(keyStart, keyEnd))) as string,
            JSON.parse(text(body.subarray(valueStart, valueEnd))) as unknown,
          ])
        }
        expect(found).toEqual(Object.entries(JSON.parse(text(body)) as object))
      }),
    )
  })

  it('agrees with JSON.parse on whether a damaged body is JSON, for short strings', () => {
    fc.assert(
      fc.property(anyObject, fc.nat(), fc.constantFrom('"', '\\', '{', '}', ',', ':', '0', 'e', '-', ' ', 'x'), (object, at, damage) => {
        const whole = JSON.stringify({ ...object, model: 'm' })
        const place = at % whole.length
        const body = whole.slice(0, place) + damage + whole.slice(place + 1)
        let valid = true
        try {
          const parsed: unknown = JSON.parse(body)
          valid = typeof parsed === 'object' && parsed !== null && !Array.isArray(parsed)
        } catch {
          valid = false
        }
        expect(failure(() => topLevelFields(bytes(body))) === undefined).toBe(valid)
      }),
      { numRuns: 500 },
    )
  })

  it('crosses long strings with escaped quotes and backslashes', () => {
    fc.assert(
      fc.property(fc.array(fc.constantFrom('a'.repeat(50), '"', '\\', '\\"', '\n', 'é'), { minLength: 5, maxLength: 40 }), (pieces) => {
        const long = pieces.join('')
        const head = openaiChat.readHead(bytes(JSON.stringify({ x: long, model: 'm', y: long })))
        expect(JSON.parse(text(head.raw('y')))).toBe(long)
      }),
    )
  })
})
