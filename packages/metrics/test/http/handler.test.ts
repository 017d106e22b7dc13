/** The fetch handler on the real engine: shapes, authority and answers to bad queries. */
import { afterAll, beforeAll, expect, test } from 'vitest'
import { z } from 'zod'
import { createMetrics, type Metrics } from '../../src/create-metrics.ts'
import { createMetricsHandler } from '../../src/http/handler.ts'
import { routes } from '../../src/http/routes.ts'
import type { Scope } from '../../src/ask/scope.ts'
import { middleOfBin } from '../../src/ask/aggregate.ts'
import { openTestEngine, type TestEngine } from '../support/engine.ts'
import { baseUnixMs, makeRequest } from '../support/request-arbitrary.ts'

let engine: TestEngine
let metrics: Metrics
let handler: (request: Request) => Promise<Response>

const authorities: Readonly<Record<string, Scope>> = {
  operator: { kind: 'all' },
  beta: { kind: 'projects', projectIds: ['beta'] },
}

beforeAll(async () => {
  engine = await openTestEngine()
  metrics = await createMetrics(engine)
  handler = createMetricsHandler({
    metrics,
    operations: {
      erase: (user, { signal }) => metrics.erase(user, signal),
      storeNodePrices: (prices, { signal }) => metrics.storeNodePrices(prices, signal),
      storeTargetDevices: (devices, { signal }) => metrics.storeTargetDevices(devices, signal),
    },
    authorize: ({ headers }) => authorities[headers.get('authorization') ?? ''],
  })
  await metrics.store([
    makeRequest({ id: 'a', timeUnixMs: baseUnixMs, timeToFirstTokenMs: 40, outputTokens: 50, durationMs: 2_000, model: 'llama-8b' }),
    makeRequest({ id: 'b', timeUnixMs: baseUnixMs + 1_000, outcome: 'error', status: 502, errorCode: 'GATEWAY_X', projectId: 'beta' }),
    makeRequest({ id: 'c/ä', timeUnixMs: baseUnixMs + 11_000, timeToFirstTokenMs: 60, outputTokens: 150, durationMs: 500 }),
  ])
})

afterAll(async () => {
  await metrics[Symbol.asyncDispose]()
  await engine[Symbol.asyncDispose]()
})

const errorSchema = z.object({
  error: z.object({
    code: z.string(),
    message: z.string(),
    issues: z.array(z.object({ path: z.string(), message: z.string() })).optional(),
  }),
})

const get = async (path: string, who = 'operator', method = 'GET') => {
  const response = await handler(new Request(`http://metrics.test/api/metrics${path}`, { method, headers: { authorization: who } }))
  const body: unknown = await response.json()
  return { status: response.status, body }
}

const listSchema = z.object({ data: z.array(z.object({ id: z.string() })), nextCursor: z.string().optional() })
const ids = (body: unknown) => listSchema.parse(body).data.map(({ id }) => id)

test('lists requests newest first, in pages, filtered by model, outcome and time', async () => {
  const first = await get('/requests?limit=2')
  expect(first.status).toBe(200)
  expect(ids(first.body)).toEqual(['c/ä', 'b'])
  const second = await get(`/requests?limit=2&cursor=${listSchema.parse(first.body).nextCursor ?? ''}`)
  expect(ids(second.body)).toEqual(['a'])
  expect(listSchema.parse(second.body).nextCursor).toBeUndefined()
  expect(ids((await get('/requests?model=llama-8b')).body)).toEqual(['a'])
  expect(ids((await get('/requests?model=llama-8b&model=llama&outcome=success')).body)).toEqual(['c/ä', 'a'])
  expect(ids((await get(`/requests?from=${String(baseUnixMs + 1)}&to=${new Date(baseUnixMs + 11_000).toISOString()}`)).body)).toEqual(['b'])
})

test('answers one request whole, and 404 outside the scope', async () => {
  const found = await get(`/requests/${encodeURIComponent('c/ä')}`)
  expect(found.body).toEqual(
    makeRequest({ id: 'c/ä', timeUnixMs: baseUnixMs + 11_000, timeToFirstTokenMs: 60, outputTokens: 150, durationMs: 500 }),
  )
  expect((await get('/requests/a', 'beta')).status).toBe(404)
  expect(errorSchema.parse((await get('/requests/nothing')).body).error.code).toBe('METRICS_REQUEST_UNKNOWN')
})

