/** Guardrails on requests: on every text route, before any upstream sees a word. */
import { createMemoryStore } from '@bud-foundry/core'
import { describe, expect, it } from 'vitest'
import type { GatewayConfigInput } from '../../src/index.ts'
import { chat, oneModel, startGateway } from '../support/gateway.ts'
import { wellBehaved } from '../support/openai-answers.ts'
import { startUpstream } from '../support/upstream.ts'
import { cutTransport, guarded, post } from './support.ts'

const secret = 'top secret'
const bodies: Readonly<Record<string, readonly object[]>> = {
  '/v1/chat/completions': [
    { messages: [{ role: 'user', content: secret }] },
    { messages: [{ role: 'user', content: [{ type: 'text', text: `a ${secret}` }] }] },
    { messages: [{ role: 'tool', tool_call_id: 't', content: secret }] },
    { messages: [{ role: 'user', content: `data: ${secret}` }] },
    { messages: [{ role: 'user', content: 'hi', data: 'topsecret' }] },
    { messages: [{ role: 'user', content: [{ type: 'image_url', image_url: { url: `data:text/plain,${secret}` } }] }] },
    {
      messages: [
        {
          role: 'assistant',
          tool_calls: [{ id: 't', type: 'function', function: { name: 'f', arguments: String.raw`{"a":"t\u006fp secret"}` } }],
        },
      ],
    },
    { messages: [{ role: 'user', content: 'hi' }], tools: [{ type: 'function', function: { name: 'f', description: secret } }] },
  ],
  '/v1/completions': [{ prompt: secret }, { prompt: ['ok', secret] }],
  '/v1/embeddings': [{ input: secret }, { input: ['ok', secret] }, { input: [1, 2, 3] }],
  '/v1/messages': [
    { messages: [{ role: 'user', content: secret }] },
    { messages: [{ role: 'user', content: 'hi' }], system: [{ type: 'text', text: secret }] },
    { messages: [{ role: 'assistant', content: [{ type: 'tool_use', id: 't', name: 'f', input: { type: secret } }] }] },
    {
      messages: [
        { role: 'user', content: [{ type: 'document', source: { type: 'text', media_type: 'text/plain', data: `a ${secret}` } }] },
      ],
    },
    {
      messages: [
        { role: 'assistant', content: [{ type: 'tool_use', id: 't', name: 'f', input: { data: { id: [secret] }, role: secret } }] },
      ],
    },
  ],
  '/v1/messages/count_tokens': [{ messages: [{ role: 'user', content: secret }] }],
}

describe.each(Object.entries(bodies))('%s', (path, examples) => {
  it.each([[true], [false]])('blocks what a rail forbids, wherever it stands (stream: %s)', async (stream) => {
    const transport = cutTransport()
    await using gateway = guarded(
      { rails: { words: { kind: 'keywords', words: ['TOP SECRET', 'topsecret'] } }, attach: [{ rails: ['words'] }] },
      transport,
    )
    for (const body of examples) {
      const response = await post(gateway, path, { ...body, ...(stream ? { stream } : {}) })
      expect(response.status).toBe(400)
      expect(await response.text()).toMatch(/guardrail 'words'/)
    }
    expect(transport.requests).toHaveLength(0)
  })
})

it('reads the numbers that a double cannot hold past, and leaves them as they are', async () => {
  const transport = cutTransport()
  transport.answer = { type: 'application/json', chunks: [Buffer.from('{"choices":[{"message":{"content":"ok"}}]}')] }
  await using gateway = guarded(
    { rails: { digits: { kind: 'regex', pattern: '\\d{19}', maxLength: 19, action: 'mask' } }, attach: [{ rails: ['digits'] }] },
    transport,
  )
  const body = JSON.stringify({ model: 'm', messages: [{ role: 'user', content: '4111111111111111111' }], seed: 0 })
  const response = await gateway.fetch('http://gateway.invalid/v1/chat/completions', {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: body.replace('"seed":0', '"seed":4111111111111111111,"vllm_xargs":{"a":4111111111111111110}'),
  })
  expect(response.status).toBe(200)
})

const nested = (depth: number): object => (depth === 0 ? { text: secret } : { a: nested(depth - 1) })
const deep = { messages: [{ role: 'assistant', content: [{ type: 'tool_use', id: 't', name: 'f', input: nested(64) }] }] }

it.each([
  ['refuses what is nested too deep to be read', 'block', 400],
  ['lets pass what it cannot read where it only annotates', 'annotate', 200],
] as const)('%s', async (_, action, status) => {
  const transport = cutTransport()
  transport.answer = { type: 'application/json', chunks: [Buffer.from('{"choices":[{"message":{"content":"ok"}}]}')] }
  await using gateway = guarded(
    { rails: { words: { kind: 'keywords', on: ['input'], words: [secret], action } }, attach: [{ rails: ['words'] }] },
    transport,
  )
  const response = await post(gateway, '/v1/messages', deep)
  expect(response.status).toBe(status)
  if (status === 400) expect(await response.text()).toMatch(/nested deeper than 64, where the guardrail 'words' cannot read it/)
})

