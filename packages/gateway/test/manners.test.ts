/** Bad input, keys, ids, health: a clear answer in the caller's dialect, and a process that stays up. */
import { request } from 'node:http'
import { createMemoryStore } from '@bud-foundry/core'
import { describe, expect, it } from 'vitest'
import { createGateway, createKeyRing, gatewayErrors, type GatewayConfigInput } from '../src/index.ts'
import { chat, oneModel, startGateway, type TestGateway } from './support/gateway.ts'
import { wellBehaved } from './support/openai-answers.ts'
import { startUpstream } from './support/upstream.ts'

async function setUp(extra?: Partial<GatewayConfigInput>) {
  const upstream = await startUpstream(wellBehaved('fine'))
  const test = await startGateway({ ...oneModel(upstream.baseUrl), ...extra })
  return {
    ...test,
    upstream,
    [Symbol.asyncDispose]: async () => {
      await test[Symbol.asyncDispose]()
      await upstream[Symbol.asyncDispose]()
    },
  }
}

const stillWorks = async (test: TestGateway) => {
  const response = await test.post('/v1/chat/completions', chat())
  expect(response.status).toBe(200)
  await response.text()
}

it('answers in the words of Anthropic where the path or a header is theirs', async () => {
  await using test = await setUp()
  for (const [path, headers] of [
    ['/v1/messages/batches', {}],
    ['/v1/elsewhere', { 'anthropic-version': '2023-06-01' }],
  ] as const) {
    const response = await test.post(path, chat(), headers)
    expect([response.status, await response.json()]).toMatchObject([404, { type: 'error', error: { type: 'not_found_error' } }])
  }
  const other = await test.post('/v1/elsewhere', chat())
  expect([other.status, await other.json()]).toMatchObject([404, { error: { code: 'unknown_url' } }])
})

it('waits for the headers of a whole answer as long as it says, and not half a second longer', async () => {
  await using test = await setUp({ timeouts: { headersMs: 300 }, retry: { attempts: 1 } })
  test.upstream.answer = () => undefined
  const startMs = performance.now()
  const response = await test.post('/v1/chat/completions', chat())
  expect(performance.now() - startMs).toBeGreaterThanOrEqual(299)
  expect([response.status, await response.text()]).toEqual([504, expect.stringContaining('300 ms')])
  // The gateway's own clock, for the test's may be busy.
  const [event] = await test.sink.waitFor(1)
  expect(event?.durationMs).toBeLessThan(700)
})

