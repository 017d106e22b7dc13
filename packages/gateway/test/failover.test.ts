/** Whole answers that fail, and what passing a stream on must not change. */
import { describe, expect, it } from 'vitest'
import { chat, oneModel, startGateway } from './support/gateway.ts'
import {
  doneFrame,
  finishFrame,
  refuse,
  roleFrame,
  sendJson,
  startSse,
  textFrame,
  usageFrame,
  wellBehaved,
} from './support/openai-answers.ts'
import { refusedBaseUrl, startUpstream, type Answer } from './support/upstream.ts'

/** `silenceMs` is short only where a test waits for it to pass: on a busy machine a good answer may take long. */
async function twoTargets(first: Answer, second: Answer = wellBehaved('rescued'), silenceMs = 30_000) {
  const a = await startUpstream(first)
  const b = await startUpstream(second)
  const test = await startGateway({
    ...oneModel(a.baseUrl, b.baseUrl),
    timeouts: { connectMs: 30_000, ttftMs: silenceMs, idleMs: silenceMs, headersMs: silenceMs, totalMs: 60_000 },
    retry: { backoffMs: 5 },
  })
  return {
    ...test,
    a,
    b,
    [Symbol.asyncDispose]: async () => {
      await test[Symbol.asyncDispose]()
      await a[Symbol.asyncDispose]()
      await b[Symbol.asyncDispose]()
    },
  }
}

it('a stream is rescued when nothing listens at the first target', async () => {
  await using b = await startUpstream(wellBehaved('rescued'))
  await using test = await startGateway(oneModel(await refusedBaseUrl(), b.baseUrl))
  const response = await test.post('/v1/chat/completions', chat({ stream: true }))
  expect(await response.text()).toContain('rescued')
})

const wholeFaults: Record<string, Answer> = {
  'answers 500': refuse(500),
  'breaks off its JSON': (res) => {
    res.writeHead(200, { 'content-type': 'application/json' })
    res.end('{"id":"x","choices":[{"message":{"content":"ha"}')
  },
  'breaks off inside its declared length': (res) => {
    res.writeHead(200, { 'content-type': 'application/json', 'content-length': '1000' })
    res.write('{"id":')
    setImmediate(() => res.destroy())
  },
  'stays silent': () => undefined,
  'answers with a page': (res) => {
    res.writeHead(200, { 'content-type': 'text/html' })
    res.end('<html></html>')
  },
  'answers with JSON of another shape': (res) => {
    sendJson(res, 200, { hello: 1 })
  },
  'answers with choices that are no list': (res) => {
    sendJson(res, 200, { choices: { 0: {} } })
  },
  'answers with long JSON of another shape': (res) => {
    sendJson(res, 200, { hello: 'x'.repeat(100_000) })
  },
  'answers nothing': (res) => {
    res.writeHead(200, { 'content-type': 'application/json' })
    res.end()
  },
}

describe('a whole answer', () => {
  it.each(Object.entries(wholeFaults))('comes from the second target when the first one %s', async (_name, answer) => {
    await using test = await twoTargets(answer, wellBehaved('rescued'), answer === wholeFaults['stays silent'] ? 500 : undefined)
    const response = await test.post('/v1/chat/completions', chat())
    expect(response.status).toBe(200)
    expect(await response.json()).toMatchObject({ choices: [{ message: { content: 'rescued' } }] })
  })

  it('that is a content filter’s refusal is passed on as it came, without a second try', async () => {
    const error = { message: 'filtered', type: null, code: 'content_filter', innererror: { code: 'ResponsibleAIPolicyViolation' } }
    await using test = await twoTargets(refuse(400, error))
    const response = await test.post('/v1/chat/completions', chat())
    expect(response.status).toBe(400)
    expect(await response.json()).toEqual({ error })
    expect(test.b.seen).toHaveLength(0)
  })

  it('is a 502 or 503 in the caller’s dialect when every target fails, with Retry-After where one was named', async () => {
    await using test = await twoTargets(refuse(500), refuse(503, { message: 'busy' }, { 'retry-after': '30' }))
    const response = await test.post('/v1/chat/completions', chat())
    expect(response.status).toBe(503)
    expect(response.headers.get('retry-after')).toBe('30')
    expect(await response.json()).toMatchObject({ error: { type: 'server_error', message: expect.stringContaining("'b'") } })
    const [event] = await test.sink.waitFor(1)
    expect(event?.outcome).toBe('error')
  })
})

