/** LangChain's OpenAI client as a judge, through both doors, before upstreams of both dialects. */
import { HumanMessage, ToolMessage, type AIMessageChunk, type BaseMessage } from '@langchain/core/messages'
import { ChatOpenAI, OpenAIEmbeddings } from '@langchain/openai'
import OpenAI from 'openai'
import { describe, expect, it } from 'vitest'
import { callTool, combinations, doors, pixelBase64, pixelWords, startStack, toolWords, weatherSchema, type Stack } from './stack.ts'

const configurationOf = (stack: Stack) => ({ baseURL: `${stack.origin}/v1`, ...(stack.fetch === undefined ? {} : { fetch: stack.fetch }) })

const modelOf = (stack: Stack, fields: { readonly apiKey?: string; readonly model?: string } = {}) =>
  new ChatOpenAI({ model: 'm', apiKey: stack.key, maxRetries: 0, configuration: configurationOf(stack), ...fields })

const tools = [
  { type: 'function', function: { name: 'get_weather', parameters: { type: 'object', properties: { city: { type: 'string' } } } } },
  { type: 'function', function: { name: 'mean', parameters: { type: 'object', properties: { values: { type: 'array' } } } } },
] as const

describe.each(combinations)('LangChain, $door, before an upstream of the $upstream dialect', (combination) => {
  it('gets text, a reason to stop and all kinds of tokens', async () => {
    await using stack = await startStack(combination)
    const answer = await modelOf(stack).invoke('think')
    expect(answer.content).toBe('Forty-two.')
    expect(answer.response_metadata).toMatchObject({ finish_reason: 'stop' })
    expect(answer.usage_metadata).toMatchObject({
      input_tokens: 11,
      output_tokens: 7,
      total_tokens: 18,
      input_token_details: { cache_read: 4 },
      output_token_details: { reasoning: 3 },
    })
  })

  it('gets a stream with usage at its end', async () => {
    await using stack = await startStack(combination)
    let text = ''
    const usages: unknown[] = []
    for await (const chunk of await modelOf(stack).stream('hi')) {
      text += chunk.text
      if (chunk.usage_metadata) usages.push(chunk.usage_metadata)
    }
    expect(text).toBe('hello brave new world')
    expect(usages).toMatchObject([{ input_tokens: 11, output_tokens: 7, total_tokens: 18 }])
  })

  it.each(['whole', 'streamed'])('calls tools in parallel and over several turns (%s)', async (how) => {
    await using stack = await startStack(combination)
    const model = modelOf(stack).bindTools([...tools])
    const messages: BaseMessage[] = [new HumanMessage('weather?')]
    const callsPerTurn: number[] = []
    for (;;) {
      let answer: AIMessageChunk | undefined
      if (how === 'whole') answer = await model.invoke(messages)
      else for await (const chunk of await model.stream(messages)) answer = answer?.concat(chunk) ?? chunk
      if (answer === undefined) expect.fail('no answer')
      const calls = answer.tool_calls ?? []
      messages.push(answer)
      if (calls.length === 0) {
        expect([callsPerTurn, answer.text]).toEqual([[2, 1], toolWords])
        return
      }
      callsPerTurn.push(calls.length)
      for (const { id = '', name, args } of calls) messages.push(new ToolMessage({ tool_call_id: id, content: callTool(name, args) }))
    }
  })

  it('parses structured output', async () => {
    await using stack = await startStack(combination)
    const model = modelOf(stack).withStructuredOutput({ title: 'weather', ...weatherSchema }, { method: 'jsonSchema' })
    expect(await model.invoke('Paris?')).toEqual({ city: 'Paris', celsius: 21 })
  })

  it('shows an image to the model', async () => {
    await using stack = await startStack(combination)
    const content = [
      { type: 'text', text: 'what is it?' },
      { type: 'image_url', image_url: { url: `data:image/png;base64,${pixelBase64}` } },
    ]
    expect((await modelOf(stack).invoke([new HumanMessage({ content })])).content).toBe(pixelWords)
  })

  it('throws the typed errors of the openai client', async () => {
    await using stack = await startStack(combination)
    const failing = (prompt: string, model = modelOf(stack)): Promise<unknown> => model.invoke(prompt).catch((caught: unknown) => caught)
    expect(await failing('hi', modelOf(stack, { apiKey: 'bud_wrong' }))).toMatchObject({
      status: 401,
      lc_error_code: 'MODEL_AUTHENTICATION',
    })
    expect(await failing('hi', modelOf(stack, { model: 'x' }))).toMatchObject({ status: 404, lc_error_code: 'MODEL_NOT_FOUND' })
    expect(await failing('content filter')).toBeInstanceOf(OpenAI.BadRequestError)
    expect(await failing('rate limit')).toMatchObject({ status: 429, lc_error_code: 'MODEL_RATE_LIMIT' })
  })
})

describe.each(doors)('LangChain embeddings, %s', (door) => {
  it('are the upstream’s numbers', async () => {
    await using stack = await startStack({ upstream: 'openai', door })
    const embeddings = new OpenAIEmbeddings({ model: 'm', apiKey: stack.key, maxRetries: 0, configuration: configurationOf(stack) })
    expect(await embeddings.embedDocuments(['one', 'three'])).toEqual([
      [3, 0.5, -1],
      [5, 1.5, -1],
    ])
  })
})
