/** The official openai client as a judge, through both doors, before upstreams of both dialects. */
import OpenAI from 'openai'
import { describe, expect, it } from 'vitest'
import { callTool, combinations, pixelBase64, pixelWords, startStack, toolWords, weatherSchema, type Stack } from './stack.ts'

type Message = OpenAI.ChatCompletionMessageParam

const clientOf = (stack: Stack) =>
  new OpenAI({
    apiKey: stack.key,
    baseURL: `${stack.origin}/v1`,
    maxRetries: 0,
    ...(stack.fetch === undefined ? {} : { fetch: stack.fetch }),
  })

const ask = (content: OpenAI.ChatCompletionUserMessageParam['content']) => ({ model: 'm', messages: [{ role: 'user' as const, content }] })

const tools: OpenAI.ChatCompletionTool[] = [
  { type: 'function', function: { name: 'get_weather', parameters: { type: 'object', properties: { city: { type: 'string' } } } } },
  { type: 'function', function: { name: 'mean', parameters: { type: 'object', properties: { values: { type: 'array' } } } } },
]

/** Answers calls until the model only talks; how many calls each turn held, and its last words. */
async function converse(next: (messages: readonly Message[]) => Promise<OpenAI.ChatCompletionMessage>) {
  const messages: Message[] = [{ role: 'user', content: 'weather?' }]
  const callsPerTurn: number[] = []
  for (;;) {
    const answer = await next(messages)
    const calls = (answer.tool_calls ?? []).filter((call) => call.type === 'function')
    messages.push(answer)
    if (calls.length === 0) return { callsPerTurn, words: answer.content }
    callsPerTurn.push(calls.length)
    for (const call of calls)
      messages.push({ role: 'tool', tool_call_id: call.id, content: callTool(call.function.name, JSON.parse(call.function.arguments)) })
  }
}

const usage = { prompt_tokens: 11, completion_tokens: 7, total_tokens: 18 }

