/** The same key and request get the same answer, once made. */
import { createMemoryStore } from '@bud-foundry/core'
import { createFakeClock } from '@bud-foundry/core/testing'
import { expect, it } from 'vitest'
import type { GatewayConfigInput } from '../../src/index.ts'
import { chat, oneModel, startGateway, type TestGateway } from '../support/gateway.ts'
import { completion, sendJson, wellBehaved } from '../support/openai-answers.ts'
import { startUpstream, type Answer } from '../support/upstream.ts'

const path = '/v1/chat/completions'
const keyed = (baseUrl: string, idempotency: GatewayConfigInput['idempotency'] = {}): GatewayConfigInput => ({
  ...oneModel(baseUrl),
  idempotency,
})
const counting = (): Answer => {
  let count = 0
  return (res, request, index) => wellBehaved(`answer ${String(++count)}`)(res, request, index)
}
const say = async (test: TestGateway, key: string, fields: Record<string, unknown> = {}, headers: Record<string, string> = {}) => {
  const response = await test.post(path, chat(fields), { 'idempotency-key': key, ...headers })
  return { status: response.status, replayed: response.headers.get('idempotent-replayed'), text: await response.text(), response }
}
const turn = () => new Promise((resolve) => setImmediate(resolve))

it.each([false, true])('gives the same answer again, streamed %s, byte for byte', async (stream) => {
  await using upstream = await startUpstream(counting())
  await using test = await startGateway(keyed(upstream.baseUrl))
  const first = await say(test, 'k1', { stream })
  await turn()
  const again = await say(test, 'k1', { stream })
  expect(again).toMatchObject({ status: 200, replayed: 'true', text: first.text })
  expect(again.response.headers.get('content-type')).toBe(first.response.headers.get('content-type'))
  expect((await say(test, 'k2', { stream })).text).not.toBe(first.text)
  expect(upstream.seen).toHaveLength(2)
  expect((await test.sink.waitFor(3))[1]).toMatchObject({
    outcome: 'success',
    attempts: [],
    inputTokens: 0,
    tags: { idempotentReplay: 'true' },
  })
})

it('refuses the key for another request, and keeps the keys of callers apart', async () => {
  await using upstream = await startUpstream(counting())
  await using test = await startGateway(keyed(upstream.baseUrl))
  const first = await say(test, 'k1')
  await turn()
  expect(await say(test, 'k1', { temperature: 0 })).toMatchObject({ status: 422, replayed: null })
  const stranger = await test.gateway.keys?.create({ name: 'stranger', projectId: 'project-1' })
  const theirs = await say(test, 'k1', {}, { authorization: `Bearer ${stranger?.key.reveal() ?? ''}` })
  expect(theirs).toMatchObject({ status: 200, replayed: null })
  expect(theirs.text).not.toBe(first.text)
})

it.each(['', 'x'.repeat(256), 'with space'])('refuses the key %j', async (key) => {
  await using upstream = await startUpstream(counting())
  await using test = await startGateway(keyed(upstream.baseUrl))
  expect((await say(test, key)).status).toBe(400)
})

/** Answers when it is told to. */
function gate() {
  const { promise, resolve } = Promise.withResolvers<undefined>()
  return { open: () => resolve(undefined), answer: (async (res) => (await promise, sendJson(res, 200, completion('hello')))) as Answer }
}

it('has a repetition wait for the first answer, in another process too', async () => {
  const { open, answer } = gate()
  await using upstream = await startUpstream(answer)
  await using store = createMemoryStore({})
  await using here = await startGateway({ ...keyed(upstream.baseUrl), auth: { kind: 'none' } }, { store })
  await using there = await startGateway({ ...keyed(upstream.baseUrl), auth: { kind: 'none' } }, { store })
  const first = say(here, 'k1')
  while (upstream.seen.length < 1) await turn()
  const others = [say(here, 'k1'), say(there, 'k1'), say(there, 'k1')]
  while (here.gateway.inFlight + there.gateway.inFlight < 4) await turn()
  open()
  const { text } = await first
  for (const other of await Promise.all(others)) expect(other).toMatchObject({ status: 200, replayed: 'true', text })
  expect(upstream.seen).toHaveLength(1)
})