test('a series has every bucket, null where nothing was measured, and its totals', async () => {
  const { body } = await get(`/series?from=${String(baseUnixMs)}&to=${String(baseUnixMs + 20_000)}&intervalSeconds=5`)
  expect(body).toMatchObject({ fromUnixMs: baseUnixMs, toUnixMs: baseUnixMs + 20_000, intervalMs: 5_000 })
  const { points, totals } = z
    .object({ points: z.array(z.record(z.string(), z.unknown())), totals: z.record(z.string(), z.unknown()) })
    .parse(body)
  expect(points).toHaveLength(4)
  expect(points[0]).toMatchObject({
    timeUnixMs: baseUnixMs,
    requests: 2,
    errors: 1,
    outputTokensPerSecond: 14,
    timeToFirstTokenMsP50: middleOfBin(39.936),
    inFlightPeak: 2,
  })
  expect(points[0]?.['inFlightMean']).toBeCloseTo(2.1 / 5, 9)
  expect(points[1]).toMatchObject({
    requests: 0,
    errors: 0,
    outputTokensPerSecond: 0,
    timeToFirstTokenMsP50: null,
    durationMsP99: null,
    inFlightPeak: 0,
  })
  expect(totals).toMatchObject({ requests: 3, errors: 1, timeToFirstTokenMsP50: middleOfBin(39.936), inFlightPeak: 2, costUsd: null })
  expect(totals['timeToFirstTokenMsP95']).toBeGreaterThan(50)
})

test('a series answers the measures that were asked for, and nothing else', async () => {
  const { body } = await get(
    `/series?from=${String(baseUnixMs)}&to=${String(baseUnixMs + 20_000)}&intervalSeconds=20&measures=successShare,uniqueUsers`,
  )
  expect(body).toMatchObject({
    points: [{ timeUnixMs: baseUnixMs, successShare: 2 / 3, uniqueUsers: 0, inFlightMean: 0.13, inFlightPeak: 2 }],
    totals: { successShare: 2 / 3, uniqueUsers: 0, inFlightMean: 0.13, inFlightPeak: 2 },
  })
  expect(Object.keys(z.object({ totals: z.looseObject({}) }).parse(body).totals)).toHaveLength(4)
})

test('a summary compares with the window before and breaks down by dimension', async () => {
  const { body } = await get(
    `/summary?from=${String(baseUnixMs + 10_000)}&to=${String(baseUnixMs + 20_000)}&groupBy=requestedModel,outcome`,
  )
  expect(body).toMatchObject({
    totals: { requests: 1, outputTokens: 150 },
    previous: { requests: 2, outputTokens: 70, errors: 1 },
    changes: { requests: -0.5, errors: -1, costUsd: null },
    errors: [],
    groups: [{ group: { requestedModel: 'llama', outcome: 'success' }, values: { requests: 1 } }],
  })
  expect((await get(`/summary?from=${String(baseUnixMs)}&to=${String(baseUnixMs + 20_000)}`)).body).toMatchObject({
    errors: [{ errorCode: 'GATEWAY_X', requests: 1 }],
  })
})

test('only the authorised see anything, and only their projects', async () => {
  expect((await get('/requests', 'nobody')).status).toBe(401)
  expect(ids((await get('/requests', 'beta')).body)).toEqual(['b'])
  expect(ids((await get('/requests?projectId=alpha', 'beta')).body)).toEqual([])
})

test.each([
  ['/requests?outcome=sucess', 'filters.outcome'],
  ['/requests?outcome=success&outcome=no', 'filters.outcome'],
  ['/requests?status=abc', 'filters.status'],
  ['/requests?stream=yes', 'filters.stream'],
  ['/requests?from=9&to=1', 'fromUnixMs'],
  ['/requests?fields=secrets', 'fields.0'],
  ['/requests?limit=0', 'limit'],
  ['/requests?limit=many', 'limit'],
  ['/requests?limit=5000', 'limit'],
  ['/requests?limit=1&limit=2', 'limit'],
  ['/requests?cursor=nonsense', 'cursor'],
  ['/requests?from=yesterday', 'from'],
  ['/requests?from=2026-01-01T00:00:00', 'from'],
  ['/requests?mode=llama', 'mode'],
  ['/series?windowSeconds=-5', 'windowSeconds'],
  ['/series?windowSeconds=99999999999', 'windowSeconds'],
  ['/series?windowSeconds=86400&intervalSeconds=1', 'interval'],
  [`/series?from=${String(baseUnixMs)}&windowSeconds=5`, 'windowSeconds'],
  [`/series?from=${String(baseUnixMs + 5)}&to=${String(baseUnixMs)}`, 'from'],
  ['/summary?groupBy=color', 'groupBy'],
  ['/series?measures=requests,beauty', 'measures'],
])('%s is refused with a message that names %s', async (path, field) => {
  const { status, body } = await get(path)
  const { error } = errorSchema.parse(body)
  expect(status).toBe(400)
  expect(error.code).toBe('METRICS_QUESTION_INVALID')
  expect(JSON.stringify(error.issues)).toContain(field)
})

