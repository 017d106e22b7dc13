/** The policy `continue`: a stream that breaks off after content, carried on by another target. */
import Anthropic from '@anthropic-ai/sdk'
import OpenAI from 'openai'
import { describe, expect, it } from 'vitest'
import type { GatewayConfigInput } from '../src/index.ts'
import { startGateway } from './support/gateway.ts'
import { doneFrame, finishFrame, refuse, roleFrame, sse, startSse, streamThen, textFrame, usageFrame } from './support/openai-answers.ts'
import { startUpstream, type Answer, type SeenRequest } from './support/upstream.ts'

type TargetInput = NonNullable<NonNullable<GatewayConfigInput['models'][string]>['targets']>[number]

const price = { inputUsdPerMillionTokens: 1_000_000, outputUsdPerMillionTokens: 1_000_000 }

interface Scripted {
  readonly answer: Answer
  readonly target?: Partial<TargetInput>
}

async function startScripted(scripted: readonly Scripted[], stream: object = { onFailure: 'continue' }) {
  const stack = new AsyncDisposableStack()
  const upstreams = []
  const targets: TargetInput[] = []
  for (const [index, { answer, target }] of scripted.entries()) {
    const upstream = stack.use(await startUpstream(answer))
    upstreams.push(upstream)
    const baseUrl = target?.provider === 'anthropic' ? upstream.url : upstream.baseUrl
    targets.push({
      id: String.fromCharCode(97 + index),
      provider: 'openai-compatible',
      baseUrl,
      model: 'upstream-m',
      weight: 100 - index,
      ...target,
    })
  }
  const config: GatewayConfigInput = {
    models: { m: { policy: 'priority', targets, price, stream } },
    timeouts: { idleMs: 250, ttftMs: 250 },
    retry: { backoffMs: 5 },
  }
  const test = stack.use(await startGateway(config))
  const openai = new OpenAI({ apiKey: test.key, baseURL: test.baseUrl, maxRetries: 0 })
  const anthropic = new Anthropic({ apiKey: test.key, baseURL: test.listener.url, maxRetries: 0 })
  return { ...test, upstreams, openai, anthropic, [Symbol.asyncDispose]: () => stack.disposeAsync() }
}

const vllm = { provider: 'vllm' }
const question = [{ role: 'user' as const, content: 'hi' }]
/** 24 bytes: six tokens by the rule of thumb. */
const sentText = 'one two three four five '
const sentFrames = sentText.split(/(?<= )/).map((word) => textFrame(word))
const breaksOff: Answer = streamThen([roleFrame, ...sentFrames], (res) => res.destroy())
const stalls: Answer = (res) => {
  startSse(res)
  res.write([roleFrame, ...sentFrames].join(''))
}
/** Usage: 11 input and 7 output tokens. */
const answers =
  (...words: readonly string[]): Answer =>
  (res) => {
    startSse(res)
    res.end([roleFrame, ...words.map((word) => textFrame(word)), finishFrame, usageFrame, doneFrame].join(''))
  }

const messagesOf = (request: SeenRequest | undefined) => request?.json['messages'] as { role: string; content: string; prefix?: boolean }[]

async function readOpenai(client: OpenAI, fields: object = {}) {
  const stream = await client.chat.completions.create({
    model: 'm',
    messages: question,
    stream: true,
    stream_options: { include_usage: true },
    ...fields,
  })
  const chunks = []
  for await (const chunk of stream) chunks.push(chunk)
  const text = chunks.map((chunk) => chunk.choices[0]?.delta.content ?? '').join('')
  const joints = chunks.flatMap((chunk) => ('bud_continuation' in chunk ? [chunk.bud_continuation] : []))
  return { chunks, text, joints }
}

