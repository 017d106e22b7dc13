/** Questions that mean the same: found by embeddings, and only where everything else is the same. */
import { createMemoryStore } from '@bud-foundry/core'
import { expect, it } from 'vitest'
import type { GatewayConfigInput } from '../../src/index.ts'
import { numbersOf } from '../../src/cache/question-index.ts'
import { chat, oneModel, startGateway, type TestGateway } from '../support/gateway.ts'
import { completion, sendJson } from '../support/openai-answers.ts'
import { startUpstream, type Answer } from '../support/upstream.ts'

/** Directions that stand for meanings: what a good embedding model would say. */
const meanings: readonly (readonly [RegExp, readonly number[]])[] = [
  [/capital of France|France's capital/i, [1, 0.02, 0]],
  [/which city governs France/i, [1, 0.05, 0]],
  [/capital of Spain/i, [0.9, 0.44, 0]],
  [/\d \+ \d/, [0, 0, 1]],
]

/** Embeds by meaning; answers chats with a number of their own. */
function engine() {
  const counts = { embeddings: 0, chats: 0, fail: false }
  const answer: Answer = (res, { path, json }) => {
    if (!path.endsWith('/embeddings')) {
      sendJson(res, 200, completion(`answer ${String(++counts.chats)}`))
      return
    }
    counts.embeddings += 1
    if (counts.fail) {
      sendJson(res, 400, { error: { message: 'no', type: 'invalid_request_error', code: null } })
      return
    }
    const text = String(json['input'])
    const embedding = meanings.find(([pattern]) => pattern.test(text))?.[1] ?? [0, 1, text.length / 1_000]
    sendJson(res, 200, {
      object: 'list',
      model: 'e',
      data: [{ object: 'embedding', index: 0, embedding }],
      usage: { prompt_tokens: 5, total_tokens: 5 },
    })
  }
  return { counts, answer }
}

const config = (baseUrl: string): GatewayConfigInput => ({
  models: {
    ...oneModel(baseUrl).models,
    e: { targets: [{ provider: 'openai-compatible', baseUrl, model: 'e' }] },
  },
  cache: { models: ['m'], semantic: { model: 'e', threshold: 0.97 } },
})

const question = (content: unknown, fields: Record<string, unknown> = {}) => chat({ messages: [{ role: 'user', content }], ...fields })

async function say(test: TestGateway, body: unknown) {
  const response = await test.post('/v1/chat/completions', body)
  const answer = (await response.json()) as ReturnType<typeof completion>
  return [response.headers.get('x-bud-cache'), answer.choices[0]?.message.content]
}

it('answers a question that means the same, and tells how alike it is', async () => {
  const { counts, answer } = engine()
  await using upstream = await startUpstream(answer)
  await using test = await startGateway(config(upstream.baseUrl))
  expect(await say(test, question('What is the capital of France?'))).toEqual(['miss', 'answer 1'])
  expect(await say(test, question("Tell me France's capital"))).toEqual(['semantic-hit', 'answer 1'])
  const response = await test.post('/v1/chat/completions', question('Which city governs France'))
  expect(response.headers.get('x-bud-cache')).toBe('semantic-hit')
  expect(Number(response.headers.get('x-bud-cache-similarity'))).toBeGreaterThan(0.99)
  expect(await say(test, question('What is the capital of Spain?'))).toEqual(['miss', 'answer 2'])
  expect(counts.chats).toBe(2)
  // An exact hit needs no embedding.
  expect(await say(test, question('What is the capital of France?'))).toEqual(['hit', 'answer 1'])
  expect(counts.embeddings).toBe(4)
  const events = await test.sink.waitFor(9)
  const embedding = events.find(({ operation }) => operation === 'embedding')
  expect(embedding).toMatchObject({ projectId: 'project-1', model: 'e', tags: { semanticCacheOf: expect.any(String) } })
})

it.each([
  [
    'another system prompt',
    {
      messages: [
        { role: 'system', content: 'Speak French' },
        { role: 'user', content: "France's capital" },
      ],
    },
  ],
  [
    'another conversation',
    {
      messages: [
        { role: 'user', content: 'hi' },
        { role: 'assistant', content: 'ho' },
        { role: 'user', content: "France's capital" },
      ],
    },
  ],
  ['tools', { tools: [{ type: 'function', function: { name: 'f' } }] }],
  ['another temperature', { temperature: 0 }],
  [
    'an image',
    {
      messages: [
        {
          role: 'user',
          content: [
            { type: 'text', text: "France's capital" },
            { type: 'image_url', image_url: { url: 'https://a.example/x.png' } },
          ],
        },
      ],
    },
  ],
  ['a question that an assistant asks', { messages: [{ role: 'assistant', content: "France's capital" }] }],
])('%s makes it another question', async (_, fields) => {
  const { answer } = engine()
  await using upstream = await startUpstream(answer)
  await using test = await startGateway(config(upstream.baseUrl))
  await say(test, question('What is the capital of France?'))
  expect(await say(test, question("France's capital", fields))).toEqual(['miss', 'answer 2'])
})

it('takes questions with other numbers for other questions, however alike their embeddings are', async () => {
  const { answer } = engine()
  await using upstream = await startUpstream(answer)
  await using test = await startGateway(config(upstream.baseUrl))
  expect(await say(test, question('2 + 2'))).toEqual(['miss', 'answer 1'])
  expect(await say(test, question('2 + 3'))).toEqual(['miss', 'answer 2'])
  expect(await say(test, question('what is 2 + 3'))).toEqual(['semantic-hit', 'answer 2'])
  expect(numbersOf('from 2024-01-02, 3.5 times v2')).toBe('2024-01-02 3.5 2')
})

it.each([
  ['send 100 dollars', 'send -100 dollars'],
  ['send 100 dollars', 'send \u2212 100 dollars'],
  ['2 + 3', '2 - 3'],
  ['2 * 3', '2 / 3'],
  ['5%', '5'],
  ['$5', '€5'],
  ['5km', '5 m'],
  ['is x < 3', 'is x > 3'],
  ['100', '1e2'],
])('tells the numbers of %j from those of %j', (left, right) => {
  expect(numbersOf(left)).not.toBe(numbersOf(right))
  expect(numbersOf(`So, ${left}?`)).toBe(numbersOf(left))
})

it('does not share questions between projects', async () => {
  const { answer } = engine()
  await using upstream = await startUpstream(answer)
  await using test = await startGateway(config(upstream.baseUrl))
  await say(test, question('What is the capital of France?'))
  const stranger = await test.gateway.keys?.create({ name: 'stranger', projectId: 'project-2' })
  const headers = { authorization: `Bearer ${stranger?.key.reveal() ?? ''}` }
  const response = await test.post('/v1/chat/completions', question("France's capital"), headers)
  expect(response.headers.get('x-bud-cache')).toBe('miss')
  await response.text()
})

it('asks the model when the embedding fails', async () => {
  const { counts, answer } = engine()
  counts.fail = true
  await using upstream = await startUpstream(answer)
  await using test = await startGateway(config(upstream.baseUrl))
  expect(await say(test, question('What is the capital of France?'))).toEqual(['miss', 'answer 1'])
  expect(await say(test, question("France's capital"))).toEqual(['miss', 'answer 2'])
})

it('finds questions of another process, and after they are purged no more', async () => {
  const { answer } = engine()
  await using upstream = await startUpstream(answer)
  await using store = createMemoryStore({})
  await using here = await startGateway(config(upstream.baseUrl), { store })
  expect(await say(here, question('What is the capital of France?'))).toEqual(['miss', 'answer 1'])
  await new Promise((resolve) => setImmediate(resolve))
  await using there = await startGateway(config(upstream.baseUrl), { store })
  expect(await say(there, question("Tell me France's capital"))).toEqual(['semantic-hit', 'answer 1'])
  await there.gateway.cache?.purge()
  await new Promise((resolve) => setImmediate(resolve))
  expect(await say(here, question('Which city governs France'))).toEqual(['miss', 'answer 2'])
})

it('passes over a record that it cannot read, and finds those behind it', async () => {
  const { answer } = engine()
  await using upstream = await startUpstream(answer)
  await using store = createMemoryStore({})
  await using here = await startGateway(config(upstream.baseUrl), { store })
  expect(await say(here, question('What is the capital of France?'))).toEqual(['miss', 'answer 1'])
  await new Promise((resolve) => setImmediate(resolve))
  const prefix = 'gateway/cache/question-2/'
  for await (const key of store.list(prefix)) {
    const context = key.slice(0, key.lastIndexOf('/'))
    for (const name of ['!', '~']) await store.set(`${context}/${name}`, Buffer.from('"1"\nabc'))
  }
  await using there = await startGateway(config(upstream.baseUrl), { store })
  expect(await say(there, question("Tell me France's capital"))).toEqual(['semantic-hit', 'answer 1'])
})

it('does not compare the vectors of two embedding models', async () => {
  const { answer } = engine()
  await using upstream = await startUpstream(answer)
  await using store = createMemoryStore({})
  await using here = await startGateway(config(upstream.baseUrl), { store })
  await say(here, question('What is the capital of France?'))
  await new Promise((resolve) => setImmediate(resolve))
  const { models, cache } = config(upstream.baseUrl)
  const other = { models: { ...models, e2: { targets: [{ provider: 'openai-compatible', baseUrl: upstream.baseUrl, model: 'e2' }] } } }
  await using there = await startGateway({ ...other, cache: { ...cache, semantic: { model: 'e2', threshold: 0.97 } } }, { store })
  expect(await say(there, question("Tell me France's capital"))).toEqual(['miss', 'answer 2'])
})

it('needs a model that is configured', async () => {
  await expect(startGateway({ ...oneModel('http://127.0.0.1:9/v1'), cache: { semantic: { model: 'nothing' } } })).rejects.toMatchObject({
    code: 'GATEWAY_CACHE_MODEL_UNKNOWN',
  })
})
