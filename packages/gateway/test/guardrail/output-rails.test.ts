/** Guardrails on answers: what they forbid never reaches the caller, wherever a stream is cut. */
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { createGateway, type Gateway, type GatewayConfigInput } from '../../src/index.ts'
import { ask, cutTransport, guarded, post, readStream } from './support.ts'

type Rail = NonNullable<GatewayConfigInput['guardrails']>['rails'][string]
const only = (rail: Rail) => ({ rails: { test: rail }, attach: [{ rails: ['test'] }] })

const phrase = 'vérböten 😀 "plan"'
const paths = ['/v1/chat/completions', '/v1/messages'] as const

const chunk = (delta: object, finish: string | null = null) => ({
  id: 'c',
  object: 'chat.completion.chunk',
  created: 1,
  model: 'm',
  choices: [{ index: 0, delta, finish_reason: finish }],
})

/** As some engines write: everything that is not ASCII escaped, halves of surrogates too. */
const escapeAll = (json: string) => json.replaceAll(/[^ -~]/g, (character) => `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`)
const frames = (deltas: readonly object[], escape = false) =>
  Buffer.from(
    [...deltas.map((delta) => chunk(delta)), chunk({}, 'stop')]
      .map((event) => `data: ${escape ? escapeAll(JSON.stringify(event)) : JSON.stringify(event)}\n\n`)
      .join('') + 'data: [DONE]\n\n',
  )

const callStart = { tool_calls: [{ index: 0, id: 't', type: 'function', function: { name: 'f', arguments: '' } }] }
const fields: Readonly<Record<'text' | 'thinking' | 'arguments', (text: string) => readonly object[]>> = {
  text: (text: string) => [{ content: text }],
  thinking: (text: string) => [{ reasoning_content: text }],
  arguments: (text: string) => [{ tool_calls: [{ index: 0, function: { arguments: text } }] }],
}

/** A whole answer of either dialect. */
interface WholeAnswer {
  readonly choices?: readonly {
    readonly message: {
      readonly content?: string | null
      readonly reasoning_content?: string
      readonly tool_calls?: readonly { readonly function: { readonly arguments: string } }[]
    }
  }[]
  readonly content?: readonly { readonly type: string; readonly text?: string; readonly thinking?: string; readonly input?: unknown }[]
}

describe.each(paths)('%s', (path) => {
  it.each([
    ['in one event', [`so: ${phrase} ok`], false],
    ['a character an event', Array.from(`so: ${phrase} ok`), false],
    ['a UTF-16 unit an event, escaped', `so: ${phrase} ok`.split(''), true],
  ])('a forbidden phrase never gets through, cut at any byte: %s', async (_, texts, escape) => {
    const transport = cutTransport()
    await using gateway = guarded(only({ kind: 'keywords', words: [phrase] }), transport)
    const bytes = frames(
      texts.map((content) => ({ content })),
      escape,
    )
    for (let cut = 1; cut < bytes.length; cut += texts.length > 1 ? 7 : 1) {
      transport.answer = { type: 'text/event-stream', chunks: [bytes.subarray(0, cut), bytes.subarray(cut)] }
      const response = await post(gateway, path, { ...ask(path), stream: true })
      const body = await response.text()
      const said = response.status === 200 ? readStream(body) : { error: body }
      expect(said['text'] ?? '').not.toMatch(/[vV]é/)
      expect(said.error).toMatch(/guardrail_blocked|invalid_request_error/)
    }
  })

  it.each(['text', 'thinking', 'arguments'] as const)('masks %s in a stream as in a whole answer, cut anywhere', async (field) => {
    const transport = cutTransport()
    await using gateway = guarded(
      {
        rails: { words: { kind: 'keywords', words: [phrase, 'abab'], action: 'mask' }, pii: { kind: 'pii', country: 'US' } },
        attach: [{ rails: ['words', 'pii'] }],
      },
      transport,
    )
    const morsels = ['abab', 'aba', phrase, 'ada@example.org', '(202) 456-1111', 'x', ' ', '\n', '\\', '😀']
    const parts = fc.array(fc.constantFrom(...morsels), { maxLength: 8 })
    await fc.assert(
      fc.asyncProperty(parts, fc.array(fc.nat(), { maxLength: 6 }), fc.array(fc.nat(), { maxLength: 4 }), async (words, cuts, byteCuts) => {
        const said = words.join('')
        const text = field === 'arguments' ? JSON.stringify({ q: said }) : said
        const message = {
          role: 'assistant',
          content: field === 'text' ? text : null,
          ...(field === 'thinking' ? { reasoning_content: text } : {}),
          ...(field === 'arguments' ? { tool_calls: [{ id: 't', type: 'function', function: { name: 'f', arguments: text } }] } : {}),
        }
        const usage = { prompt_tokens: 1, completion_tokens: 1, total_tokens: 2 }
        const whole = {
          id: 'c',
          object: 'chat.completion',
          created: 1,
          model: 'm',
          choices: [{ index: 0, message, finish_reason: 'stop' }],
          usage,
        }
        transport.answer = { type: 'application/json', chunks: [Buffer.from(JSON.stringify(whole))] }
        const answer = (await (await post(gateway, path, ask(path))).json()) as WholeAnswer
        const spoken = answer.choices?.[0]?.message
        const expected = {
          text: spoken?.content ?? answer.content?.find((block) => block.type === 'text')?.text,
          thinking: spoken?.reasoning_content ?? answer.content?.find((block) => block.type === 'thinking')?.thinking,
          arguments:
            spoken?.tool_calls?.[0]?.function.arguments ??
            JSON.stringify(answer.content?.find((block) => block.type === 'tool_use')?.input),
        }[field]

        const at = [...new Set(cuts.map((cut) => cut % (text.length + 1)))].sort((left, right) => left - right)
        const pieces = [0, ...at].map((from, index) => text.slice(from, at[index] ?? text.length))
        const deltas = [
          { role: 'assistant' },
          ...(field === 'arguments' ? [callStart] : []),
          ...pieces.flatMap((piece) => fields[field](piece)),
        ]
        const bytes = frames(deltas)
        const byteAt = [...new Set(byteCuts.map((cut) => cut % bytes.length))].sort((left, right) => left - right)
        const chunks = [0, ...byteAt].map((from, index) => bytes.subarray(from, byteAt[index] ?? bytes.length))
        transport.answer = { type: 'text/event-stream', chunks: chunks.filter((bytes) => bytes.length > 0) }
        const streamed = readStream(await (await post(gateway, path, { ...ask(path), stream: true })).text())
        expect(streamed.error).toBeUndefined()
        expect(streamed[field] ?? '').toBe(expected ?? '')
        expect(expected ?? '').not.toMatch(/abab|verböten|vérböten/)
      }),
      { numRuns: 60 },
    )
  })
})

