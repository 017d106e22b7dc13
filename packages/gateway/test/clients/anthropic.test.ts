/** The official Anthropic client as a judge, through both doors, before upstreams of both dialects. */
import Anthropic from '@anthropic-ai/sdk'
import { describe, expect, it } from 'vitest'
import { callTool, combinations, pixelBase64, pixelWords, startStack, toolWords, weatherSchema, type Stack } from './stack.ts'

const clientOf = (stack: Stack) =>
  new Anthropic({ apiKey: stack.key, baseURL: stack.origin, maxRetries: 0, ...(stack.fetch === undefined ? {} : { fetch: stack.fetch }) })

const ask = (content: Anthropic.MessageParam['content']) => ({
  model: 'm',
  max_tokens: 2000,
  messages: [{ role: 'user' as const, content }],
})

const tools: Anthropic.Tool[] = [
  { name: 'get_weather', input_schema: { type: 'object', properties: { city: { type: 'string' } } } },
  { name: 'mean', input_schema: { type: 'object', properties: { values: { type: 'array' } } } },
]

async function converse(next: (messages: Anthropic.MessageParam[]) => Promise<Anthropic.Message>) {
  const messages: Anthropic.MessageParam[] = [{ role: 'user', content: 'weather?' }]
  const callsPerTurn: number[] = []
  for (;;) {
    const answer = await next([...messages])
    const calls = answer.content.filter((block) => block.type === 'tool_use')
    expect(answer.stop_reason).toBe(calls.length > 0 ? 'tool_use' : 'end_turn')
    messages.push({ role: 'assistant', content: answer.content })
    if (calls.length === 0)
      return { callsPerTurn, words: answer.content.map((block) => (block.type === 'text' ? block.text : '')).join('') }
    callsPerTurn.push(calls.length)
    messages.push({
      role: 'user',
      content: calls.map(({ id, name, input }) => ({ type: 'tool_result' as const, tool_use_id: id, content: callTool(name, input) })),
    })
  }
}