describe('for the openai client', () => {
  it.each([
    ['breaks off', breaksOff],
    ['stalls', stalls],
  ])('a stream that %s is one stream with the whole text, one joint and the usage of both parts', async (_name, fault) => {
    await using test = await startScripted([{ answer: fault }, { answer: answers('six ', 'seven'), target: vllm }])
    const { chunks, text, joints } = await readOpenai(test.openai)
    expect(text).toBe('one two three four five six seven')
    expect(joints).toEqual([{ part: 2, by: 'prefill', offset: 24 }])
    expect(new Set(chunks.map((chunk) => chunk.id)).size).toBe(1)
    expect(chunks.filter((chunk) => chunk.choices[0]?.delta.role === 'assistant')).toHaveLength(1)
    expect(chunks.filter((chunk) => chunk.choices[0]?.finish_reason === 'stop')).toHaveLength(1)
    const usage = chunks.at(-1)?.usage
    // Second part as reported; first part estimated: 24 bytes of text, and the prompt.
    expect(usage?.completion_tokens).toBe(7 + 6)
    expect(usage?.prompt_tokens).toBeGreaterThan(11)
    const [event] = await test.sink.waitFor(1)
    expect(event).toMatchObject({
      outcome: 'success',
      status: 200,
      targetId: 'b',
      finishReason: 'stop',
      usageSource: 'estimate',
      inputTokens: usage?.prompt_tokens,
      outputTokens: 13,
      attempts: [
        { targetId: 'a', outcome: 'partial', errorCode: expect.any(String) },
        { targetId: 'b', outcome: 'success' },
      ],
    })
    expect(event?.costUsd).toBeCloseTo((event?.inputTokens ?? 0) + 13)
  })

  it('an engine that can is made to carry the message on, without the white space at its end', async () => {
    await using test = await startScripted([{ answer: breaksOff }, { answer: answers(' six'), target: vllm }])
    const { text } = await readOpenai(test.openai, { max_tokens: 100, seed: 5 })
    expect(text).toBe('one two three four five six')
    const request = test.upstreams[1]?.seen[0]
    expect(request?.json).toMatchObject({ continue_final_message: true, add_generation_prompt: false, max_tokens: 94, seed: 5 })
    expect(messagesOf(request)).toEqual([...question, { role: 'assistant', content: 'one two three four five' }])
  })

  it('a host with a prefix flag gets it on the message', async () => {
    await using test = await startScripted([{ answer: breaksOff }, { answer: answers('six'), target: { provider: 'mistral' } }])
    expect((await readOpenai(test.openai)).text).toBe('one two three four five six')
    expect(messagesOf(test.upstreams[1]?.seen[0]).at(-1)).toEqual({ role: 'assistant', content: 'one two three four five', prefix: true })
  })

  it('any other upstream is asked to go on from what was sent', async () => {
    await using test = await startScripted([{ answer: breaksOff }, { answer: answers('six') }])
    const { text, joints } = await readOpenai(test.openai)
    expect(text).toBe('one two three four five six')
    expect(joints).toMatchObject([{ by: 'ask' }])
    const messages = messagesOf(test.upstreams[1]?.seen[0])
    expect(messages.map((message) => message.role)).toEqual(['user', 'assistant', 'user'])
    expect(messages[1]?.content).toBe(sentText)
  })

  it('a target that fails before it goes on is passed over', async () => {
    await using test = await startScripted([{ answer: breaksOff }, { answer: refuse(503) }, { answer: answers('six') }])
    expect((await readOpenai(test.openai)).text).toBe('one two three four five six')
    const [event] = await test.sink.waitFor(1)
    expect(event?.attempts.map((attempt) => [attempt.targetId, attempt.outcome])).toEqual([
      ['a', 'partial'],
      ['b', 'error'],
      ['c', 'success'],
    ])
    expect(event?.outputTokens).toBe(13)
  })

  it('a second break is continued too, and every part is charged once', async () => {
    const alsoBreaks = streamThen([roleFrame, textFrame('six seven eight nine ten')], (res) => res.destroy())
    await using test = await startScripted([
      { answer: breaksOff },
      { answer: alsoBreaks, target: vllm },
      { answer: answers(' end'), target: vllm },
    ])
    const { text, joints, chunks } = await readOpenai(test.openai)
    expect(text).toBe('one two three four five six seven eight nine ten end')
    expect(joints).toEqual([
      { part: 2, by: 'prefill', offset: 24 },
      { part: 3, by: 'prefill', offset: 48 },
    ])
    expect(chunks.at(-1)?.usage?.completion_tokens).toBe(6 + 6 + 7)
    expect(await test.sink.waitFor(1)).toMatchObject([{ outputTokens: 19, outcome: 'success' }])
  })

  it('one target alone carries its own stream on when it comes back', async () => {
    let calls = 0
    const recovers: Answer = (res, request, index) => ((calls += 1) === 1 ? breaksOff : answers('six'))(res, request, index)
    await using test = await startScripted([{ answer: recovers, target: vllm }])
    expect((await readOpenai(test.openai)).text).toBe('one two three four five six')
  })

  it('nobody asked for usage, nobody gets it', async () => {
    await using test = await startScripted([{ answer: breaksOff }, { answer: answers('six'), target: vllm }])
    const { chunks } = await readOpenai(test.openai, { stream_options: undefined })
    expect(chunks.filter((chunk) => chunk.usage != null)).toEqual([])
    expect(await test.sink.waitFor(1)).toMatchObject([{ outputTokens: 13 }])
  })

  it('an upstream of another dialect carries it on', async () => {
    await using test = await startScripted([
      { answer: breaksOff },
      { answer: anthropicAnswers('six'), target: { provider: 'anthropic', model: 'claude-sonnet-4-5' } },
    ])
    const { text, chunks } = await readOpenai(test.openai)
    expect(text).toBe('one two three four five six')
    expect(chunks.at(-1)?.usage?.completion_tokens).toBe(6 + 3)
    expect(messagesOf(test.upstreams[1]?.seen[0]).at(-1)?.role).toBe('assistant')
  })
})

