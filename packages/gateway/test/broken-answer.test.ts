/** Whatever throws while an answer is written ends the request with an error, and frees what the request held. */
import type { Dialect, RequestOutcome, RoutingPolicy, Transport } from '@bud-foundry/core'
import { describe, expect, it } from 'vitest'
import { openaiChat } from '../src/dialect/openai-chat/index.ts'
import type { GatewayConfigInput, GatewayParts, Stage } from '../src/index.ts'
import { chat, startGateway } from './support/gateway.ts'
import { completion, doneFrame, finishFrame, roleFrame, textFrame } from './support/openai-answers.ts'

const targets = [{ provider: 'vllm', baseUrl: 'http://upstream.invalid/v1' }] as const
const config: GatewayConfigInput = {
  models: { m: { targets: [...targets], retry: { attempts: 1 } } },
  headers: { toCaller: ['x-odd'] },
  rateLimits: { rules: [{ kind: 'concurrency', limit: 1 }] },
}

interface Played extends Transport {
  headers: Readonly<Record<string, string>>
}

/** Answers at once, with these headers. */
function played(headers: Readonly<Record<string, string>> = {}): Played {
  const transport: Played = {
    contract: 'transport/1',
    headers,
    dispatch: ({ body }, handlers) => {
      const isStream = Buffer.from(body ?? new Uint8Array(0)).includes('"stream":true')
      const answer = isStream ? roleFrame + textFrame('hello') + finishFrame + doneFrame : JSON.stringify(completion('hello'))
      setImmediate(() => {
        handlers.onHeaders(200, { 'content-type': isStream ? 'text/event-stream' : 'application/json', ...transport.headers })
        handlers.onData(Buffer.from(answer))
        handlers.onEnd()
      })
      return { resume: () => undefined, abort: () => undefined }
    },
    [Symbol.asyncDispose]: () => Promise.resolve(),
  }
  return transport
}

/** Asks through both doors, whole and streamed; each time the caller has an answer, and nothing is left behind. */
async function expectFailures(parts: GatewayParts, outcome: RequestOutcome, own: Partial<GatewayConfigInput> = {}): Promise<void> {
  await using test = await startGateway({ ...config, ...own }, parts)
  const { gateway, key, sink } = test
  const headers = { 'content-type': 'application/json', authorization: `Bearer ${key}` }
  const inProcess = (body: object) =>
    gateway.fetch('http://gateway.invalid/v1/chat/completions', { method: 'POST', headers, body: JSON.stringify(body) })
  let asked = 0
  for (const ask of [(body: object) => test.post('/v1/chat/completions', body), inProcess]) {
    for (const stream of [false, true]) {
      const said = await ask(chat({ stream })).then(
        async (response) => [response.status, await response.text().catch(() => 'broken off')] as const,
        () => [0, 'broken off'] as const,
      )
      expect(said).not.toEqual([429, expect.anything()])
      expect(said[1]).toMatch(/internal|broken off/)
      const events = await sink.waitFor((asked += 1))
      expect(events.at(-1)).toMatchObject({ outcome, errorCode: 'GATEWAY_INTERNAL' })
      expect(gateway.inFlight).toBe(0)
    }
  }
}

const inTheWay: Stage = {
  id: 'in-the-way',
  onCall: () => ({
    kind: 'go',
    observer: { output: { push: (bytes) => bytes, end: () => undefined, whole: async (body) => body } },
  }),
}

describe.each([
  ['straight', {}],
  ['through a filter', { stages: [inTheWay] }],
] satisfies readonly (readonly [string, GatewayParts])[])('%s', (_, parts) => {
  it.each(['naïve – ✓', 'a\r\nset-cookie: b', '\u0000'])('an upstream header that HTTP cannot carry: %j', async (value) => {
    const transport = played({ 'x-odd': value })
    await using test = await startGateway(config, { transport, ...parts })
    for (const stream of [false, true]) {
      const response = await test.post('/v1/chat/completions', chat({ stream }))
      expect([response.status, await response.text()]).toEqual([500, expect.stringContaining('internal')])
      expect(response.headers.get('set-cookie')).toBeNull()
    }
    transport.headers = { 'x-odd': 'fine' }
    expect((await test.post('/v1/chat/completions', chat())).status).toBe(200)
    await expectFailures({ transport: played({ 'x-odd': value }), ...parts }, 'error')
  })

  it('a policy that throws when it is told how a try ended', async () => {
    const broken: RoutingPolicy = {
      contract: 'routing-policy/1',
      id: 'broken',
      rank: (_request, candidates) => candidates,
      observe: () => {
        throw new Error('broken')
      },
    }
    const models = { m: { targets: [...targets], policy: 'broken' } }
    await using test = await startGateway({ ...config, models }, { transport: played(), policies: [broken], ...parts })
    for (const stream of [false, true]) {
      const response = await test.post('/v1/chat/completions', chat({ stream })).catch(() => undefined)
      await response?.text().catch(() => undefined)
      expect(response?.status).not.toBe(429)
    }
    await test.sink.waitFor(2)
    expect(test.gateway.inFlight).toBe(0)
  })

  it('a policy that throws when it is asked', async () => {
    const broken: RoutingPolicy = {
      contract: 'routing-policy/1',
      id: 'broken',
      rank: () => {
        throw new Error('broken')
      },
    }
    const models = { m: { targets: [...targets, { ...targets[0], id: 'second' }], policy: 'broken' } }
    await expectFailures({ transport: played(), policies: [broken], ...parts }, 'rejected', { models })
  })

  it('a dialect that cannot say what went wrong', async () => {
    const dialect: Dialect = {
      ...openaiChat,
      encodeError: () => {
        throw new Error('broken')
      },
    }
    await expectFailures({ transport: played({ 'x-odd': '\u0000' }), dialects: [dialect], ...parts }, 'error')
  })
})

it('an answer of a stage with a header that HTTP cannot carry', async () => {
  const answers: Stage = {
    id: 'answers',
    onCall: (call) => ({
      kind: 'answer',
      answer: {
        status: 200,
        headers: { 'x-odd': '✓' },
        body: call.head.stream ? [Buffer.from(roleFrame), Buffer.from(doneFrame)] : Buffer.from('{}'),
      },
    }),
  }
  await expectFailures({ transport: played(), stages: [answers] }, 'error')
})
