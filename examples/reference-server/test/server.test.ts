import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createOpenAICompatible } from '@ai-sdk/openai-compatible'
import type { DeploymentPlan, RequestEvent } from '@bud-foundry/core'
import { createGrafanaDashboards, createPrometheusRules } from '@bud-foundry/metrics'
import { streamText } from 'ai'
import OpenAI from 'openai'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { eventually, startServer, type RunningServer } from './server-process.ts'

const model = 'meta-llama/Llama-3.1-8B-Instruct'
const chat = (content: string, extra: object = {}) => ({ model, messages: [{ role: 'user', content }], ...extra })

let folder = ''
let server: RunningServer
beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'bud-server-'))
  server = await startServer({ dataDirectory: folder })
}, 60_000)
afterAll(async () => {
  await server.stop()
  rmSync(folder, { recursive: true, force: true })
})

const openai = (apiKey = server.apiKey) => new OpenAI({ baseURL: `${server.url}/v1`, apiKey, maxRetries: 0 })

// Safe in a test: a wrong shape makes the assertions on it fail.
const json = async <Body>(response: Response | Promise<Response>) => (await (await response).json()) as Body

const requestRow = (where: (event: RequestEvent) => boolean) =>
  eventually(async () => {
    const { data } = await json<{ data: RequestEvent[] }>(server.call('/api/metrics/requests?limit=100'))
    return data.find(where)
  }, 'the request in the metrics')

describe('inference', () => {
  test('answers the official OpenAI client, and stores the usage that the engine reported', async () => {
    const answer = await openai().chat.completions.create(chat('Say something about caches.', { max_tokens: 12, user: 'whole' }) as never)
    expect(answer.choices[0]?.message.content).not.toBe('')
    expect(answer.usage?.completion_tokens).toBe(12)
    const row = await requestRow(({ stream, status }) => !stream && status === 200)
    expect(row).toMatchObject({ outcome: 'success', usageSource: 'upstream', inputTokens: answer.usage?.prompt_tokens, outputTokens: 12 })
    expect(row.attempts).toHaveLength(1)
  })

  test('streams to the official OpenAI client, and counts tokens although the client asked for no usage', async () => {
    const stream = await openai().chat.completions.create({ ...chat('Count to three.'), stream: true, max_tokens: 20 } as never)
    let text = ''
    // Safe: `stream: true` makes it a stream of chunks.
    for await (const chunk of stream as unknown as AsyncIterable<OpenAI.ChatCompletionChunk>) {
      expect(chunk.usage ?? null).toBeNull()
      text += chunk.choices[0]?.delta.content ?? ''
    }
    expect(text.length).toBeGreaterThan(20)
    const row = await requestRow(({ stream: streamed, status }) => streamed && status === 200)
    expect(row).toMatchObject({ outcome: 'success', usageSource: 'upstream', outputTokens: 20 })
    expect(row.timeToFirstTokenMs).toBeGreaterThan(0)
  })

  test('answers the AI SDK', async () => {
    const provider = createOpenAICompatible({ name: 'bud', baseURL: `${server.url}/v1`, apiKey: server.apiKey, includeUsage: true })
    const result = streamText({ model: provider(model), prompt: 'What is routing?', maxOutputTokens: 15 })
    expect((await result.text).length).toBeGreaterThan(10)
    expect((await result.usage).outputTokens).toBe(15)
  })

  test('spreads requests over both replicas', async () => {
    await Promise.all(
      Array.from({ length: 12 }, () =>
        server.call('/v1/chat/completions', { body: chat('hi', { max_tokens: 4 }) }).then((response) => response.text()),
      ),
    )
    const targets = await eventually(async () => {
      const { data } = await json<{ data: RequestEvent[] }>(server.call('/api/metrics/requests?limit=100'))
      const seen = new Set(data.map(({ targetId }) => targetId).filter((id) => id !== undefined))
      return seen.size >= 2 ? seen : undefined
    }, 'traffic on both replicas')
    expect([...targets].sort()).toEqual(['twin-1', 'twin-2'])
  })
})