it('what is blocked before any content is a plain error, in the words of the dialect', async () => {
  const transport = cutTransport()
  await using gateway = guarded(only({ kind: 'keywords', words: ['bad'] }), transport)
  transport.answer = { type: 'text/event-stream', chunks: [frames([{ role: 'assistant', content: '' }, { content: 'bad' }])] }
  for (const [path, code] of [
    ['/v1/chat/completions', { code: 'guardrail_blocked', type: 'invalid_request_error' }],
    ['/v1/messages', { type: 'invalid_request_error' }],
  ] as const) {
    const response = await post(gateway, path, { ...ask(path), stream: true })
    expect(response.status).toBe(400)
    expect(await response.json()).toMatchObject({ error: code })
  }
  const bytes = frames([{ content: 'a good and long beginning' }, { content: ' bad' }])
  const cut = bytes.indexOf('\n\n') + 2
  transport.answer = { type: 'text/event-stream', chunks: [bytes.subarray(0, cut), bytes.subarray(cut)] }
  const said = readStream(await (await post(gateway, '/v1/chat/completions', { ...ask(''), stream: true })).text())
  expect(said['text']).toContain('a good')
  expect(said.error).toBe('guardrail_blocked')
})

it('keeps usage, roles, calls and the end of a stream that it masks', async () => {
  const transport = cutTransport()
  await using gateway = guarded(only({ kind: 'keywords', words: ['bad'], action: 'mask' }), transport)
  const usage = { prompt_tokens: 1, completion_tokens: 1, total_tokens: 2 }
  const end = `data: ${JSON.stringify({ ...chunk({}), choices: [], usage })}\n\ndata: [DONE]\n\n`
  const body = frames([{ role: 'assistant', content: '' }, { content: 'a bad' }, { content: ' day' }, callStart]).toString()
  transport.answer = { type: 'text/event-stream', chunks: [Buffer.from(body.replace('data: [DONE]\n\n', end))] }
  const asked = { ...ask(''), stream: true, stream_options: { include_usage: true } }
  const text = await (await post(gateway, '/v1/chat/completions', asked)).text()
  expect(readStream(text)).toMatchObject({ text: 'a [removed] day' })
  expect(text).toMatch(/"role":"assistant".*"name":"f".*"finish_reason":"stop".*"total_tokens":2.*\[DONE\]/s)
})

