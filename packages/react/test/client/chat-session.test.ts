/** A conversation through every way that an answer can end. */
import { expect, test } from 'vitest'
import { createChatSession } from '../../src/client/chat-session.ts'
import { createBudClient } from '../../src/client/client.ts'
import { createFakeClock, settle } from '../support/fake-clock.ts'
import { createFakeFetch, json, openStream, type OpenStream } from '../support/fake-fetch.ts'

function setUp(refuse?: Response) {
  const clock = createFakeClock()
  const streams: OpenStream[] = []
  const { fetch, calls } = createFakeFetch((call) => {
    if (refuse !== undefined) return refuse.clone()
    const stream = openStream(call.signal)
    streams.push(stream)
    return stream.response
  })
  const session = createChatSession(createBudClient({ fetch, clock }), { systemPrompt: 'Be brief.' })
  const stream = () => {
    const newest = streams.at(-1)
    if (newest === undefined) throw new Error('The session has opened no stream.')
    return newest
  }
  const last = () => session.get().messages.at(-1)
  return { clock, calls, session, last, stream }
}

const piece = (content: string) => `data: ${JSON.stringify({ choices: [{ delta: { content } }] })}\n\n`
const finish = 'data: {"choices":[{"delta":{},"finish_reason":"stop"}]}\n\n'
const usage = (tokens: number) => `data: {"choices":[],"usage":{"prompt_tokens":9,"completion_tokens":${tokens}}}\n\n`

test('an answer streams in, and is measured from sending to its last token', async () => {
  const { clock, session, stream, last, calls } = setUp()
  session.send('  Hello ', 'llama')
  await settle()
  expect(last()).toMatchObject({ status: 'waiting', model: 'llama' })
  await clock.advance(80)
  stream().write(piece('Hi'))
  await clock.advance(100)
  expect(last()).toMatchObject({ status: 'streaming', content: 'Hi' })
  stream().write(piece(' there') + finish + usage(11) + 'data: [DONE]\n\n')
  await settle()
  expect(last()).toMatchObject({ status: 'done', content: 'Hi there', finishReason: 'stop' })
  expect(last()?.timing).toEqual({ timeToFirstTokenMs: 80, durationMs: 180, outputTokens: 11, isExact: true, tokensPerSecond: 100 })
  expect(session.get().isBusy).toBe(false)
  expect(clock.timerCount()).toBe(0)
  expect(calls[0]?.body).toMatchObject({
    model: 'llama',
    stream: true,
    stream_options: { include_usage: true },
    messages: [
      { role: 'system', content: 'Be brief.' },
      { role: 'user', content: 'Hello' },
    ],
  })
})

test('without reported usage the pieces are counted and said to be', async () => {
  const { session, stream, last } = setUp()
  session.send('x', 'm')
  await settle()
  stream().write(piece('a') + piece('b') + finish)
  stream().end()
  await settle()
  expect(last()?.timing).toMatchObject({ outputTokens: 2, isExact: false })
})

test('stopping keeps what has arrived and ends the request', async () => {
  const { session, stream, last, calls } = setUp()
  session.send('x', 'm')
  await settle()
  stream().write(piece('half an ans'))
  await settle()
  session.stop()
  await settle()
  expect(last()).toMatchObject({ status: 'stopped', content: 'half an ans', error: undefined })
  expect(calls[0]?.isAborted()).toBe(true)
  expect(session.get().isBusy).toBe(false)
})

test('an error inside the stream keeps the text and says why', async () => {
  const { session, stream, last } = setUp()
  session.send('x', 'm')
  await settle()
  stream().write(piece('half') + 'data: {"error":{"message":"The engine stalled.","code":"GATEWAY_UPSTREAM_STALLED"}}\n\n')
  await settle()
  expect(last()).toMatchObject({
    status: 'failed',
    content: 'half',
    error: { message: 'The engine stalled.', serverCode: 'GATEWAY_UPSTREAM_STALLED' },
  })
  expect(stream().isCancelled()).toBe(true)
})

test.each([
  ['ends early', (stream: OpenStream) => stream.end()],
  ['breaks', (stream: OpenStream) => stream.fail()],
])('a stream that %s is a failure, not a short answer', async (_, act) => {
  const { session, stream, last } = setUp()
  session.send('x', 'm')
  await settle()
  stream().write(piece('half'))
  await settle()
  act(stream())
  await settle()
  expect(last()).toMatchObject({ status: 'failed', content: 'half', error: { code: 'REACT_NETWORK_FAILED' } })
})

