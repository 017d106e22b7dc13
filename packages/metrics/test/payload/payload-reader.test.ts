/** What was captured of a request comes back, to those who may see it, for as long as it is kept. */
import { createId, systemClock, systemRandom, type BudEvent } from '@bud-foundry/core'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { createMetrics, type Metrics } from '../../src/create-metrics.ts'
import { openTestEngine, type TestEngine } from '../support/engine.ts'

let engine: TestEngine
let metrics: Metrics
const day = 86_400_000
const nowMs = Date.now()

beforeAll(async () => {
  engine = await openTestEngine()
  metrics = await createMetrics({ ...engine, retention: { payloadDays: 30, projects: { brief: { payloadDays: 2 } } } })
})

afterAll(async () => {
  await metrics[Symbol.asyncDispose]()
  await engine[Symbol.asyncDispose]()
})

const payload = (requestId: string, changes: object = {}): BudEvent => ({
  ...{ id: `payload-${requestId}`, kind: 'payload', timeUnixMs: nowMs - day / 2, requestId, projectId: 'alpha' },
  ...{ traceId: '4bf92f3577b34da6a3ce929d0e0e4736', requestedModel: 'llama', dialect: 'openai-chat' },
  ...{ request: '{"messages":[{"role":"user","content":"häl\'lo\\n"}]}', requestTruncated: false },
  ...{ response: 'a long ans', responseTruncated: true },
  ...changes,
})

test('the texts come back as they were captured, whatever the id of the request', async () => {
  const uuid = createId(systemClock, systemRandom)
  await metrics.store([payload(uuid), payload('chosen by the caller', { traceId: 'own', response: '' })])
  const captured = { projectId: 'alpha', timeUnixMs: nowMs - day / 2, requestedModel: 'llama', dialect: 'openai-chat' }
  const request = { text: '{"messages":[{"role":"user","content":"häl\'lo\\n"}]}', truncated: false, bytes: 52 }
  expect(await metrics.payloads.read(uuid)).toEqual({
    ...captured,
    requestId: uuid,
    traceId: '4bf92f3577b34da6a3ce929d0e0e4736',
    request,
    response: { text: 'a long ans', truncated: true, bytes: 10 },
  })
  expect(await metrics.payloads.read('chosen by the caller')).toEqual({
    ...captured,
    requestId: 'chosen by the caller',
    traceId: 'own',
    request,
    response: { text: '', truncated: true, bytes: 0 },
  })
  expect(await metrics.payloads.read('unknown')).toBeUndefined()
})

test('the same text lies once per project, however often it is asked', async () => {
  const count = async () =>
    await engine.client.query({ what: 'counting', sql: "SELECT count() AS texts FROM payload_bodies FINAL WHERE body = 'again'" })
  await metrics.store([1, 2, 3].map((index) => payload(`same-${String(index)}`, { request: 'again', response: 'again' })))
  await metrics.store([
    payload('same-4', { request: 'again', response: 'again' }),
    payload('same-5', { request: 'again', projectId: 'beta' }),
  ])
  expect(await count()).toEqual([{ texts: 2 }])
  expect((await metrics.payloads.read('same-4'))?.response.text).toBe('again')
})

test('a reader of other projects sees nothing of it, however it was narrowed before', async () => {
  await metrics.store([payload('private')])
  const read = (...projectIds: string[]) => metrics.payloads.scopedTo({ kind: 'projects', projectIds }).read('private')
  expect((await read('beta', 'alpha'))?.requestId).toBe('private')
  expect(await read('beta')).toBeUndefined()
  expect(await read()).toBeUndefined()
  const twice = metrics.payloads.scopedTo({ kind: 'projects', projectIds: ['beta'] }).scopedTo({ kind: 'all' })
  expect(await twice.read('private')).toBeUndefined()
})

test('payloads have a lifetime of their own in each project, and their rows outlive no text that others still name', async () => {
  const old = { timeUnixMs: nowMs - 5 * day, request: 'expires' }
  await metrics.store([payload('old', old), payload('old-brief', { ...old, projectId: 'brief' })])
  await metrics.store([payload('young-brief', { request: 'shared', projectId: 'brief' })])
  await metrics.store([payload('old-shared', { ...old, request: 'shared', projectId: 'brief' })])
  for (const table of ['payloads', 'payload_bodies']) {
    await engine.client.command({ what: 'merging', sql: `OPTIMIZE TABLE ${table} FINAL` })
  }
  expect((await metrics.payloads.read('old'))?.request.text).toBe('expires')
  expect(await metrics.payloads.read('old-brief')).toBeUndefined()
  expect((await metrics.payloads.read('young-brief'))?.request.text).toBe('shared')
})
