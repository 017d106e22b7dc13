/** Streams keep, across dialects, what they say, whatever the order and the cut of their events. */
import { createSseDecoder, type CanonicalDelta, type CanonicalRequest } from '@bud-foundry/core'
import fc from 'fast-check'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { anthropicMessages } from '../../src/dialect/anthropic-messages/index.ts'
import { openaiChat } from '../../src/dialect/openai-chat/index.ts'
import { openaiCompletions } from '../../src/dialect/openai-completions/index.ts'
import { anthropic } from '../../src/providers/anthropic/index.ts'
import { openai } from '../../src/providers/openai/index.ts'
import { startReplay, type Replay } from './replay.ts'
import { anthropicFrames, bytes, decodeAll, encodeAll, openaiFrames, splitFrames, text } from './sse.ts'

const ask = (body: object = {}): CanonicalRequest =>
  openaiChat.decodeRequest(bytes(JSON.stringify({ model: 'alias', messages: [{ role: 'user', content: 'Hi there' }], ...body })), 'chat')
const request = ask()
const answer = { includeUsage: true, createdUnixSeconds: 1_700_000_000 }

const chunk = (delta: object, finish: string | null = null, rest: object = {}) =>
  JSON.stringify({
    id: 'chatcmpl-1',
    object: 'chat.completion.chunk',
    created: 1,
    model: 'up',
    choices: [{ index: 0, delta, finish_reason: finish }],
    ...rest,
  })
const call = (index: number | undefined, part: { id?: string; name?: string; arguments?: string }) => ({
  tool_calls: [{ index, id: part.id, type: 'function', function: { name: part.name, arguments: part.arguments } }],
})
const fromOpenai = (...chunks: string[]) => decodeAll(openai.streamDecoder(request), openaiFrames(chunks))
const fromAnthropic = (events: object[], to = request) =>
  decodeAll(anthropic.streamDecoder(to), anthropicFrames(events.map((event) => JSON.stringify(event))))
const toAnthropic = (deltas: readonly CanonicalDelta[], to = request) => encodeAll(anthropicMessages.streamEncoder(to, answer), deltas)
const toOpenai = (deltas: readonly CanonicalDelta[]) => encodeAll(openaiChat.streamEncoder(request, answer), deltas)

let replay: Replay
beforeAll(async () => {
  replay = await startReplay()
})
afterAll(async () => {
  await replay[Symbol.asyncDispose]()
})
const readAnthropic = async (stream: string) => {
  replay.serve(stream)
  return replay.anthropic.messages.stream({ model: 'm', max_tokens: 9, messages: [] }).finalMessage()
}
const readOpenai = async (stream: string) => {
  replay.serve(stream)
  return replay.openai.chat.completions.stream({ model: 'm', messages: [], stream_options: { include_usage: true } }).finalChatCompletion()
}

