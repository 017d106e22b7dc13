/** Every fault of a stream × before or after the first content × dialect of the caller × policy: status, last event, failover, charge. */
import { describe, expect, it } from 'vitest'
import { chat, oneModel, startGateway } from './support/gateway.ts'
import { faultsAfterContent, faultsBeforeContent, timeoutsFor } from './support/faults.ts'
import { wellBehaved } from './support/openai-answers.ts'
import { startUpstream, type Answer } from './support/upstream.ts'

/** So that what is charged equals the tokens. */
const price = { inputUsdPerMillionTokens: 1_000_000, outputUsdPerMillionTokens: 1_000_000 }

async function twoTargets(name: string, first: Answer, stream: { readonly onFailure?: 'continue' } = {}) {
  const a = await startUpstream(first)
  const b = await startUpstream(wellBehaved('rescued'))
  const test = await startGateway({
    models: { m: { ...oneModel(a.baseUrl, b.baseUrl).models['m'], price, stream } },
    timeouts: timeoutsFor(name),
    retry: { backoffMs: 5 },
  })
  return {
    ...test,
    b,
    [Symbol.asyncDispose]: async () => {
      await test[Symbol.asyncDispose]()
      await a[Symbol.asyncDispose]()
      await b[Symbol.asyncDispose]()
    },
  }
}

interface Caller {
  readonly path: string
  readonly body: Record<string, unknown>
  readonly start: RegExp
  readonly end: string
  /** What the closing error looks like. */
  readonly errorEvent: Record<string, unknown>
}

const callers: Record<string, Caller> = {
  openai: {
    path: '/v1/chat/completions',
    body: chat({ stream: true }),
    start: /"role":"assistant"/g,
    end: 'data: [DONE]',
    errorEvent: { error: { message: expect.any(String), type: expect.any(String), code: expect.any(String) } },
  },
  'anthropic (translated)': {
    path: '/v1/messages',
    body: chat({ stream: true, max_tokens: 100 }),
    start: /event: message_start/g,
    end: 'event: message_stop',
    errorEvent: { type: 'error', error: { type: expect.any(String), message: expect.any(String) } },
  },
}

/** Nothing is missing of it but its end: there is nothing to carry on. */
const alreadyFinished = new Set(['closes without its closing event'])

const dataOf = (event: string | undefined): unknown =>
  JSON.parse(
    event
      ?.split('\n')
      .find((line) => line.startsWith('data: '))
      ?.slice('data: '.length) ?? 'null',
  )

describe.each(Object.entries(callers))('for a caller in the dialect of %s', (_dialect, caller) => {
  it.each(Object.entries(faultsBeforeContent))('a first target that %s is never noticed', async (name, answer) => {
    await using test = await twoTargets(name, answer)
    const response = await test.post(caller.path, caller.body)
    expect(response.status).toBe(200)
    const text = await response.text()
    expect(text).toContain('rescued')
    expect(text.match(caller.start)).toHaveLength(1)
    expect(text.match(new RegExp(caller.end.replaceAll(/[[\]]/g, '\\$&'), 'g'))).toHaveLength(1)
    const [event] = await test.sink.waitFor(1)
    expect(event).toMatchObject({ outcome: 'success', targetId: 'b', inputTokens: 11, outputTokens: 7, usageSource: 'upstream' })
    expect(event?.attempts.map(({ targetId, outcome }) => [targetId, outcome])).toEqual([
      ['a', 'error'],
      ['b', 'success'],
    ])
  })

  it.each(Object.entries(faultsAfterContent))(
    'a stream that %s ends with a typed error and never as if it were whole',
    async (name, answer) => {
      await using test = await twoTargets(name, answer)
      const response = await test.post(caller.path, caller.body)
      expect(response.status).toBe(200)
      const text = await response.text()
      expect(text).toContain('half')
      expect(text).not.toContain(caller.end)
      expect(dataOf(text.trimEnd().split('\n\n').at(-1))).toMatchObject(caller.errorEvent)
      expect(test.b.seen).toHaveLength(0)
      const [event] = await test.sink.waitFor(1)
      expect(event).toMatchObject({
        outcome: 'partial',
        status: 200,
        // What was sent is charged: its prompt, and 2 tokens by the rule of thumb for its 5 characters.
        usageSource: 'estimate',
        inputTokens: expect.toSatisfy((tokens: number) => tokens > 0),
        outputTokens: 2,
        costUsd: expect.toSatisfy((usd: number) => usd > 1),
        attempts: [{ targetId: 'a', outcome: 'partial' }],
      })
      expect(event?.errorCode).toMatch(/^GATEWAY_/)
    },
  )

  it.each(Object.entries(faultsAfterContent).filter(([name]) => !alreadyFinished.has(name)))(
    'with the policy continue, a stream that %s is carried on, both parts are charged and the joint is marked',
    async (name, answer) => {
      await using test = await twoTargets(name, answer, { onFailure: 'continue' })
      const response = await test.post(caller.path, caller.body)
      const text = await response.text()
      expect(text.match(caller.start)).toHaveLength(1)
      expect(text).toContain('half')
      expect(text).toContain('rescued')
      expect(text.match(/"bud_continuation":\{"part":2,"by":"ask","offset":5\}/g)).toHaveLength(1)
      expect(text.indexOf('bud_continuation')).toBeGreaterThan(text.indexOf('half'))
      expect(text.trimEnd()).toContain(caller.end)
      expect(test.b.seen).toHaveLength(1)
      const [event] = await test.sink.waitFor(1)
      expect(event).toMatchObject({
        outcome: 'success',
        status: 200,
        targetId: 'b',
        usageSource: 'estimate',
        // The second part's 7 as its upstream counted them, and 2 by the rule of thumb for the 5 characters of the first.
        outputTokens: 7 + 2,
        // The prompt of both parts.
        inputTokens: expect.toSatisfy((tokens: number) => tokens > 11),
        attempts: [
          { targetId: 'a', outcome: 'partial' },
          { targetId: 'b', outcome: 'success' },
        ],
      })
      expect(event?.costUsd).toBeCloseTo((event?.inputTokens ?? 0) + 9)
    },
  )
})
