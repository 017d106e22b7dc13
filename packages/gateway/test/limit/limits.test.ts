/** Limits through the whole gateway: what is counted, for whom, and what callers are told. */
import { createMemoryStore, storeErrors, systemClock, type Clock, type Store } from '@bud-foundry/core'
import { expect, test } from 'vitest'
import type { GatewayConfigInput, LimitRule } from '../../src/index.ts'
import { chat, oneModel, startGateway, type TestGateway } from '../support/gateway.ts'
import { completion, sendJson, wellBehaved } from '../support/openai-answers.ts'
import { startUpstream, type Answer } from '../support/upstream.ts'

/** In the first half of a minute, so that no window ends during a test. */
const frozen: Clock = { ...systemClock, nowMs: () => Date.UTC(2026, 2, 10, 12, 30, 15) }
const minute = { window: 'minute' } as const

async function start(
  rules: readonly LimitRule[],
  more: { readonly answer?: Answer; readonly config?: object; readonly store?: Store } = {},
) {
  const upstream = await startUpstream(more.answer ?? wellBehaved('hello'))
  const config: GatewayConfigInput = { ...oneModel(upstream.baseUrl), rateLimits: { rules: [...rules] }, ...more.config }
  const gateway = await startGateway(config, { clock: frozen, store: more.store ?? createMemoryStore({ clock: frozen }) })
  return {
    ...gateway,
    upstream,
    [Symbol.asyncDispose]: async () => {
      await gateway[Symbol.asyncDispose]()
      await upstream[Symbol.asyncDispose]()
    },
  }
}

const statuses = async (gateway: TestGateway, count: number, body: object = chat(), headers = {}) => {
  const seen: number[] = []
  for (let index = 0; index < count; index += 1) seen.push((await gateway.post('/v1/chat/completions', body, headers)).status)
  return seen
}

test('admits as many requests as the limit says, and tells OpenAI clients how things stand', async () => {
  await using gateway = await start([{ kind: 'requests', limit: 2, per: ['key'], ...minute }])
  const first = await gateway.post('/v1/chat/completions', chat())
  expect(Object.fromEntries(first.headers)).toMatchObject({
    'x-ratelimit-limit-requests': '2',
    'x-ratelimit-remaining-requests': '1',
    'x-ratelimit-reset-requests': '45s',
    'ratelimit-policy': '"requests-key-minute";q=2;w=60',
    ratelimit: '"requests-key-minute";r=1;t=45',
  })
  expect(await statuses(gateway, 2)).toEqual([200, 429])
  const refused = await gateway.post('/v1/chat/completions', chat())
  expect(refused.headers.get('retry-after')).toBe('45')
  expect(refused.headers.get('x-ratelimit-remaining-requests')).toBe('0')
  expect(await refused.json()).toMatchObject({ error: { type: 'rate_limit_error', code: 'rate_limit_exceeded' } })
  expect(gateway.upstream.seen).toHaveLength(2)
})

test('tells Anthropic clients in their own words', async () => {
  await using gateway = await start([{ kind: 'requests', limit: 1, ...minute }])
  const body = { model: 'm', max_tokens: 5, messages: [{ role: 'user', content: 'hi' }] }
  const first = await gateway.post('/v1/messages', body)
  expect(Object.fromEntries(first.headers)).toMatchObject({
    'anthropic-ratelimit-requests-limit': '1',
    'anthropic-ratelimit-requests-remaining': '0',
    'anthropic-ratelimit-requests-reset': '2026-03-10T12:31:00.000Z',
  })
  const refused = await gateway.post('/v1/messages', body)
  expect(refused.status).toBe(429)
  expect(await refused.json()).toMatchObject({ type: 'error', error: { type: 'rate_limit_error' } })
})

test("replaces an upstream's own headers of the same name", async () => {
  const answer: Answer = (res) => {
    sendJson(res, 200, completion('hello'), { 'x-ratelimit-remaining-requests': '9999', 'x-ratelimit-remaining-images': '3' })
  }
  await using gateway = await start([{ kind: 'requests', limit: 5, ...minute }], { answer })
  const { headers } = await gateway.post('/v1/chat/completions', chat())
  expect(headers.get('x-ratelimit-remaining-requests')).toBe('4')
  expect(headers.get('x-ratelimit-remaining-images')).toBe('3')
})

