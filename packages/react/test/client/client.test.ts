/** The client's plain calls: addresses, headers, failures. */
import { expect, test } from 'vitest'
import { createBudClient } from '../../src/client/client.ts'
import { limits } from '../../src/limits.ts'
import { createFakeClock, createHastyClock } from '../support/fake-clock.ts'
import { createFakeFetch, json, pending } from '../support/fake-fetch.ts'
import { samplePlan, sampleRequest } from '../support/sample-data.ts'

test('a query goes to the server under the base address, with the headers of the moment', async () => {
  const { fetch, calls } = createFakeFetch(() => json({ data: [sampleRequest()], nextCursor: 'c2' }))
  let token = 'one'
  const client = createBudClient({ baseUrl: 'https://bud.example/', fetch, headers: () => ({ authorization: `Bearer ${token}` }) })
  const page = await client.requests({ limit: 5, outcome: 'error', fromUnixMs: 12 })
  token = 'two'
  await client.requests()
  expect(page.nextCursor).toBe('c2')
  expect(page.data[0]?.id).toBe('req_0001')
  expect(calls[0]?.url).toBe('https://bud.example/api/metrics/requests?limit=5&outcome=error&from=12')
  expect(calls.map(({ headers }) => headers.get('authorization'))).toEqual(['Bearer one', 'Bearer two'])
})

test('a session is opened with the key only when one is given', async () => {
  const { fetch, calls } = createFakeFetch(() => json({ expiresAtUnixMs: 99, scopes: ['metrics'] }))
  const client = createBudClient({ fetch })
  await client.session()
  expect(await client.session({ apiKey: 'bud-1' })).toEqual({ expiresAtUnixMs: 99, scopes: ['metrics'] })
  expect(calls.map(({ method, url, body }) => [method, url, body])).toEqual([
    ['POST', '/api/session', {}],
    ['POST', '/api/session', { apiKey: 'bud-1' }],
  ])
})

test("a refusal carries the server's own words, code and delay", async () => {
  const body = { error: { message: 'Too many requests for key k1.', code: 'GATEWAY_RATE_LIMITED' } }
  const { fetch } = createFakeFetch(() => Response.json(body, { status: 429, headers: { 'retry-after': '3' } }))
  await expect(createBudClient({ fetch, clock: createHastyClock() }).models()).rejects.toMatchObject({
    code: 'REACT_RESPONSE_REFUSED',
    message: 'Too many requests for key k1.',
    serverCode: 'GATEWAY_RATE_LIMITED',
    status: 429,
    retryable: true,
    retryAfterMs: 3000,
  })
})

test("a refusal that is a proxy's page still says what was refused", async () => {
  const { fetch } = createFakeFetch(() => new Response('<html>Bad gateway</html>', { status: 502, statusText: 'Bad Gateway' }))
  await expect(createBudClient({ fetch, clock: createHastyClock() }).models()).rejects.toMatchObject({
    message: '/v1/models answered 502 Bad Gateway',
    retryable: true,
  })
})

test('an answer of the wrong shape names the field', async () => {
  const { fetch } = createFakeFetch(() => json({ data: [{ ...sampleRequest(), durationMs: 'long' }] }))
  await expect(createBudClient({ fetch }).requests()).rejects.toMatchObject({
    code: 'REACT_RESPONSE_INVALID',
    message: expect.stringContaining('"long" at requests.data[0].durationMs'),
  })
})

test('an answer that is not JSON is told apart from a dead server', async () => {
  const { fetch } = createFakeFetch(() => new Response('<!doctype html>'))
  await expect(createBudClient({ fetch, clock: createHastyClock() }).models()).rejects.toMatchObject({ code: 'REACT_RESPONSE_INVALID' })
  const dead = createFakeFetch(() => Promise.reject(new TypeError('Failed to fetch')))
  await expect(createBudClient({ fetch: dead.fetch, clock: createHastyClock() }).models()).rejects.toMatchObject({
    code: 'REACT_NETWORK_FAILED',
    retryable: true,
  })
})

test('a silent server is given up at the deadline, and no timer stays', async () => {
  const clock = createFakeClock()
  const { fetch, calls } = createFakeFetch(pending)
  const result = expect(createBudClient({ fetch, clock }).models()).rejects.toMatchObject({ code: 'REACT_TIMED_OUT' })
  await clock.advance(limits.requestTimeoutMs)
  await result
  expect(calls[0]?.isAborted()).toBe(true)
  expect(clock.timerCount()).toBe(0)
})

