/** Vercel's AI SDK as a judge: our own provider and its official OpenAI and Anthropic ones, through both doors, before both dialects. */
import { createAnthropic } from '@ai-sdk/anthropic'
import { createOpenAI } from '@ai-sdk/openai'
import { createOpenAICompatible } from '@ai-sdk/openai-compatible'
import { createSecret } from '@bud-foundry/core'
import {
  APICallError,
  embed,
  embedMany,
  generateText,
  isStepCount,
  jsonSchema,
  Output,
  streamText,
  tool,
  type LanguageModel,
  type ModelMessage,
} from 'ai'
import { describe, expect, it } from 'vitest'
import { createBudProvider } from '../../src/ai-sdk/bud-provider.ts'
import {
  combinations,
  doors,
  pixelBase64,
  pixelWords,
  startStack,
  toolResults,
  toolWords,
  weatherSchema,
  type DoorName,
  type Stack,
} from './stack.ts'

const budOf = (stack: Stack, door: DoorName, apiKey = stack.key) =>
  door === 'http'
    ? createBudProvider({ baseURL: stack.baseUrl, apiKey })
    : createBudProvider({ gateway: stack.gateway, apiKey: createSecret(apiKey) })

const models: Record<string, (stack: Stack, door: DoorName) => (modelId: string, apiKey?: string) => LanguageModel> = {
  'our provider': (stack, door) => (modelId, apiKey) => budOf(stack, door, apiKey)(modelId),
  '@ai-sdk/openai':
    (stack) =>
    (modelId, apiKey = stack.key) =>
      createOpenAI({ apiKey, baseURL: `${stack.origin}/v1`, ...(stack.fetch === undefined ? {} : { fetch: stack.fetch }) }).chat(modelId),
  '@ai-sdk/openai-compatible':
    (stack) =>
    (modelId, apiKey = stack.key) =>
      createOpenAICompatible({
        name: 'bud',
        apiKey,
        baseURL: `${stack.origin}/v1`,
        includeUsage: true,
        supportsStructuredOutputs: true,
        ...(stack.fetch === undefined ? {} : { fetch: stack.fetch }),
      })(modelId),
  '@ai-sdk/anthropic':
    (stack) =>
    (modelId, apiKey = stack.key) =>
      createAnthropic({ apiKey, baseURL: `${stack.origin}/v1`, ...(stack.fetch === undefined ? {} : { fetch: stack.fetch }) })(modelId),
}

const everyWay = Object.keys(models).flatMap((provider) => combinations.map((combination) => ({ provider, ...combination })))

const tools = {
  get_weather: tool({
    inputSchema: jsonSchema<{ city: string }>({ type: 'object', properties: { city: { type: 'string' } } }),
    execute: async (input) => toolResults.get_weather(input),
  }),
  mean: tool({
    inputSchema: jsonSchema<{ values: string[] }>({ type: 'object', properties: { values: { type: 'array', items: { type: 'string' } } } }),
    execute: async (input) => toolResults.mean(input),
  }),
}

async function setUp({ provider, upstream, door }: (typeof everyWay)[number]) {
  const stack = await startStack({ upstream, door })
  const modelOf = models[provider]?.(stack, door) ?? expect.fail(`no provider ${provider}`)
  return { ...stack, modelOf, model: modelOf('m') }
}

const single = { maxRetries: 0, maxOutputTokens: 2000 }

