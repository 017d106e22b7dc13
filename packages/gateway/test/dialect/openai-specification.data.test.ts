/** What is answered to OpenAI's callers, and what is sent to OpenAI, is valid by OpenAI's own specification. */
import { readFileSync } from 'node:fs'
import { Ajv } from 'ajv'
import { beforeAll, describe, expect, it } from 'vitest'
import { parse } from 'yaml'
import { anthropicMessages } from '../../src/dialect/anthropic-messages/index.ts'
import { openaiChat } from '../../src/dialect/openai-chat/index.ts'
import { openaiEmbeddings } from '../../src/dialect/openai-embeddings/index.ts'
import { anthropic } from '../../src/providers/anthropic/index.ts'
import { openai } from '../../src/providers/openai/index.ts'
import { target } from '../providers/target.ts'
import { anthropicBodies, anthropicStreams, dataPath, openaiStreams } from './recordings.ts'
import { anthropicFrames, bytes, decodeAll, encodeAll, json, openaiFrames, splitFrames } from './sse.ts'

type Json = Record<string, unknown>

/** OpenAPI's `nullable` as JSON Schema, and `oneOf` as `anyOf`: some of the specification's own branches overlap. */
function toJsonSchema(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(toJsonSchema)
  if (typeof value !== 'object' || value === null) return value
  const { nullable, oneOf, discriminator: _discriminator, ...rest } = value as Json
  const schema: Json = Object.fromEntries(
    Object.entries(rest).map(([key, nested]) => [
      key,
      key === 'enum' || key === 'default' || key === 'example' ? nested : toJsonSchema(nested),
    ]),
  )
  if (oneOf !== undefined && schema['anyOf'] === undefined) schema['anyOf'] = toJsonSchema(oneOf)
  return nullable === true ? { anyOf: [schema, { type: 'null' }] } : schema
}

let ajv: Ajv
beforeAll(() => {
  const specification = parse(readFileSync(dataPath('openai', 'openapi.yaml'), 'utf8'), { maxAliasCount: -1 }) as {
    components: { schemas: Json }
  }
  ajv = new Ajv({ strict: false, validateFormats: false, allErrors: false })
  ajv.addSchema({ $id: 'openai', components: { schemas: toJsonSchema(specification.components.schemas) } })
}, 60_000)

function expectValid(name: string, value: unknown): void {
  const validate = ajv.getSchema(`openai#/components/schemas/${name}`)
  if (validate === undefined) throw new Error(`the specification has no schema '${name}'`)
  if (validate(value) !== true) throw new Error(`${name}: ${ajv.errorsText(validate.errors)}\n${JSON.stringify(value).slice(0, 500)}`)
}

const request = openaiChat.decodeRequest(bytes('{"model":"alias","messages":[{"role":"user","content":"Hi"}]}'), 'chat')
const answer = { includeUsage: true, createdUnixSeconds: 1_700_000_000 }

function expectValidStream(stream: string): void {
  const frames = splitFrames(stream)
  expect(frames.at(-1)).toBe('data: [DONE]\n\n')
  for (const frame of frames.slice(0, -1)) expectValid('CreateChatCompletionStreamResponse', JSON.parse(frame.slice('data: '.length)))
}

describe('streams for OpenAI callers', () => {
  it.each(anthropicStreams.map(({ name, lines }) => [name, lines] as const))('%s', (_name, lines) => {
    expectValidStream(
      encodeAll(openaiChat.streamEncoder(request, answer), decodeAll(anthropic.streamDecoder(request), anthropicFrames(lines))),
    )
  })
  it.each(openaiStreams.map(({ name, lines }) => [name, lines] as const))('%s', (_name, lines) => {
    expectValidStream(encodeAll(openaiChat.streamEncoder(request, answer), decodeAll(openai.streamDecoder(request), openaiFrames(lines))))
  })
})