describe('an OpenAI stream for an Anthropic caller', () => {
  it('starts with an estimated input count and ends with the counted one', async () => {
    const usage = { prompt_tokens: 40, completion_tokens: 2, total_tokens: 42, prompt_tokens_details: { cached_tokens: 30 } }
    const stream = toAnthropic(
      fromOpenai(
        chunk({ role: 'assistant', content: '' }),
        chunk({ content: 'Hi' }),
        chunk({}, 'stop'),
        JSON.stringify({ id: 'chatcmpl-1', choices: [], usage }),
      ),
    )
    const [start] = splitFrames(stream)
    expect(start).toMatch(/"input_tokens":[1-9]/)
    const message = await readAnthropic(stream)
    expect(message).toMatchObject({ id: 'msg_1', model: 'up', stop_reason: 'end_turn', content: [{ type: 'text', text: 'Hi' }] })
    expect(message.usage).toMatchObject({ input_tokens: 10, cache_read_input_tokens: 30, output_tokens: 2 })
    expect(message.usage).not.toHaveProperty('estimated')
    expect(splitFrames(stream).map((frame) => /event: (\w+)/.exec(frame)?.[1])).toEqual([
      'message_start',
      'content_block_start',
      'content_block_delta',
      'content_block_stop',
      'message_delta',
      'message_stop',
    ])
  })

  it('estimates usage, and says so, where the upstream gives none', () => {
    expect(toAnthropic(fromOpenai(chunk({ content: 'Hello, world' }, 'stop')))).toMatch(/"output_tokens":3,.*"estimated":true/)
  })

  it('keeps parallel calls apart when their arguments are interleaved', async () => {
    const deltas = fromOpenai(
      chunk({ role: 'assistant', content: null }),
      chunk(call(0, { id: 'a', name: 'f', arguments: '' })),
      chunk(call(1, { id: 'b', name: 'g', arguments: '{"y":' })),
      chunk(call(0, { arguments: '{"x":"}{' })),
      chunk(call(1, { arguments: '2}' })),
      chunk(call(0, { arguments: '"}' })),
      chunk(call(2, { id: 'c', name: 'h', arguments: '' })),
      chunk({}, 'tool_calls'),
    )
    const message = await readAnthropic(toAnthropic(deltas))
    expect(message.stop_reason).toBe('tool_use')
    expect(message.content).toMatchObject([
      { type: 'tool_use', id: 'a', name: 'f', input: { x: '}{' } },
      { type: 'tool_use', id: 'b', name: 'g', input: { y: 2 } },
      { type: 'tool_use', id: 'c', name: 'h', input: {} },
    ])
  })

  it.each([
    ['a name that comes after the id', [call(0, { id: 'a' }), call(0, { arguments: '{"x"' }), call(0, { name: 'f', arguments: ':1}' })]],
    [
      'no index and no id on what follows',
      [call(undefined, { id: 'a', name: 'f', arguments: '{"x"' }), call(undefined, { arguments: ':1}' })],
    ],
    ['an id that is repeated', [call(0, { id: 'a', name: 'f', arguments: '{"x"' }), call(0, { id: 'a', name: 'f', arguments: ':1}' })]],
    ['an empty id on what follows', [call(0, { id: 'a', name: 'f', arguments: '{"x"' }), call(0, { id: '', arguments: ':1}' })]],
  ])('understands %s', async (_name, calls) => {
    const message = await readAnthropic(toAnthropic(fromOpenai(...calls.map((each) => chunk(each)), chunk({}, 'tool_calls'))))
    expect(message.content).toMatchObject([{ type: 'tool_use', id: 'a', name: 'f', input: { x: 1 } }])
  })

  it('refuses a call of a kind that has no counterpart, as whole answers do', () => {
    const custom = chunk({ tool_calls: [{ index: 0, id: 'c1', type: 'custom', custom: { name: 'sql', input: 'select' } }] })
    expect(() => fromOpenai(custom)).toThrow("a tool call of type 'custom' names no function")
  })

  it('takes a new id under an old index for a new call', async () => {
    const stream = toAnthropic(
      fromOpenai(
        chunk(call(0, { id: 'a', name: 'f', arguments: '{}' })),
        chunk(call(0, { id: 'b', name: 'f', arguments: '{}' })),
        chunk({}, 'tool_calls'),
      ),
    )
    expect((await readAnthropic(stream)).content).toMatchObject([{ id: 'a' }, { id: 'b' }])
  })

  it('turns thinking, refusals, stop strings and citations into blocks', async () => {
    const annotation = { type: 'url_citation', url_citation: { url: 'https://x.test/', title: 'X', start_index: 0, end_index: 2 } }
    const stream = toAnthropic(
      fromOpenai(
        chunk({ role: 'assistant', reasoning: 'Hm' }),
        chunk({ content: 'So' }),
        chunk({ annotations: [annotation] }),
        chunk({ refusal: 'No.' }),
        JSON.stringify({ choices: [{ index: 0, delta: {}, finish_reason: 'stop', stop_reason: 'END' }] }),
      ),
    )
    const message = await readAnthropic(stream)
    expect(message).toMatchObject({ stop_reason: 'stop_sequence', stop_sequence: 'END' })
    expect(message.content).toMatchObject([
      { type: 'thinking', thinking: 'Hm' },
      { type: 'text', text: 'So', citations: [{ type: 'web_search_result_location', url: 'https://x.test/', title: 'X' }] },
      { type: 'text', text: 'No.' },
    ])
  })

  it('reads thinking from lists of chunks and from signed blocks', async () => {
    const listed = await readAnthropic(
      toAnthropic(
        fromOpenai(
          chunk({ content: [{ type: 'thinking', thinking: [{ type: 'text', text: 'Hm' }] }] }),
          chunk({ content: [{ type: 'text', text: 'So' }] }, 'stop'),
        ),
      ),
    )
    expect(listed.content).toMatchObject([
      { type: 'thinking', thinking: 'Hm' },
      { type: 'text', text: 'So' },
    ])
    const block = (thinking: string, signature?: string) => ({ type: 'thinking', thinking, signature })
    const signed = await readAnthropic(
      toAnthropic(
        fromOpenai(
          chunk({ reasoning_content: 'Hm', thinking_blocks: [block('Hm')] }),
          chunk({ reasoning_content: ', well', thinking_blocks: [block(', well')] }),
          chunk({ thinking_blocks: [block('', 'sig')] }),
          chunk({ content: 'So' }, 'stop'),
        ),
      ),
    )
    expect(signed.content).toMatchObject([
      { type: 'thinking', thinking: 'Hm, well', signature: 'sig' },
      { type: 'text', text: 'So' },
    ])
  })

  it.each([
    ['an error chunk', 'data: {"error":{"message":"boom","type":"server_error","code":"x"}}\n\n'],
    ['an error event', 'event: error\ndata: {"message":"boom","type":"server_error"}\n\n'],
    ['an error object', 'data: {"object":"error","message":"boom","type":"server_error","code":500}\n\n'],
  ])('ends with an error on %s, never as a clean finish', async (_name, frame) => {
    const decoder = openai.streamDecoder(request)
    const deltas = decodeAll(decoder, [...openaiFrames([chunk({ content: 'Hi' })], false), frame])
    expect(decoder.complete).toBe(false)
    expect(deltas.at(-1)).toMatchObject({ kind: 'error', message: 'boom', type: 'server_error' })
    const stream = toAnthropic(deltas)
    expect(stream).not.toContain('message_stop')
    await expect(readAnthropic(stream)).rejects.toMatchObject({ type: 'api_error' })
  })

  it('throws on what is no JSON and on a call without a name', () => {
    expect(() => decodeAll(openai.streamDecoder(request), ['data: {"id":\n\n'])).toThrow(
      expect.objectContaining({ code: 'GATEWAY_ANSWER_MALFORMED', scope: 'target', retryable: true }),
    )
    expect(() => fromOpenai(chunk(call(0, { id: 'a', arguments: '{}' })), chunk({}, 'tool_calls'))).toThrow(/names no function/)
  })

  it('knows whether it is whole: after a finish or [DONE], not before', () => {
    const decoder = openai.streamDecoder(request)
    decodeAll(decoder, openaiFrames([chunk({ content: 'Hi' })], false))
    expect(decoder.complete).toBe(false)
    decodeAll(decoder, openaiFrames([chunk({}, 'stop'), chunk({}, 'stop')], false))
    expect(decoder.complete).toBe(true)
  })
})