test('an unknown filter and an unknown dimension list the valid ones', async () => {
  expect(errorSchema.parse((await get('/requests?mode=llama')).body).error.message).toContain('model')
  expect(errorSchema.parse((await get('/summary?groupBy=color')).body).error.message).toContain('targetId')
})

test('other paths are 404 and other methods 405', async () => {
  expect((await get('/nothing')).status).toBe(404)
  expect((await get('/requests', 'operator', 'DELETE')).status).toBe(405)
})

const post = async (path: string, body: unknown, who = 'operator') => {
  const request = new Request(`http://metrics.test/api/metrics${path}`, {
    method: 'POST',
    headers: { authorization: who },
    body: typeof body === 'string' ? body : JSON.stringify(body),
  })
  return handler(request)
}
const window = { fromUnixMs: baseUnixMs, toUnixMs: baseUnixMs + 20_000 }

test('questions of every kind are answered, each in the scope of its caller', async () => {
  const answer = async (path: string, body: unknown, who?: string): Promise<unknown> => (await post(path, body, who)).json()
  const question = { measure: 'requests', window, groupBy: ['projectId'] }
  expect(await answer('/ask', question)).toMatchObject({ rows: [{ values: { requests: 2 } }, { values: { requests: 1 } }] })
  expect(await answer('/ask', question, 'beta')).toMatchObject({ rows: [{ group: { projectId: 'beta' }, values: { requests: 1 } }] })
  expect(await answer('/ask-many', { questions: [question, { ...question, measure: 'errors' }] }, 'beta')).toMatchObject({
    answers: [{ rows: [{ values: { requests: 1 } }] }, { rows: [{ values: { errors: 1 } }] }],
  })
  expect(await answer('/distribution', { of: 'timeToFirstTokenMs', window, bounds: [50] })).toMatchObject({ rows: [{ requests: [1, 1] }] })
  expect(await answer('/records', { of: 'blocked', measure: 'blocked', window })).toMatchObject({ rows: [{ values: { blocked: 0 } }] })
  expect((await post('/true-cost', { window }, 'beta')).status).toBe(403)
  expect(await answer('/true-cost', { window })).toMatchObject({ rows: [] })
  const file = await post('/export', { format: 'csv', window }, 'beta')
  expect(file.headers.get('content-disposition')).toBe('attachment; filename="requests.csv"')
  expect((await file.text()).trim().split('\n')).toHaveLength(2)
  expect((await post('/forecast', { measure: 'requests', window, interval: '1s' })).status).toBe(200)
  expect((await post('/anomalies', { measure: 'requests', window, interval: '1s' })).status).toBe(200)
  expect((await get(`/traces/${'0123456789abcdef'.repeat(2)}`)).body).toMatchObject({ data: [{ id: 'a' }, { id: 'b' }, { id: 'c/ä' }] })
  expect((await get('/requests?search=gateway_x')).body).toMatchObject({ data: [{ id: 'b' }] })
})

test.each([
  ['no JSON', '{', 'JSON'],
  ['too long', 'x'.repeat(300_000), 'longer'],
  ['no object', 3, 'object'],
  ['an unknown measure', { measure: 'beauty', window }, 'durationMsP95'],
  ['an unknown zone', { measure: 'requests', window, timeZone: 'Mars' }, 'timeZone'],
  ['a goodput without an objective', { measure: 'goodShare', window }, 'slo'],
  ['an unknown field', { measure: 'requests', window, colour: 1 }, 'colour'],
])('a question with %s is refused and told why', async (_, body, part) => {
  const response = await post('/ask', body)
  expect(response.status).toBe(400)
  expect(errorSchema.parse(await response.json()).error.message).toContain(part)
})