describe('bad input', () => {
  it.each([
    ['malformed JSON', '{"model":"m", "messages":[', 400, 'body_malformed'],
    ['an empty body', '', 400, 'body_malformed'],
    ['no object', '[1]', 400, 'body_malformed'],
    ['a model that is no string', JSON.stringify(chat({ model: 7 })), 400, 'field_invalid'],
    ['a stream flag that is no boolean', JSON.stringify(chat({ stream: 'yes' })), 400, 'field_invalid'],
    ['no messages', '{"model":"m"}', 400, 'invalid_body'],
    ['messages that are no array', JSON.stringify(chat({ messages: 'hi' })), 400, 'invalid_body'],
    ['an unknown model', JSON.stringify(chat({ model: 'x' })), 404, 'model_not_found'],
  ])('with %s is a clear error', async (_name, body, status, code) => {
    await using test = await setUp()
    const response = await test.post('/v1/chat/completions', body)
    expect(response.status).toBe(status)
    expect(response.headers.get('content-type')).toBe('application/json')
    expect(await response.json()).toMatchObject({ error: { code, type: expect.any(String), message: expect.any(String) } })
    expect(test.upstream.seen).toHaveLength(0)
    const [event] = await test.sink.waitFor(1)
    expect(event).toMatchObject({ outcome: 'rejected', status, attempts: [] })
    await stillWorks(test)
  })

  it.each(['declared', 'chunked'])('that is too large (%s) is 413', async (how) => {
    await using test = await setUp({ limits: { bodyBytes: 1_000 } })
    const body = JSON.stringify(chat({ filler: 'x'.repeat(2_000) }))
    const status = await new Promise<number>((resolve, reject) => {
      const headers = { authorization: `Bearer ${test.key}`, ...(how === 'declared' ? { 'content-length': String(body.length) } : {}) }
      const req = request(`${test.baseUrl}/chat/completions`, { method: 'POST', headers }, (res) => {
        res.resume()
        resolve(res.statusCode ?? 0)
      })
      req.on('error', reject)
      req.end(body)
    })
    expect(status).toBe(413)
  })

  it('under an unknown path is 404, with a wrong method 405, each in the dialect of the path', async () => {
    await using test = await setUp()
    const missing = await test.post('/v1/chat/completion', chat())
    expect(missing.status).toBe(404)
    expect(await missing.json()).toMatchObject({ error: { code: 'unknown_url' } })
    const wrong = await fetch(`${test.baseUrl}/chat/completions`)
    expect(wrong.status).toBe(405)
    expect(wrong.headers.get('allow')).toBe('POST')
    const anthropic = await test.post('/v1/messages', '{', { 'x-api-key': test.key })
    expect(anthropic.status).toBe(400)
    expect(await anthropic.json()).toMatchObject({ type: 'error', error: { type: 'invalid_request_error' } })
  })

  it('for the Responses API is 404 and names the path that is served instead', async () => {
    await using test = await setUp()
    const response = await test.post('/v1/responses', { model: 'm', input: 'hi' })
    expect(response.status).toBe(404)
    const message: unknown = expect.stringMatching(/Responses API.*\/v1\/chat\/completions/)
    expect(await response.json()).toMatchObject({ error: { code: 'responses_not_served', message } })
  })

  it('with a compressed body is 415', async () => {
    await using test = await setUp()
    const response = await test.post('/v1/chat/completions', chat(), { 'content-encoding': 'gzip' })
    expect(response.status).toBe(415)
  })
})

describe('keys', () => {
  it('are needed on every route that touches models', async () => {
    await using test = await setUp()
    for (const [method, path] of [
      ['POST', '/chat/completions'],
      ['POST', '/completions'],
      ['POST', '/embeddings'],
      ['POST', '/messages'],
      ['POST', '/messages/count_tokens'],
      ['GET', '/models'],
      ['GET', '/models/m'],
    ]) {
      const response = await fetch(test.baseUrl + String(path), { method: String(method), ...(method === 'POST' ? { body: '{}' } : {}) })
      expect([path, response.status]).toEqual([path, 401])
      await response.text()
    }
  })

  it('stop working the moment they are revoked, and other keys do not', async () => {
    await using test = await setUp()
    const second = await test.gateway.keys?.create({ name: 'second' })
    const asSecond = { authorization: `Bearer ${second?.key.reveal() ?? ''}` }
    expect((await test.post('/v1/chat/completions', chat(), asSecond)).status).toBe(200)
    await test.gateway.keys?.revoke(second?.record.id ?? '')
    const refused = await test.post('/v1/chat/completions', chat(), asSecond)
    expect(refused.status).toBe(401)
    expect(await refused.json()).toMatchObject({ error: { code: 'invalid_api_key', message: expect.stringContaining('revoked') } })
    await stillWorks(test)
  })

  it('are accepted as bearer token, x-api-key and api-key', async () => {
    await using test = await setUp()
    for (const header of [{ authorization: `bearer ${test.key}` }, { 'x-api-key': test.key }, { 'api-key': test.key }]) {
      const response = await fetch(`${test.baseUrl}/chat/completions`, {
        method: 'POST',
        headers: { ...header },
        body: JSON.stringify(chat()),
      })
      expect(response.status).toBe(200)
      await response.text()
    }
  })

  it('see only the models on their list', async () => {
    await using test = await setUp()
    const limited = await test.gateway.keys?.create({ name: 'limited', models: ['other-*'] })
    const headers = { authorization: `Bearer ${limited?.key.reveal() ?? ''}` }
    expect((await test.post('/v1/chat/completions', chat(), headers)).status).toBe(404)
    const list: unknown = await (await fetch(`${test.baseUrl}/models`, { headers })).json()
    expect(list).toEqual({ object: 'list', data: [] })
  })

  it('without the scope of inference are refused with 403', async () => {
    await using test = await setUp()
    const admin = await test.gateway.keys?.create({ name: 'admin', scopes: ['admin'] })
    const response = await test.post('/v1/chat/completions', chat(), { authorization: `Bearer ${admin?.key.reveal() ?? ''}` })
    expect(response.status).toBe(403)
  })

  it('never reach the upstream', async () => {
    await using test = await setUp()
    await stillWorks(test)
    expect(JSON.stringify(test.upstream.seen[0]?.headers)).not.toContain(test.key)
  })

  it('need a place to be kept', () => {
    expect(() => createGateway({ models: {} })).toThrow(expect.objectContaining({ code: 'GATEWAY_NO_KEYS' }))
    expect(gatewayErrors.NO_KEYS().message).toContain('parts.store')
  })

  it('survive a restart on the same store, revocations included, and spread to other rings', async () => {
    await using store = createMemoryStore({})
    await using first = createKeyRing({ store })
    await first.ready
    const kept = await first.create({ name: 'kept' })
    const gone = await first.create({ name: 'gone' })
    await first.revoke(gone.record.id)
    await using second = createKeyRing({ store })
    await second.ready
    expect(second.authenticate(kept.key.reveal()).kind).toBe('accepted')
    expect(second.authenticate(gone.key.reveal())).toEqual({ kind: 'refused', reason: 'revoked' })
    await first.revoke(kept.record.id)
    await expect.poll(() => second.authenticate(kept.key.reveal()).kind).toBe('refused')
  })
})