describe.each(combinations)('the openai client, $door, before an upstream of the $upstream dialect', (combination) => {
  it('gets text, a reason to stop and all kinds of tokens', async () => {
    await using stack = await startStack(combination)
    const answer = await clientOf(stack).chat.completions.create(ask('think'))
    expect(answer.choices).toMatchObject([{ index: 0, message: { role: 'assistant', content: 'Forty-two.' }, finish_reason: 'stop' }])
    expect(answer.usage).toMatchObject({
      ...usage,
      prompt_tokens_details: { cached_tokens: 4 },
      completion_tokens_details: { reasoning_tokens: 3 },
    })
    expect(await stack.sink.waitFor(1)).toMatchObject([{ inputTokens: 11, cachedInputTokens: 4, outputTokens: 7, reasoningTokens: 3 }])
  })

  it('gets a stream that its own helper puts together', async () => {
    await using stack = await startStack(combination)
    const stream = clientOf(stack).chat.completions.stream({ ...ask('hi'), stream_options: { include_usage: true } })
    let text = ''
    for await (const chunk of stream) text += chunk.choices[0]?.delta.content ?? ''
    expect(text).toBe('hello brave new world')
    const whole = await stream.finalChatCompletion()
    expect(whole.choices).toMatchObject([{ message: { content: 'hello brave new world' }, finish_reason: 'stop' }])
    expect(whole.usage).toMatchObject({ ...usage, prompt_tokens_details: { cached_tokens: 4 } })
  })

  it('calls tools in parallel and over several turns', async () => {
    await using stack = await startStack(combination)
    const client = clientOf(stack)
    const conversation = await converse(async (messages) => {
      const answer = await client.chat.completions.create({ model: 'm', messages: [...messages], tools })
      const [choice] = answer.choices
      expect(choice?.finish_reason).toBe((choice?.message.tool_calls ?? []).length > 0 ? 'tool_calls' : 'stop')
      return choice?.message ?? expect.fail('no choice')
    })
    expect(conversation).toEqual({ callsPerTurn: [2, 1], words: toolWords })
  })

  it('calls tools from streams', async () => {
    await using stack = await startStack(combination)
    const client = clientOf(stack)
    const conversation = await converse(
      async (messages) => await client.chat.completions.stream({ model: 'm', messages: [...messages], tools }).finalMessage(),
    )
    expect(conversation).toEqual({ callsPerTurn: [2, 1], words: toolWords })
  })

  it('parses structured output', async () => {
    await using stack = await startStack(combination)
    const answer = await clientOf(stack).chat.completions.parse({
      ...ask('Paris?'),
      response_format: { type: 'json_schema', json_schema: { name: 'weather', strict: true, schema: weatherSchema } },
    })
    expect(answer.choices[0]?.message.parsed).toEqual({ city: 'Paris', celsius: 21 })
  })

  it('shows an image to the model', async () => {
    await using stack = await startStack(combination)
    const answer = await clientOf(stack).chat.completions.create(
      ask([
        { type: 'text', text: 'what is it?' },
        { type: 'image_url', image_url: { url: `data:image/png;base64,${pixelBase64}` } },
      ]),
    )
    expect(answer.choices[0]?.message.content).toBe(pixelWords)
  })

  it('sends a message with its thinking back as it came', async () => {
    await using stack = await startStack(combination)
    const client = clientOf(stack)
    const first = await client.chat.completions.create(ask('think'))
    const earlier = first.choices[0]?.message ?? expect.fail('no choice')
    expect(earlier).toMatchObject({ reasoning_content: 'Let me see. ' })
    const messages: Message[] = [{ role: 'user', content: 'think' }, earlier, { role: 'user', content: 'what did you think?' }]
    const second = await client.chat.completions.create({ model: 'm', messages })
    const kept = combination.upstream === 'anthropic' ? 'c2lnbmF0dXJl+/==' : 'Let me see. '
    expect(second.choices[0]?.message.content).toBe(`signatures: ${kept}`)
  })

  it('learns from the reason that an answer was cut by a filter', async () => {
    await using stack = await startStack(combination)
    const answer = await clientOf(stack).chat.completions.create(ask('be filtered'))
    expect(answer.choices[0]).toMatchObject({ message: { content: 'I was' }, finish_reason: 'content_filter' })
  })

  it.each([true, false])('sees a rate limit as RateLimitError with Retry-After (stream: %s)', async (stream) => {
    await using stack = await startStack(combination)
    const error = await clientOf(stack)
      .chat.completions.create({ ...ask('rate limit'), stream })
      .catch((caught: unknown) => caught)
    expect(error).toBeInstanceOf(OpenAI.RateLimitError)
    expect(error).toMatchObject({ status: 429, type: 'rate_limit_error' })
    const { headers } = error instanceof OpenAI.APIError ? error : expect.fail('not an APIError')
    expect(Number(headers?.get('retry-after'))).toBeGreaterThan(0)
    expect(Number(headers?.get('retry-after'))).toBeLessThanOrEqual(7)
  })

  it('sees a refused request as BadRequestError and does not have it repeated', async () => {
    await using stack = await startStack(combination)
    const error: unknown = await clientOf(stack)
      .chat.completions.create(ask('content filter'))
      .catch((caught: unknown) => caught)
    expect(error).toBeInstanceOf(OpenAI.BadRequestError)
    if (combination.upstream === 'openai') expect(error).toMatchObject({ code: 'content_filter' })
    expect(stack.upstream.seen).toHaveLength(1)
  })

  it('sees an overloaded upstream as InternalServerError', async () => {
    await using stack = await startStack(combination)
    await expect(clientOf(stack).chat.completions.create(ask('overload'))).rejects.toBeInstanceOf(OpenAI.InternalServerError)
  })

  it('sees a wrong key as AuthenticationError and a wrong model as NotFoundError', async () => {
    await using stack = await startStack(combination)
    const client = clientOf(stack)
    await expect(client.withOptions({ apiKey: 'bud_wrong' }).chat.completions.create(ask('hi'))).rejects.toBeInstanceOf(
      OpenAI.AuthenticationError,
    )
    await expect(client.chat.completions.create({ ...ask('hi'), model: 'x' })).rejects.toMatchObject({
      status: 404,
      code: 'model_not_found',
    })
    expect(stack.upstream.seen).toHaveLength(0)
  })
})

describe.each(['http', 'in process'] as const)('embeddings with the openai client, %s', (door) => {
  it('are the same numbers as floats, as base64 and by the client’s own choice', async () => {
    await using stack = await startStack({ upstream: 'openai', door })
    const client = clientOf(stack)
    const input = ['one', 'three']
    const vectors = [
      [3, 0.5, -1],
      [5, 1.5, -1],
    ]
    const floats = await client.embeddings.create({ model: 'm', input, encoding_format: 'float' })
    expect(floats.data.map(({ embedding }) => embedding)).toEqual(vectors)
    expect(floats.usage).toEqual({ prompt_tokens: 11, total_tokens: 11 })
    const chosen = await client.embeddings.create({ model: 'm', input })
    expect(chosen.data.map(({ embedding }) => embedding)).toEqual(vectors)
    const packed = await client.embeddings.create({ model: 'm', input, encoding_format: 'base64' })
    const [first] = packed.data
    expect(first?.embedding).toBe(Buffer.from(new Float32Array([3, 0.5, -1]).buffer).toString('base64'))
    expect(stack.upstream.seen.map(({ json }) => json['encoding_format'])).toEqual(['float', 'base64', 'base64'])
  })

  it('are refused clearly where the upstream has none', async () => {
    await using stack = await startStack({ upstream: 'anthropic', door })
    const error: unknown = await clientOf(stack)
      .embeddings.create({ model: 'm', input: 'one' })
      .catch((caught: unknown) => caught)
    expect(error).toBeInstanceOf(OpenAI.BadRequestError)
    expect(error).toMatchObject({ code: 'unsupported_operation' })
  })
})