describe('bad input gets an answer in the dialect of the caller', () => {
  const cases: readonly [string, () => Promise<Response>, number, string][] = [
    ['malformed JSON', () => server.call('/v1/chat/completions', { body: '{"model":' }), 400, 'JSON'],
    ['a wrong type', () => server.call('/v1/chat/completions', { body: { model: 7, messages: [] } }), 400, 'model'],
    ['an unknown model', () => server.call('/v1/chat/completions', { body: { ...chat('x'), model: 'nope' } }), 404, 'nope'],
    ['no key', () => server.call('/v1/chat/completions', { body: chat('x'), key: '' }), 401, 'key'],
    ['a wrong key', () => server.call('/v1/chat/completions', { body: chat('x'), key: 'bud_wrong' }), 401, 'key'],
    ['an oversized body', () => server.call('/v1/chat/completions', { body: 'x'.repeat(101 * 1024 * 1024) }), 413, 'bytes'],
    ['an unknown route', () => server.call('/v1/nothing'), 404, '/v1/nothing'],
  ]
  test.each(cases)('%s', async (_name, call, status, mention) => {
    const response = await call()
    const { error } = await json<{ error: { message: string; type: string; code: string } }>(response)
    expect([response.status, error.message]).toEqual([status, expect.stringContaining(mention)])
    expect(typeof error.type).toBe('string')
    expect((await server.call('/health', { key: '' })).status).toBe(200)
  })
})

describe('keys', () => {
  test('are created once, listed without their secret, limited to their models, and refused from the moment of revocation', async () => {
    const created = await server.call('/api/keys', { body: { name: 'team', models: ['other'] } })
    expect(created.status).toBe(201)
    const { id, key } = await json<{ id: string; key: string }>(created)
    expect((await server.call('/v1/chat/completions', { body: chat('x', { max_tokens: 1 }), key })).status).toBe(404)
    const list = await (await server.call('/api/keys')).text()
    expect(list).toContain(id)
    expect(list).not.toContain(key)
    expect((await server.call(`/api/keys/${id}`, { method: 'DELETE' })).status).toBe(200)
    expect((await server.call('/v1/models', { key })).status).toBe(401)
  })

  test('without the admin scope cannot make keys, and see the requests of their own project alone', async () => {
    const { key } = await json<{ key: string }>(
      server.call('/api/keys', { body: { name: 'reader', projectId: 'lonely', scopes: ['inference', 'metrics'] } }),
    )
    expect((await server.call('/api/keys', { body: { name: 'x' }, key })).status).toBe(403)
    expect(await json(server.call('/api/metrics/requests', { key }))).toEqual({ data: [] })
  })

  test('with a misspelt field are refused, naming it', async () => {
    const response = await server.call('/api/keys', { body: { name: 'x', scopez: [] } })
    expect(response.status).toBe(400)
    expect(await response.text()).toContain('scopez')
  })
})

describe('administration', () => {
  test('is for admin keys alone, has a document, and keeps a trace', async () => {
    const { key } = await json<{ key: string }>(server.call('/api/keys', { body: { name: 'caller', scopes: ['inference'] } }))
    expect((await server.call('/api/admin/keys', { key })).status).toBe(403)
    expect((await server.call('/api/admin/keys', { key: '' })).status).toBe(401)
    const document = await json<{ paths: object }>(server.call('/api/admin/openapi.json'))
    expect(Object.keys(document.paths)).toEqual(expect.arrayContaining(['/keys', '/prices/{id}', '/budgets/{id}', '/spend', '/config']))
    const budget = { subject: { kind: 'project', id: 'default' }, limitUsd: 5 }
    expect((await server.call('/api/admin/budgets/monthly', { method: 'PUT', body: budget })).status).toBe(200)
    expect(server.output()).toContain('budget-put')
  })

  test('sets a price from which the next answer costs, and says why', async () => {
    const price = { subject: { model }, price: { inputUsdPerMillionTokens: 1, outputUsdPerMillionTokens: 2 }, validFrom: '2026-01-01' }
    expect((await server.call('/api/admin/prices/twin', { method: 'PUT', body: price })).status).toBe(200)
    await server.call('/v1/chat/completions', { body: chat('What does it cost?', { max_tokens: 3 }) })
    const days = `from=2020-01-01&to=2020-01-02`
    expect(await json(server.call(`/api/admin/spend?${days}`))).toEqual({ lines: [], totalUsd: '0', isPartial: false })
    const spent = await eventually(async () => {
      const today = new Date().toISOString().slice(0, 10)
      const report = await json<{ lines: { group: { price: string }; costUsd: string }[] }>(
        server.call(`/api/admin/spend?from=${today}&to=${today}&by=price`),
      )
      return report.lines.find(({ costUsd }) => costUsd !== '0')
    }, 'the spend')
    const version = await json<{ origin: string }>(server.call(`/api/admin/price-versions/${encodeURIComponent(spent.group.price)}`))
    expect(version).toMatchObject({ origin: 'admin', price: { outputUsdPerMillionTokens: 2 } })
  })

  test.each([
    ['PUT', '/api/keys', 405],
    ['GET', '/api/session', 405],
    ['POST', '/api/metrics/requests', 405],
    ['GET', '/api/sim/optimize', 405],
    ['PUT', '/api/admin/keys', 405],
    ['GET', '/api/nothing', 404],
    ['GET', '/api/admin/nothing', 404],
  ])('%s %s is answered in the one shape of errors', async (method, path, status) => {
    const response = await server.call(path, { method })
    const { error } = await json<{ error: { code: string; message: string } }>(response)
    expect([response.status, typeof error.code, typeof error.message]).toEqual([status, 'string', 'string'])
    if (status === 405) expect(response.headers.get('allow')).toBeTruthy()
  })
})

