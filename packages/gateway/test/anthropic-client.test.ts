/** The official Anthropic client against an OpenAI-compatible engine, and the official openai client against Anthropic's API. */
import Anthropic from '@anthropic-ai/sdk'
import OpenAI from 'openai'
import { expect, it } from 'vitest'
import { oneModel, startGateway } from './support/gateway.ts'
import { sendJson, startSse, wellBehaved } from './support/openai-answers.ts'
import { startUpstream } from './support/upstream.ts'

const ask = { model: 'm', max_tokens: 100, messages: [{ role: 'user' as const, content: 'hi' }] }

async function overOpenai() {
  const upstream = await startUpstream(wellBehaved('hello brave new world'))
  const test = await startGateway(oneModel(upstream.baseUrl))
  const client = new Anthropic({ apiKey: test.key, baseURL: test.listener.url, maxRetries: 0 })
  return {
    ...test,
    upstream,
    client,
    [Symbol.asyncDispose]: async () => {
      await test[Symbol.asyncDispose]()
      await upstream[Symbol.asyncDispose]()
    },
  }
}

it('gives the Anthropic client a whole message from an OpenAI-compatible engine', async () => {
  await using test = await overOpenai()
  const message = await test.client.messages.create(ask)
  expect(message.content).toMatchObject([{ type: 'text', text: 'hello brave new world' }])
  expect(message.stop_reason).toBe('end_turn')
  expect(message.usage).toMatchObject({ output_tokens: 7, cache_read_input_tokens: 4 })
  expect(await test.sink.waitFor(1)).toMatchObject([{ dialect: 'anthropic-messages', outcome: 'success', inputTokens: 11 }])
})

it('gives the Anthropic client a stream from an OpenAI-compatible engine', async () => {
  await using test = await overOpenai()
  const message = await test.client.messages.stream(ask).finalMessage()
  expect(message.content).toMatchObject([{ type: 'text', text: 'hello brave new world' }])
  expect(message.usage.output_tokens).toBe(7)
})

it('gives the Anthropic client typed errors', async () => {
  await using test = await overOpenai()
  await expect(test.client.messages.create({ ...ask, model: 'x' })).rejects.toBeInstanceOf(Anthropic.NotFoundError)
  const stranger = test.client.withOptions({ apiKey: 'bud_wrong' })
  await expect(stranger.messages.create(ask)).rejects.toBeInstanceOf(Anthropic.AuthenticationError)
})

it('counts tokens for a model whose upstream cannot', async () => {
  await using test = await overOpenai()
  const counted = await test.client.messages.countTokens({ model: 'm', messages: ask.messages })
  expect(counted.input_tokens).toBeGreaterThan(0)
  expect(test.upstream.seen).toHaveLength(0)
  expect(await test.sink.waitFor(1)).toMatchObject([{ operation: 'count-tokens', outcome: 'success' }])
})

const scriptedEvents: readonly (readonly [string, object])[] = [
  [
    'message_start',
    {
      type: 'message_start',
      message: {
        id: 'msg_1',
        type: 'message',
        role: 'assistant',
        model: 'claude',
        content: [],
        stop_reason: null,
        stop_sequence: null,
        usage: { input_tokens: 9, output_tokens: 1 },
      },
    },
  ],
  ['content_block_start', { type: 'content_block_start', index: 0, content_block: { type: 'text', text: '' } }],
  ['ping', { type: 'ping' }],
  ['content_block_delta', { type: 'content_block_delta', index: 0, delta: { type: 'text_delta', text: 'bon' } }],
  ['content_block_delta', { type: 'content_block_delta', index: 0, delta: { type: 'text_delta', text: 'jour' } }],
  ['content_block_stop', { type: 'content_block_stop', index: 0 }],
  ['message_delta', { type: 'message_delta', delta: { stop_reason: 'end_turn', stop_sequence: null }, usage: { output_tokens: 5 } }],
  ['message_stop', { type: 'message_stop' }],
]
const anthropicEvents = scriptedEvents.map(([event, data]) => `event: ${event}\ndata: ${JSON.stringify(data)}\n\n`)

async function overAnthropic() {
  const upstream = await startUpstream((res, { json }) => {
    if (json['stream'] === true) {
      startSse(res)
      res.end(anthropicEvents.join(''))
      return
    }
    const usage = { input_tokens: 9, output_tokens: 5 }
    const message = {
      id: 'msg_1',
      type: 'message',
      role: 'assistant',
      model: 'claude',
      stop_reason: 'end_turn',
      stop_sequence: null,
      usage,
    }
    sendJson(res, 200, { ...message, content: [{ type: 'text', text: 'bonjour' }] })
  })
  const test = await startGateway({
    models: { m: { targets: [{ id: 'a', provider: 'anthropic', baseUrl: upstream.url, model: 'claude', credential: 'sk-ant-secret' }] } },
  })
  return {
    ...test,
    upstream,
    [Symbol.asyncDispose]: async () => {
      await test[Symbol.asyncDispose]()
      await upstream[Symbol.asyncDispose]()
    },
  }
}

it('gives the openai client whole answers and streams from Anthropic’s API, with the target’s own credential', async () => {
  await using test = await overAnthropic()
  const client = new OpenAI({ apiKey: test.key, baseURL: test.baseUrl, maxRetries: 0 })
  const answer = await client.chat.completions.create({ model: 'm', messages: ask.messages })
  expect(answer.choices[0]?.message.content).toBe('bonjour')
  let text = ''
  let total: number | undefined
  const options = { model: 'm', messages: ask.messages, stream: true, stream_options: { include_usage: true } } as const
  for await (const chunk of await client.chat.completions.create(options)) {
    text += chunk.choices[0]?.delta.content ?? ''
    total = chunk.usage?.total_tokens ?? total
  }
  expect(text).toBe('bonjour')
  expect(total).toBe(14)
  expect(test.upstream.seen[0]?.headers['x-api-key']).toBe('sk-ant-secret')
  expect(await test.sink.waitFor(2)).toMatchObject([
    { inputTokens: 9, outputTokens: 5 },
    { inputTokens: 9, outputTokens: 5 },
  ])
})

it('passes Anthropic streams on byte for byte', async () => {
  await using test = await overAnthropic()
  const response = await test.post('/v1/messages', { ...ask, stream: true }, { 'anthropic-beta': 'some-beta' })
  expect(await response.text()).toBe(anthropicEvents.join(''))
  expect(test.upstream.seen[0]?.headers['anthropic-beta']).toBe('some-beta')
  expect(await test.sink.waitFor(1)).toMatchObject([{ inputTokens: 9, outputTokens: 5, finishReason: 'end_turn' }])
})