describe('an Anthropic stream for an OpenAI caller', () => {
  const start = {
    type: 'message_start',
    message: { id: 'msg_1', model: 'claude', content: [], usage: { input_tokens: 5, cache_read_input_tokens: 10, output_tokens: 1 } },
  }
  const block = (index: number, content_block: object, ...deltas: object[]) => [
    { type: 'content_block_start', index, content_block },
    ...deltas.map((delta) => ({ type: 'content_block_delta', index, delta })),
    { type: 'content_block_stop', index },
  ]
  const end = (stop_reason: string, rest: object = {}) => [
    { type: 'message_delta', delta: { stop_reason, stop_sequence: null, ...rest }, usage: { output_tokens: 9 } },
    { type: 'message_stop' },
  ]

  it('carries thinking with its signatures, calls, text and all counts', async () => {
    const stream = toOpenai(
      fromAnthropic([
        start,
        ...block(
          0,
          { type: 'thinking', thinking: '', signature: '' },
          { type: 'thinking_delta', thinking: 'Hm' },
          { type: 'signature_delta', signature: 'sig' },
        ),
        ...block(1, { type: 'redacted_thinking', data: 'zzz' }),
        ...block(2, { type: 'text', text: '' }, { type: 'text_delta', text: 'Hi' }),
        ...block(
          3,
          { type: 'tool_use', id: 't', name: 'f', input: {} },
          { type: 'input_json_delta', partial_json: '' },
          { type: 'input_json_delta', partial_json: '{"x":1}' },
        ),
        ...block(4, { type: 'tool_use', id: 'u', name: 'g', input: {} }),
        ...end('tool_use'),
      ]),
    )
    const completion = await readOpenai(stream)
    expect(completion).toMatchObject({ id: 'chatcmpl-1', model: 'claude', created: 1_700_000_000 })
    expect(completion.choices[0]).toMatchObject({
      finish_reason: 'tool_calls',
      message: {
        content: 'Hi',
        thinking_blocks: [
          { type: 'thinking', thinking: 'Hm', signature: 'sig' },
          { type: 'redacted_thinking', data: 'zzz' },
        ],
        tool_calls: [
          { id: 't', type: 'function', function: { name: 'f', arguments: '{"x":1}' } },
          { id: 'u', type: 'function', function: { name: 'g', arguments: '{}' } },
        ],
      },
    })
    expect(completion.usage).toMatchObject({
      prompt_tokens: 15,
      completion_tokens: 9,
      total_tokens: 24,
      prompt_tokens_details: { cached_tokens: 10 },
    })
    expect(stream).toContain('"delta":{"reasoning_content":"Hm"}')
  })

  it('gives usage only to those who asked for it', () => {
    const deltas = fromAnthropic([start, ...block(0, { type: 'text', text: 'Hi' }), ...end('end_turn')])
    expect(encodeAll(openaiChat.streamEncoder(request, { ...answer, includeUsage: false }), deltas)).not.toContain('usage')
  })

  it('unwraps the stand-in tool of structured output', async () => {
    const structured = ask({ response_format: { type: 'json_schema', json_schema: { name: 'o', schema: { type: 'object' } } } })
    const deltas = fromAnthropic(
      [
        start,
        ...block(
          0,
          { type: 'tool_use', id: 't', name: 'bud_structured_output', input: {} },
          { type: 'input_json_delta', partial_json: '{"a":1}' },
        ),
        ...end('tool_use'),
      ],
      structured,
    )
    const completion = await readOpenai(toOpenai(deltas))
    expect(completion.choices[0]).toMatchObject({ finish_reason: 'stop', message: { content: '{"a":1}' } })
    const body = bytes(
      JSON.stringify({
        id: 'msg_1',
        content: [{ type: 'tool_use', id: 't', name: 'bud_structured_output', input: { a: 1 } }],
        stop_reason: 'tool_use',
      }),
    )
    expect(anthropic.decodeResponse(body, structured).choices).toEqual([{ parts: [{ kind: 'text', text: '{"a":1}' }], finish: 'stop' }])
  })

  it('tells refusals, limits and pauses', async () => {
    const refusal = await readOpenai(
      toOpenai(
        fromAnthropic([
          start,
          ...block(0, { type: 'text', text: 'Well' }),
          ...end('refusal', { stop_details: { type: 'refusal', category: 'bio', explanation: 'Not this.' } }),
        ]),
      ),
    )
    expect(refusal.choices[0]).toMatchObject({ finish_reason: 'content_filter', message: { refusal: 'Not this.' } })
    expect(toOpenai(fromAnthropic([start, ...end('model_context_window_exceeded')]))).toContain('"finish_reason":"length"')
    expect(toOpenai(fromAnthropic([start, ...end('pause_turn')]))).toContain('"finish_reason":"stop","native_finish_reason":"pause_turn"')
  })

  it('passes an error on as the error that OpenAI clients throw', async () => {
    const stream = toOpenai(fromAnthropic([start, { type: 'error', error: { type: 'overloaded_error', message: 'busy' } }]))
    expect(stream).not.toContain('[DONE]')
    await expect(readOpenai(stream)).rejects.toMatchObject({ message: 'busy', type: 'overloaded_error' })
  })

  it('writes legacy completions too', async () => {
    const completion = openaiCompletions.decodeRequest(bytes('{"model":"m","prompt":"Hi","stream":true}'), 'completion')
    const deltas = fromOpenai(chunk({ content: 'Hi' }), chunk({}, 'stop'))
    replay.serve(encodeAll(openaiCompletions.streamEncoder(completion, answer), deltas))
    let said = ''
    for await (const part of await replay.openai.completions.create({ model: 'm', prompt: 'x', stream: true }))
      said += part.choices[0]?.text ?? ''
    expect(said).toBe('Hi')
  })
})

