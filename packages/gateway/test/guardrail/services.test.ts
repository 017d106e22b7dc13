/** Guardrails that ask a service: over HTTP, OpenAI's moderations, gRPC; in overlapping windows, within a budget. */
import { fileURLToPath } from 'node:url'
import { createStaticSecretStore, silentLogger, type Logger } from '@bud-foundry/core'
import * as grpc from '@grpc/grpc-js'
import * as loader from '@grpc/proto-loader'
import { expect, it } from 'vitest'
import type { GatewayConfigInput } from '../../src/index.ts'
import { guardrailProto, guardrailProtoOptions } from '../../src/guardrail/grpc-judge.ts'
import { chat, oneModel, startGateway, type TestGateway } from '../support/gateway.ts'
import { completion, doneFrame, finishFrame, sendJson, startSse, textFrame, wellBehaved } from '../support/openai-answers.ts'
import { startUpstream, type Answer } from '../support/upstream.ts'
import { readStream } from './support.ts'

type Rail = NonNullable<GatewayConfigInput['guardrails']>['rails'][string]

const withRail = (baseUrl: string, rail: Rail): GatewayConfigInput => ({
  ...oneModel(baseUrl),
  guardrails: { rails: { judge: rail }, attach: [{ rails: ['judge'] }] },
})

const streaming =
  (pieces: readonly string[]): Answer =>
  async (res) => {
    startSse(res)
    for (const piece of pieces) {
      res.write(textFrame(piece))
      await new Promise(setImmediate)
    }
    res.end(finishFrame + doneFrame)
  }

/** Flags `forbidden phrase`, and tells where. */
const judgePhrase: Answer = (res, { json }) => {
  const text = String(json['text'])
  const start = text.indexOf('forbidden phrase')
  sendJson(res, 200, start === -1 ? { flagged: false } : { flagged: true, categories: ['phrase'], spans: [{ start, end: start + 16 }] })
}

const readAnswer = async (test: TestGateway) => {
  const response = await test.post('/v1/chat/completions', chat({ stream: true }))
  const text = await response.text()
  return response.status === 200 ? readStream(text) : { error: String(response.status) }
}

it('judges a stream in overlapping windows: no split lets a phrase through', async () => {
  const said = 'some harmless words, then the forbidden phrase and some more words after it'
  await using upstream = await startUpstream(wellBehaved(''))
  await using service = await startUpstream(judgePhrase)
  const rail = { kind: 'http', url: service.url, on: ['output'], windowCharacters: 10, overlapCharacters: 16 } satisfies Rail
  await using blocking = await startGateway(withRail(upstream.baseUrl, rail))
  await using masking = await startGateway(withRail(upstream.baseUrl, { ...rail, action: 'mask' }))
  for (let cut = 1; cut < said.length; cut += 5) {
    upstream.answer = streaming([said.slice(0, cut), said.slice(cut, cut + 3), said.slice(cut + 3)])
    const blocked = await readAnswer(blocking)
    expect(blocked.error).toMatch(/guardrail_blocked|400/)
    expect('text' in blocked ? blocked.text : '').not.toContain('forb')
    expect(await readAnswer(masking)).toEqual({ text: said.replace('forbidden phrase', '[removed]') })
  }
  expect(service.seen.length).toBeGreaterThan(30)
})

it('asks about a request before it goes out, and tells the service whose it is', async () => {
  await using upstream = await startUpstream(wellBehaved('fine'))
  await using service = await startUpstream(judgePhrase)
  const rail: Rail = { kind: 'http', url: service.url, on: ['input'], credential: { reference: 'judge-key' } }
  await using test = await startGateway(withRail(upstream.baseUrl, rail), {
    secrets: createStaticSecretStore({ 'judge-key': 'judge-secret' }),
  })
  expect((await test.post('/v1/chat/completions', chat())).status).toBe(200)
  expect((await test.post('/v1/chat/completions', chat({ messages: [{ role: 'user', content: 'a forbidden phrase' }] }))).status).toBe(400)
  expect(upstream.seen).toHaveLength(1)
  expect(service.seen[0]?.json).toMatchObject({ side: 'input', model: 'm', project_id: 'project-1' })
  expect(service.seen[0]?.headers.authorization).toBe('Bearer judge-secret')
})

it("speaks OpenAI's moderations, with thresholds of one's own", async () => {
  await using upstream = await startUpstream(wellBehaved('fine'))
  await using service = await startUpstream((res, { json }) => {
    const isBad = String(json['input']).includes('hi')
    sendJson(res, 200, {
      id: 'm',
      model: 'x',
      results: [{ flagged: isBad, categories: { violence: isBad }, category_scores: { violence: isBad ? 0.6 : 0 } }],
    })
  })
  for (const [thresholds, status] of [
    [undefined, 400],
    [{ violence: 0.9 }, 200],
    [{ violence: 0.5 }, 400],
  ] as const) {
    const rail: Rail = { kind: 'moderation', baseUrl: service.baseUrl, ...(thresholds === undefined ? {} : { thresholds }) }
    await using test = await startGateway(withRail(upstream.baseUrl, rail))
    expect((await test.post('/v1/chat/completions', chat())).status).toBe(status)
  }
  expect(service.seen[0]).toMatchObject({ path: '/v1/moderations', json: { model: 'omni-moderation-latest' } })
})

