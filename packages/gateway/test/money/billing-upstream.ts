/** A provider in process that keeps its own books: what it served, to whom it broke off, and what it bills for that. It knows nothing of the gateway. */
import type { Random, Transport, TransportHandlers, UpstreamRequest } from '@bud-foundry/core'

/** One served call as the provider bills it. */
export interface LedgerLine {
  readonly host: string
  readonly input: number
  readonly cached: number
  readonly write5m: number
  readonly write1h: number
  readonly output: number
  readonly reasoning: number
  readonly tier: string | undefined
}

type Json = Record<string, unknown>
interface Message {
  readonly content: string | readonly { readonly text?: string }[]
}

export type Fate =
  | 'refuse'
  | 'unreachable'
  | 'connect-timeout'
  | 'headers-timeout'
  | 'whole'
  | 'stream'
  | 'break-before'
  | 'break-after'
  | 'stall-after'
  | 'silent'

const pause = () => new Promise<void>((resolve) => setImmediate(resolve))
const failure = (code: string) => Object.assign(new Error(code), { code })
const encode = (text: string) => Buffer.from(text)

/** The provider's tokenizer: four bytes a token, and four tokens around each message. */
function promptTokens(body: Json): number {
  // Safe in a test: the gateway sends chat requests only, and a wrong shape fails the sums.
  const messages = body['messages'] as readonly Message[]
  let bytes = 0
  for (const { content } of messages)
    bytes +=
      typeof content === 'string' ? Buffer.byteLength(content) : content.reduce((sum, { text = '' }) => sum + Buffer.byteLength(text), 0)
  return Math.max(1, Math.ceil(bytes / 4) + messages.length * 4)
}

class Served {
  aborted = false
  #wake: (() => void) | undefined
  resume(): void {
    // The reader of this test is never slower than the provider.
  }
  abort(): void {
    this.aborted = true
    this.#wake?.()
  }
  untilAborted(): Promise<void> {
    return new Promise((resolve) => {
      this.#wake = resolve
      if (this.aborted) resolve()
    })
  }
}

export class BillingUpstream implements Transport {
  readonly contract = 'transport/1'
  readonly ledger: LedgerLine[] = []
  readonly fates = new Map<Fate, number>()
  readonly #random: Random
  readonly #fateOf: (request: UpstreamRequest, body: Json) => Fate
  /** Calls under way. */
  open = 0

  constructor(random: Random, fateOf: (request: UpstreamRequest, body: Json) => Fate) {
    this.#random = random
    this.#fateOf = fateOf
  }

  dispatch(request: UpstreamRequest, handlers: TransportHandlers) {
    const served = new Served()
    const body = JSON.parse(Buffer.from(request.body ?? new Uint8Array()).toString()) as Json
    const fate = this.#fateOf(request, body)
    this.fates.set(fate, (this.fates.get(fate) ?? 0) + 1)
    this.open += 1
    const serving = request.url.hostname.startsWith('claude') ? this.#serveClaude : this.#serveOpenai
    void pause()
      .then(() => serving.call(this, { request, body, fate, handlers, served }))
      .finally(() => {
        this.open -= 1
      })
    return served
  }

  [Symbol.asyncDispose](): Promise<void> {
    return Promise.resolve()
  }

  #below(bound: number): number {
    return Math.floor(this.#random.next() * bound)
  }