describe('answers for OpenAI callers', () => {
  it.each(anthropicBodies.map(({ name, lines }) => [name, lines[0] ?? ''] as const))('%s', (_name, body) => {
    expectValid('CreateChatCompletionResponse', json(openaiChat.encodeResponse(anthropic.decodeResponse(bytes(body), request), request)))
  })

  it('embeddings and errors', () => {
    const embed = openaiEmbeddings.decodeRequest(bytes('{"model":"m","input":["a","b"]}'), 'embedding')
    const body = bytes(
      JSON.stringify({
        data: [
          { index: 0, embedding: [1, 2] },
          { index: 1, embedding: [3, 4] },
        ],
        model: 'm',
        usage: { prompt_tokens: 2, total_tokens: 2 },
      }),
    )
    expectValid('CreateEmbeddingResponse', json(openaiEmbeddings.encodeResponse(openai.decodeResponse(body, embed), embed)))
    const failure = openai.decodeFailure({
      status: 400,
      headers: {},
      body: new Uint8Array(),
      cause: undefined,
      target: target({ providerId: 'openai', modelId: 'm' }),
    })
    expectValid('ErrorResponse', json(openaiChat.encodeError(failure, false)))
  })
})

describe('requests to OpenAI', () => {
  const schema = { type: 'object', properties: { x: { type: 'string' } }, required: ['x'], additionalProperties: false }
  it.each([
    ['text', { messages: [{ role: 'user', content: 'Hi' }] }],
    [
      'system, tools, results and images',
      {
        system: [{ type: 'text', text: 's', cache_control: { type: 'ephemeral' } }],
        tools: [{ name: 'f', description: 'd', input_schema: schema, strict: true }],
        tool_choice: { type: 'any', disable_parallel_tool_use: true },
        messages: [
          {
            role: 'user',
            content: [
              { type: 'text', text: 'a' },
              { type: 'image', source: { type: 'url', url: 'https://x.test/a.png' } },
            ],
          },
          {
            role: 'assistant',
            content: [
              { type: 'thinking', thinking: 'Hm', signature: 's' },
              { type: 'tool_use', id: 't', name: 'f', input: { x: 'y' } },
            ],
          },
          {
            role: 'user',
            content: [
              {
                type: 'tool_result',
                tool_use_id: 't',
                is_error: true,
                content: [{ type: 'image', source: { type: 'base64', media_type: 'image/png', data: 'QUJD' } }],
              },
            ],
          },
        ],
      },
    ],
    [
      'documents',
      {
        messages: [
          {
            role: 'user',
            content: [
              { type: 'document', title: 'T', source: { type: 'base64', media_type: 'application/pdf', data: 'QUJD' } },
              { type: 'document', title: 'T', source: { type: 'text', media_type: 'text/plain', data: 'abc' } },
            ],
          },
        ],
      },
    ],
    [
      'everything about sampling',
      {
        messages: [{ role: 'user', content: 'Hi' }],
        temperature: 0.5,
        top_p: 0.5,
        top_k: 5,
        stop_sequences: ['a'],
        stream: true,
        metadata: { user_id: 'u' },
        service_tier: 'auto',
        thinking: { type: 'enabled', budget_tokens: 2_000 },
      },
    ],
    [
      'structured output',
      { messages: [{ role: 'user', content: 'Hi' }], output_config: { effort: 'high', format: { type: 'json_schema', schema } } },
    ],
  ])('%s', (_name, body) => {
    const canonical = anthropicMessages.decodeRequest(bytes(JSON.stringify({ model: 'm', max_tokens: 4_000, ...body })), 'chat')
    for (const modelId of ['gpt-4.1', 'gpt-5.2'])
      expectValid('CreateChatCompletionRequest', json(openai.encodeRequest(canonical, target({ providerId: 'openai', modelId }))))
  })

  it('the check itself finds what is wrong', () => {
    expect(() => expectValid('CreateChatCompletionRequest', { model: 'm', messages: [{ role: 'robot', content: 'x' }] })).toThrow(
      /CreateChatCompletionRequest/,
    )
    expect(() =>
      expectValid('CreateChatCompletionStreamResponse', {
        id: 'x',
        choices: [{}],
        created: 1,
        model: 'm',
        object: 'chat.completion.chunk',
      }),
    ).toThrow(/delta/)
  })
})