test('retrying asks the same question again, without the failed answer', async () => {
  const { session, calls, last } = setUp(json({ error: { message: 'No target is healthy.' } }, 503))
  session.send('x', 'm')
  await settle()
  expect(last()).toMatchObject({ status: 'failed', error: { message: 'No target is healthy.', status: 503 } })
  session.retry('n')
  await settle()
  expect(session.get().messages).toHaveLength(2)
  expect(calls[1]?.body).toMatchObject({ model: 'n', messages: [{ role: 'system' }, { role: 'user', content: 'x' }] })
})

test('blank messages and messages during an answer are not sent', async () => {
  const { session, calls } = setUp()
  session.send('  ', 'm')
  session.send('one', 'm')
  session.send('two', 'm')
  await settle()
  expect(calls).toHaveLength(1)
})

test('clearing during an answer ends it, and nothing of it comes back', async () => {
  const { session, stream, calls } = setUp()
  session.send('old', 'm')
  await settle()
  stream().write(piece('old answer'))
  await settle()
  session.clear()
  await settle()
  expect(session.get()).toEqual({ messages: [], isBusy: false })
  expect(calls[0]?.isAborted()).toBe(true)
  session.send('new', 'm')
  await settle()
  expect(session.get().messages.map(({ content }) => content)).toEqual(['new', ''])
})

const called = (index: number, id: string | undefined, name: string | undefined, text: string) =>
  `data: ${JSON.stringify({ choices: [{ delta: { tool_calls: [{ index, id, function: { name, arguments: text } }] } }] })}\n\n`

test('a function that the model asks for comes in pieces, and its result goes back with the call', async () => {
  const { session, stream, last, calls } = setUp()
  session.send('How is Berlin?', 'llama')
  await settle()
  stream().write(
    called(0, 'c1', 'get_weather', '{"city":') + called(1, 'c2', 'get_time', '{}') + called(0, undefined, undefined, '"Berlin"}'),
  )
  stream().write('data: {"choices":[{"delta":{},"finish_reason":"tool_calls"}]}\n\ndata: [DONE]\n\n')
  await settle()
  expect(last()?.toolCalls).toEqual([
    { id: 'c1', name: 'get_weather', arguments: '{"city":"Berlin"}' },
    { id: 'c2', name: 'get_time', arguments: '{}' },
  ])
  session.answerTools({ c1: '12 degrees', unknown: 'x' }, 'llama')
  await settle()
  expect(calls[1]?.body).toMatchObject({
    messages: [
      { role: 'system' },
      { role: 'user', content: 'How is Berlin?' },
      { role: 'assistant', content: '', tool_calls: [{ id: 'c1', type: 'function', function: { name: 'get_weather' } }, { id: 'c2' }] },
      { role: 'tool', tool_call_id: 'c2', content: 'This function was not run.' },
      { role: 'tool', tool_call_id: 'c1', content: '12 degrees' },
    ],
  })
  session.close()
})

test('a picture goes along with the words, or without any', async () => {
  const { session, calls } = setUp()
  const image = { name: 'a.png', dataUrl: 'data:image/png;base64,AA==' }
  session.send('', 'llama', [image])
  await settle()
  expect(calls[0]?.body).toMatchObject({
    messages: [{ role: 'system' }, { role: 'user', content: [{ type: 'image_url', image_url: { url: image.dataUrl } }] }],
  })
  session.close()
})

test('other options hold from the next message on, and the conversation stays', async () => {
  const clock = createFakeClock()
  const { fetch, calls } = createFakeFetch(() => json({ error: { message: 'no' } }, 400))
  let temperature = 0
  const session = createChatSession(createBudClient({ fetch, clock }), () => ({ temperature }))
  session.send('one', 'm')
  await settle()
  temperature = 1
  session.send('two', 'm')
  await settle()
  expect(calls.map(({ body }) => body)).toMatchObject([{ temperature: 0 }, { temperature: 1 }])
  expect(session.get().messages.map(({ role }) => role)).toEqual(['user', 'assistant', 'user', 'assistant'])
})
