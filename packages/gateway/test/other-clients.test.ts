/** The AI SDK and LangChain over HTTP, with authentication on. */
import { createAnthropic } from '@ai-sdk/anthropic'
import { createOpenAI } from '@ai-sdk/openai'
import { createOpenAICompatible } from '@ai-sdk/openai-compatible'
import { ChatOpenAI } from '@langchain/openai'
import { generateText, streamText } from 'ai'
import { describe, expect, it } from 'vitest'
import { oneModel, startGateway, type TestGateway } from './support/gateway.ts'
import { wellBehaved } from './support/openai-answers.ts'
import { startUpstream } from './support/upstream.ts'

const text = 'hello brave new world'

async function setUp() {
  const upstream = await startUpstream(wellBehaved(text))
  const test = await startGateway(oneModel(upstream.baseUrl))
  return {
    ...test,
    [Symbol.asyncDispose]: async () => {
      await test[Symbol.asyncDispose]()
      await upstream[Symbol.asyncDispose]()
    },
  }
}

const models = {
  '@ai-sdk/openai': ({ key, baseUrl }: TestGateway) => createOpenAI({ apiKey: key, baseURL: baseUrl }).chat('m'),
  '@ai-sdk/openai-compatible': ({ key, baseUrl }: TestGateway) =>
    createOpenAICompatible({ name: 'bud', apiKey: key, baseURL: baseUrl, includeUsage: true })('m'),
  '@ai-sdk/openai-compatible, in process': ({ key, gateway }: TestGateway) =>
    createOpenAICompatible({ name: 'bud', apiKey: key, baseURL: 'http://gateway.invalid/v1', includeUsage: true, fetch: gateway.fetch })(
      'm',
    ),
  '@ai-sdk/anthropic': ({ key, baseUrl }: TestGateway) => createAnthropic({ apiKey: key, baseURL: baseUrl })('m'),
}

describe.each(Object.entries(models))('%s', (_name, modelOf) => {
  it('generates and streams text with usage', async () => {
    await using test = await setUp()
    const model = modelOf(test)
    const whole = await generateText({ model, prompt: 'hi', maxRetries: 0 })
    expect(whole.text).toBe(text)
    expect(whole.usage.outputTokens).toBe(7)
    const stream = streamText({ model, prompt: 'hi', maxRetries: 0 })
    let streamed = ''
    for await (const part of stream.textStream) streamed += part
    expect(streamed).toBe(text)
    expect((await stream.usage).outputTokens).toBe(7)
    const events = await test.sink.waitFor(2)
    expect(events.map(({ outcome, outputTokens }) => [outcome, outputTokens])).toEqual([
      ['success', 7],
      ['success', 7],
    ])
  })
})

it('LangChain generates and streams text', async () => {
  await using test = await setUp()
  const model = new ChatOpenAI({ model: 'm', apiKey: test.key, maxRetries: 0, configuration: { baseURL: test.baseUrl } })
  expect((await model.invoke('hi')).text).toBe(text)
  let streamed = ''
  for await (const chunk of await model.stream('hi')) streamed += chunk.text
  expect(streamed).toBe(text)
})