  #bill(request: UpstreamRequest, line: Omit<LedgerLine, 'host'>): void {
    this.ledger.push({ host: request.url.hostname, ...line })
  }

  /** What is billed without a count in the answer: the prompt, and what was written until then. */
  #billSoFar(request: UpstreamRequest, body: Json, written: number): void {
    const tier = typeof body['service_tier'] === 'string' ? body['service_tier'] : undefined
    this.#bill(request, { input: promptTokens(body), cached: 0, write5m: 0, write1h: 0, output: written, reasoning: 0, tier })
  }

  /** Refusals and silence, the same in every dialect; false when the call is to be answered. */
  async #fails(call: Call): Promise<boolean> {
    const { request, body, fate, handlers, served } = call
    if (served.aborted) {
      // Left while the prompt was being worked on.
      this.#billSoFar(request, body, 0)
      return true
    }
    switch (fate) {
      case 'refuse':
        handlers.onHeaders(503, { 'content-type': 'application/json' })
        handlers.onData(encode('{"error":{"message":"overloaded","type":"overloaded_error"}}'))
        handlers.onEnd()
        return true
      case 'unreachable':
        handlers.onError(failure('ECONNRESET'))
        return true
      case 'connect-timeout':
        handlers.onError(failure('UND_ERR_CONNECT_TIMEOUT'))
        return true
      case 'headers-timeout':
        // The other side gave up on a call that was being worked on.
        this.#billSoFar(request, body, 0)
        handlers.onError(failure('UND_ERR_HEADERS_TIMEOUT'))
        return true
      case 'silent':
        await served.untilAborted()
        this.#billSoFar(request, body, 0)
        return true
      default:
        return false
    }
  }

  async #serveOpenai(call: Call): Promise<void> {
    if (await this.#fails(call)) return
    const { request, body, fate, handlers, served } = call
    const input = promptTokens(body) + this.#below(3_000)
    const cached = this.#below(3) === 0 ? this.#below(input) : 0
    const reasoning = this.#below(4)
    const tier = typeof body['service_tier'] === 'string' ? body['service_tier'] : undefined
    const words = 2 + this.#below(6)
    const output = words + reasoning
    const usage = {
      prompt_tokens: input,
      completion_tokens: output,
      total_tokens: input + output,
      prompt_tokens_details: { cached_tokens: cached },
      completion_tokens_details: { reasoning_tokens: reasoning },
    }
    const head = { id: 'chatcmpl-1', created: 1, model: 'x', ...(tier === undefined ? {} : { service_tier: tier }) }
    const bill = () => {
      this.#bill(request, { input, cached, write5m: 0, write1h: 0, output, reasoning, tier })
    }
    if (body['stream'] !== true) {
      const message = { role: 'assistant', content: 'ab '.repeat(words) }
      handlers.onHeaders(200, { 'content-type': 'application/json' })
      bill()
      const choices = [{ index: 0, message, finish_reason: 'stop' }]
      handlers.onData(encode(JSON.stringify({ object: 'chat.completion', ...head, choices, usage })))
      handlers.onEnd()
      return
    }
    const chunk = (fields: object) => encode(`data: ${JSON.stringify({ object: 'chat.completion.chunk', ...head, ...fields })}\n\n`)
    const delta = (value: object) => chunk({ choices: [{ index: 0, delta: value, finish_reason: null }] })
    handlers.onHeaders(200, { 'content-type': 'text/event-stream' })
    if (fate === 'break-before') {
      handlers.onError(failure('ECONNRESET'))
      return
    }
    handlers.onData(delta({ role: 'assistant', content: '' }))
    const billWords = (written: number) => {
      this.#billSoFar(request, body, written)
    }
    if (!(await this.#write(call, words, { word: () => delta({ content: 'ab ' }), bill: billWords }))) return
    handlers.onData(chunk({ choices: [{ index: 0, delta: {}, finish_reason: 'stop' }] }))
    handlers.onData(chunk({ choices: [], usage }))
    bill()
    handlers.onData(encode('data: [DONE]\n\n'))
    if (!served.aborted) handlers.onEnd()
  }

  async #serveClaude(call: Call): Promise<void> {
    if (await this.#fails(call)) return
    const { request, body, fate, handlers, served } = call
    const fresh = promptTokens(body)
    const cached = this.#below(2) === 0 ? this.#below(5_000) : 0
    const write1h = this.#below(4) === 0 ? this.#below(1_000) : 0
    const write5m = this.#below(4) === 0 ? this.#below(1_000) : 0
    const words = 2 + this.#below(6)
    const start = {
      input_tokens: fresh,
      cache_read_input_tokens: cached,
      cache_creation_input_tokens: write5m + write1h,
      cache_creation: { ephemeral_5m_input_tokens: write5m, ephemeral_1h_input_tokens: write1h },
      service_tier: 'standard',
    }
    const line = { input: fresh + cached + write5m + write1h, cached, write5m, write1h, reasoning: 0, tier: 'standard' }
    if (body['stream'] !== true) {
      handlers.onHeaders(200, { 'content-type': 'application/json' })
      this.#bill(request, { ...line, output: words })
      const content = [{ type: 'text', text: 'ab '.repeat(words) }]
      const usage = { ...start, output_tokens: words }
      handlers.onData(
        encode(JSON.stringify({ id: 'msg_1', type: 'message', role: 'assistant', model: 'x', content, stop_reason: 'end_turn', usage })),
      )
      handlers.onEnd()
      return
    }
    const event = (value: Json & { readonly type: string }) => encode(`event: ${value.type}\ndata: ${JSON.stringify(value)}\n\n`)
    handlers.onHeaders(200, { 'content-type': 'text/event-stream' })
    if (fate === 'break-before') {
      handlers.onError(failure('ECONNRESET'))
      return
    }
    const message = { id: 'msg_1', type: 'message', role: 'assistant', model: 'x', content: [], usage: { ...start, output_tokens: 1 } }
    handlers.onData(event({ type: 'message_start', message }))
    handlers.onData(event({ type: 'content_block_start', index: 0, content_block: { type: 'text', text: '' } }))
    const text = () => event({ type: 'content_block_delta', index: 0, delta: { type: 'text_delta', text: 'ab ' } })
    const billWords = (written: number) => {
      // The start of the message has told of one token already.
      this.#bill(request, { ...line, output: Math.max(1, written) })
    }
    if (!(await this.#write(call, words, { word: text, bill: billWords }))) return
    handlers.onData(event({ type: 'content_block_stop', index: 0 }))
    handlers.onData(event({ type: 'message_delta', delta: { stop_reason: 'end_turn' }, usage: { output_tokens: words } }))
    this.#bill(request, { ...line, output: words })
    handlers.onData(event({ type: 'message_stop' }))
    if (!served.aborted) handlers.onEnd()
  }

  /** Words one by one; false when the stream ended before its end, and was billed for that. */
  async #write(
    { fate, handlers, served }: Call,
    words: number,
    { word, bill }: { readonly word: () => Uint8Array; readonly bill: (written: number) => void },
  ): Promise<boolean> {
    const breaks = fate === 'break-after' || fate === 'stall-after'
    const until = breaks ? 2 : words
    // Whoever is faster has time to say so.
    await pause()
    for (let written = 0; written <= until; written += 1) {
      if (served.aborted) {
        bill(written)
        return false
      }
      if (written === until) break
      handlers.onData(word())
      await pause()
    }
    if (!breaks) return true
    if (fate === 'break-after') {
      bill(until)
      handlers.onError(failure('ECONNRESET'))
    } else {
      await served.untilAborted()
      bill(until)
    }
    return false
  }
}

interface Call {
  readonly request: UpstreamRequest
  readonly body: Json
  readonly fate: Fate
  readonly handlers: TransportHandlers
  readonly served: Served
}