const anthropicEvent = (fields: { readonly type: string }) => `event: ${fields.type}\ndata: ${JSON.stringify(fields)}\n\n`
const anthropicStart = [
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
  { type: 'content_block_start', index: 0, content_block: { type: 'text', text: '' } },
]
const anthropicText = (text: string) => ({ type: 'content_block_delta', index: 0, delta: { type: 'text_delta', text } })
const anthropicEnd = [
  { type: 'content_block_stop', index: 0 },
  { type: 'message_delta', delta: { stop_reason: 'end_turn', stop_sequence: null }, usage: { output_tokens: 3 } },
  { type: 'message_stop' },
]
function anthropicAnswers(text: string): Answer {
  return (res) => {
    startSse(res)
    res.end([...anthropicStart, anthropicText(text), ...anthropicEnd].map(anthropicEvent).join(''))
  }
}
const anthropicBreaksOff: Answer = streamThen([...anthropicStart, anthropicText(sentText)].map(anthropicEvent), (res) => res.destroy())

describe('for the Anthropic client', () => {
  const ask = { model: 'm', max_tokens: 100, messages: question }

  it('a stream of its own dialect goes on in the same block, with the usage of both parts', async () => {
    const target = { provider: 'anthropic', model: 'claude-sonnet-4-5' }
    await using test = await startScripted([
      { answer: anthropicBreaksOff, target },
      { answer: anthropicAnswers('six'), target },
    ])
    const stream = test.anthropic.messages.stream(ask)
    const joints: unknown[] = []
    const kinds: string[] = []
    stream.on('streamEvent', (event) => {
      kinds.push(event.type)
      if ('bud_continuation' in event) joints.push(event.bud_continuation)
    })
    const message = await stream.finalMessage()
    expect(message.content).toMatchObject([{ type: 'text', text: 'one two three four five six' }])
    expect(message.stop_reason).toBe('end_turn')
    expect(message.usage).toMatchObject({ input_tokens: 9 + 9, output_tokens: 6 + 3 })
    expect(joints).toEqual([{ part: 2, by: 'prefill', offset: 24 }])
    expect(kinds).toEqual([
      'message_start',
      'content_block_start',
      'content_block_delta',
      'content_block_delta',
      'content_block_stop',
      'message_delta',
      'message_stop',
    ])
    expect(messagesOf(test.upstreams[1]?.seen[0]).at(-1)).toEqual({ role: 'assistant', content: 'one two three four five' })
    expect(test.upstreams[1]?.seen[0]?.json['max_tokens']).toBe(94)
  })

  it('a model that refuses prefill is asked', async () => {
    const target = { provider: 'anthropic', model: 'claude-opus-4-6' }
    await using test = await startScripted([
      { answer: anthropicBreaksOff, target },
      { answer: anthropicAnswers('six'), target },
    ])
    const message = await test.anthropic.messages.stream(ask).finalMessage()
    expect(message.content).toMatchObject([{ text: 'one two three four five six' }])
    expect(messagesOf(test.upstreams[1]?.seen[0]).at(-1)?.role).toBe('user')
  })

  it('an OpenAI-compatible engine carries on what another one began', async () => {
    await using test = await startScripted([{ answer: breaksOff }, { answer: answers('six'), target: vllm }])
    const message = await test.anthropic.messages.stream(ask).finalMessage()
    expect(message.content).toMatchObject([{ text: 'one two three four five six' }])
    expect(message.usage.output_tokens).toBe(13)
    expect(await test.sink.waitFor(1)).toMatchObject([{ outcome: 'success', outputTokens: 13 }])
  })
})

describe('ends with a typed error, and asks nobody else,', () => {
  const expectError = async (first: Answer, fields: object = {}, stream: object = { onFailure: 'continue' }) => {
    await using test = await startScripted([{ answer: first }, { answer: answers('six') }], stream)
    await expect(readOpenai(test.openai, fields)).rejects.toBeInstanceOf(OpenAI.APIError)
    expect(test.upstreams[1]?.seen).toHaveLength(0)
    expect(await test.sink.waitFor(1)).toMatchObject([{ outcome: 'partial', attempts: [{ outcome: 'partial' }] }])
  }

  it('when the policy is not set', () => expectError(breaksOff, {}, {}))

  it('when a tool call had begun', () => {
    const call = { index: 0, id: 'call_1', type: 'function', function: { name: 'f', arguments: '{"a' } }
    const frame = sse({
      id: 'chatcmpl-1',
      object: 'chat.completion.chunk',
      choices: [{ index: 0, delta: { tool_calls: [call] }, finish_reason: null }],
    })
    return expectError(streamThen([roleFrame, textFrame('x'), frame], (res) => res.destroy()))
  })

  it('when the answer follows a schema', () => expectError(breaksOff, { response_format: { type: 'json_object' } }))

  it('when several answers were asked for', () => expectError(breaksOff, { n: 2 }))

  it('when more was sent than is remembered', () => expectError(breaksOff, {}, { onFailure: 'continue', rememberedBytes: 10 }))

  it('when the answer had finished already', () =>
    expectError(streamThen([roleFrame, textFrame('all'), finishFrame], (res) => res.destroy())))
})

it('the first failure is what the caller is told when nobody can carry on', async () => {
  await using test = await startScripted([{ answer: breaksOff }, { answer: refuse(400, { message: 'too long' }) }])
  await expect(readOpenai(test.openai)).rejects.toThrow(/'a' broke off/)
  expect(await test.sink.waitFor(1)).toMatchObject([{ outcome: 'partial', status: 200, outputTokens: 6, targetId: 'a' }])
})
