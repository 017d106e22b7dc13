/** The answer cache in a gateway: what is answered from it, in which form, for whom, and what is never kept. */
import { createMemoryStore, type Store } from '@bud-foundry/core'
import { createFakeClock } from '@bud-foundry/core/testing'
import { describe, expect, it } from 'vitest'
import { createGateway, type GatewayConfigInput } from '../../src/index.ts'
import { chat, oneModel, startGateway } from '../support/gateway.ts'
import { completion, sendJson, startSse, textFrame, wellBehaved } from '../support/openai-answers.ts'
import { startUpstream, type Answer } from '../support/upstream.ts'

const price = { inputUsdPerMillionTokens: 1_000_000, outputUsdPerMillionTokens: 2_000_000 }
const cached = (baseUrl: string, cache: GatewayConfigInput['cache'] = {}): GatewayConfigInput => ({ ...oneModel(baseUrl), cache })
const openai = '/v1/chat/completions'
const anthropic = '/v1/messages'
const ask = (fields: Record<string, unknown> = {}) => chat({ max_tokens: 50, ...fields })
const cacheOf = (response: Response) => response.headers.get('x-bud-cache')

/** The text of an answer in either dialect, whole or streamed. */
async function textOf(response: Response): Promise<string> {
  const body = await response.text()
  if (response.headers.get('content-type')?.startsWith('text/event-stream') !== true) {
    const answer = JSON.parse(body) as { choices?: { message: { content: string } }[]; content?: { text: string }[] }
    return answer.choices?.[0]?.message.content ?? answer.content?.[0]?.text ?? ''
  }
  expect(body).toMatch(/\[DONE\]|message_stop/)
  return [...body.matchAll(/"(?:content|text)":"((?:[^"\\]|\\.)*)"/g)].map(([, text]) => text).join('')
}

describe.each([
  ['whole then whole', false, false],
  ['stream then stream', true, true],
  ['whole then stream', false, true],
  ['stream then whole', true, false],
])('%s', (_, first, second) => {
  it.each([openai, anthropic])('is one upstream call on %s', async (path) => {
    await using upstream = await startUpstream(wellBehaved('hello dear world'))
    await using test = await startGateway(cached(upstream.baseUrl))
    const made = await test.post(path, ask({ stream: first }))
    expect(cacheOf(made)).toBe('miss')
    expect(await textOf(made)).toBe('hello dear world')
    const again = await test.post(path, ask({ stream: second }))
    expect(cacheOf(again)).toBe('hit')
    expect(again.headers.get('age')).toBe('0')
    expect(again.headers.get('content-type')).toContain(second ? 'text/event-stream' : 'application/json')
    expect(await textOf(again)).toBe('hello dear world')
    expect(upstream.seen).toHaveLength(1)
    const events = await test.sink.waitFor(2)
    expect(events[1]).toMatchObject({
      cache: 'hit',
      outcome: 'success',
      inputTokens: 11,
      outputTokens: 7,
      costUsd: 0,
      attempts: [],
      finishReason: events[0]?.finishReason,
    })
  })
})

it('gives the same bytes again in the same form', async () => {
  await using upstream = await startUpstream(wellBehaved('the very same bytes'))
  await using test = await startGateway(cached(upstream.baseUrl))
  for (const stream of [false, true]) {
    const [made, again] = [await test.post(openai, ask({ stream, seed: 1 })), await test.post(openai, ask({ seed: 1, stream }))]
    if (!stream) expect(await again.text()).toBe(await made.text())
    else expect(await textOf(again)).toBe(await textOf(made))
  }
})

it('tells usage in a replayed stream to who asks for it, and to nobody else', async () => {
  await using upstream = await startUpstream(wellBehaved('hello'))
  await using test = await startGateway(cached(upstream.baseUrl))
  await (await test.post(openai, ask({ stream: true }))).text()
  const told = await (await test.post(openai, ask({ stream: true, stream_options: { include_usage: true } }))).text()
  expect(told).toContain('"completion_tokens":7')
  const untold = await (await test.post(openai, ask({ stream: true }))).text()
  expect(untold).not.toContain('completion_tokens":7')
  expect(upstream.seen).toHaveLength(1)
})