describe('the session of the page', () => {
  const open = (headers: Record<string, string> = {}) => server.call('/api/session', { method: 'POST', key: '', headers })
  const cookieOf = (response: Response) => (response.headers.get('set-cookie') ?? '').split(';')[0] ?? ''

  test('may chat and read, may not manage keys, and never contains the admin key', async () => {
    const response = await open()
    expect(response.headers.get('set-cookie')).toMatch(/HttpOnly.*SameSite=Strict/)
    const cookie = cookieOf(response)
    expect(cookie).not.toContain(server.apiKey)
    const withCookie = (path: string, init: object = {}) => server.call(path, { key: '', headers: { cookie }, ...init })
    expect((await withCookie('/v1/chat/completions', { body: chat('x', { max_tokens: 1 }) })).status).toBe(200)
    expect((await withCookie('/api/metrics/requests')).status).toBe(200)
    expect((await withCookie('/api/keys')).status).toBe(403)
  })

  test('is useless to another site', async () => {
    const cookie = cookieOf(await open())
    const foreign = { cookie, origin: 'https://evil.example' }
    expect((await server.call('/v1/chat/completions', { body: chat('x'), key: '', headers: foreign })).status).toBe(403)
    expect((await open({ origin: 'https://evil.example' })).status).toBe(403)
  })

  test('is opened with a key that exists, and with no other', async () => {
    expect((await server.call('/api/session', { body: { apiKey: server.apiKey }, key: '' })).status).toBe(200)
    expect((await server.call('/api/session', { body: { apiKey: 'bud_wrong' }, key: '' })).status).toBe(401)
  })
})

test('a model and devices become ranked plans, and a plan becomes manifests', async () => {
  const devices = [{ hardwareId: 'h100-sxm', count: 8, usdPerHour: 3 }]
  const optimized = await server.call('/api/sim/optimize', {
    body: { model, devices, workload: { inputTokens: 1024, outputTokens: 256, concurrency: 32 } },
  })
  const { plans } = await json<{ plans: DeploymentPlan[] }>(optimized)
  expect(plans.length).toBeGreaterThan(1)
  for (const plan of plans.slice(0, 3)) {
    expect(plan.launch.args.length).toBeGreaterThan(0)
    const { manifests } = await json<{ manifests: { kind: string }[] }>(server.call('/api/clusters/plan', { body: { plan } }))
    expect(manifests.map(({ kind }) => kind)).toContain(plan.nodesPerReplica > 1 ? 'LeaderWorkerSet' : 'Deployment')
  }
})

test('a bad question to the optimizer is answered with what is wrong', async () => {
  const response = await server.call('/api/sim/optimize', { body: { model: 'no/such-model', devices: [] } })
  expect(response.status).toBeGreaterThanOrEqual(400)
  expect(response.status).toBeLessThan(500)
  expect(await response.text()).toMatch(/devices|no\/such-model/)
})

