/** The seam of governance: what stages may do to a call, and what they hear of it, however it ends. */
import type { RequestEvent } from '@bud-foundry/core'
import { expect, it } from 'vitest'
import { gatewayErrors, type CallObserver, type OutputFilter, type Stage, type StageCall, type Verdict } from '../../src/index.ts'
import { chat, oneModel, startGateway } from '../support/gateway.ts'
import { completion, sendJson, startSse, textFrame, finishFrame, doneFrame } from '../support/openai-answers.ts'
import { startUpstream, type Answer } from '../support/upstream.ts'

const whole: Answer = (res) => {
  sendJson(res, 200, completion('hello'))
}
const streamed =
  (...texts: readonly string[]): Answer =>
  (res) => {
    startSse(res)
    for (const text of texts) res.write(textFrame(text))
    res.end(finishFrame + doneFrame)
  }

const stage = (onCall: (call: StageCall) => Verdict | Promise<Verdict>): Stage => ({ id: 'test', onCall })

/** Watches one call, and tells what it saw. */
function watch(extra: CallObserver = {}): Stage & { readonly finished: RequestEvent[] } {
  const finished: RequestEvent[] = []
  return { id: 'watch', finished, onCall: () => ({ kind: 'go', observer: { ...extra, onFinish: (event) => finished.push(event) } }) }
}

const upper: OutputFilter = {
  push: (bytes) => Buffer.from(Buffer.from(bytes).toString().replaceAll('hello', 'HELLO')),
  end: () => undefined,
  whole: (body) => Buffer.from(Buffer.from(body).toString().replaceAll('hello', 'HELLO')),
}
/** The same, each time a turn later. */
const slowUpper: OutputFilter = {
  push: async (bytes) => upper.push(bytes),
  end: async () => undefined,
  whole: async (body) => upper.whole(body),
}

it('a stage refuses, and those before it hear of the end', async () => {
  await using upstream = await startUpstream(whole)
  const first = watch()
  const refuse = stage(() => ({ kind: 'refuse', error: gatewayErrors.MODEL_NOT_FOUND({ model: 'm' }, { retryAfterMs: 1_500 }) }))
  await using test = await startGateway(oneModel(upstream.baseUrl), { stages: [first, refuse, watch()] })
  const response = await test.post('/v1/chat/completions', chat())
  expect(response.status).toBe(404)
  expect(response.headers.get('retry-after')).toBe('2')
  expect(upstream.seen).toHaveLength(0)
  expect(first.finished).toMatchObject([{ outcome: 'rejected', errorCode: 'GATEWAY_MODEL_NOT_FOUND' }])
})

it('a stage that throws fails closed, and those before it hear of the end', async () => {
  await using upstream = await startUpstream(whole)
  const first = watch()
  for (const broken of [
    stage(() => {
      throw new Error('secret detail')
    }),
    stage(() => Promise.reject(new Error('secret detail'))),
  ]) {
    await using test = await startGateway(oneModel(upstream.baseUrl), { stages: [first, broken] })
    const response = await test.post('/v1/chat/completions', chat())
    expect(response.status).toBe(500)
    expect(await response.text()).not.toContain('secret detail')
  }
  expect(upstream.seen).toHaveLength(0)
  expect(first.finished.map(({ status }) => status)).toEqual([500, 500])
})

it('a stage refuses before the key is checked, or before the body is read', async () => {
  await using upstream = await startUpstream(whole)
  const error = gatewayErrors.INSUFFICIENT_SCOPE({ scope: 'x' })
  const early: Stage = { id: 'early', onArrival: ({ key }) => (key === undefined ? error : undefined) }
  const late: Stage = { id: 'late', onRequest: async ({ key, path }) => (key !== undefined && path.includes('chat') ? error : undefined) }
  for (const [stages, status] of [
    [[early], 403],
    [[late], 403],
    [[], 200],
  ] as const) {
    await using test = await startGateway(oneModel(upstream.baseUrl), { stages })
    expect((await test.post('/v1/chat/completions', chat())).status).toBe(status)
    expect(await test.sink.waitFor(1)).toMatchObject([{ status }])
  }
  await using test = await startGateway(oneModel(upstream.baseUrl), { stages: [late] })
  expect((await fetch(`${test.baseUrl}/models`, { headers: { authorization: `Bearer ${test.key}` } })).status).toBe(200)
})