it('replays tool calls whole and streamed', async () => {
  const tool = { id: 'call_1', type: 'function', function: { name: 'weather', arguments: '{"city":"Oslo"}' } }
  await using upstream = await startUpstream((res) => {
    const answer = completion('')
    sendJson(res, 200, {
      ...answer,
      choices: [{ index: 0, message: { role: 'assistant', content: null, tool_calls: [tool] }, finish_reason: 'tool_calls' }],
    })
  })
  await using test = await startGateway(cached(upstream.baseUrl))
  await (await test.post(openai, ask())).text()
  const streamed = await (await test.post(openai, ask({ stream: true }))).text()
  expect(streamed).toContain('"name":"weather"')
  expect(streamed).toContain('Oslo')
  expect(streamed).toContain('"finish_reason":"tool_calls"')
  expect(upstream.seen).toHaveLength(1)
})

it.each([
  ['another question', { messages: [{ role: 'user', content: 'ho' }] }],
  ['another temperature', { temperature: 0.1 }],
  ['another seed', { seed: 2 }],
  ['tools', { tools: [{ type: 'function', function: { name: 'f' } }] }],
  ['another maximum', { max_tokens: 51 }],
])('%s is another request', async (_, fields) => {
  await using upstream = await startUpstream(wellBehaved('hello'))
  await using test = await startGateway(cached(upstream.baseUrl))
  expect(cacheOf(await test.post(openai, ask()))).toBe('miss')
  expect(cacheOf(await test.post(openai, ask(fields)))).toBe('miss')
  expect(cacheOf(await test.post(openai, ask({ user: 'somebody', metadata: { a: '1' } })))).toBe('hit')
})

it.each([
  ['a refusal', (res) => sendJson(res, 400, { error: { message: 'no', type: 'invalid_request_error', code: null } })],
  ['a failure', (res) => sendJson(res, 500, { error: { message: 'no', type: 'server_error', code: null } })],
  ['a stream that breaks off', (res) => (startSse(res), res.write(textFrame('half')), setImmediate(() => res.destroy()))],
  [
    'a filtered answer',
    (res) => {
      const answer = completion('half')
      sendJson(res, 200, { ...answer, choices: [{ ...answer.choices[0], finish_reason: 'content_filter' }] })
    },
  ],
  ['an answer above the bound', (res) => sendJson(res, 200, completion('x'.repeat(3_000)))],
] as [string, Answer][])('never keeps %s', async (_, answer) => {
  await using upstream = await startUpstream(answer)
  await using test = await startGateway({ ...cached(upstream.baseUrl, { answerBytes: 2_000 }), retry: { attempts: 1 } })
  const body = ask({ stream: answer.toString().includes('startSse') })
  await (await test.post(openai, body)).text().catch(() => undefined)
  const again = await test.post(openai, body)
  expect(cacheOf(again)).toBe('miss')
  await again.text().catch(() => undefined)
  expect(upstream.seen).toHaveLength(2)
})

it('keeps and gives nothing where the caller forbids it, and makes anew where it asks', async () => {
  let count = 0
  await using upstream = await startUpstream((res) => sendJson(res, 200, completion(`answer ${String(++count)}`)))
  await using test = await startGateway(cached(upstream.baseUrl))
  const say = async (headers: Record<string, string> = {}, fields: Record<string, unknown> = {}) => {
    const response = await test.post(openai, ask(fields), headers)
    return `${cacheOf(response) ?? ''} ${response.status === 200 ? await textOf(response) : String(response.status)}`
  }
  expect(await say({ 'x-bud-cache': 'only' })).toBe(' 504')
  expect(await say({ 'cache-control': 'no-store' })).toBe('bypass answer 1')
  expect(await say({}, { store: false })).toBe('bypass answer 2')
  expect(await say()).toBe('miss answer 3')
  expect(await say()).toBe('hit answer 3')
  expect(await say({ 'x-bud-cache': 'only' })).toBe('hit answer 3')
  expect(await say({ 'x-bud-cache': 'bypass' })).toBe('bypass answer 4')
  expect(await say({ 'cache-control': 'no-cache' })).toBe('refresh answer 5')
  expect(await say()).toBe('hit answer 5')
  expect(await say({ 'x-bud-cache': 'perhaps' })).toBe(' 400')
})