it('passes streams on byte for byte, apart from the usage event that nobody asked for', async () => {
  const odd = 'data: {"choices":[{"index":0,"delta":{"content":"ünïcode \\u00e9"},"finish_reason":null}],"x_vendor":{"a":[1, 2]}}\r\n\r\n'
  const frames = [': comment\n\n', roleFrame, odd, textFrame('b'), finishFrame]
  await using test = await twoTargets((res) => {
    startSse(res)
    res.end([...frames, usageFrame, doneFrame].join(''))
  })
  const response = await test.post('/v1/chat/completions', chat({ stream: true }))
  expect(await response.text()).toBe([...frames, doneFrame].join(''))
})

it('keeps events whole whose bytes arrive one at a time', async () => {
  const stream = [roleFrame, textFrame('é1'), textFrame('2'), finishFrame, usageFrame, doneFrame].join('')
  await using test = await twoTargets(async (res) => {
    startSse(res)
    for (const byte of Buffer.from(stream)) {
      res.write(Buffer.of(byte))
      await new Promise(setImmediate)
    }
    res.end()
  })
  const response = await test.post('/v1/chat/completions', chat({ stream: true }))
  expect(await response.text()).toBe([roleFrame, textFrame('é1'), textFrame('2'), finishFrame, doneFrame].join(''))
})

it('splices the model and stream usage into the body and leaves every other byte as it was', async () => {
  await using test = await twoTargets(wellBehaved('x'))
  const body =
    '{ "messages":[{"role":"user","content":"h\\u0069 \\"model\\":\\"m\\""}],  "model" : "m","x_unknown":{"deep":[1.0,2e3]} ,"stream":true}'
  await (await test.post('/v1/chat/completions', body)).text()
  const expected = body.replace('"model" : "m"', '"model" : "upstream-m"')
  expect(test.a.seen[0]?.body.replace('"stream_options":{"include_usage":true},', '')).toBe(expected)
})

it('passes a huge event on whole', async () => {
  const huge = textFrame('x'.repeat(5_000_000))
  await using test = await twoTargets((res) => {
    startSse(res)
    res.end([roleFrame, huge, finishFrame, doneFrame].join(''))
  })
  const response = await test.post('/v1/chat/completions', chat({ stream: true }))
  expect(await response.text()).toBe([roleFrame, huge, finishFrame, doneFrame].join(''))
})

it('ends at the first closing event when an upstream finishes twice', async () => {
  await using test = await twoTargets((res) => {
    startSse(res)
    res.end([roleFrame, textFrame('once'), finishFrame, finishFrame, doneFrame, textFrame('more'), doneFrame].join(''))
  })
  const response = await test.post('/v1/chat/completions', chat({ stream: true }))
  expect(await response.text()).toBe([roleFrame, textFrame('once'), finishFrame, finishFrame, doneFrame].join(''))
})

it('accepts a stream without closing event where the model is configured so', async () => {
  await using upstream = await startUpstream((res) => {
    startSse(res)
    res.end([roleFrame, textFrame('all'), finishFrame].join(''))
  })
  const config = oneModel(upstream.baseUrl)
  await using test = await startGateway({ models: { m: { ...config.models['m'], requireTerminator: false } } })
  const response = await test.post('/v1/chat/completions', chat({ stream: true }))
  expect(await response.text()).toBe([roleFrame, textFrame('all'), finishFrame].join(''))
  expect(await test.sink.waitFor(1)).toMatchObject([{ outcome: 'success' }])
})

it('models that are fallbacks of each other are each asked once, and then the caller is told', async () => {
  await using down = await startUpstream(refuse(500))
  const target = (model: string) => [{ provider: 'openai-compatible', baseUrl: down.baseUrl, model }]
  const models = {
    m: { targets: target('up-m'), fallbacks: ['b', 'm'] },
    b: { targets: target('up-b'), fallbacks: ['c', 'm'] },
    c: { targets: target('up-c'), fallbacks: ['b', 'm', 'c'] },
  }
  await using test = await startGateway({ models, retry: { attempts: 1 } })
  const response = await test.post('/v1/chat/completions', chat())
  expect(response.status).toBeGreaterThanOrEqual(500)
  expect(down.seen.map(({ json }) => json['model'])).toEqual(['up-m', 'up-b', 'up-c'])
})