it('a stage answers in place of the upstream, through the filters of the stages before it', async () => {
  const first = watch({ output: upper })
  const usage = { inputTokens: 3, outputTokens: 1, cachedInputTokens: 0, cacheWriteInputTokens: 0, reasoningTokens: 0 }
  const answer = stage((call) => {
    call.noteCache('hit')
    call.setResponseHeader('x-cache', 'hit')
    call.addTag('from', 'stage')
    const headers = { 'content-type': call.head.stream ? 'text/event-stream' : 'application/json' }
    const body = call.head.stream
      ? [Buffer.from(textFrame('hello')), Buffer.from(finishFrame + doneFrame)]
      : Buffer.from(JSON.stringify(completion('hello')))
    return { kind: 'answer', answer: { status: 200, headers, body, usage } }
  })
  await using test = await startGateway(oneModel('http://127.0.0.1:9/v1'), { stages: [first, answer, watch({ output: upper })] })
  const plain = await test.post('/v1/chat/completions', chat())
  expect(plain.headers.get('x-cache')).toBe('hit')
  expect(await plain.text()).toContain('HELLO')
  const stream = await test.post('/v1/chat/completions', chat({ stream: true }))
  const text = await stream.text()
  expect(text).toContain('HELLO')
  expect(text).toContain('[DONE]')
  const fields = { outcome: 'success', cache: 'hit', inputTokens: 3, costUsd: 0, attempts: [], tags: { from: 'stage' } }
  expect(first.finished).toMatchObject([fields, { ...fields, stream: true }])
  expect(test.gateway.inFlight).toBe(0)
})

it('a stage replaces the body for the stages after it and the upstream', async () => {
  await using upstream = await startUpstream(whole)
  let seen = ''
  const replace = stage((call) => ({ kind: 'go', body: Buffer.from(Buffer.from(call.body).toString().replace('hi', 'ho')) }))
  const read = stage(async (call) => {
    seen = Buffer.from(call.head.raw('messages') ?? '').toString()
    return undefined
  })
  await using test = await startGateway(oneModel(upstream.baseUrl), { stages: [replace, read] })
  expect((await test.post('/v1/chat/completions', chat())).status).toBe(200)
  expect(seen).toContain('ho')
  expect(upstream.seen[0]?.json['messages']).toEqual([{ role: 'user', content: 'ho' }])
})

it.each([
  ['at once', upper],
  ['later', slowUpper],
])('filters that answer %s change streams and whole answers, in both dialects', async (_, filter) => {
  await using upstream = await startUpstream(streamed('hello', ' world'))
  await using test = await startGateway(oneModel(upstream.baseUrl), { stages: [watch({ output: filter }), watch({ output: slowUpper })] })
  for (const path of ['/v1/chat/completions', '/v1/messages']) {
    const text = await (await test.post(path, chat({ stream: true, max_tokens: 9 }))).text()
    expect(text).toContain('HELLO')
    expect(text).toMatch(/\[DONE\]|message_stop/)
  }
  upstream.answer = whole
  for (const path of ['/v1/chat/completions', '/v1/messages'])
    expect(await (await test.post(path, chat({ max_tokens: 9 }))).text()).toContain('HELLO')
  expect((await test.sink.waitFor(4)).map(({ outcome }) => outcome)).toEqual(['success', 'success', 'success', 'success'])
  expect(test.gateway.inFlight).toBe(0)
})

const forbids = (word: string): OutputFilter => {
  const check = async (bytes: Uint8Array) => {
    if (Buffer.from(bytes).includes(word)) throw gatewayErrors.INVALID_BODY({ field: 'answer', problem: 'forbidden' })
    return bytes
  }
  return { push: check, end: () => undefined, whole: check }
}

it('a filter that ends a stream before its first bytes makes it a plain error', async () => {
  await using upstream = await startUpstream(streamed('bad', ' world'))
  const first = watch({ output: forbids('bad') })
  await using test = await startGateway(oneModel(upstream.baseUrl), { stages: [first] })
  const response = await test.post('/v1/chat/completions', chat({ stream: true }))
  expect(response.status).toBe(400)
  expect(await response.text()).not.toContain('bad')
  expect(first.finished).toMatchObject([{ status: 400, outcome: 'error', errorCode: 'GATEWAY_INVALID_BODY' }])
})

it('a filter that ends a stream later ends it with an error event, and the upstream', async () => {
  const sent = Promise.withResolvers<undefined>()
  await using upstream = await startUpstream(async (res, { aborted }) => {
    startSse(res)
    res.write(textFrame('good'))
    await sent.promise
    res.write(textFrame('bad'))
    await aborted
  })
  const first = watch({ output: forbids('bad') })
  await using test = await startGateway(oneModel(upstream.baseUrl), { stages: [first] })
  const response = await test.post('/v1/chat/completions', chat({ stream: true }))
  sent.resolve(undefined)
  const text = await response.text()
  expect(text).toContain('good')
  expect(text).toContain('invalid_body')
  expect(text).not.toMatch(/bad|DONE/)
  await upstream.seen[0]?.aborted
  expect(first.finished).toHaveLength(1)
  expect(test.gateway.inFlight).toBe(0)
})

