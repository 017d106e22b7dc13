/** What an upstream cannot have counted is counted by the gateway, and marked. */
import { expect, test } from 'vitest'
import { chat, oneModel, startGateway } from '../support/gateway.ts'
import { completion, sendJson } from '../support/openai-answers.ts'
import { startUpstream } from '../support/upstream.ts'

test.each([
  { completion_tokens: 5 },
  { prompt_tokens: 1_000 },
  { prompt_tokens: -5, completion_tokens: 5 },
  { prompt_tokens: 1.5, completion_tokens: 5 },
  { prompt_tokens: 1e18, completion_tokens: 5 },
  { prompt_tokens: '7', completion_tokens: '5' },
  { prompt_tokens: 0, completion_tokens: 0 },
])('usage of %j is estimated', async (usage) => {
  await using upstream = await startUpstream((res) => {
    sendJson(res, 200, { ...completion('hello there'), usage })
  })
  await using gateway = await startGateway(oneModel(upstream.baseUrl))
  const content = 'word '.repeat(1_000)
  const { status } = await gateway.post('/v1/chat/completions', chat({ messages: [{ role: 'user', content }] }))
  expect(status).toBe(200)
  const [event] = await gateway.sink.waitFor(1)
  expect(event).toMatchObject({ usageSource: 'estimate', inputTokens: 1_254 })
  expect(event?.outputTokens).toBeGreaterThan(0)
})

const ask = (fields: Record<string, unknown> = {}) => chat({ messages: [{ role: 'user', content: 'word '.repeat(1_000) }], ...fields })

test.each([
  ['text', { content: 'twelve bytes' }, 3],
  ['reasoning', { content: '', reasoning_content: 'twelve bytes' }, 3],
  ['a tool call', { content: null, tool_calls: [{ id: 'c', type: 'function', function: { name: 'f', arguments: '{"a": "bcd"}' } }] }, 3],
])('%s of a whole answer that the upstream counts as no token is estimated by what it says', async (_, message, outputTokens) => {
  await using upstream = await startUpstream((res) => {
    const choices = [{ index: 0, message: { role: 'assistant', ...message }, finish_reason: 'stop' }]
    sendJson(res, 200, { ...completion(''), choices, usage: { prompt_tokens: 1_000, completion_tokens: 0 } })
  })
  await using gateway = await startGateway(oneModel(upstream.baseUrl))
  await (await gateway.post('/v1/chat/completions', ask())).text()
  expect(await gateway.sink.waitFor(1)).toMatchObject([{ usageSource: 'estimate', inputTokens: 1_000, outputTokens }])
})

test('a whole answer that says nothing costs its prompt, as the upstream counts', async () => {
  await using upstream = await startUpstream((res) => {
    sendJson(res, 200, { ...completion(''), usage: { prompt_tokens: 1_000, completion_tokens: 0 } })
  })
  await using gateway = await startGateway(oneModel(upstream.baseUrl))
  await (await gateway.post('/v1/chat/completions', ask())).text()
  expect(await gateway.sink.waitFor(1)).toMatchObject([{ usageSource: 'upstream', inputTokens: 1_000, outputTokens: 0 }])
})