test('reserves tokens before the call, and counts the real ones after it', async () => {
  await using gateway = await start([{ kind: 'tokens', limit: 100, ...minute }])
  const first = await gateway.post('/v1/chat/completions', chat({ max_tokens: 50 }))
  expect(Number(first.headers.get('x-ratelimit-remaining-tokens'))).toBeLessThanOrEqual(49)
  // The answer used 18 tokens, so there is room for 82.
  const second = await gateway.post('/v1/chat/completions', chat({ max_tokens: 50 }))
  expect(second.status).toBe(200)
  const remaining = Number(second.headers.get('x-ratelimit-remaining-tokens'))
  expect(remaining).toBeGreaterThan(0)
  expect(remaining).toBeLessThan(32)
})

test('says that a request which can never fit need not be tried again', async () => {
  await using gateway = await start([{ kind: 'tokens', limit: 100, ...minute }])
  const response = await gateway.post('/v1/chat/completions', chat({ max_tokens: 1_000 }))
  expect(response.status).toBe(429)
  expect(response.headers.get('retry-after')).toBeNull()
  expect(response.headers.get('x-should-retry')).toBe('false')
  expect(await response.json()).toMatchObject({ error: { code: 'request_over_limit' } })
  const absurd = await gateway.post('/v1/chat/completions', chat({ max_tokens: 9_007_199_254_740_991, n: 3 }))
  expect(await absurd.json()).toMatchObject({ error: { code: 'request_over_limit' } })
})

test('reserves the larger of two maxima, since upstreams ignore the one that they do not know', async () => {
  await using gateway = await start([{ kind: 'tokens', limit: 100, ...minute }])
  for (const maxima of [
    { max_tokens: 1_000, max_completion_tokens: 1 },
    { max_tokens: 1, max_completion_tokens: 1_000 },
  ])
    expect(await (await gateway.post('/v1/chat/completions', chat(maxima))).json()).toMatchObject({ error: { code: 'request_over_limit' } })
  expect(gateway.upstream.seen).toHaveLength(0)
})

test('reserves every completion that is written: of each prompt, and of those that best_of throws away', async () => {
  await using gateway = await start([{ kind: 'tokens', limit: 500, ...minute }])
  const refused = { error: { code: 'request_over_limit' } }
  for (const asked of [
    { prompt: Array.from({ length: 10 }, () => 'hi') },
    { prompt: [[1], [2, 3]], n: 5 },
    { prompt: 'hi', n: 2, best_of: 10 },
  ]) {
    const response = await gateway.post('/v1/completions', { model: 'm', max_tokens: 60, ...asked })
    expect(await response.json()).toMatchObject(refused)
  }
  expect(gateway.upstream.seen).toHaveLength(0)
  await gateway.post('/v1/completions', { model: 'm', max_tokens: 60, prompt: Array.from({ length: 40 }, () => 7) })
  expect(gateway.upstream.seen).toHaveLength(1)
})

test.each([
  { n: '7' },
  { n: 0 },
  { n: -5 },
  { best_of: '20' },
  { max_tokens: '100000' },
  { max_tokens: -1_000_000 },
  { max_completion_tokens: 1.5 },
])('refuses %j: an upstream may read it otherwise than what reserves', async (field) => {
  await using gateway = await start([{ kind: 'tokens', limit: 5_000, ...minute }])
  const [name = ''] = Object.keys(field)
  const response = await gateway.post('/v1/chat/completions', chat(field))
  expect([response.status, await response.text()]).toEqual([400, expect.stringContaining(name)])
  expect(gateway.upstream.seen).toHaveLength(0)
  expect((await gateway.post('/v1/chat/completions', chat({ max_tokens: null, n: null }))).status).toBe(200)
})

test('reserves what is configured for a call that names no maximum', async () => {
  const rateLimits = { rules: [{ kind: 'tokens', limit: 100, ...minute }], defaultOutputTokens: 60 }
  await using gateway = await start([], { config: { rateLimits } })
  const { headers } = await gateway.post('/v1/chat/completions', chat())
  expect(Number(headers.get('x-ratelimit-remaining-tokens'))).toBeLessThan(40)
})

