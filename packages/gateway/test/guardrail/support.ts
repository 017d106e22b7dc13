/** Streams whose bytes come exactly as a test cuts them. */
import type { Transport, UpstreamRequest } from '@bud-foundry/core'
import { createGateway, type Gateway, type GatewayConfigInput, type GatewayParts } from '../../src/index.ts'

export interface CutTransport extends Transport {
  readonly requests: UpstreamRequest[]
  answer: { readonly type: string; readonly chunks: readonly Uint8Array[] }
}

/** Each chunk arrives in a turn of its own. */
export function cutTransport(): CutTransport {
  const transport: CutTransport = {
    contract: 'transport/1',
    requests: [],
    answer: { type: 'application/json', chunks: [] },
    dispatch: (request, handlers) => {
      transport.requests.push(request)
      const { type, chunks } = transport.answer
      let aborted = false
      const send = (index: number) => {
        if (aborted) return
        if (index === -1) handlers.onHeaders(200, { 'content-type': type })
        const chunk = chunks[index]
        if (chunk !== undefined) handlers.onData(chunk)
        if (index === chunks.length) handlers.onEnd()
        else setImmediate(send, index + 1)
      }
      setImmediate(send, -1)
      return { resume: () => undefined, abort: () => (aborted = true) }
    },
    [Symbol.asyncDispose]: () => Promise.resolve(),
  }
  return transport
}

export function guarded(guardrails: GatewayConfigInput['guardrails'], transport: Transport, parts: GatewayParts = {}): Gateway {
  const targets = [{ provider: 'vllm', baseUrl: 'http://upstream.invalid/v1' }]
  return createGateway({ auth: { kind: 'none' }, models: { m: { targets } }, guardrails }, { transport, ...parts })
}

export const post = (gateway: Gateway, path: string, body: object): Promise<Response> =>
  gateway.fetch(`http://gateway.invalid${path}`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ model: 'm', max_tokens: 99, ...body }),
  })

export const ask = (path: string): object =>
  path === '/v1/completions' ? { prompt: 'hi' } : { messages: [{ role: 'user', content: 'hi' }] }

/** An event of either dialect. */
interface StreamEvent {
  readonly error?: { readonly code?: string; readonly type?: string }
  readonly delta?: { readonly text?: string; readonly thinking?: string; readonly partial_json?: string }
  readonly choices?: readonly {
    readonly text?: string
    readonly delta?: {
      readonly content?: string | null
      readonly reasoning_content?: string
      readonly tool_calls?: readonly { readonly function?: { readonly arguments?: string } }[]
    }
  }[]
}

/** What a caller reads from a stream, by channel; throws on an event that is no JSON. */
export function readStream(text: string): Readonly<Record<string, string>> {
  const texts: Record<string, string> = {}
  const add = (name: string, piece: unknown) => {
    if (typeof piece === 'string') texts[name] = (texts[name] ?? '') + piece
  }
  for (const [, data] of text.matchAll(/^data: (.*)$/gm)) {
    if (data === undefined || data === '[DONE]') continue
    const json = JSON.parse(data) as StreamEvent
    if (json.error !== undefined) add('error', json.error.code ?? json.error.type)
    add('text', json.delta?.text)
    add('thinking', json.delta?.thinking)
    add('arguments', json.delta?.partial_json)
    for (const { delta, text: completion } of json.choices ?? []) {
      add('text', delta?.content ?? completion)
      add('thinking', delta?.reasoning_content)
      add('arguments', delta?.tool_calls?.[0]?.function?.arguments)
    }
  }
  return texts
}
