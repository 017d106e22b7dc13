/** The official openai client through both doors, with authentication on. */
import OpenAI from 'openai'
import { describe, expect, it } from 'vitest'
import { oneModel, startGateway } from './support/gateway.ts'
import { wellBehaved } from './support/openai-answers.ts'
import { startUpstream } from './support/upstream.ts'

const ask = { model: 'm', messages: [{ role: 'user' as const, content: 'hi' }] }

async function setUp() {
  const upstream = await startUpstream(wellBehaved('hello brave new world'))
  const test = await startGateway(oneModel(upstream.baseUrl))
  return {
    ...test,
    upstream,
    clients: {
      http: new OpenAI({ apiKey: test.key, baseURL: test.baseUrl, maxRetries: 0 }),
      'in process': new OpenAI({ apiKey: test.key, baseURL: 'http://gateway.invalid/v1', fetch: test.gateway.fetch, maxRetries: 0 }),
    },
    [Symbol.asyncDispose]: async () => {
      await test[Symbol.asyncDispose]()
      await upstream[Symbol.asyncDispose]()
    },
  }
}

describe.each(['http', 'in process'] as const)('the openai client (%s)', (door) => {
  it('gets a whole answer', async () => {
    await using test = await setUp()
    const answer = await test.clients[door].chat.completions.create(ask)
    expect(answer.choices[0]?.message.content).toBe('hello brave new world')
    expect(answer.usage?.total_tokens).toBe(18)
    expect(test.upstream.seen[0]?.json['model']).toBe('upstream-m')
    const [event] = await test.sink.waitFor(1)
    expect(event).toMatchObject({
      outcome: 'success',
      status: 200,
      projectId: 'project-1',
      inputTokens: 11,
      cachedInputTokens: 4,
      outputTokens: 7,
    })
    expect(event).toMatchObject({ finishReason: 'stop', targetId: 'a', requestedModel: 'm', usageSource: 'upstream', stream: false })
  })

  it('gets a stream without the usage it did not ask for, while the event has it', async () => {
    await using test = await setUp()
    const stream = await test.clients[door].chat.completions.create({ ...ask, stream: true })
    let text = ''
    let chunks = 0
    for await (const chunk of stream) {
      chunks += 1
      text += chunk.choices[0]?.delta.content ?? ''
      expect(chunk.usage).toBeUndefined()
    }
    expect(text).toBe('hello brave new world')
    expect(chunks).toBe(6)
    const [event] = await test.sink.waitFor(1)
    expect(event).toMatchObject({ outcome: 'success', stream: true, inputTokens: 11, outputTokens: 7, finishReason: 'stop' })
    expect(event?.timeToFirstTokenMs).toBeGreaterThan(0)
  })

  it('gets the usage it asked for', async () => {
    await using test = await setUp()
    const stream = await test.clients[door].chat.completions.create({ ...ask, stream: true, stream_options: { include_usage: true } })
    const usages = []
    for await (const chunk of stream) if (chunk.usage) usages.push(chunk.usage.total_tokens)
    expect(usages).toEqual([18])
  })

  it('sees an unknown model as NotFoundError with code model_not_found', async () => {
    await using test = await setUp()
    const error: unknown = await test.clients[door].chat.completions.create({ ...ask, model: 'nope' }).catch((caught: unknown) => caught)
    expect(error).toBeInstanceOf(OpenAI.NotFoundError)
    expect(error).toMatchObject({ status: 404, code: 'model_not_found' })
    expect(test.upstream.seen).toHaveLength(0)
  })

  it('sees a wrong key as AuthenticationError with code invalid_api_key', async () => {
    await using test = await setUp()
    const client = test.clients[door].withOptions({ apiKey: 'bud_wrong' })
    const error: unknown = await client.chat.completions.create(ask).catch((caught: unknown) => caught)
    expect(error).toBeInstanceOf(OpenAI.AuthenticationError)
    expect(error).toMatchObject({ code: 'invalid_api_key' })
  })

  it('lists and gets models, which leaves no request events', async () => {
    await using test = await setUp()
    const list = await test.clients[door].models.list()
    expect(list.data.map((model) => model.id)).toEqual(['m'])
    await expect(test.clients[door].models.retrieve('m')).resolves.toMatchObject({ id: 'm', object: 'model' })
    await expect(test.clients[door].models.retrieve('x')).rejects.toBeInstanceOf(OpenAI.NotFoundError)
    await test.clients[door].chat.completions.create(ask)
    // Events keep their order: had the listings left any, they would come first.
    expect(await test.sink.waitFor(1)).toMatchObject([{ operation: 'chat' }])
    expect(test.gateway.metricsText()).not.toContain('operation="models"')
  })

  it('aborts the upstream when it stops reading', async () => {
    await using test = await setUp()
    test.upstream.answer = async (res, request) => {
      res.writeHead(200, { 'content-type': 'text/event-stream' })
      res.write('data: {"choices":[{"index":0,"delta":{"content":"one"},"finish_reason":null}]}\n\n')
      await request.aborted
    }
    const stream = await test.clients[door].chat.completions.create({ ...ask, stream: true })
    for await (const chunk of stream) {
      expect(chunk.choices[0]?.delta.content).toBe('one')
      break
    }
    await test.upstream.seen[0]?.aborted
    const [event] = await test.sink.waitFor(1)
    expect(event).toMatchObject({ outcome: 'aborted', status: 499 })
  })
})
