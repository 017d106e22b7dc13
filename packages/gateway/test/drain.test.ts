/** Closing: no new requests, time for those in flight, a typed end for the rest, and every event stored. */
import { expect, it } from 'vitest'
import { chat, oneModel, startGateway } from './support/gateway.ts'
import { completion, sendJson, startSse, textFrame } from './support/openai-answers.ts'
import { startUpstream } from './support/upstream.ts'

it('lets a request in flight finish within the grace', async () => {
  const started = Promise.withResolvers<undefined>()
  const go = Promise.withResolvers<undefined>()
  await using upstream = await startUpstream(async (res) => {
    started.resolve(undefined)
    await go.promise
    sendJson(res, 200, completion('late but whole'))
  })
  await using test = await startGateway(oneModel(upstream.baseUrl))
  const answer = test.post('/v1/chat/completions', chat())
  await started.promise
  const closed = test.gateway.close({ graceMs: 5_000 })
  go.resolve(undefined)
  expect(await (await answer).text()).toContain('late but whole')
  await closed
  expect(test.sink.events).toMatchObject([{ outcome: 'success' }])
})

it('ends what is left with a typed error, and records it before it resolves', async () => {
  await using upstream = await startUpstream((res, { json }) => {
    if (json['stream'] !== true) return
    startSse(res)
    res.write(textFrame('half'))
  })
  await using test = await startGateway(oneModel(upstream.baseUrl))
  const stream = await test.post('/v1/chat/completions', chat({ stream: true }))
  const whole = test.post('/v1/chat/completions', chat())
  await expect.poll(() => upstream.seen.length).toBe(2)
  await test.gateway.close({ graceMs: 20 })
  const text = await stream.text()
  expect(text).toContain('half')
  expect(text).toContain('"code":"shutting_down"')
  expect(text).not.toContain('[DONE]')
  expect((await whole).status).toBe(503)
  expect(test.sink.events.map((event) => event.outcome).sort()).toEqual(['error', 'partial'])
  const cut = test.sink.events.find((event) => event.outcome === 'partial')
  expect(cut).toMatchObject({ usageSource: 'estimate', outputTokens: 1 })
  expect(cut?.inputTokens).toBeGreaterThan(0)
  expect(test.gateway.inFlight).toBe(0)
})

it('can be closed twice', async () => {
  await using test = await startGateway({ models: {} })
  await Promise.all([test.gateway.close(), test.gateway.close()])
  await test.gateway[Symbol.asyncDispose]()
  await expect(test.gateway.updateConfig({ models: {} })).rejects.toMatchObject({ code: 'GATEWAY_CLOSED' })
})