test('aborting ends the request, before and during it', async () => {
  const clock = createFakeClock()
  const { fetch } = createFakeFetch(pending)
  const client = createBudClient({ fetch, clock })
  const controller = new AbortController()
  const during = expect(client.models({ signal: controller.signal })).rejects.toMatchObject({ code: 'REACT_ABORTED' })
  controller.abort()
  await during
  await expect(client.models({ signal: controller.signal })).rejects.toMatchObject({ code: 'REACT_ABORTED' })
  expect(clock.timerCount()).toBe(0)
})

test('every 401 is heard until the listener is removed', async () => {
  const { fetch } = createFakeFetch(() => json({ error: { message: 'gone' } }, 401))
  const client = createBudClient({ fetch })
  let heard = 0
  const remove = client.onUnauthorized(() => (heard += 1))
  await client.models().catch(() => undefined)
  remove()
  await client.models().catch(() => undefined)
  expect(heard).toBe(1)
})

test('what the optimizer ruled out is readable in every shape', async () => {
  const { fetch } = createFakeFetch(() => json({ plans: [], rejected: ['too small', { hardwareId: 'l4', count: 2, reason: 'no memory' }] }))
  expect(await createBudClient({ fetch }).optimize({ model: 'm', devices: [] })).toEqual({
    plans: [],
    rejected: [
      { title: '', reason: 'too small' },
      { title: 'l4 ×2', reason: 'no memory' },
    ],
  })
})

test('a read is tried again while its failure may pass, with growing delays or as the server wishes; a write is not', async () => {
  const failures = [new Response('', { status: 503 }), new Response('', { status: 429, headers: { 'retry-after': '2' } })]
  const { fetch, calls } = createFakeFetch(() => failures.shift() ?? json({ data: [{ id: 'm' }] }))
  const clock = createHastyClock()
  const client = createBudClient({ fetch, clock, random: () => 0.5 })
  expect(await client.models()).toEqual([{ id: 'm', ownedBy: undefined }])
  expect([calls.length, clock.waits]).toEqual([3, [limits.retryMsMin, 2_000]])
  const down = createFakeFetch(() => new Response('', { status: 503 }))
  const other = createBudClient({ fetch: down.fetch, clock })
  await expect(other.models()).rejects.toMatchObject({ status: 503 })
  expect(down.calls).toHaveLength(1 + limits.retriesMax)
  await expect(other.planDeployment({ plan: samplePlan() })).rejects.toMatchObject({ status: 503 })
  await expect(other.ask({ measure: 'requests', window: { last: '1h' } })).rejects.toMatchObject({ status: 503 })
  expect(down.calls).toHaveLength(2 * (1 + limits.retriesMax) + 1)
})

test.each([
  ['a refusal', { status: 404 }],
  ['a wait that is too long', { status: 429, headers: { 'retry-after': '60' } }],
])('%s is told at once', async (_, init) => {
  const { fetch, calls } = createFakeFetch(() => new Response('', init))
  await expect(createBudClient({ fetch, clock: createHastyClock() }).models()).rejects.toMatchObject({ status: init.status })
  expect(calls).toHaveLength(1)
})

test('a wait before another try ends with the signal, and leaves no timer', async () => {
  const clock = createFakeClock()
  const { fetch, calls } = createFakeFetch(() => new Response('', { status: 503 }))
  const controller = new AbortController()
  const result = expect(createBudClient({ fetch, clock }).models({ signal: controller.signal })).rejects.toMatchObject({
    code: 'REACT_ABORTED',
  })
  await clock.advance(0)
  controller.abort()
  await result
  expect([calls.length, clock.timerCount()]).toEqual([2, 0])
})

test('a moment as the end of a wait is read by the clock of the server', async () => {
  const headers = { date: 'Mon, 23 Nov 2026 10:00:00 GMT', 'retry-after': 'Mon, 23 Nov 2026 10:00:09 GMT' }
  const { fetch } = createFakeFetch(() => new Response('', { status: 503, headers }))
  await expect(createBudClient({ fetch }).models()).rejects.toMatchObject({ retryAfterMs: 9_000 })
})