test('live events tell of a request when it starts and when it has ended', async () => {
  const abort = new AbortController()
  const response = await fetch(`${server.url}/api/metrics/live`, {
    headers: { authorization: `Bearer ${server.apiKey}` },
    signal: abort.signal,
  })
  const reader = response.body?.pipeThrough(new TextDecoderStream()).getReader()
  await server.call('/v1/chat/completions', { body: chat('live', { max_tokens: 2 }) })
  let text = ''
  while (!text.includes('event: request\n')) text += (await reader?.read())?.value ?? ''
  abort.abort()
  expect(text.indexOf('event: request-start\n')).toBeGreaterThanOrEqual(0)
  expect(text.indexOf('event: request-start\n')).toBeLessThan(text.indexOf('event: request\n'))
})

test.each(['/api/session', '/api/keys', '/api/sim/optimize', '/api/clusters/plan'])('%s cuts an endless body off', async (path) => {
  const endless = new ReadableStream<Uint8Array>({
    pull: (controller) => {
      controller.enqueue(new Uint8Array(1024 * 1024))
    },
  })
  // Safe: `duplex` is needed for streamed bodies and missing from the types.
  const init = { method: 'POST', body: endless, duplex: 'half', headers: { authorization: `Bearer ${server.apiKey}` } } as RequestInit
  const status = await fetch(`${server.url}${path}`, init).then(
    (response) => response.status,
    // The server may close the connection while we are still sending.
    () => 413,
  )
  expect(status).toBe(413)
})

test.each(['/nothing', '/v2/models', '/chat/completions'])('%s is no page', async (path) => {
  const response = await server.call(path)
  expect(response.status).toBe(404)
  expect(response.headers.get('content-type')).toContain('json')
})

test('questions are asked with POST, in the scope of the key, and the document tells of them', async () => {
  const body = { measure: ['requests', 'durationMsP95'], groupBy: ['model'], window: { last: '1h' } }
  const rows = await eventually(async () => {
    const answer = await json<{ rows: { group: { model: string }; values: { requests: number } }[] }>(
      server.call('/api/metrics/ask', { body }),
    )
    return answer.rows.length > 0 ? answer.rows : undefined
  }, 'an answer with rows')
  expect(rows.map(({ group }) => group.model)).toContain(model)
  expect((await server.call('/api/metrics/ask', { body, key: '' })).status).toBe(401)
  const { key } = await json<{ key: string }>(
    server.call('/api/keys', { body: { name: 'asker', projectId: 'elsewhere', scopes: ['metrics'] } }),
  )
  expect(await json(server.call('/api/metrics/ask', { body, key }))).toMatchObject({ rows: [] })
  const wrong = await server.call('/api/metrics/ask', { body: { ...body, measure: 'beauty' } })
  expect([wrong.status, await wrong.text()]).toEqual([400, expect.stringContaining('durationMsP95')])
  const document = await json<{ paths: object }>(server.call('/api/metrics/openapi.json'))
  expect(Object.keys(document.paths)).toContain('/api/metrics/ask')
})

test('spans of other programs become requests of the project of their key', async () => {
  const { key } = await json<{ key: string }>(server.call('/api/keys', { body: { name: 'spans', projectId: 'traced' } }))
  const attributes = Object.entries({ 'gen_ai.operation.name': 'chat', 'gen_ai.request.model': 'of-a-span', 'gen_ai.system': 'openai' })
  const startUnixMs = Date.now()
  const span = {
    traceId: 'ab'.repeat(16),
    spanId: 'cd'.repeat(8),
    name: 'chat of-a-span',
    kind: 3,
    startTimeUnixNano: `${String(startUnixMs)}000000`,
    endTimeUnixNano: `${String(startUnixMs + 250)}000000`,
    attributes: attributes.map(([name, stringValue]) => ({ key: name, value: { stringValue } })),
  }
  const headers = { 'content-type': 'application/json' }
  const body = { resourceSpans: [{ scopeSpans: [{ spans: [span] }] }] }
  expect((await server.call('/api/otlp/v1/traces', { body, key: '', headers })).status).toBe(401)
  expect((await server.call('/api/otlp/v1/traces', { body, key, headers })).status).toBe(200)
  expect(await requestRow(({ requestedModel }) => requestedModel === 'of-a-span')).toMatchObject({ projectId: 'traced', durationMs: 250 })
})