it('a schema holds the whole answer back, and blocks what does not fit', async () => {
  const transport = cutTransport()
  const schema = { type: 'object', required: ['name'], properties: { name: { type: 'string' } } }
  await using gateway = guarded(only({ kind: 'json-schema', schema }), transport)
  for (const [text, status] of [
    ['{"name":"Ada"}', 200],
    ['{"name":1}', 400],
    ['no JSON', 400],
  ] as const) {
    transport.answer = { type: 'text/event-stream', chunks: [frames(Array.from(text).map((content) => ({ content })))] }
    const response = await post(gateway, '/v1/chat/completions', { ...ask(''), stream: true })
    expect(response.status).toBe(status)
    const body = await response.text()
    if (status === 200) expect(readStream(body)['text']).toBe(text)
  }
})

it('takes out probabilities, which spell the answer a second time', async () => {
  const transport = cutTransport()
  await using gateway = guarded(only({ kind: 'keywords', words: ['bad'], action: 'mask' }), transport)
  const choice = { index: 0, text: 'a bad day', logprobs: { tokens: ['a', ' bad', ' day'] }, finish_reason: 'stop' }
  transport.answer = { type: 'application/json', chunks: [Buffer.from(JSON.stringify({ id: 'c', model: 'm', choices: [choice] }))] }
  const answer = await (await post(gateway, '/v1/completions', ask('/v1/completions'))).json()
  expect(answer).toMatchObject({ choices: [{ text: 'a [removed] day', logprobs: null }] })
  // What is told of other ways to say it is not what was said.
  const harmless = { ...choice, text: 'a good day' }
  transport.answer = { type: 'application/json', chunks: [Buffer.from(JSON.stringify({ id: 'c', model: 'm', choices: [harmless] }))] }
  const other = await (await post(gateway, '/v1/completions', ask('/v1/completions'))).json()
  expect(other).toMatchObject({ choices: [{ text: 'a good day', logprobs: null }] })
})

it('patterns of a schema cost one pass, whatever the answer', async () => {
  const transport = cutTransport()
  await using gateway = guarded(only({ kind: 'json-schema', schema: { type: 'string', pattern: '^(a+)+$' } }), transport)
  for (const [text, status] of [
    ['a'.repeat(100), 200],
    [`${'a'.repeat(100)}!`, 400],
  ] as const) {
    transport.answer = { type: 'text/event-stream', chunks: [frames([{ content: JSON.stringify(text) }])] }
    expect((await post(gateway, '/v1/chat/completions', { ...ask(''), stream: true })).status).toBe(status)
  }
})

it.each([
  ['words', { kind: 'keywords', words: ['forbidden phrase', '禁止'] }, 'a forbidden phrase, 禁止', 'a *, *'],
  ['a card', { kind: 'pii', detect: ['credit-card'] }, 'pay 4111 1111 1111 1111', 'pay 9999 9999 9999 9999'],
  ['a number and a word of JSON', { kind: 'keywords', words: ['42', 'true', 'bad'] }, '{"bad":[true,42]}', '{"*":[true,99]}'],
] satisfies readonly (readonly [string, Rail, string, string])[])(
  'masks arguments of a stream, JSON or not: %s',
  async (_, rail, text, masked) => {
    const transport = cutTransport()
    await using gateway = guarded(only({ ...rail, action: 'mask', mask: '*' }), transport)
    const pieces = Array.from(text).flatMap((character) => fields.arguments(character))
    transport.answer = { type: 'text/event-stream', chunks: [frames([callStart, ...pieces])] }
    const said = readStream(await (await post(gateway, '/v1/chat/completions', { ...ask(''), stream: true })).text())
    expect(said['arguments']).toBe(masked)
  },
)

const said = async (gateway: Gateway, path = '/v1/chat/completions') =>
  readStream(await (await post(gateway, path, { ...ask(path), stream: true })).text())
const events = (...all: readonly object[]) =>
  Buffer.from(`${all.map((event) => `data: ${JSON.stringify(event)}\n\n`).join('')}data: [DONE]\n\n`)
const masking = (...words: readonly string[]) => only({ kind: 'keywords', words: [...words], action: 'mask', mask: '*' })

it('a phrase does not get through around a finish reason, whatever an upstream sends behind it', async () => {
  const transport = cutTransport()
  await using gateway = guarded(masking('forbidden phrase', 'phrase of hers'), transport)
  const cases = [
    [[chunk({ content: 'a forbidden ' }, 'stop'), chunk({ content: 'phrase b' })], 'a forbidden * b'],
    [
      [chunk({ content: 'a forbidden ' }), chunk({}, 'stop'), chunk({ content: 'phr' }), chunk({ content: 'ase b' }, 'stop')],
      'a forbidden * b',
    ],
    [[chunk({ content: 'a forbidden ' }, 'stop'), chunk({ content: 'word' })], 'a forbidden word'],
    [[chunk({ content: 'a phrase' }, 'stop'), chunk({ content: ' of' }, 'stop'), chunk({ content: ' hers' }, 'stop')], 'a phrase of*'],
  ] as const
  for (const [sent, expected] of cases) {
    transport.answer = { type: 'text/event-stream', chunks: [events(...sent)] }
    expect((await said(gateway))['text']).toBe(expected)
  }
})