describe.each(combinations)('the Anthropic client, $door, before an upstream of the $upstream dialect', (combination) => {
  it('gets text, a reason to stop and all kinds of tokens', async () => {
    await using stack = await startStack(combination)
    const message = await clientOf(stack).messages.create(ask('hi'))
    expect(message).toMatchObject({ type: 'message', role: 'assistant', stop_reason: 'end_turn' })
    expect(message.content).toMatchObject([{ type: 'text', text: 'hello brave new world' }])
    expect(message.usage).toMatchObject({ input_tokens: 7, cache_read_input_tokens: 4, output_tokens: 7 })
  })

  it('gets a stream that its own helper puts together', async () => {
    await using stack = await startStack(combination)
    const stream = clientOf(stack).messages.stream(ask('hi'))
    let text = ''
    stream.on('text', (piece) => {
      text += piece
    })
    const message = await stream.finalMessage()
    expect(text).toBe('hello brave new world')
    expect(message.content).toMatchObject([{ type: 'text', text }])
    expect(message.usage).toMatchObject({ output_tokens: 7 })
    expect(await stack.sink.waitFor(1)).toMatchObject([{ inputTokens: 11, cachedInputTokens: 4, outputTokens: 7, outcome: 'success' }])
  })

  it('calls tools in parallel and over several turns', async () => {
    await using stack = await startStack(combination)
    const client = clientOf(stack)
    const conversation = await converse((messages) => client.messages.create({ model: 'm', max_tokens: 2000, messages, tools }))
    expect(conversation).toEqual({ callsPerTurn: [2, 1], words: toolWords })
  })

  it('calls tools from streams', async () => {
    await using stack = await startStack(combination)
    const client = clientOf(stack)
    const conversation = await converse((messages) =>
      client.messages.stream({ model: 'm', max_tokens: 2000, messages, tools }).finalMessage(),
    )
    expect(conversation).toEqual({ callsPerTurn: [2, 1], words: toolWords })
  })

  it('parses structured output', async () => {
    await using stack = await startStack(combination)
    const message = await clientOf(stack).messages.create({
      ...ask('Paris?'),
      output_config: { format: { type: 'json_schema', schema: weatherSchema } },
    })
    const [block] = message.content
    expect(JSON.parse(block?.type === 'text' ? block.text : '')).toEqual({ city: 'Paris', celsius: 21 })
  })

  it('shows an image to the model', async () => {
    await using stack = await startStack(combination)
    const message = await clientOf(stack).messages.create(
      ask([
        { type: 'text', text: 'what is it?' },
        { type: 'image', source: { type: 'base64', media_type: 'image/png', data: pixelBase64 } },
      ]),
    )
    expect(message.content).toMatchObject([{ type: 'text', text: pixelWords }])
  })

  it.each(['whole', 'streamed'])('keeps thinking and its signature over turns (%s)', async (how) => {
    await using stack = await startStack(combination)
    const client = clientOf(stack)
    const thinking = { type: 'enabled' as const, budget_tokens: 1024 }
    const request = { ...ask('think'), thinking }
    const first = how === 'whole' ? await client.messages.create(request) : await client.messages.stream(request).finalMessage()
    const signature = combination.upstream === 'anthropic' ? 'c2lnbmF0dXJl+/==' : ''
    expect(first.content).toMatchObject([
      { type: 'thinking', thinking: 'Let me see. ', signature },
      { type: 'text', text: 'Forty-two.' },
    ])
    const messages: Anthropic.MessageParam[] = [
      { role: 'user', content: 'think' },
      { role: 'assistant', content: first.content },
      { role: 'user', content: 'what did you think?' },
    ]
    const second = await client.messages.create({ ...request, messages })
    const kept = combination.upstream === 'anthropic' ? signature : 'Let me see. '
    expect(second.content).toMatchObject([{ type: 'text', text: `signatures: ${kept}` }])
  })

  it('learns from the reason that an answer was cut by a filter', async () => {
    await using stack = await startStack(combination)
    expect(await clientOf(stack).messages.create(ask('be filtered'))).toMatchObject({ stop_reason: 'refusal' })
  })

  it('counts tokens', async () => {
    await using stack = await startStack(combination)
    const { input_tokens: counted } = await clientOf(stack).messages.countTokens({ model: 'm', messages: ask('hi').messages })
    if (combination.upstream === 'anthropic') expect(counted).toBe(1234)
    else expect(counted).toBeGreaterThan(0)
  })

  it('sees a rate limit as RateLimitError with Retry-After', async () => {
    await using stack = await startStack(combination)
    const error: unknown = await clientOf(stack)
      .messages.create(ask('rate limit'))
      .catch((caught: unknown) => caught)
    expect(error).toBeInstanceOf(Anthropic.RateLimitError)
    const { headers, type } = error instanceof Anthropic.APIError ? error : expect.fail('not an APIError')
    expect(type).toBe('rate_limit_error')
    expect(Number(headers?.get('retry-after'))).toBeGreaterThan(0)
  })

  it('sees a refused request as BadRequestError and does not have it repeated', async () => {
    await using stack = await startStack(combination)
    await expect(clientOf(stack).messages.create(ask('content filter'))).rejects.toBeInstanceOf(Anthropic.BadRequestError)
    expect(stack.upstream.seen).toHaveLength(1)
  })

  it('sees an overloaded upstream as InternalServerError', async () => {
    await using stack = await startStack(combination)
    await expect(clientOf(stack).messages.create(ask('overload'))).rejects.toBeInstanceOf(Anthropic.InternalServerError)
  })

  it('sees a wrong key as AuthenticationError and a wrong model as NotFoundError', async () => {
    await using stack = await startStack(combination)
    const client = clientOf(stack)
    await expect(client.withOptions({ apiKey: 'bud_wrong' }).messages.create(ask('hi'))).rejects.toBeInstanceOf(
      Anthropic.AuthenticationError,
    )
    await expect(client.messages.create({ ...ask('hi'), model: 'x' })).rejects.toBeInstanceOf(Anthropic.NotFoundError)
    expect(stack.upstream.seen).toHaveLength(0)
  })
})