describe('ids and probes', () => {
  it('takes a request id over, makes one otherwise, and continues the trace', async () => {
    await using test = await setUp()
    const traceId = 'a'.repeat(32)
    const given = await test.post('/v1/chat/completions', chat(), {
      'x-request-id': 'my-id',
      traceparent: `00-${traceId}-${'b'.repeat(16)}-01`,
    })
    expect(given.headers.get('x-request-id')).toBe('my-id')
    expect(test.upstream.seen[0]?.headers['traceparent']).toMatch(new RegExp(`^00-${traceId}-(?!b{16})[0-9a-f]{16}-01$`))
    const made = await test.post('/v1/chat/completions', chat(), { 'x-request-id': 'bad id\u00e9' })
    expect(made.headers.get('x-request-id')).toMatch(/^[0-9a-f-]{36}$/)
    const events = await test.sink.waitFor(2)
    expect(events[0]).toMatchObject({ traceId, tags: { requestId: 'my-id' } })
    expect(events[1]?.traceId).toMatch(/^[0-9a-f]{32}$/)
  })

  it('answers /health and /ready without a key, and 503 on /ready once it closes', async () => {
    await using test = await setUp()
    const probe = async (path: string) => (await fetch(test.listener.url + path)).status
    expect(await probe('/health')).toBe(200)
    expect(await probe('/ready')).toBe(200)
    await test.gateway.close({ graceMs: 0 })
    expect(await probe('/ready')).toBe(503)
    const refused = await test.post('/v1/chat/completions', chat())
    expect(refused.status).toBe(503)
    expect(refused.headers.get('retry-after')).toBe('1')
  })

  it('renders metrics of what it did', async () => {
    await using test = await setUp()
    await (await test.post('/v1/chat/completions', chat({ stream: true }))).text()
    await test.sink.waitFor(1)
    const text = test.gateway.metricsText()
    expect(text).toContain('bud_gateway_requests_total{model="m",operation="chat",outcome="success",status="200"} 1')
    expect(text).toContain('bud_gateway_time_to_first_token_seconds_count{model="m",target="a"} 1')
    expect(text).toContain('bud_gateway_tokens_total{model="m",target="a",kind="output"} 7')
  })

  it('tells listeners when a request starts and ends', async () => {
    await using test = await setUp()
    const seen: string[] = []
    using _subscription = test.gateway.onEvent((event) => seen.push(`${event.kind} ${event.id}`))
    await stillWorks(test)
    const [event] = await test.sink.waitFor(1)
    expect(seen).toEqual([`request-start ${event?.id ?? ''}`, `request ${event?.id ?? ''}`])
  })
})