test('lets a call in when another has ended, whichever way', async () => {
  const open: (() => void)[] = []
  const answer: Answer = (res) => {
    open.push(() => {
      sendJson(res, 200, completion('hello'))
    })
  }
  await using gateway = await start([{ kind: 'concurrency', limit: 2, per: ['key'] }], { answer })
  const leaving = new AbortController()
  const first = gateway.post('/v1/chat/completions', chat())
  const second = fetch(`${gateway.baseUrl}/chat/completions`, {
    method: 'POST',
    signal: leaving.signal,
    headers: { authorization: `Bearer ${gateway.key}` },
    body: JSON.stringify(chat()),
  })
  await expect.poll(() => open.length).toBe(2)
  const full = await gateway.post('/v1/chat/completions', chat())
  expect([full.status, full.headers.get('retry-after')]).toEqual([429, '1'])
  leaving.abort()
  await expect(second).rejects.toThrow()
  open[0]?.()
  expect((await first).status).toBe(200)
  await gateway.sink.waitFor(3)
  const later = [gateway.post('/v1/chat/completions', chat()), gateway.post('/v1/chat/completions', chat())]
  await expect.poll(() => open.length).toBe(4)
  for (const finish of open.slice(2)) finish()
  expect((await Promise.all(later)).map(({ status }) => status)).toEqual([200, 200])
})

test('spends up to the limit of a calendar month, to a billionth of a dollar', async () => {
  const price = { inputUsdPerMillionTokens: 1, outputUsdPerMillionTokens: 10 }
  const upstream = await startUpstream(wellBehaved('hello'))
  const models = { m: { price, targets: [{ provider: 'openai-compatible', baseUrl: upstream.baseUrl }] } }
  await using gateway = await start([{ kind: 'spend', limitUsd: 0.0005, window: { calendar: 'month', timeZone: 'Europe/Berlin' } }], {
    config: { models },
  })
  // Each costs (11 × 1 + 7 × 10) / 10^6 = 0.000081 dollars, and reserves 0.0001 and a bit for the prompt.
  const seen = await statuses(gateway, 8, chat({ max_tokens: 10 }))
  expect(seen).toEqual([200, 200, 200, 200, 200, 429, 429, 429])
  const refused = await gateway.post('/v1/chat/completions', chat({ max_tokens: 10 }))
  expect(refused.headers.get('x-should-retry')).toBe('false')
  expect(await refused.json()).toMatchObject({ error: { code: 'insufficient_quota' } })
  await upstream[Symbol.asyncDispose]()
})

test('counts keys, users, projects and models apart or together, as the rules say', async () => {
  await using gateway = await start(
    [
      { kind: 'requests', limit: 3, per: ['project'], ...minute },
      { kind: 'requests', limit: 2, per: ['user'], ...minute },
      { kind: 'requests', limit: 1, models: ['n*'], perModel: true, ...minute },
    ],
    {
      config: {},
    },
  )
  const make = async (projectId: string, userId: string) => ({
    authorization: `Bearer ${(await gateway.gateway.keys?.create({ name: 'k', projectId, userId }))?.key.reveal() ?? ''}`,
  })
  const [ann, bob, cleo] = [await make('p', 'ann'), await make('p', 'bob'), await make('q', 'cleo')]
  expect(await statuses(gateway, 3, chat(), ann)).toEqual([200, 200, 429])
  // Bob has room, his project has room for one.
  expect(await statuses(gateway, 2, chat(), bob)).toEqual([200, 429])
  expect(await statuses(gateway, 3, chat(), cleo)).toEqual([200, 200, 429])
})

test('limits on records hold from the next request, and so does disabling a project or user', async () => {
  await using gateway = await start([])
  const { keys } = gateway.gateway
  const made = await keys?.create({ name: 'k', projectId: 'p', userId: 'u', limits: [{ kind: 'requests', limit: 1, ...minute }] })
  const headers = { authorization: `Bearer ${made?.key.reveal() ?? ''}` }
  expect(await statuses(gateway, 2, chat(), headers)).toEqual([200, 429])
  // What was used counts against the new amount.
  await keys?.update(made?.record.id ?? '', { limits: [{ kind: 'requests', limit: 3, ...minute }] })
  expect(await statuses(gateway, 3, chat(), headers)).toEqual([200, 200, 429])
  await keys?.update(made?.record.id ?? '', { limits: null })
  await keys?.projects.create({ id: 'p', limits: [{ kind: 'requests', limit: 1, models: ['m'], ...minute }] })
  expect(await statuses(gateway, 2, chat(), headers)).toEqual([200, 429])
  await keys?.projects.update('p', { limits: null, disabled: true })
  expect(await statuses(gateway, 1, chat(), headers)).toEqual([401])
  await keys?.projects.update('p', { disabled: false })
  await keys?.users.create({ id: 'u', disabled: true })
  expect(await statuses(gateway, 1, chat(), headers)).toEqual([401])
  await keys?.users.delete('u')
  expect(await statuses(gateway, 1, chat(), headers)).toEqual([200])
})

