/** Every fault of a stream × before or after the first content × dialect of the caller: status, last event, failover, charge. */
import { describe, expect, it } from 'vitest'
import { chat, oneModel, startGateway } from './support/gateway.ts'
import { faultsAfterContent, faultsBeforeContent } from './support/faults.ts'
import { wellBehaved } from './support/openai-answers.ts'
import { startUpstream, type Answer } from './support/upstream.ts'

async function twoTargets(first: Answer) {
  const a = await startUpstream(first)
  const b = await startUpstream(wellBehaved('rescued'))
  const test = await startGateway({
    ...oneModel(a.baseUrl, b.baseUrl),
    timeouts: { connectMs: 500, ttftMs: 250, idleMs: 250, headersMs: 250, totalMs: 5_000 },
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

const dataOf = (event: string | undefined): unknown =>
  JSON.parse(
    event
      ?.split('\n')
      .find((line) => line.startsWith('data: '))
      ?.slice('data: '.length) ?? 'null',
  )

describe.each(Object.entries(callers))('for a caller in the dialect of %s', (_dialect, caller) => {
  it.each(Object.entries(faultsBeforeContent))('a first target that %s is never noticed', async (_name, answer) => {
    await using test = await twoTargets(answer)
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
    async (_name, answer) => {
      await using test = await twoTargets(answer)
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
        usageSource: 'none',
        attempts: [{ targetId: 'a', outcome: 'partial' }],
      })
      expect(event?.errorCode).toMatch(/^GATEWAY_/)
    },
  )
})
