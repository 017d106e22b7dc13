/** A real language model behind the server: its tokens reach the official client, its own count of them reaches the metrics. */
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { RequestEvent } from '@bud-foundry/core'
import OpenAI from 'openai'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { eventually, startServer, type RunningServer } from './server-process.ts'

const setting = (name: string) => {
  const value = process.env[name]
  if (value === undefined) throw new Error(`${name} is not set; run \`npm run test:services\``)
  return value
}

let folder = ''
let server: RunningServer
beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'bud-model-'))
  server = await startServer({ dataDirectory: folder, env: { BUD_UPSTREAM_URL: setting('BUD_TEST_LLM_URL'), BUD_TWINS: '1' } })
}, 60_000)
afterAll(async () => {
  await server.stop()
  rmSync(folder, { recursive: true, force: true })
})

test('a streamed answer arrives token by token and is recorded with the usage that the engine reported', { timeout: 120_000 }, async () => {
  const model = setting('BUD_TEST_LLM_MODEL')
  const client = new OpenAI({ baseURL: `${server.url}/v1`, apiKey: server.apiKey, maxRetries: 0 })
  const stream = await client.chat.completions.create({
    model,
    messages: [{ role: 'user', content: 'Name three colours.' }],
    max_completion_tokens: 40,
    stream: true,
    stream_options: { include_usage: true },
  })
  const pieces: string[] = []
  let usage: OpenAI.CompletionUsage | undefined
  for await (const chunk of stream) {
    const piece = chunk.choices[0]?.delta.content ?? ''
    if (piece !== '') pieces.push(piece)
    usage = chunk.usage ?? usage
  }
  expect(pieces.length).toBeGreaterThan(3)
  expect(pieces.join('')).toMatch(/red|blue|green|yellow|orange|purple|black|white|colou?r/i)
  expect(usage?.completion_tokens).toBeGreaterThan(3)

  const row = await eventually(async () => {
    // Safe: the body is a list of request events, and a wrong one fails the assertion below.
    const { data } = (await (await server.call(`/api/metrics/requests?model=${encodeURIComponent(model)}`)).json()) as {
      data: RequestEvent[]
    }
    return data[0]
  }, 'the request in the metrics')
  expect(row).toMatchObject({
    outcome: 'success',
    stream: true,
    usageSource: 'upstream',
    inputTokens: usage?.prompt_tokens,
    outputTokens: usage?.completion_tokens,
  })
  expect(row.timeToFirstTokenMs).toBeGreaterThan(0)
})