describe.each(everyWay)('the AI SDK with $provider, $door, before an upstream of the $upstream dialect', (way) => {
  it('generates text with usage', async () => {
    await using test = await setUp(way)
    const result = await generateText({ model: test.model, prompt: 'hi', ...single })
    expect(result).toMatchObject({ text: 'hello brave new world', finishReason: 'stop' })
    expect(result.usage).toMatchObject({ inputTokens: 11, outputTokens: 7, inputTokenDetails: { cacheReadTokens: 4 } })
  })

  it('streams text with usage', async () => {
    await using test = await setUp(way)
    const result = streamText({ model: test.model, prompt: 'hi', ...single })
    let text = ''
    for await (const piece of result.textStream) text += piece
    expect(text).toBe('hello brave new world')
    expect(await result.finishReason).toBe('stop')
    expect(await result.usage).toMatchObject({ inputTokens: 11, outputTokens: 7, inputTokenDetails: { cacheReadTokens: 4 } })
  })

  it.each(['whole', 'streamed'])('runs tools in parallel and over several steps (%s)', async (how) => {
    await using test = await setUp(way)
    const request = { model: test.model, prompt: 'weather?', tools, stopWhen: isStepCount(5), ...single }
    const result = how === 'whole' ? await generateText(request) : streamText(request)
    const steps = await result.steps
    expect(await result.text).toBe(toolWords)
    expect(steps.map(({ toolCalls }) => toolCalls.length)).toEqual([2, 1, 0])
  })

  it('gets structured output', async () => {
    await using test = await setUp(way)
    const schema = jsonSchema<{ city: string; celsius: number }>({ ...weatherSchema, required: [...weatherSchema.required] })
    const result = await generateText({ model: test.model, prompt: 'Paris?', output: Output.object({ schema }), ...single })
    expect(result.output).toEqual({ city: 'Paris', celsius: 21 })
  })

  it('shows an image to the model', async () => {
    await using test = await setUp(way)
    const messages: ModelMessage[] = [
      {
        role: 'user',
        content: [
          { type: 'text', text: 'what is it?' },
          { type: 'file', mediaType: 'image/png', data: pixelBase64 },
        ],
      },
    ]
    expect((await generateText({ model: test.model, messages, ...single })).text).toBe(pixelWords)
  })

  it('throws APICallError with what the caller must know', async () => {
    await using test = await setUp(way)
    const failing = async (prompt: string, model = test.model): Promise<APICallError> => {
      const error: unknown = await generateText({ model, prompt, ...single }).catch((caught: unknown) => caught)
      return APICallError.isInstance(error) ? error : expect.fail(String(error))
    }
    expect(await failing('hi', test.modelOf('m', 'bud_wrong'))).toMatchObject({ statusCode: 401, isRetryable: false })
    expect(await failing('hi', test.modelOf('x'))).toMatchObject({ statusCode: 404, isRetryable: false })
    expect(await failing('content filter')).toMatchObject({ statusCode: 400, isRetryable: false })
    const limited = await failing('rate limit')
    expect(limited).toMatchObject({ statusCode: 429, isRetryable: true })
    expect(Number(limited.responseHeaders?.['retry-after'])).toBeGreaterThan(0)
  })

  it('learns from the reason that an answer was cut by a filter', async () => {
    await using test = await setUp(way)
    expect((await generateText({ model: test.model, prompt: 'be filtered', ...single })).finishReason).toBe('content-filter')
  })
})

describe.each(combinations)('thinking through the AI SDK, $door, before an upstream of the $upstream dialect', (combination) => {
  it.each(['whole', 'streamed'])('reaches our provider as reasoning (%s)', async (how) => {
    await using stack = await startStack(combination)
    const request = { model: budOf(stack, combination.door)('m'), prompt: 'think', ...single }
    const result = how === 'whole' ? await generateText(request) : streamText(request)
    expect((await result.finalStep).reasoningText).toBe('Let me see. ')
    expect(await result.usage).toMatchObject({ outputTokenDetails: { reasoningTokens: 3 } })
  })

  it.each(['whole', 'streamed'])('keeps its signature over turns with @ai-sdk/anthropic (%s)', async (how) => {
    await using stack = await startStack(combination)
    const anthropic = createAnthropic({
      apiKey: stack.key,
      baseURL: `${stack.origin}/v1`,
      ...(stack.fetch === undefined ? {} : { fetch: stack.fetch }),
    })
    const request = {
      model: anthropic('m'),
      ...single,
      providerOptions: { anthropic: { thinking: { type: 'enabled' as const, budgetTokens: 1024 } } },
    }
    const question: ModelMessage = { role: 'user', content: 'think' }
    const first =
      how === 'whole' ? await generateText({ ...request, messages: [question] }) : streamText({ ...request, messages: [question] })
    expect((await first.finalStep).reasoningText).toBe('Let me see. ')
    const { messages: answers } = (await first.finalStep).response
    const second = await generateText({ ...request, messages: [question, ...answers, { role: 'user', content: 'what did you think?' }] })
    const kept = combination.upstream === 'anthropic' ? 'c2lnbmF0dXJl+/==' : 'Let me see. '
    expect(second.text).toBe(`signatures: ${kept}`)
  })
})

describe.each(doors)('embeddings through the AI SDK, %s', (door) => {
  it('come from our provider and from @ai-sdk/openai', async () => {
    await using stack = await startStack({ upstream: 'openai', door })
    const bud = budOf(stack, door)
    const one = await embed({ model: bud.embeddingModel('m'), value: 'one', maxRetries: 0 })
    expect(one).toMatchObject({ embedding: [3, 0.5, -1], usage: { tokens: 11 } })
    const official = createOpenAI({
      apiKey: stack.key,
      baseURL: `${stack.origin}/v1`,
      ...(stack.fetch === undefined ? {} : { fetch: stack.fetch }),
    })
    const many = await embedMany({ model: official.embedding('m'), values: ['one', 'three'], maxRetries: 0 })
    expect(many.embeddings).toEqual([
      [3, 0.5, -1],
      [5, 1.5, -1],
    ])
  })
})
