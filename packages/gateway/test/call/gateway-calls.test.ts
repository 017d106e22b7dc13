/** Typed calls in process: answers, streams, embeddings, and errors with the gateway's own words. */
import { expect, it } from 'vitest'
import { startStack } from '../clients/stack.ts'
import { sendJson, startSse } from '../support/openai-answers.ts'

const openai = { upstream: 'openai', door: 'in process' } as const
const ask = (content: string) => ({ model: 'm', messages: [{ role: 'user', content }] })

it.each(['openai', 'anthropic'] as const)('gives answers and streams of an upstream in the dialect of %s', async (upstream) => {
  await using stack = await startStack({ upstream, door: 'in process' })
  const options = { apiKey: stack.key }
  const answer = await stack.gateway.chat(ask('think'), options)
  expect(answer.choices[0]?.message).toMatchObject({ content: 'Forty-two.', reasoning_content: 'Let me see. ' })
  expect(answer.usage?.total_tokens).toBe(18)
  let text = ''
  for await (const chunk of stack.gateway.streamChat(ask('hi'), options)) text += chunk.choices[0]?.delta.content ?? ''
  expect(text).toBe('hello brave new world')
})

it('gives embeddings', async () => {
  await using stack = await startStack(openai)
  const answer = await stack.gateway.embed({ model: 'm', input: ['one', 'three'] }, { apiKey: stack.key })
  expect(answer.data.map(({ embedding }) => embedding)).toEqual([
    [3, 0.5, -1],
    [5, 1.5, -1],
  ])
})

it('throws GATEWAY_CALL_FAILED with status and body', async () => {
  await using stack = await startStack(openai)
  await expect(stack.gateway.chat(ask('hi'))).rejects.toMatchObject({ code: 'GATEWAY_CALL_FAILED', details: { status: 401 } })
  const failing = stack.gateway.chat(ask('content filter'), { apiKey: stack.key })
  await expect(failing).rejects.toMatchObject({ details: { status: 400, body: expect.stringContaining('content_filter') } })
})

it('throws when an answer is not what it should be, or breaks off', async () => {
  await using stack = await startStack(openai)
  stack.upstream.answer = (res) => {
    sendJson(res, 200, { choices: [{ index: 0, message: { content: 42 } }] })
  }
  await expect(stack.gateway.chat(ask('hi'), { apiKey: stack.key })).rejects.toMatchObject({ code: 'GATEWAY_CALL_FAILED' })
  stack.upstream.answer = (res) => {
    startSse(res)
    res.end('data: {"choices":[{"index":0,"delta":{"content":"half"},"finish_reason":null}]}\n\n')
  }
  const seen: (string | null | undefined)[] = []
  const reading = async () => {
    for await (const chunk of stack.gateway.streamChat(ask('hi'), { apiKey: stack.key })) seen.push(chunk.choices[0]?.delta.content)
  }
  await expect(reading()).rejects.toMatchObject({ code: 'GATEWAY_CALL_FAILED', details: { body: expect.stringContaining('error') } })
  expect(seen).toEqual(['half'])
})

it('ends the call when the loop is left', async () => {
  await using stack = await startStack(openai)
  stack.upstream.answer = async (res, request) => {
    startSse(res)
    res.write('data: {"choices":[{"index":0,"delta":{"content":"half"},"finish_reason":null}]}\n\n')
    await request.aborted
  }
  for await (const chunk of stack.gateway.streamChat(ask('hi'), { apiKey: stack.key })) {
    expect(chunk.choices).toHaveLength(1)
    break
  }
  await stack.upstream.seen[0]?.aborted
  expect(await stack.sink.waitFor(1)).toMatchObject([{ outcome: 'aborted' }])
})