it("respects age: the caller's bound and the configured one", async () => {
  const clock = createFakeClock()
  await using upstream = await startUpstream(wellBehaved('hello'))
  await using store = createMemoryStore({ clock })
  await using test = await startGateway(cached(upstream.baseUrl, { ttlMs: 60_000 }), { store, clock })
  const say = async (headers: Record<string, string> = {}) => {
    const response = await test.post(openai, ask(), headers)
    await response.text()
    return [cacheOf(response), response.headers.get('age')]
  }
  expect(await say()).toEqual(['miss', null])
  await clock.advance(30_000)
  expect(await say()).toEqual(['hit', '30'])
  expect(await say({ 'cache-control': 'max-age=40' })).toEqual(['hit', '30'])
  expect(await say({ 'cache-control': 'max-age=20' })).toEqual(['miss', null])
  expect(await say()).toEqual(['hit', '0'])
  await clock.advance(60_000)
  expect(await say()).toEqual(['miss', null])
})

it.each([
  ['project', ['miss', 'hit', 'miss', 'miss']],
  ['key', ['miss', 'miss', 'miss', 'miss']],
  ['user', ['miss', 'hit', 'miss', 'miss']],
  ['shared', ['miss', 'hit', 'hit', 'miss']],
] as const)('isolates by %s', async (isolation, expected) => {
  await using upstream = await startUpstream(wellBehaved('hello'))
  const headers = { toUpstream: ['x-tenant'] }
  await using test = await startGateway({ ...cached(upstream.baseUrl, { isolation }), headers })
  const sibling = (await test.gateway.keys?.create({ name: 'sibling', projectId: 'project-1' }))?.key.reveal()
  const stranger = (await test.gateway.keys?.create({ name: 'stranger', projectId: 'project-2' }))?.key.reveal()
  const results: (string | null)[] = []
  for (const more of [
    {},
    { authorization: `Bearer ${sibling ?? ''}` },
    { authorization: `Bearer ${stranger ?? ''}` },
    { 'x-tenant': 'other' },
  ]) {
    const response = await test.post(openai, ask(), more)
    await response.text()
    results.push(cacheOf(response))
  }
  expect(results).toEqual(expected)
})

it('isolates end users by what the body says', async () => {
  await using upstream = await startUpstream(wellBehaved('hello'))
  await using test = await startGateway(cached(upstream.baseUrl, { isolation: 'user' }))
  const results: (string | null)[] = []
  for (const user of ['a', 'b', 'a']) {
    const response = await test.post(openai, ask({ user }))
    await response.text()
    results.push(cacheOf(response))
  }
  expect(results).toEqual(['miss', 'miss', 'hit'])
})

