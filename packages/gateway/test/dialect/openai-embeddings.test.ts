/** Embeddings come in the form that the caller asked for, whatever the upstream gave. */
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { fromBase64Vector, toBase64Vector } from '../../src/dialect/openai-embeddings/codec.ts'
import { openaiCompletions } from '../../src/dialect/openai-completions/index.ts'
import { openaiEmbeddings } from '../../src/dialect/openai-embeddings/index.ts'
import { openai } from '../../src/providers/openai/index.ts'
import { target } from '../providers/target.ts'
import { startReplay } from './replay.ts'
import { bytes, json } from './sse.ts'

const at = target({ providerId: 'openai', modelId: 'text-embedding-3-small' })
const decode = (body: object) => openaiEmbeddings.decodeRequest(bytes(JSON.stringify({ model: 'm', ...body })), 'embedding')

describe('embeddings', () => {
  it.each([
    ['a text', 'a'],
    ['texts', ['a', 'b']],
    ['token ids', [1, 2, 3]],
    ['lists of token ids', [[1, 2], [3]]],
  ])('keep an input of %s', (_name, input) => {
    const body = { input, dimensions: 8, encoding_format: 'base64', user: 'u', truncate: 'END' }
    expect(json(openai.encodeRequest(decode(body), at))).toEqual({ model: 'text-embedding-3-small', ...body })
  })

  it.each([['float' as const], ['base64' as const]])('satisfy the OpenAI client asking for %s, from either form', async (format) => {
    await using replay = await startReplay()
    const vectors = [
      [0.5, -1.25],
      [3, 4],
    ]
    for (const upstream of [vectors, vectors.map(toBase64Vector)]) {
      const data = upstream.map((embedding, index) => ({ object: 'embedding', index, embedding })).reverse()
      const answer = bytes(JSON.stringify({ object: 'list', model: 'm', data, usage: { prompt_tokens: 2, total_tokens: 2 } }))
      const request = decode({ input: ['a', 'b'], encoding_format: format })
      replay.serve(openaiEmbeddings.encodeResponse(openai.decodeResponse(answer, request), request), 'application/json')
      const result = await replay.openai.embeddings.create({ model: 'm', input: ['a', 'b'], encoding_format: format })
      const read = result.data.map(({ embedding }) => (typeof embedding === 'string' ? fromBase64Vector(embedding) : embedding))
      expect(read).toEqual(vectors)
      expect(result.usage).toEqual({ prompt_tokens: 2, total_tokens: 2 })
    }
  })

  it('come back from base64 as the same float32 numbers', () => {
    fc.assert(
      fc.property(fc.array(fc.float({ noNaN: true })), (vector) => {
        expect(fromBase64Vector(toBase64Vector(vector))).toEqual(vector)
      }),
    )
  })

  it('refuse what is no input, and streams', () => {
    expect(() => decode({})).toThrow(expect.objectContaining({ code: 'GATEWAY_FIELD_INVALID' }))
    expect(() => decode({ input: [] })).toThrow(/'input'/)
    expect(() => decode({ input: ['a', 5] })).toThrow(/'input/)
    expect(() => openaiEmbeddings.streamEncoder(decode({ input: 'a' }), { includeUsage: false, createdUnixSeconds: 0 })).toThrow(/stream/)
  })
})

describe('completions', () => {
  it('keep prompts and parameters', () => {
    const body = { prompt: ['a', 'b'], max_tokens: 5, temperature: 0, echo: true, suffix: 'z', n: 2, stop: ['x'], seed: 1, user: 'u' }
    const request = openaiCompletions.decodeRequest(bytes(JSON.stringify({ model: 'm', ...body })), 'completion')
    expect(json(openai.encodeRequest(request, at))).toEqual({ model: 'text-embedding-3-small', ...body })
    const answer = bytes(
      JSON.stringify({
        id: 'cmpl-1',
        created: 5,
        model: 'm',
        choices: [{ index: 0, text: 'hi', finish_reason: 'length' }],
        usage: { prompt_tokens: 1, completion_tokens: 2, total_tokens: 3 },
      }),
    )
    expect(json(openaiCompletions.encodeResponse(openai.decodeResponse(answer, request), request))).toMatchObject({
      id: 'cmpl-1',
      object: 'text_completion',
      created: 5,
      choices: [{ index: 0, text: 'hi', logprobs: null, finish_reason: 'length' }],
      usage: { prompt_tokens: 1, completion_tokens: 2, total_tokens: 3 },
    })
  })
})
