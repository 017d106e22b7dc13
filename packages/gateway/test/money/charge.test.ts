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