describe('callers that ask the same at the same time', () => {
  /** Answers when it is told to. */
  const gated = () => {
    const { promise, resolve } = Promise.withResolvers<undefined>()
    const arrived = Promise.withResolvers<undefined>()
    const answer: Answer = async (res, request) => {
      arrived.resolve(undefined)
      await promise
      await wellBehaved('hello')(res, request, 0)
    }
    return { answer, open: () => resolve(undefined), arrived: arrived.promise }
  }

  it('make one upstream call', async () => {
    const gate = gated()
    await using upstream = await startUpstream(gate.answer)
    await using test = await startGateway(cached(upstream.baseUrl))
    const asked = Array.from({ length: 20 }, (_, index) => test.post(openai, ask({ stream: index % 2 === 1 })))
    while (test.gateway.inFlight < 20) await new Promise((resolve) => setImmediate(resolve))
    gate.open()
    const responses = await Promise.all(asked)
    expect(await Promise.all(responses.map(textOf))).toEqual(Array.from({ length: 20 }, () => 'hello'))
    expect(responses.map(cacheOf).sort()).toEqual([...Array.from({ length: 19 }, () => 'coalesced'), 'miss'])
    expect(upstream.seen).toHaveLength(1)
  })

  it('are handed over when the one who calls leaves', async () => {
    const gate = gated()
    await using upstream = await startUpstream(gate.answer)
    await using test = await startGateway(cached(upstream.baseUrl))
    const leaving = new AbortController()
    const url = `${test.baseUrl}/chat/completions`
    const headers = { 'content-type': 'application/json', authorization: `Bearer ${test.key}` }
    const left = fetch(url, { method: 'POST', headers, body: JSON.stringify(ask()), signal: leaving.signal }).catch(() => 'left')
    await gate.arrived
    const asked = [test.post(openai, ask()), test.post(openai, ask())]
    while (test.gateway.inFlight < 3) await new Promise((resolve) => setImmediate(resolve))
    leaving.abort()
    expect(await left).toBe('left')
    while (upstream.seen.length < 2) await new Promise((resolve) => setImmediate(resolve))
    gate.open()
    const responses = await Promise.all(asked)
    expect(await Promise.all(responses.map(textOf))).toEqual(['hello', 'hello'])
    expect(responses.map(cacheOf)).toEqual(expect.arrayContaining(['coalesced']))
    expect(upstream.seen).toHaveLength(2)
  })

  it('get the answer of a fallback as well, which nobody keeps', async () => {
    const gate = gated()
    await using down = await startUpstream((res) => {
      sendJson(res, 503, { error: { message: 'down', type: 'server_error', code: null } })
    })
    await using other = await startUpstream(gate.answer)
    const target = (baseUrl: string) => [{ provider: 'openai-compatible', baseUrl, model: 'x' }]
    const models = { m: { targets: target(down.baseUrl), fallbacks: ['other'] }, other: { targets: target(other.baseUrl) } }
    await using test = await startGateway({ models, cache: {} })
    const asked = Array.from({ length: 5 }, () => test.post(openai, ask()))
    await gate.arrived
    while (test.gateway.inFlight < 5) await new Promise((resolve) => setImmediate(resolve))
    gate.open()
    const responses = await Promise.all(asked)
    expect(await Promise.all(responses.map(textOf))).toEqual(Array.from({ length: 5 }, () => 'hello'))
    expect(responses.map(cacheOf).sort()).toEqual([...Array.from({ length: 4 }, () => 'coalesced'), 'miss'])
    expect(other.seen).toHaveLength(1)
    expect(cacheOf(await test.post(openai, ask()))).toBe('miss')
  })

  it('do not share a failure: the next one tries', async () => {
    await using upstream = await startUpstream(async (res, request, index) => {
      while (test.gateway.inFlight < 3 && index === 0) await new Promise((resolve) => setImmediate(resolve))
      if (index === 0) sendJson(res, 400, { error: { message: 'no', type: 'invalid_request_error', code: null } })
      else await wellBehaved('hello')(res, request, index)
    })
    await using test = await startGateway(cached(upstream.baseUrl))
    const responses = await Promise.all([test.post(openai, ask()), test.post(openai, ask()), test.post(openai, ask())])
    expect(responses.map(({ status }) => status).sort()).toEqual([200, 200, 400])
    expect(upstream.seen).toHaveLength(2)
  })
})

it('shares answers between processes, and forgets them everywhere when they are purged', async () => {
  await using upstream = await startUpstream(wellBehaved('hello'))
  await using store = createMemoryStore({})
  await using here = await startGateway(cached(upstream.baseUrl), { store })
  await using there = await startGateway(cached(upstream.baseUrl), { store })
  const say = async (test: typeof here, fields = {}) => {
    const response = await test.post(openai, ask(fields))
    await response.text()
    return cacheOf(response)
  }
  expect([await say(here), await say(there), await say(there)]).toEqual(['miss', 'hit', 'hit'])
  expect(await here.gateway.cache?.purge({ projectId: 'project-2' })).toBe(0)
  expect(await here.gateway.cache?.purge({ model: 'other' })).toBe(0)
  expect(await say(there)).toBe('hit')
  expect(await here.gateway.cache?.purge({ model: 'm', projectId: 'project-1' })).toBe(1)
  await new Promise((resolve) => setImmediate(resolve))
  expect(await say(there)).toBe('miss')
})