it.each([
  ['does not answer', () => undefined],
  ['answers with an error', (res) => sendJson(res, 500, {})],
  ['answers nonsense', (res) => sendJson(res, 200, { flagged: 'perhaps' })],
] satisfies [string, Answer][])('a service that %s closes or opens, as configured', async (_, answer) => {
  await using upstream = await startUpstream((res) => {
    sendJson(res, 200, completion('fine'))
  })
  await using service = await startUpstream(answer)
  const rail = { kind: 'http', url: service.url, budgetMs: 60 } satisfies Rail
  await using closed = await startGateway(withRail(upstream.baseUrl, rail))
  const refused = await closed.post('/v1/chat/completions', chat())
  expect(refused.status).toBe(503)
  expect(refused.headers.get('retry-after')).toBe('1')
  expect(await refused.text()).toContain('guardrail_unavailable')
  const warned: unknown[] = []
  const logger: Logger = { ...silentLogger, warn: (message, fields) => void warned.push([message, fields?.['rail'], fields?.['side']]) }
  await using open = await startGateway(withRail(upstream.baseUrl, { ...rail, failPolicy: 'open' }), { logger })
  expect((await open.post('/v1/chat/completions', chat())).status).toBe(200)
  expect((await open.sink.waitFor(1))[0]?.tags).toEqual({ 'guardrail.judge': 'block input-failed=1 output-failed=1' })
  expect(warned.filter((line) => JSON.stringify(line).includes('gave no judgement'))).toEqual([
    ['a guardrail gave no judgement', 'judge', 'input'],
    ['a guardrail gave no judgement', 'judge', 'output'],
  ])
})

it('a caller who leaves is no failure of the service', async () => {
  await using upstream = await startUpstream(wellBehaved('fine'))
  const leave = new AbortController()
  await using service = await startUpstream(() => {
    leave.abort()
  })
  const rail: Rail = { kind: 'http', url: service.url, budgetMs: 60_000, failPolicy: 'open' }
  await using test = await startGateway(withRail(upstream.baseUrl, rail))
  const headers = { 'content-type': 'application/json', authorization: `Bearer ${test.key}` }
  const init = { method: 'POST', headers, body: JSON.stringify(chat()), signal: leave.signal }
  await expect(test.gateway.fetch('http://gateway.invalid/v1/chat/completions', init)).rejects.toThrow()
  expect((await test.sink.waitFor(1))[0]).toMatchObject({ outcome: 'aborted', status: 499 })
  await test.gateway.close()
  expect(upstream.seen).toEqual([])
  expect(test.gateway.metricsText()).not.toContain('guardrail_failures_total')
})

it('speaks gRPC by the published definition', async () => {
  const published = loader.loadSync(fileURLToPath(new URL('../../proto/guardrail.proto', import.meta.url)), guardrailProtoOptions)
  const name = 'bud.guardrail.v1.Guardrail'
  const descriptor = (definition: loader.PackageDefinition) => JSON.stringify(Object.keys(definition).sort())
  const embedded = loader.fromJSON(guardrailProto as unknown as Parameters<typeof loader.fromJSON>[0], guardrailProtoOptions)
  expect(descriptor(embedded)).toBe(descriptor(published))
  const seen: object[] = []
  const server = new grpc.Server()
  // The published file names a service by this name.
  server.addService(published[name] as grpc.ServiceDefinition, {
    Judge: (call: grpc.ServerUnaryCall<{ text: string; side: string }, object>, answer: grpc.sendUnaryData<object>) => {
      seen.push({ ...call.request, authorization: call.metadata.get('authorization')[0] })
      const start = call.request.text.indexOf('hi')
      answer(null, { flagged: start !== -1, categories: ['greeting'], spans: start === -1 ? [] : [{ start, end: start + 2 }] })
    },
  })
  const port = await new Promise<number>((resolve, reject) => {
    server.bindAsync('127.0.0.1:0', grpc.ServerCredentials.createInsecure(), (error, bound) =>
      error === null ? resolve(bound) : reject(error),
    )
  })
  await using upstream = await startUpstream(wellBehaved('fine'))
  const rail: Rail = { kind: 'grpc', address: `127.0.0.1:${String(port)}`, tls: false, action: 'mask', credential: 'grpc-secret' }
  {
    await using test = await startGateway(withRail(upstream.baseUrl, rail))
    expect((await test.post('/v1/chat/completions', chat())).status).toBe(200)
  }
  expect(upstream.seen[0]?.json['messages']).toEqual([{ role: 'user', content: '[removed]' }])
  expect(seen[0]).toMatchObject({ text: 'hi', side: 'input', model: 'm', project_id: 'project-1', authorization: 'Bearer grpc-secret' })
  expect(seen[1]).toMatchObject({ text: 'fine', side: 'output' })
  server.forceShutdown()
})
