/** Thinking that no engine signed never reaches Anthropic, whichever dialect brought it; everything else stays byte for byte. */
import Anthropic from '@anthropic-ai/sdk'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { DropPolicy } from '../../src/dialect/drop-policy.ts'
import { withoutUnsignedThinking } from '../../src/dialect/anthropic-messages/unsigned-thinking.ts'
import type { GatewayConfigInput } from '../../src/index.ts'
import { startGateway } from '../support/gateway.ts'
import { sendJson } from '../support/openai-answers.ts'
import { startUpstream } from '../support/upstream.ts'
import { bytes, json, text } from './sse.ts'

const thinking = (signature: string) => ({ type: 'thinking', thinking: 'Hm "signature":""', signature })
const said = { type: 'text', text: 'The field "signature": "" is empty.' }

function clean(body: Uint8Array, policy: 'error' | 'harmless' = 'harmless') {
  const dropped: string[] = []
  const cleaned = withoutUnsignedThinking(body, new DropPolicy({ upstream: 'a', policy, onDrop: ({ field }) => dropped.push(field) }))
  return { cleaned, dropped }
}

describe('withoutUnsignedThinking', () => {
  it('keeps every other byte, unknown fields and long numbers included', () => {
    const before = '{"messages": [ {"role":"user","content":"x"},{"role":"assistant", "content": [ '
    const after = '{"type":"tool_use","id":"t","name":"f","input":{"id":12345678901234567890}}'
    const body = bytes(`${before}{"type":"thinking","thinking":"a","signature" : ""}, ${after} ],"own":1 }], "zeta": 1.0}`)
    const { cleaned, dropped } = clean(body)
    expect(text(cleaned)).toBe(
      `{"messages": [{"role":"user","content":"x"},{"role":"assistant", "content": [${after}],"own":1 }], "zeta": 1.0}`,
    )
    expect(dropped).toEqual(['messages.1.content.0'])
  })

  it('leaves a message out of which nothing remains', () => {
    const user = { role: 'user', content: 'x' }
    const { cleaned } = clean(bytes(JSON.stringify({ messages: [user, { role: 'assistant', content: [thinking('')] }, user] })))
    expect(json(cleaned)).toEqual({ messages: [user, user] })
  })

  it('gives the same bytes back when there is nothing to leave out', () => {
    const body = bytes(
      JSON.stringify({ messages: [{ role: 'assistant', content: [thinking('sig'), said, { type: 'text', signature: '' }] }] }),
    )
    expect(json(clean(body).cleaned)).toEqual(json(body))
    const plain = bytes(JSON.stringify({ messages: [{ role: 'assistant', content: [{ ...thinking('sig'), thinking: 'Hm' }, said] }] }))
    expect(clean(plain).cleaned).toBe(plain)
  })

  it('says which field is not accepted where nothing may be dropped', () => {
    const body = bytes(JSON.stringify({ messages: [{ role: 'assistant', content: [thinking(''), said] }] }))
    expect(() => clean(body, 'error')).toThrow(/messages\.0\.content\.0.*signature/)
  })

  it('equals leaving the blocks out of the value, for any conversation', () => {
    const block = fc.oneof(
      fc.record({ type: fc.constant('thinking'), thinking: fc.string(), signature: fc.constantFrom('', 'sig') }),
      fc.record({ type: fc.constant('text'), text: fc.string() }),
      fc.record({ type: fc.constant('tool_use'), input: fc.jsonValue(), signature: fc.constantFrom('', 'x') }),
    )
    const message = fc.record({ role: fc.constantFrom('user', 'assistant'), content: fc.oneof(fc.string(), fc.array(block)) })
    fc.assert(
      fc.property(fc.array(message), fc.constantFrom(0, 2), (messages, indent) => {
        const value = { model: 'm', messages, max_tokens: 1 }
        const isUnsigned = (part: object) => 'thinking' in part && 'signature' in part && part.signature === ''
        const expected = messages
          .map(({ role, content }) => ({
            role,
            content: typeof content === 'string' ? content : content.filter((part) => !isUnsigned(part)),
          }))
          .filter(({ content }, index) => content.length > 0 || messages[index]?.content.length === 0)
        const { cleaned } = clean(bytes(JSON.stringify(value, undefined, indent)))
        expect(JSON.stringify(json(cleaned))).toBe(JSON.stringify({ ...value, messages: expected }))
      }),
    )
  })
})

describe('a target at Anthropic', () => {
  const answer = {
    id: 'msg_1',
    type: 'message',
    role: 'assistant',
    model: 'claude',
    content: [{ type: 'text', text: 'done' }],
    stop_reason: 'end_turn',
    stop_sequence: null,
    usage: { input_tokens: 9, output_tokens: 5 },
  }
  const start = async (options: Record<string, string>) => {
    const upstream = await startUpstream((res) => {
      sendJson(res, 200, answer)
    })
    const config: GatewayConfigInput = {
      models: { m: { targets: [{ id: 'a', provider: 'anthropic', baseUrl: upstream.url, model: 'claude', options }] } },
    }
    const test = await startGateway(config)
    return {
      upstream,
      ...test,
      anthropic: new Anthropic({ apiKey: test.key, baseURL: test.listener.url, maxRetries: 0 }),
      [Symbol.asyncDispose]: async () => {
        await test[Symbol.asyncDispose]()
        await upstream[Symbol.asyncDispose]()
      },
    }
  }
  const ask = {
    model: 'm',
    max_tokens: 100,
    messages: [
      { role: 'user' as const, content: 'x' },
      {
        role: 'assistant' as const,
        content: [
          { type: 'thinking' as const, thinking: 'Hm', signature: '' },
          { type: 'text' as const, text: 'y' },
        ],
      },
      { role: 'user' as const, content: 'z' },
    ],
  }
  const sentContent = (test: Awaited<ReturnType<typeof start>>) =>
    (test.upstream.seen[0]?.json['messages'] as { content: unknown }[])[1]?.content

  it('never sees it, and the caller is told, in Anthropic’s own dialect', async () => {
    await using test = await start({})
    const { response } = await test.anthropic.messages.create(ask).withResponse()
    expect(response.headers.get('x-bud-dropped-fields')).toBe('messages.1.content.0')
    expect(sentContent(test)).toEqual([{ type: 'text', text: 'y' }])
    expect(test.upstream.seen[0]?.json['model']).toBe('claude')
  })

  it('never sees it, and the caller is told, in OpenAI’s dialect', async () => {
    await using test = await start({})
    const blocks = [{ type: 'thinking', thinking: 'Hm', signature: '' }]
    const messages = [ask.messages[0], { role: 'assistant', content: 'y', thinking_blocks: blocks }, ask.messages[2]]
    const response = await test.post('/v1/chat/completions', { model: 'm', messages })
    expect(response.status).toBe(200)
    expect(response.headers.get('x-bud-dropped-fields')).toContain('messages.1.content.0')
    expect(sentContent(test)).toEqual([{ type: 'text', text: 'y' }])
  })

  it('refuses it by policy, with a 400 that names the block', async () => {
    await using test = await start({ unsupported: 'error' })
    const refusal = await test.anthropic.messages.create(ask).catch((error: unknown) => error)
    expect(refusal).toBeInstanceOf(Anthropic.BadRequestError)
    expect(String(refusal)).toContain('messages.1.content.0')
    expect(test.upstream.seen).toHaveLength(0)
  })

  it('gets it back when it is an engine that takes it', async () => {
    await using test = await start({ unsignedThinking: 'pass' })
    await test.anthropic.messages.create(ask)
    expect(sentContent(test)).toEqual(ask.messages[1]?.content)
  })
})