it('leaves the bytes of images and documents alone', async () => {
  const transport = cutTransport()
  transport.answer = { type: 'application/json', chunks: [Buffer.from('{"choices":[{"message":{"content":"ok"}}]}')] }
  const words = ['QQ']
  await using gateway = guarded({ rails: { words: { kind: 'keywords', words, on: ['input'] } }, attach: [{ rails: ['words'] }] }, transport)
  const parts = [
    { type: 'image_url', image_url: { url: 'data:image/png;base64,AAQQAA==' } },
    { type: 'file', file: { file_data: 'data:application/pdf;base64,AAQQAA==' } },
    { type: 'input_audio', input_audio: { data: 'AAQQAA==', format: 'wav' } },
  ]
  expect((await post(gateway, '/v1/chat/completions', { messages: [{ role: 'user', content: parts }] })).status).toBe(200)
  const image = { type: 'image', source: { type: 'base64', media_type: 'image/png', data: 'AAQQAA==' } }
  expect((await post(gateway, '/v1/messages', { messages: [{ role: 'user', content: [image] }] })).status).toBe(200)
})

it('masks what goes to the upstream, and leaves everything else as it was', async () => {
  await using upstream = await startUpstream(wellBehaved('mail bob@example.org'))
  const guardrails: GatewayConfigInput['guardrails'] = { rails: { pii: { kind: 'pii' } }, attach: [{ rails: ['pii'] }] }
  await using test = await startGateway({ ...oneModel(upstream.baseUrl), guardrails })
  const body = JSON.stringify(chat({ seed: 0, user: 'ada@example.org' }))
    .replace('hi', 'I am ada@example.org')
    .replace('"seed":0', '"seed":12345678901234567890')
  const response = await test.post('/v1/chat/completions', body)
  expect(await response.text()).toContain('mail [EMAIL]')
  expect(upstream.seen[0]?.body).toContain('I am [EMAIL]')
  expect(upstream.seen[0]?.body).toContain('12345678901234567890')
  const [event] = await test.sink.waitFor(1)
  expect(event?.tags['guardrail.pii']).toBe('mask input=1 output=1')
  expect(test.gateway.metricsText()).toContain('bud_gateway_guardrail_findings_total{rail="pii",side="output",action="mask"} 1')
})

it('only annotates where that is all it shall do', async () => {
  await using upstream = await startUpstream(wellBehaved('ok'))
  const guardrails: GatewayConfigInput['guardrails'] = {
    rails: { regex: { kind: 'regex', pattern: 'h[^i]?', maxLength: 2, action: 'annotate' } },
    attach: [{ rails: ['regex'] }],
  }
  await using test = await startGateway({ ...oneModel(upstream.baseUrl), guardrails })
  expect((await test.post('/v1/chat/completions', chat())).status).toBe(200)
  expect((await test.sink.waitFor(1))[0]?.tags).toEqual({ 'guardrail.regex': 'annotate input=1' })
})

it('a schema judges the body of a request', async () => {
  const transport = cutTransport()
  const schema = { properties: { temperature: { maximum: 1 } } }
  await using gateway = guarded(
    { rails: { calm: { kind: 'json-schema', on: ['input'], schema } }, attach: [{ rails: ['calm'] }] },
    transport,
  )
  const response = await post(gateway, '/v1/chat/completions', { messages: [{ role: 'user', content: 'x' }], temperature: 2 })
  expect(response.status).toBe(400)
})

it('rails are attached to models, projects, keys and tags', async () => {
  await using upstream = await startUpstream(wellBehaved('ok'))
  await using store = createMemoryStore({})
  const words = { kind: 'keywords' as const, words: ['hi'] }
  const guardrails: GatewayConfigInput['guardrails'] = {
    rails: { byModel: words, byProject: words, byTag: words },
    attach: [
      { rails: ['byModel'], models: ['other-*'] },
      { rails: ['byProject'], projects: ['strict'] },
      { rails: ['byTag'], tags: { team: 'legal' } },
    ],
  }
  const { models } = oneModel(upstream.baseUrl)
  const other = { targets: [{ provider: 'vllm', baseUrl: upstream.baseUrl }] }
  await using test = await startGateway({ models: { ...models, 'other-m': other }, guardrails }, { store })
  const keyOf = async (fields: object) => {
    const created = await test.gateway.keys?.create({ name: 'k', projectId: 'project-1', ...fields })
    return { authorization: `Bearer ${created?.key.reveal() ?? ''}` }
  }
  const status = async (fields: object, model = 'm') =>
    (await test.post('/v1/chat/completions', chat({ model }), await keyOf(fields))).status
  expect(await status({})).toBe(200)
  expect(await status({}, 'other-m')).toBe(400)
  expect(await status({ projectId: 'strict' })).toBe(400)
  expect(await status({ tags: { team: 'legal' } })).toBe(400)
  expect(await status({ tags: { team: 'sales' } })).toBe(200)
})

it('tells where a configuration is wrong', async () => {
  const words = { kind: 'keywords' as const, words: ['x'] }
  await expect(guarded({ rails: { a: words }, attach: [{ rails: ['b'] }] }, cutTransport()).ready).rejects.toThrow(
    /guardrails\.attach\.0\.rails\.0: there is no rail 'b'; use one of a/,
  )
  const badSchema = { kind: 'json-schema' as const, schema: { type: 'nothing' } }
  await expect(guarded({ rails: { a: badSchema }, attach: [] }, cutTransport()).ready).rejects.toThrow(/guardrails\.rails\.a\.schema/)
  const backtracking = { kind: 'json-schema' as const, schema: { pattern: 'a(?=b)' } }
  await expect(guarded({ rails: { a: backtracking }, attach: [] }, cutTransport()).ready).rejects.toThrow(/guardrails\.rails\.a\.schema/)
  for (const pattern of ['(', 'a(?=b)', String.raw`(a)\1`])
    expect(() => guarded({ rails: { a: { kind: 'regex', pattern, maxLength: 3 } }, attach: [] }, cutTransport())).toThrow(
      /regular expression/,
    )
})