it('what ends with the event that says it keeps its order', async () => {
  const transport = cutTransport()
  await using gateway = guarded(masking('forbidden phrase'), transport)
  transport.answer = { type: 'text/event-stream', chunks: [events(chunk({ content: 'so ' }), chunk({ content: 'this is for' }, 'stop'))] }
  expect((await said(gateway))['text']).toBe('so this is for')
})

it("a function's name does not get through in pieces, and is never held back", async () => {
  const transport = cutTransport()
  const name = (text: string) => ({ tool_calls: [{ index: 0, function: { name: text } }] })
  await using gateway = guarded(masking('launch_missiles'), transport)
  transport.answer = { type: 'text/event-stream', chunks: [frames([callStart, name('launch_'), name('missiles'), name('_now')])] }
  const text = await (await post(gateway, '/v1/chat/completions', { ...ask(''), stream: true })).text()
  expect([...text.matchAll(/"name":"([^"]*)"/g)].map(([, piece]) => piece)).toEqual(['f', 'launch_', '*', '_now'])
})

it('blocks of text are read as one, as whoever reads the answer does', async () => {
  const transport = cutTransport()
  const targets = [{ provider: 'anthropic', baseUrl: 'http://upstream.invalid', credential: 'secret', model: 'claude' }] as const
  await using gateway = createGateway(
    { auth: { kind: 'none' }, models: { m: { targets: [...targets] } }, guardrails: masking('forbidden phrase') },
    { transport },
  )
  const block = (index: number, text: string) => [
    { type: 'content_block_start', index, content_block: { type: 'text', text: '' } },
    { type: 'content_block_delta', index, delta: { type: 'text_delta', text } },
    { type: 'content_block_stop', index },
  ]
  const usage = { input_tokens: 1, output_tokens: 1 }
  const message = {
    id: 'm',
    type: 'message',
    role: 'assistant',
    model: 'claude',
    content: [],
    stop_reason: null,
    stop_sequence: null,
    usage,
  }
  const all = [
    { type: 'message_start', message },
    ...block(0, 'a forbidden '),
    ...block(1, 'phrase b'),
    { type: 'message_delta', delta: { stop_reason: 'end_turn', stop_sequence: null }, usage },
    { type: 'message_stop' },
  ]
  const bytes = Buffer.from(all.map((event) => `event: ${event.type}\ndata: ${JSON.stringify(event)}\n\n`).join(''))
  transport.answer = { type: 'text/event-stream', chunks: [bytes] }
  expect((await said(gateway, '/v1/messages'))['text']).toBe('a forbidden * b')
  const content = ['a forbidden ', 'phrase b'].map((text) => ({ type: 'text', text }))
  const whole = { ...message, content, stop_reason: 'end_turn' }
  transport.answer = { type: 'application/json', chunks: [Buffer.from(JSON.stringify(whole))] }
  const answer = (await (await post(gateway, '/v1/messages', ask('/v1/messages'))).json()) as WholeAnswer
  expect(answer.content?.map(({ text }) => text)).toEqual(['a forbidden ', '* b'])
})

it('keeps numbers of any length in an event that it makes for what was held back', async () => {
  const transport = cutTransport()
  await using gateway = guarded(masking('forbidden phrase'), transport)
  const held = JSON.stringify(chunk({ content: 'for' })).replace('"created":1', '"created":1,"seed":12345678901234567891')
  transport.answer = { type: 'text/event-stream', chunks: [Buffer.from(`data: ${held}\n\n`), events(chunk({}, 'stop'))] }
  const text = await (await post(gateway, '/v1/chat/completions', { ...ask(''), stream: true })).text()
  expect(text).toContain('12345678901234567891')
})

it('reads an answer of thousands of choices', async () => {
  const transport = cutTransport()
  await using gateway = guarded(masking('bad'), transport)
  const choices = Array.from({ length: 30_000 }, (_, index) => ({ index, text: 'a bad day', finish_reason: 'stop' }))
  transport.answer = { type: 'application/json', chunks: [Buffer.from(JSON.stringify({ id: 'c', model: 'm', choices }))] }
  const text = await (await post(gateway, '/v1/completions', ask('/v1/completions'))).text()
  expect(text.match(/a \* day/g)).toHaveLength(choices.length)
})
