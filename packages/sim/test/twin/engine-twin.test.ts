/** The engine twin seen through the official OpenAI client and plain HTTP. */
import { createEngineTwin, type EngineTwinOptions } from '@bud-foundry/sim/twin'
import OpenAI, { APIError } from 'openai'
import { afterEach, describe, expect, it } from 'vitest'

const model = 'meta-llama/Llama-3.1-8B-Instruct'
const question = [{ role: 'user', content: 'Explain how paged attention stores the key value cache.' }] as const
// Twelve of the words, one of the role, four around the message, one that begins and four that open the answer.
const promptTokens = 22
const opened: AsyncDisposable[] = []

/** As fast as it can unless a test asks for timing. */
async function start(options: EngineTwinOptions = {}) {
  const twin = createEngineTwin({ timeScale: 0, ...options })
  opened.push(twin)
  const { url } = await twin.listen()
  return { twin, url, client: new OpenAI({ baseURL: `${url}/v1`, apiKey: 'none', maxRetries: 0 }) }
}

afterEach(async () => {
  for (const twin of opened.splice(0)) await twin[Symbol.asyncDispose]()
})

const fault = (name: string) => ({ headers: { 'x-bud-sim-fault': name } })

describe('chat', () => {
  it('answers in English about the prompt, with usage and a finish reason', async () => {
    const { client } = await start()
    const answer = await client.chat.completions.create({ model, messages: [...question] })
    expect(answer.choices[0]).toMatchObject({ finish_reason: 'stop', message: { role: 'assistant' } })
    expect(answer.choices[0]?.message.content).toMatch(/attention/)
    expect(answer.usage).toMatchObject({ prompt_tokens: promptTokens, completion_tokens: expect.any(Number) })
    expect(answer.usage?.total_tokens).toBe(promptTokens + (answer.usage?.completion_tokens ?? 0))
  })

  it('streams the same text token by token, then usage when asked', async () => {
    const { client } = await start()
    const whole = await client.chat.completions.create({ model, messages: [...question] })
    const stream = await client.chat.completions.create({
      model,
      messages: [...question],
      stream: true,
      stream_options: { include_usage: true },
    })
    const chunks = []
    for await (const chunk of stream) chunks.push(chunk)
    const text = chunks.map((chunk) => chunk.choices[0]?.delta.content ?? '').join('')
    expect(text).toBe(whole.choices[0]?.message.content)
    expect(chunks.at(-1)).toMatchObject({ choices: [], usage: { completion_tokens: whole.usage?.completion_tokens } })
    expect(chunks.at(-2)?.choices[0]?.finish_reason).toBe('stop')
    const pieces = chunks.filter((chunk) => (chunk.choices[0]?.delta.content ?? '') !== '')
    expect(pieces.length).toBe(whole.usage?.completion_tokens)
  })

  it('is deterministic for a seed, and differs between seeds', async () => {
    const text = async (seed: number) => {
      const { client } = await start({ seed })
      return (await client.chat.completions.create({ model, messages: [...question] })).choices[0]?.message.content
    }
    expect(await text(5)).toBe(await text(5))
    expect(await text(5)).not.toBe(await text(6))
  })

  it('obeys max_completion_tokens, stop, n and ignore_eos', async () => {
    const { client } = await start()
    const short = await client.chat.completions.create({ model, messages: [...question], max_completion_tokens: 7, n: 2 })
    expect(short.choices.map((choice) => choice.finish_reason)).toEqual(['length', 'length'])
    expect(short.choices[0]?.message.content).not.toBe('')
    expect(short.usage?.completion_tokens).toBe(14)
    const stopped = await client.chat.completions.create({ model, messages: [...question], stop: ['.'] })
    expect(stopped.choices[0]).toMatchObject({ finish_reason: 'stop' })
    expect(stopped.choices[0]?.message.content).not.toContain('.')
    // ignore_eos is vLLM's own field, which the client's types do not know.
    const long = await client.chat.completions.create({
      model,
      messages: [...question],
      max_completion_tokens: 500,
      ignore_eos: true,
    } as Parameters<typeof client.chat.completions.create>[0])
    expect(long).toMatchObject({ usage: { completion_tokens: 500 }, choices: [{ finish_reason: 'length' }] })
  })

  it('says that it is simulated when asked, and counts for real', async () => {
    const { client } = await start()
    const ask = async (content: string) =>
      (await client.chat.completions.create({ model, messages: [{ role: 'user', content }] })).choices[0]?.message.content
    expect(await ask('Who are you?')).toMatch(/simulated engine/)
    expect(await ask('Count to 5')).toBe('1, 2, 3, 4, 5.')
    expect(await ask('What is 17 * 3?')).toContain('51')
  })

  it('calls a tool when it must, and fills a schema', async () => {
    const { client } = await start()
    const parameters = {
      type: 'object',
      properties: { city: { type: 'string' }, unit: { enum: ['celsius', 'fahrenheit'] } },
      required: ['city'],
    }
    const called = await client.chat.completions.create({
      model,
      messages: [...question],
      tools: [{ type: 'function', function: { name: 'get_weather', parameters } }],
      tool_choice: 'required',
    })
    expect(called.choices[0]?.finish_reason).toBe('tool_calls')
    const call = called.choices[0]?.message.tool_calls?.[0]
    expect(call?.type === 'function' ? JSON.parse(call.function.arguments) : undefined).toEqual({ city: 'simulated city', unit: 'celsius' })
    const structured = await client.chat.completions.create({
      model,
      messages: [...question],
      response_format: { type: 'json_schema', json_schema: { name: 'weather', schema: parameters } },
    })
    expect(JSON.parse(structured.choices[0]?.message.content ?? '')).toEqual({ city: 'simulated city', unit: 'celsius' })
  })

  it('counts a repeated prompt as cached', async () => {
    const { client } = await start()
    const content = 'The quick brown fox jumps over the lazy dog. '.repeat(20)
    const ask = async () => (await client.chat.completions.create({ model, messages: [{ role: 'user', content }] })).usage
    expect((await ask())?.prompt_tokens_details?.cached_tokens).toBe(0)
    const again = await ask()
    expect(again?.prompt_tokens_details?.cached_tokens).toBeGreaterThan((again?.prompt_tokens ?? 0) - 32)
  })
})

