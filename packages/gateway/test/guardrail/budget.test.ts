/** What rails of the gateway's own may take, and what happens beyond it. */
import { createFakeClock } from '@bud-foundry/core/testing'
import { describe, expect, it } from 'vitest'
import type { GatewayConfigInput } from '../../src/index.ts'
import { ask, cutTransport, guarded, post, readStream, type CutTransport } from './support.ts'

type Rail = NonNullable<GatewayConfigInput['guardrails']>['rails'][string]

const rails = {
  keywords: { kind: 'keywords', words: ['bad'], action: 'mask', mask: '*' },
  regex: { kind: 'regex', pattern: 'ba+d', maxLength: 8, action: 'mask', mask: '*' },
  pii: { kind: 'pii', detect: ['email'] },
  'json-schema': { kind: 'json-schema', schema: { type: 'object', required: ['never'] }, on: ['input', 'output'] },
} as const satisfies Readonly<Record<string, Rail>>

const path = '/v1/chat/completions'
const chunk = (content: string, finish: string | null = null) =>
  `data: ${JSON.stringify({ id: 'c', object: 'chat.completion.chunk', created: 1, model: 'm', choices: [{ index: 0, delta: { content }, finish_reason: finish }] })}\n\n`
const pieces = ['a ba', 'd day', ' and a bad', ' night']

function answering(): CutTransport {
  const transport = cutTransport()
  transport.answer = {
    type: 'text/event-stream',
    chunks: [...pieces.map((piece) => Buffer.from(chunk(piece))), Buffer.from(`${chunk('', 'stop')}data: [DONE]\n\n`)],
  }
  return transport
}

/** Each look at the clock takes a millisecond. */
function slowly() {
  const clock = createFakeClock()
  let looks = 0
  return Object.assign(clock, { monotonicMs: () => (looks += 1) })
}

describe.each(Object.entries(rails))('%s', (_, rail) => {
  const withBudget = (fields: object, transport = answering()) =>
    // Each of the rails takes these fields.
    guarded({ rails: { test: { ...rail, ...fields } }, attach: [{ rails: ['test'] }] }, transport, { clock: slowly() })

  it('ends a call that takes longer, where it fails closed', async () => {
    const transport = answering()
    await using input = withBudget({ budgetMs: 0.5, on: ['input'] }, transport)
    const refused = await post(input, path, { messages: ['a bad day', 'and another'].map((content) => ({ role: 'user', content })) })
    expect([refused.status, await refused.text()]).toEqual([503, expect.stringContaining('guardrail_unavailable')])
    expect(transport.requests).toEqual([])
    await using output = withBudget({ budgetMs: 0.5, on: ['output'] })
    const text = await (await post(output, path, { ...ask(path), stream: true })).text()
    expect(text).toContain('guardrail_unavailable')
    expect(output.metricsText()).toContain('bud_gateway_guardrail_failures_total{rail="test",fail_policy="closed"} 1')
  })

  it('lets pass what it has not read, where it fails open', async () => {
    const transport = answering()
    await using gateway = withBudget({ budgetMs: 0.5, failPolicy: 'open' }, transport)
    const response = await post(gateway, path, { ...ask(path), stream: true })
    expect(response.status).toBe(200)
    const said = readStream(await response.text())['text'] ?? ''
    expect(said.endsWith(' and a bad night')).toBe(true)
    expect(transport.requests).toHaveLength(1)
    expect(gateway.metricsText()).toContain('bud_gateway_guardrail_failures_total{rail="test",fail_policy="open"}')
  })
})