it.each([
  ['project', { keyId: 'k' }, /by keyId: with cache\.isolation 'project'.*by model or projectId/],
  ['user', { keyId: 'k' }, /by keyId/],
  ['shared', { projectId: 'p' }, /by projectId: with cache\.isolation 'shared'.*by model, or all/],
] as const)('with isolation %s it tells that %j cannot be purged', async (isolation, purge, message) => {
  await using upstream = await startUpstream(wellBehaved('hello'))
  await using test = await startGateway({ ...cached(upstream.baseUrl), cache: { isolation } })
  await expect(test.gateway.cache?.purge(purge)).rejects.toThrow(message)
})

it('keeps no answer of a fallback: the next one asks the model itself', async () => {
  let isDown = true
  await using first = await startUpstream(async (res, request, index) => {
    if (isDown) sendJson(res, 503, { error: { message: 'down', type: 'server_error', code: null } })
    else await wellBehaved('from m')(res, request, index)
  })
  await using second = await startUpstream(wellBehaved('from other'))
  const target = (baseUrl: string) => [{ provider: 'openai-compatible', baseUrl, model: 'x' }]
  const models = {
    m: { targets: target(first.baseUrl), fallbacks: ['other'] },
    other: { targets: target(second.baseUrl) },
  }
  await using test = await startGateway({ models, cache: {} })
  const say = async () => {
    const response = await test.post(openai, ask())
    return [cacheOf(response), /from \w+/.exec(await response.text())?.[0]]
  }
  expect(await say()).toEqual(['miss', 'from other'])
  isDown = false
  expect(await say()).toEqual(['miss', 'from m'])
  expect(await say()).toEqual(['hit', 'from m'])
})

it('puts an answer together whose choices an upstream numbers as it likes', async () => {
  await using upstream = await startUpstream((res) => {
    startSse(res)
    const chunk = (choice: object) =>
      `data: ${JSON.stringify({ id: 'c', object: 'text_completion', created: 1, model: 'm', choices: [choice] })}\n\n`
    res.end(
      `${chunk({ index: 2 ** 52, text: 'hello', finish_reason: null })}${chunk({ index: 2 ** 52, text: '', finish_reason: 'stop' })}data: [DONE]\n\n`,
    )
  })
  await using test = await startGateway(cached(upstream.baseUrl))
  const say = async (stream: boolean) => {
    const response = await test.post('/v1/completions', { model: 'm', prompt: 'hi', stream })
    return [cacheOf(response), (await response.text()).includes('hello')]
  }
  expect(await say(true)).toEqual(['miss', true])
  expect(await say(false)).toEqual(['hit', true])
})

it.each([0.5, 1_500.5, 400_000_000_000])('refuses a ttl of %d ms, which no store takes', (ttlMs) => {
  expect(() => createGateway({ auth: { kind: 'none' }, models: {}, cache: { ttlMs } })).toThrow(/cache\.ttlMs/)
})

it('refuses a field that stands twice: nobody knows which of the two the upstream would answer', async () => {
  await using upstream = await startUpstream(wellBehaved('hello'))
  await using test = await startGateway(cached(upstream.baseUrl))
  const body = JSON.stringify(ask()).replace('{', '{"temperature":1,"temperature":0,')
  const response = await test.post(openai, body)
  expect(response.status).toBe(400)
  expect(await response.text()).toContain("'temperature'")
  expect(upstream.seen).toHaveLength(0)
})