describe('other endpoints', () => {
  it('complete text, embed, list models, tell health and version', async () => {
    const { client, url } = await start({ servedModelNames: ['llama', model] })
    const completion = await client.completions.create({ model: 'llama', prompt: ['Once upon a time', 'Twice'], max_tokens: 5 })
    expect(completion.choices).toHaveLength(2)
    expect(completion.usage?.completion_tokens).toBe(10)
    const { data } = await client.embeddings.create({ model: 'llama', input: ['a cat sat', 'a cat sat', 'quantum field'] })
    const dot = (left: readonly number[], right: readonly number[]) =>
      left.reduce((sum, value, index) => sum + value * (right[index] ?? 0), 0)
    expect(dot(data[0]?.embedding ?? [], data[1]?.embedding ?? [])).toBeCloseTo(1, 4)
    expect(dot(data[0]?.embedding ?? [], data[2]?.embedding ?? [])).toBeLessThan(0.9)
    const models = await client.models.list()
    expect(models.data.map(({ id }) => id)).toEqual(['llama', model])
    expect((await fetch(`${url}/health`)).status).toBe(200)
    expect(await (await fetch(`${url}/version`)).json()).toEqual({ version: '0.18.0' })
  })

  it('publish vLLM’s metrics', async () => {
    const { client, url } = await start()
    await client.chat.completions.create({ model, messages: [...question], max_completion_tokens: 10 })
    const text = await (await fetch(`${url}/metrics`)).text()
    const labels = `{engine="0",model_name="${model}"`
    expect(text).toContain(`vllm:generation_tokens_total${labels}} 10`)
    expect(text).toContain(`vllm:prompt_tokens_total${labels}} ${String(promptTokens)}`)
    expect(text).toContain(`vllm:num_requests_running${labels}} 0`)
    expect(text).toContain(`vllm:time_to_first_token_seconds_count${labels}} 1`)
    expect(text).toContain(`vllm:inter_token_latency_seconds_bucket${labels},le="+Inf"} 9`)
    expect(text).toContain(`vllm:request_success_total${labels},finished_reason="length"} 1`)
    for (const name of [
      'vllm:num_requests_waiting',
      'vllm:kv_cache_usage_perc',
      'vllm:gpu_cache_usage_perc',
      'vllm:time_per_output_token_seconds_sum',
    ])
      expect(text).toContain(name)
  })
})