it('refuses a repetition at once where the policy says so', async () => {
  const { open, answer } = gate()
  await using upstream = await startUpstream(answer)
  await using test = await startGateway(keyed(upstream.baseUrl, { inFlight: 'conflict' }))
  const first = say(test, 'k1')
  while (upstream.seen.length < 1) await turn()
  const second = await say(test, 'k1')
  expect(second.status).toBe(409)
  expect(second.response.headers.get('retry-after')).toBe('1')
  open()
  expect((await first).status).toBe(200)
})

it('makes a request anew that has failed, also for those who wait', async () => {
  await using upstream = await startUpstream(async (res, request, index) => {
    while (index === 0 && test.gateway.inFlight < 3) await turn()
    if (index === 0) sendJson(res, 400, { error: { message: 'no', type: 'invalid_request_error', code: null } })
    else await wellBehaved('hello')(res, request, index)
  })
  await using test = await startGateway(keyed(upstream.baseUrl))
  const answers = await Promise.all([say(test, 'k1'), say(test, 'k1'), say(test, 'k1')])
  expect(answers.map(({ status }) => status).sort()).toEqual([200, 200, 400])
  expect(upstream.seen).toHaveLength(2)
})

it('frees the key when the process that answers dies, and not before', async () => {
  const clock = createFakeClock()
  await using upstream = await startUpstream(() => undefined)
  await using store = createMemoryStore({ clock })
  const config: GatewayConfigInput = { ...keyed(upstream.baseUrl, { leaseMs: 3_000 }), auth: { kind: 'none' } }
  await using dying = await startGateway(config, { store, clock })
  const lost = say(dying, 'k1').catch(() => 'lost')
  while (upstream.seen.length < 1) await turn()
  // Alive, it keeps its lease however long the answer takes.
  for (let second = 0; second < 10; second += 1) await clock.advance(1_000)
  upstream.answer = wellBehaved('hello')
  await using other = await startGateway(config, { store, clock })
  const waiting = say(other, 'k1')
  while (other.gateway.inFlight < 1) await turn()
  await clock.advance(6_000)
  expect(upstream.seen).toHaveLength(1)
  // Its store goes with it: from now on nobody renews.
  Object.assign(store, { compareAndSet: () => Promise.reject(new Error('dead')) })
  await clock.advance(6_000)
  expect((await waiting).status).toBe(200)
  expect(upstream.seen).toHaveLength(2)
  await clock.run(dying.gateway.close({ graceMs: 0 }))
  await lost
})

it('refuses when the record it waits for becomes one it cannot read', async () => {
  const { open, answer } = gate()
  await using upstream = await startUpstream(answer)
  await using store = createMemoryStore({})
  await using test = await startGateway(keyed(upstream.baseUrl), { store })
  const first = say(test, 'k1')
  while (upstream.seen.length < 1) await turn()
  const { get } = store
  let reads = 0
  // Readable when the second looks for the first time, written by another version when it looks again.
  store.get = (key) => {
    if (!key.startsWith('gateway/idempotency/')) return get(key)
    reads += 1
    return reads === 1 ? get(key) : Promise.resolve(Buffer.from('{"state":"else"}\n'))
  }
  expect((await say(test, 'k1')).status).toBe(503)
  store.get = get
  open()
  expect((await first).status).toBe(200)
})

it('refuses what it cannot guarantee', async () => {
  await using upstream = await startUpstream(counting())
  await using store = createMemoryStore({})
  await using test = await startGateway(keyed(upstream.baseUrl, { answerBytes: 10 }), { store })
  expect((await say(test, 'k1')).status).toBe(200)
  await turn()
  expect((await say(test, 'k1')).status).toBe(409)
  Object.assign(store, { set: () => Promise.reject(new Error('away')) })
  expect((await say(test, 'k2')).status).toBe(503)
  expect(upstream.seen).toHaveLength(1)
})