it('does not keep what was asked before a purge', async () => {
  const clock = createFakeClock()
  const { promise, resolve } = Promise.withResolvers<undefined>()
  await using upstream = await startUpstream(async (res, request, index) => {
    if (index === 0) await promise
    await wellBehaved('hello')(res, request, index)
  })
  await using store = createMemoryStore({ clock })
  await using test = await startGateway(cached(upstream.baseUrl), { store, clock })
  const early = test.post(openai, ask())
  while (upstream.seen.length < 1) await new Promise((next) => setImmediate(next))
  await clock.advance(1)
  await test.gateway.cache?.purge()
  resolve(undefined)
  expect(await textOf(await early)).toBe('hello')
  await clock.advance(1)
  expect(cacheOf(await test.post(openai, ask()))).toBe('miss')
  expect(cacheOf(await test.post(openai, ask()))).toBe('hit')
})

it('goes on without its store', async () => {
  await using upstream = await startUpstream(wellBehaved('hello'))
  await using store = createMemoryStore({})
  let away = false
  const fragile: Store = {
    contract: store.contract,
    get: (key) => (away ? Promise.reject(new Error('away')) : store.get(key)),
    set: (key, value, options) => (away ? Promise.reject(new Error('away')) : store.set(key, value, options)),
    compareAndSet: (...given) => store.compareAndSet(...given),
    delete: (key) => store.delete(key),
    list: (prefix) => store.list(prefix),
    reserve: (claims) => store.reserve(claims),
    settle: (id, actual) => store.settle(id, actual),
    renew: (ids, leaseMs) => store.renew(ids, leaseMs),
    subscribe: (prefix, onChange) => store.subscribe(prefix, onChange),
    [Symbol.asyncDispose]: () => Promise.resolve(),
  }
  await using test = await startGateway(cached(upstream.baseUrl), { store: fragile })
  away = true
  for (const expected of ['miss', 'hit']) {
    const response = await test.post(openai, ask())
    await response.text()
    expect(cacheOf(response)).toBe(expected)
  }
})

it('counts what it saves', async () => {
  await using upstream = await startUpstream(wellBehaved('hello'))
  const config = cached(upstream.baseUrl)
  const [model] = Object.values(config.models)
  await using test = await startGateway({ ...config, models: { m: { ...model, price } } })
  await (await test.post(openai, ask())).text()
  await (await test.post(openai, ask())).text()
  const [made, saved] = await test.sink.waitFor(2)
  expect(saved).toMatchObject({ costUsd: 0, tags: { cache: 'hit', savedUsd: String(made?.costUsd) } })
  const metrics = test.gateway.metricsText()
  expect(metrics).toContain('bud_gateway_cache_total{model="m",result="hit"} 1')
  expect(metrics).toContain('bud_gateway_cache_saved_tokens_total{model="m"} 18')
})

it('keeps answers apart when another upstream stands behind the model', async () => {
  await using first = await startUpstream(wellBehaved('first'))
  await using second = await startUpstream(wellBehaved('second'))
  await using test = await startGateway(cached(first.baseUrl))
  expect(await textOf(await test.post(openai, ask()))).toBe('first')
  await test.gateway.updateConfig(cached(second.baseUrl))
  expect(await textOf(await test.post(openai, ask()))).toBe('second')
  await test.gateway.updateConfig(cached(first.baseUrl))
  expect(cacheOf(await test.post(openai, ask()))).toBe('hit')
})

it('is refused together with headers that cannot be named', async () => {
  await expect(startGateway({ ...cached('http://127.0.0.1:9/v1'), headers: { toUpstream: ['x-*'] } })).rejects.toMatchObject({
    code: 'GATEWAY_CACHE_HEADERS_UNKNOWN',
  })
})

it('caches embeddings', async () => {
  await using upstream = await startUpstream((res) =>
    sendJson(res, 200, {
      object: 'list',
      model: 'm',
      data: [{ object: 'embedding', index: 0, embedding: [1, 0] }],
      usage: { prompt_tokens: 2, total_tokens: 2 },
    }),
  )
  await using test = await startGateway(cached(upstream.baseUrl))
  const bodies: string[] = []
  for (let index = 0; index < 2; index += 1) bodies.push(await (await test.post('/v1/embeddings', { model: 'm', input: 'hi' })).text())
  expect(bodies[0]).toBe(bodies[1])
  expect(upstream.seen).toHaveLength(1)
})