it('what a filter holds back comes when the upstream breaks off', async () => {
  await using upstream = await startUpstream((res) => {
    startSse(res)
    res.write(textFrame('held'))
    setImmediate(() => res.destroy())
  })
  const held: Uint8Array[] = []
  const holdBack: OutputFilter = {
    push: (bytes) => {
      held.push(bytes)
      return undefined
    },
    end: async () => Buffer.concat(held),
    whole: (body) => body,
  }
  const first = watch({ output: holdBack })
  await using test = await startGateway(oneModel(upstream.baseUrl), { stages: [first] })
  const text = await (await test.post('/v1/chat/completions', chat({ stream: true }))).text()
  expect(text).toMatch(/held.*stream_interrupted/s)
  expect(first.finished).toMatchObject([{ outcome: 'partial' }])
})

it('a caller that leaves while a stage waits aborts its signal; what the stage decides too late is told the end', async () => {
  await using upstream = await startUpstream(whole)
  const first = watch()
  const late = watch()
  const arrived = Promise.withResolvers<AbortSignal>()
  const go = Promise.withResolvers<undefined>()
  const slow = stage(async (call) => {
    arrived.resolve(call.signal)
    await go.promise
    return late.onCall?.(call)
  })
  await using test = await startGateway(oneModel(upstream.baseUrl), { stages: [first, slow] })
  const leaving = new AbortController()
  const answer = fetch(`${test.baseUrl}/chat/completions`, {
    method: 'POST',
    headers: { authorization: `Bearer ${test.key}` },
    body: JSON.stringify(chat()),
    signal: leaving.signal,
  })
  const signal = await arrived.promise
  leaving.abort()
  await expect(answer).rejects.toThrow()
  await expect.poll(() => signal.aborted).toBe(true)
  expect(first.finished).toMatchObject([{ outcome: 'aborted', status: 499 }])
  go.resolve(undefined)
  await expect.poll(() => late.finished).toMatchObject([{ outcome: 'aborted' }])
  expect(upstream.seen).toHaveLength(0)
  expect(test.gateway.inFlight).toBe(0)
})

it('a gateway that closes ends a stage that waits', async () => {
  const first = watch()
  const arrived = Promise.withResolvers<undefined>()
  const forever = stage(() => {
    arrived.resolve(undefined)
    return new Promise(() => undefined)
  })
  await using test = await startGateway(oneModel('http://127.0.0.1:9/v1'), { stages: [first, forever] })
  const answer = test.post('/v1/chat/completions', chat())
  await arrived.promise
  await test.gateway.close({ graceMs: 1 })
  expect((await answer).status).toBe(503)
  expect(first.finished).toMatchObject([{ errorCode: 'GATEWAY_SHUTTING_DOWN' }])
})

it('observers see the route and every try, and may order it anew or refuse it', async () => {
  await using good = await startUpstream(whole)
  await using bad = await startUpstream((res) => {
    sendJson(res, 500, { error: { message: 'no' } })
  })
  const seen: string[] = []
  const first = watch({
    onRoute: (candidates) => [...candidates].reverse(),
    onAttemptStart: ({ target }) => seen.push(`start ${target.id}`),
    onAttemptEnd: ({ targetId, outcome }, { usage }) => seen.push(`${outcome} ${targetId} ${usage?.outputTokens ?? 'none'}`),
  })
  {
    await using test = await startGateway(oneModel(good.baseUrl, bad.baseUrl), { stages: [first] })
    expect((await test.post('/v1/chat/completions', chat())).status).toBe(200)
    expect(seen).toEqual(['start b', 'error b none', 'start a', expect.stringMatching(/^success a \d/)])
  }
  const refusing = watch({
    onRoute: () => {
      throw gatewayErrors.MODEL_NOT_FOUND({ model: 'm' })
    },
  })
  await using test = await startGateway(oneModel(good.baseUrl), { stages: [refusing] })
  expect((await test.post('/v1/chat/completions', chat())).status).toBe(404)
  expect(refusing.finished).toMatchObject([{ attempts: [] }])
})

it('stages that answer at once make no promise', async () => {
  await using upstream = await startUpstream(whole)
  // Everything until the upstream is asked happens in one turn: a promise would let the microtask in between.
  let turnOver = false
  const probe = stage(() => {
    queueMicrotask(() => (turnOver = true))
    return undefined
  })
  const startedWithin: boolean[] = []
  const last = watch({ onAttemptStart: () => startedWithin.push(!turnOver) })
  await using test = await startGateway(oneModel(upstream.baseUrl), { stages: [probe, watch({ output: upper }), last] })
  expect((await test.post('/v1/chat/completions', chat())).status).toBe(200)
  expect(startedWithin).toEqual([true])
})