describe('bad input', () => {
  const post = (url: string, body: string) => fetch(`${url}/v1/chat/completions`, { method: 'POST', body })

  it.each([
    ['broken JSON', '{"model":', 400, null],
    ['a list', '[]', 400, null],
    ['a wrong type', JSON.stringify({ model, messages: 'hi' }), 400, null],
    ['an unknown model', JSON.stringify({ model: 'gpt-4', messages: question }), 404, 'model_not_found'],
    ['more tokens than the context', JSON.stringify({ model, messages: question, max_tokens: 40_000 }), 400, 'context_length_exceeded'],
    ['an oversized body', `"${'x'.repeat(17 * 1024 * 1024)}"`, 413, 'request_too_large'],
  ])('%s gets an OpenAI-shaped error', async (_, body, status, code) => {
    const { url } = await start()
    const response = await post(url, body)
    expect(response.status).toBe(status)
    expect(await response.json()).toMatchObject({ error: { message: expect.any(String), type: 'invalid_request_error', code } })
    expect((await post(url, JSON.stringify({ model, messages: question, max_tokens: 1 }))).status).toBe(200)
  })

  it('an unknown path is not found', async () => {
    const { url } = await start()
    expect((await fetch(`${url}/v1/nothing`)).status).toBe(404)
  })

  it('options that cannot work are refused with help', () => {
    expect(() => createEngineTwin({ model: 'deepseek-ai/DeepSeek-V3' })).toThrow(/would fit on/)
    expect(() => createEngineTwin({ hardware: 'abacus' })).toThrow(/not known/)
    expect(() => createEngineTwin({ timeScale: -1 })).toThrow(/timeScale/)
  })

  it('a port in use is named', async () => {
    const { url } = await start()
    const second = createEngineTwin()
    opened.push(second)
    await expect(second.listen({ port: Number(new URL(url).port) })).rejects.toThrow(/cannot listen on 127\.0\.0\.1/)
  })
})

describe('faults', () => {
  const request = { model, messages: [...question] }

  it('answer with the status asked for', async () => {
    const { client } = await start()
    const error: unknown = await client.chat.completions.create(request, fault('503')).catch((reason: unknown) => reason)
    expect(error).toBeInstanceOf(APIError)
    expect(error).toMatchObject({ status: 503, code: 'simulated_fault' })
    await expect(client.chat.completions.create(request, fault('429'))).rejects.toMatchObject({ status: 429 })
    await expect(client.chat.completions.create(request, fault('banana'))).rejects.toMatchObject({ status: 400 })
  })

  it('reset the connection before or inside the answer', async () => {
    const { client } = await start()
    await expect(client.chat.completions.create(request, fault('reset'))).rejects.toThrow()
    const stream = await client.chat.completions.create({ ...request, stream: true }, fault('reset:3'))
    const pieces: string[] = []
    const read = async () => {
      for await (const chunk of stream) pieces.push(chunk.choices[0]?.delta.content ?? '')
    }
    await expect(read()).rejects.toThrow()
    expect(pieces.filter((piece) => piece !== '').length).toBeLessThanOrEqual(3)
  })

  it('stall until the client gives up, and free its place then', async () => {
    const { client, twin } = await start()
    const stream = await client.chat.completions.create({ ...request, stream: true }, fault('stall:2'))
    const pieces: string[] = []
    for await (const chunk of stream) {
      pieces.push(chunk.choices[0]?.delta.content ?? '')
      if (pieces.filter((piece) => piece !== '').length === 2) stream.controller.abort()
    }
    expect(pieces.join('').length).toBeGreaterThan(0)
    await expect.poll(() => twin.state().openRequests).toBe(0)
  })

  it('by chance repeat exactly for a seed', async () => {
    const outcomes = async () => {
      const { client } = await start({ seed: 9, faults: { '5xx': 0.4 } })
      const results = []
      for (let index = 0; index < 12; index += 1)
        results.push(
          await client.chat.completions.create({ ...request, max_completion_tokens: 2 }).then(
            () => 200,
            (error: unknown) => (error instanceof APIError ? (error.status ?? 0) : -1),
          ),
        )
      return results
    }
    const first = await outcomes()
    expect(await outcomes()).toEqual(first)
    expect(new Set(first).size).toBeGreaterThan(1)
  })
})

describe('closing', () => {
  it('ends open streams soon, twice without harm, and refuses what comes later', async () => {
    const { client, twin, url } = await start({ timeScale: 1 })
    const stream = await client.chat.completions.create({ model, messages: [...question], stream: true })
    const reading = (async () => {
      for await (const chunk of stream) if (chunk.choices[0]?.finish_reason === 'stop') return 'finished'
      return 'ended'
    })().catch(() => 'cut')
    await Promise.all([twin[Symbol.asyncDispose](), twin[Symbol.asyncDispose]()])
    expect(['cut', 'ended', 'finished']).toContain(await reading)
    await expect(fetch(`${url}/health`)).rejects.toThrow()
  })
})