/** A store whose reservations fail while it is `away`; its other half is a memory store. */
function unsteady() {
  const held = createMemoryStore({ clock: frozen })
  const state = { isAway: false }
  const away = () => {
    if (state.isAway) throw storeErrors.STORE_UNREACHABLE({ what: 'the test has cut it off', fix: 'wait' })
  }
  const store: Store = {
    contract: 'store/1',
    get: (key) => held.get(key),
    set: (key, value, options) => held.set(key, value, options),
    compareAndSet: (key, expected, value, options) => held.compareAndSet(key, expected, value, options),
    delete: (key) => held.delete(key),
    list: (prefix) => held.list(prefix),
    subscribe: (prefix, onChange) => held.subscribe(prefix, onChange),
    reserve: async (claims) => {
      away()
      return held.reserve(claims)
    },
    settle: async (id, actual) => {
      away()
      return held.settle(id, actual)
    },
    renew: (ids, leaseMs) => held.renew(ids, leaseMs),
    [Symbol.asyncDispose]: () => held[Symbol.asyncDispose](),
  }
  return { store, state }
}

const rules = [{ kind: 'requests', limit: 9, ...minute }] as const

test('refuses with 503 while the store is away, and goes on when it is back', async () => {
  const { store, state } = unsteady()
  await using gateway = await start(rules, { store })
  expect(await statuses(gateway, 1)).toEqual([200])
  state.isAway = true
  const response = await gateway.post('/v1/chat/completions', chat())
  expect([response.status, response.headers.get('retry-after')]).toEqual([503, '1'])
  expect(await response.json()).toMatchObject({ error: { code: 'limits_unavailable' } })
  state.isAway = false
  await expect.poll(async () => (await statuses(gateway, 1))[0], { timeout: 5_000 }).toBe(200)
})

test('admits its share of the limit while the store is away, where that is the policy', async () => {
  const { store, state } = unsteady()
  await using gateway = await start(rules, { store, config: { rateLimits: { rules: [...rules], onStoreFailure: { processes: 4 } } } })
  state.isAway = true
  expect(await statuses(gateway, 4)).toEqual([200, 200, 429, 429])
  state.isAway = false
  await expect.poll(async () => (await statuses(gateway, 1))[0], { timeout: 5_000 }).toBe(200)
})

test('settles what ended while the store was away as soon as it is back', async () => {
  const { store, state } = unsteady()
  const open: (() => void)[] = []
  const answer: Answer = (res) => {
    open.push(() => {
      sendJson(res, 200, completion('hello'))
    })
  }
  await using gateway = await start([{ kind: 'concurrency', limit: 1 }], { store, answer })
  const first = gateway.post('/v1/chat/completions', chat())
  await expect.poll(() => open.length).toBe(1)
  state.isAway = true
  open[0]?.()
  await first
  state.isAway = false
  gateway.upstream.answer = wellBehaved('hello')
  await expect.poll(async () => (await statuses(gateway, 1))[0], { timeout: 5_000 }).toBe(200)
})

test('names a limit that makes no sense, and its place', async () => {
  const bad = { rateLimits: { rules: [{ kind: 'spend', limitUsd: 1, window: { calendar: 'month', timeZone: 'Mars/Olympus' } }] } }
  await expect(start([], { config: bad })).rejects.toMatchObject({
    code: 'CORE_CONFIG_INVALID',
    message: expect.stringMatching(/rateLimits\.rules/) as unknown,
  })
})

test('reserves what the gateway itself lets an upstream write where the caller sets no limit', async () => {
  const target = { provider: 'anthropic', baseUrl: 'http://127.0.0.1:9/v1', model: 'claude-sonnet-4-5', credential: 'key' }
  await using gateway = await start([{ kind: 'tokens', limit: 10_000, per: ['key'], ...minute }], {
    config: { models: { m: { targets: [target] } } },
  })
  // 64,000 is what Claude Sonnet 4.5 would be told.
  const refused = await gateway.post('/v1/chat/completions', { model: 'm', messages: [{ role: 'user', content: 'hi' }] })
  expect(refused.status).toBe(429)
})

test('refuses a call that more limits count than the store takes at once, instead of leaving some out', async () => {
  const many = Array.from({ length: 65 }, (_, index) => ({ kind: 'requests', limit: 9, window: { seconds: index + 1 } }) as const)
  await using gateway = await start(many)
  expect(await statuses(gateway, 1)).toEqual([500])
})