test('metrics of other programs become samples of the project of their key, and administrators see what each convention told', async () => {
  const { key } = await json<{ key: string }>(
    server.call('/api/keys', { body: { name: 'meter', projectId: 'metered', scopes: ['inference', 'metrics'] } }),
  )
  const point = {
    attributes: [{ key: 'gen_ai.request.model', value: { stringValue: 'metered-model' } }],
    timeUnixNano: `${String(Date.now())}000000`,
    asInt: '7',
  }
  const metric = { name: 'gen_ai.usage.input_tokens', sum: { aggregationTemporality: 1, isMonotonic: true, dataPoints: [point] } }
  const body = { resourceMetrics: [{ scopeMetrics: [{ metrics: [metric] }] }] }
  const headers = { 'content-type': 'application/json' }
  expect((await server.call('/api/otlp/v1/metrics', { body, key: '', headers })).status).toBe(401)
  expect(await json(server.call('/api/otlp/v1/metrics', { body, key, headers }))).toEqual({})
  const question = { of: 'metrics', measure: 'valueSum', groupBy: ['name', 'tokenType', 'model'], window: { last: '1h' } }
  const rows = await eventually(async () => {
    const answer = await json<{ rows: unknown[] }>(server.call('/api/metrics/records', { body: question, key }))
    return answer.rows.length > 0 ? answer.rows : undefined
  }, 'a sample')
  expect(rows).toMatchObject([{ group: { name: 'tokens', tokenType: 'input', model: 'metered-model' }, values: { valueSum: 7 } }])
  expect((await server.call('/api/otlp/coverage', { key })).status).toBe(403)
  expect(await json(server.call('/api/otlp/coverage'))).toMatchObject({ openlit: { samples: { tokens: 1 } } })
})

test('an administrator erases a user, and the audit log says who did', async () => {
  const body = { projectId: 'default', userId: 'nobody-here' }
  expect(await json(server.call('/api/metrics/erase', { body }))).toEqual({
    requests: 0,
    blockedRequests: 0,
    spans: 0,
    payloads: 0,
    scores: 0,
    refused: 0,
  })
  const question = { of: 'audit', measure: 'operations', groupBy: ['action', 'subjectId'], filters: { action: 'user-erase' } }
  const rows = await eventually(async () => {
    const answer = await json<{ rows: unknown[] }>(server.call('/api/metrics/records', { body: { ...question, window: { last: '1h' } } }))
    return answer.rows.length > 0 ? answer.rows : undefined
  }, 'an audited erasure')
  expect(rows).toMatchObject([{ group: { subjectId: 'nobody-here' }, values: { operations: 1 } }])
})

test('Prometheus text of gateway and database is for those who may read metrics', async () => {
  expect((await server.call('/metrics', { key: '' })).status).toBe(401)
  const text = await (await server.call('/metrics')).text()
  expect(text).toMatch(/^# TYPE /m)
  expect(text).toMatch(/^bud_metrics_table_rows\{table="requests"\} [1-9]/m)
})

test('rules and dashboards for Prometheus name only what the server exposes', async () => {
  const exposed = new Set(
    (await (await server.call('/metrics')).text()).match(/^# TYPE \S+/gm)?.map((line) => line.slice('# TYPE '.length)),
  )
  const rules = createPrometheusRules()
  const recorded = new Set([...rules.matchAll(/record: (\S+)/g)].map(([, name]) => name))
  const used =
    `${rules}\n${JSON.stringify(createGrafanaDashboards()['bud-foundry-prometheus.json'])}`.match(/\bbud[_:][a-zA-Z0-9_:]+/g) ?? []
  const unknown = [...new Set(used)].filter((name) => !recorded.has(name) && !exposed.has(name.replace(/_(bucket|sum|count)$/, '')))
  expect(used.length).toBeGreaterThan(20)
  expect(unknown).toEqual([])
})

test('the log repeats no key', () => {
  expect(server.output().replaceAll(/^.*"msg":"ready".*$/gm, '')).not.toContain(server.apiKey)
})