test('payloads and spans are read in scope, and what was not captured says so', async () => {
  const common = { timeUnixMs: baseUnixMs, projectId: 'beta', traceId: 'd'.repeat(32) }
  const events = [
    {
      ...{ ...common, id: 'payload-b', kind: 'payload', requestId: 'b', requestedModel: 'm', dialect: 'openai-chat' },
      ...{ request: '{}', requestTruncated: false, response: 'no', responseTruncated: false },
    },
    { ...common, id: 'span-b', kind: 'span', spanId: '1', name: 'chat', durationMs: 2 },
  ]
  await metrics.store(events)
  expect((await get('/requests/b/payload', 'beta')).body).toMatchObject({ request: { text: '{}' }, response: { text: 'no' } })
  expect(errorSchema.parse((await get('/requests/a/payload', 'beta')).body).error.code).toBe('METRICS_PAYLOAD_UNKNOWN')
  expect((await get(`/traces/${'d'.repeat(32)}/spans`, 'beta')).body).toMatchObject({ data: [{ name: 'chat', durationMs: 2 }] })
})

test('only an operator erases a user, and only where the server allows it', async () => {
  const user = { projectId: 'alpha', userId: 'ada' }
  await metrics.store([makeRequest({ id: 'erasable', timeUnixMs: baseUnixMs - 3_600_000, userId: 'ada' })])
  expect((await post('/erase', user, 'beta')).status).toBe(403)
  expect((await post('/erase', { projectId: 'alpha', userId: '' })).status).toBe(400)
  const without = createMetricsHandler({ metrics, authorize: () => ({ kind: 'all' }) })
  const request = new Request('http://metrics.test/api/metrics/erase', { method: 'POST', body: JSON.stringify(user) })
  expect((await without(request)).status).toBe(404)
  const erased = await post('/erase', user)
  expect([erased.status, await erased.json()]).toEqual([
    200,
    { requests: 1, payloads: 0, scores: 0, spans: 0, blockedRequests: 0, refused: 0 },
  ])
  expect((await get('/requests/erasable')).status).toBe(404)
})

test('operators say what nodes cost and what serves a target, and what is wrong with that is named', async () => {
  const [clusterName, nodeName] = ['c', 'n']
  const price = { clusterName, nodeName, timeUnixMs: 0, usdPerHour: 36, devices: 1 }
  const device = { targetId: 't', timeUnixMs: 0, clusterName, nodeName, deviceId: 'gpu-0' }
  expect((await post('/node-prices', [price], 'beta')).status).toBe(403)
  expect(await (await post('/node-prices', [price])).json()).toEqual({ stored: 1 })
  expect(await (await post('/target-devices', [device])).json()).toEqual({ stored: 1 })
  const wrong = await post('/target-devices', [{ ...device, deviceId: '' }])
  expect([wrong.status, await wrong.text()]).toEqual([400, expect.stringContaining('0.deviceId')])
  const cost = await post('/true-cost', { window })
  expect(await cost.json()).toMatchObject({ rows: [{ targetId: 't', nodeUsd: 0.2, requests: 0 }] })
})

test('the document lists every route with the schema of its question, and needs no authority', async () => {
  const { status, body } = await get('/openapi.json', 'nobody')
  expect(status).toBe(200)
  const { paths } = z.object({ paths: z.record(z.string(), z.record(z.string(), z.unknown())) }).parse(body)
  expect(Object.keys(paths)).toEqual(routes.map(({ path }) => `/api/metrics${path}`))
  expect(JSON.stringify(paths['/api/metrics/ask'])).toContain('timeToFirstTokenMsP95')
})

test.each([
  [{ measure: 'requests', window: { last: '48h' } }, 200],
  [{ measure: 'requests', window: { last: '90m' }, filters: { errorClass: ['timeout', ''], isBot: 'false', status: '502' } }, 200],
  [{ measure: 'requests', window: { last: '0h' } }, 400],
  [{ measure: 'requests', window: { last: '1h' }, filters: { errorClass: 'slow' } }, 400],
  [{ measure: 'requests', window: { last: '1h' }, ranges: { durationMs: { min: 5, max: 1 } } }, 400],
])('%o is answered with %i', async (question, status) => {
  const headers = { authorization: 'operator' }
  const call = { method: 'POST', headers, body: JSON.stringify(question) }
  expect((await handler(new Request('http://metrics.test/api/metrics/ask', call))).status).toBe(status)
})

test('a bound beyond every number is the mistake of its caller', async () => {
  const question = { of: 'durationMs', window: { last: '1h' }, bounds: [0, 5, 1e308] }
  const call = { method: 'POST', headers: { authorization: 'operator' }, body: JSON.stringify(question) }
  const response = await handler(new Request('http://metrics.test/api/metrics/distribution', call))
  expect(response.status).toBe(400)
  expect(await response.text()).toContain('bounds.2')
})