describe('any answer', () => {
  const piece = fc.string({ minLength: 1, unit: 'grapheme' })
  const pieces = fc.array(piece, { minLength: 1, maxLength: 4 })
  const textPart = pieces.map((said) => ({ kind: 'text' as const, said }))
  const thinkingPart = pieces.map((said) => ({ kind: 'thinking' as const, said }))
  const callPart = fc
    .tuple(fc.dictionary(piece, fc.jsonValue({ maxDepth: 2 }), { maxKeys: 3 }), fc.array(fc.nat({ max: 40 }), { maxLength: 3 }))
    .map(([input, cuts]) => ({ kind: 'call' as const, said: cut(JSON.stringify(input), cuts) }))
  const parts = fc.array(fc.oneof(textPart, callPart), { minLength: 1, maxLength: 5 })
  const whole = fc.tuple(fc.option(thinkingPart, { nil: undefined }), parts)

  function cut(value: string, cuts: readonly number[]): string[] {
    const places = [...new Set(cuts.map((place) => place % value.length))].sort((left, right) => left - right)
    return [0, ...places].map((place, index) => value.slice(place, places[index] ?? value.length)).filter((each) => each !== '')
  }

  /** The deltas of an answer in which texts and calls may alternate. */
  const deltasOf = ([thinking, rest]: [
    { kind: 'thinking'; said: string[] } | undefined,
    { kind: 'text' | 'call'; said: string[] }[],
  ]): CanonicalDelta[] => [
    { kind: 'start', id: 'msg_1', model: 'm' },
    ...[...(thinking === undefined ? [] : [thinking]), ...rest].flatMap(({ kind, said }, index): CanonicalDelta[] =>
      kind === 'call'
        ? [
            { kind: 'tool-call', index, id: `id_${String(index)}`, name: 'f' },
            ...said.map((json): CanonicalDelta => ({ kind: 'tool-arguments', index, json })),
          ]
        : said.map((each) => ({ kind, index, text: each })),
    ),
    { kind: 'usage', usage: { inputTokens: 9, cachedInputTokens: 3, cacheWriteInputTokens: 1, outputTokens: 4, reasoningTokens: 2 } },
    { kind: 'finish', reason: 'stop' },
  ]

  /** What deltas say, independent of how it was cut. */
  function said(deltas: readonly CanonicalDelta[]) {
    const calls = new Map<number, { id: string; json: string }>()
    let spoken = ''
    let thought = ''
    for (const delta of deltas) {
      if (delta.kind === 'text') spoken += delta.text
      if (delta.kind === 'thinking') thought += delta.text
      if (delta.kind === 'tool-call') calls.set(delta.index, { id: delta.id, json: '' })
      const known = delta.kind === 'tool-arguments' ? calls.get(delta.index) : undefined
      if (known !== undefined && delta.kind === 'tool-arguments') known.json += delta.json
    }
    return { spoken, thought, calls: [...calls.values()], ends: deltas.filter(({ kind }) => kind === 'finish' || kind === 'usage') }
  }

  it('says the same after a way through both dialects, however the bytes are split', () => {
    fc.assert(
      fc.property(whole, fc.integer({ min: 1, max: 60 }), (made, size) => {
        const deltas = deltasOf(made)
        const throughAnthropic = replayed(toAnthropic(deltas), anthropic.streamDecoder(request), size)
        expect(said(throughAnthropic)).toEqual(said(deltas))
        const throughBoth = replayed(toOpenai(throughAnthropic), openai.streamDecoder(request), size)
        expect(said(throughBoth)).toMatchObject({ spoken: said(deltas).spoken, thought: said(deltas).thought, calls: said(deltas).calls })
      }),
    )
  })

  function replayed(stream: string, decoder: ReturnType<typeof openai.streamDecoder>, size: number): CanonicalDelta[] {
    const events = createSseDecoder()
    const encoded = bytes(stream)
    const deltas: CanonicalDelta[] = []
    for (let at = 0; at < encoded.length; at += size)
      for (const event of events.push(encoded.subarray(at, at + size))) deltas.push(...decoder.push(event))
    expect(decoder.complete).toBe(true)
    return deltas
  }
})

describe('errors', () => {
  it('are worded as each dialect words them, as bodies and inside streams', () => {
    const error = (() => {
      try {
        openaiChat.readHead(bytes('{"model":5}'))
      } catch (thrown) {
        return thrown as Parameters<typeof openaiChat.encodeError>[0]
      }
      throw new Error('an error was expected')
    })()
    expect(JSON.parse(text(openaiChat.encodeError(error, false)))).toEqual({
      error: { message: error.message, type: 'invalid_request_error', param: 'model', code: 'field_invalid' },
    })
    expect(text(openaiChat.encodeError(error, true))).toMatch(/^data: \{"error":.*\}\n\n$/)
    expect(JSON.parse(text(anthropicMessages.encodeError(error, false)))).toEqual({
      type: 'error',
      error: { type: 'invalid_request_error', message: error.message },
    })
    expect(text(anthropicMessages.encodeError(error, true))).toMatch(/^event: error\ndata: \{"type":"error",.*\}\n\n$/)
    expect(openaiChat.classify(openaiChat.encodeError(error, true))).toBe('error')
    expect(anthropicMessages.classify(anthropicMessages.encodeError(error, true))).toBe('error')
  })
})
