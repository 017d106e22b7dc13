/** Canonical deltas -> events of an Anthropic messages stream. */
import type { CanonicalDelta, CanonicalRequest, FinishReason, StreamEncoder, TokenUsage } from '@bud-foundry/core'
import { toAnthropicId } from '../answer-id.ts'
import { estimateInputTokens, estimateTextTokens } from '../token-estimate.ts'
import { encodeCitation } from './citation.ts'
import { anthropicErrorType } from './error.ts'
import { encodeStopReason } from './finish.ts'
import { JsonProgress } from './json-progress.ts'
import { fromTokenUsage } from './usage.ts'

type DeltaOf<Kind extends CanonicalDelta['kind']> = Extract<CanonicalDelta, { kind: Kind }>
type PartDelta = Extract<CanonicalDelta, { index: number }>

const noTokens: TokenUsage = { inputTokens: 0, cachedInputTokens: 0, cacheWriteInputTokens: 0, outputTokens: 0, reasoningTokens: 0 }

const event = (name: string, json: string): string => `event: ${name}\ndata: ${json}\n\n`

/** The block that is open: clients of this dialect expect one after the other. */
interface OpenBlock {
  readonly partIndex: number
  readonly index: number
  readonly kind: string
  /** Progress of a call's arguments; a call may be interrupted by another only when its arguments are whole. */
  readonly json: JsonProgress | undefined
  signed: boolean
}

export class AnthropicStreamEncoder implements StreamEncoder {
  readonly #request: CanonicalRequest
  #started = false
  #failed = false
  #open: OpenBlock | undefined
  #blocks = 0
  readonly #entered = new Set<number>()
  /** Deltas of calls that began while another call's arguments were still coming. */
  readonly #waiting: PartDelta[] = []
  #usage: TokenUsage | undefined
  #finish: { readonly reason: FinishReason; readonly stopSequence: string | undefined } | undefined
  #answeredBytes = 0

  constructor(request: CanonicalRequest) {
    this.#request = request
  }

  push(delta: CanonicalDelta): Uint8Array | undefined {
    if (this.#failed) return undefined
    const text = this.#encode(delta)
    return text === '' ? undefined : Buffer.from(text)
  }

  /** The stop reason and the usage come last here, whatever order the upstream had. */
  end(): Uint8Array | undefined {
    if (this.#failed) return undefined
    const closing = this.#ensureStarted() + this.#drain(true) + this.#close()
    const usage = this.#usage ?? this.#estimate()
    const delta = {
      type: 'message_delta',
      delta: {
        stop_reason: encodeStopReason(this.#finish?.reason ?? 'stop'),
        stop_sequence: this.#finish?.stopSequence ?? null,
        stop_details: null,
        container: null,
      },
      usage: { ...fromTokenUsage(usage), ...(this.#usage === undefined ? { estimated: true } : {}) },
    }
    return Buffer.from(`${closing}${event('message_delta', JSON.stringify(delta))}${event('message_stop', '{"type":"message_stop"}')}`)
  }

  #encode(delta: CanonicalDelta): string {
    switch (delta.kind) {
      case 'start':
        return this.#start(delta)
      case 'usage':
        this.#usage = delta.usage
        return ''
      case 'finish':
        this.#finish ??= { reason: delta.reason, stopSequence: delta.stopSequence }
        return ''
      case 'error':
        return this.#fail(delta)
      default:
        return this.#ensureStarted() + this.#schedule(delta)
    }
  }

  #ensureStarted(): string {
    return this.#started ? '' : this.#start({ kind: 'start', id: 'msg_unknown', model: this.#request.model })
  }

  /**
   * The input count is the upstream's if it has told it, else an estimate: the exact one follows in message_delta, which alone says whether the final
   * counts are estimates. Clients keep for ever what they do not know of the first usage, so a mark there would stay on counts that are none.
   */
  #start(delta: DeltaOf<'start'>): string {
    if (this.#started) return ''
    this.#started = true
    const counted = delta.usage?.inputTokens !== undefined
    const usage = counted ? { ...noTokens, ...delta.usage } : { ...noTokens, inputTokens: estimateInputTokens(this.#request) }
    const message = {
      id: toAnthropicId(delta.id),
      type: 'message',
      role: 'assistant',
      model: delta.model === '' ? this.#request.model : delta.model,
      content: [],
      stop_reason: null,
      stop_sequence: null,
      stop_details: null,
      container: null,
      usage: fromTokenUsage(usage),
    }
    return event('message_start', JSON.stringify({ type: 'message_start', message }))
  }

  /** Writes a part's delta now, or keeps it until the call that is open has all its arguments. */
  #schedule(delta: PartDelta): string {
    const open = this.#open
    const interrupts = open !== undefined && open.partIndex !== delta.index && open.json !== undefined && !open.json.whole
    if (interrupts || this.#waiting.some((waiting) => waiting.index === delta.index)) {
      this.#waiting.push(delta)
      return ''
    }
    const text = this.#write(delta)
    return this.#waiting.length === 0 ? text : text + this.#drain(false)
  }

  /** Writes what has waited, one part after the other; with `all`, whether or not the open call is whole. */
  #drain(all: boolean): string {
    let text = ''
    while (this.#waiting.length > 0) {
      const open = this.#open
      const next = this.#waiting[0]
      if (next === undefined || (!all && open?.json !== undefined && !open.json.whole && open.partIndex !== next.index)) return text
      for (const delta of this.#waiting.filter((waiting) => waiting.index === next.index)) {
        text += this.#write(delta)
        this.#waiting.splice(this.#waiting.indexOf(delta), 1)
      }
    }
    return text
  }

  #write(delta: PartDelta): string {
    switch (delta.kind) {
      case 'text':
      case 'refusal':
        this.#answeredBytes += delta.text.length
        return (
          this.#enter(delta.index, 'text', '{"type":"text","text":"","citations":null}') +
          this.#delta(`{"type":"text_delta","text":${JSON.stringify(delta.text)}}`)
        )
      case 'citation':
        return (
          this.#enter(delta.index, 'text', '{"type":"text","text":"","citations":null}') +
          this.#delta(JSON.stringify({ type: 'citations_delta', citation: encodeCitation(delta.citation) }))
        )
      case 'thinking':
        this.#answeredBytes += delta.text.length
        return (
          this.#enter(delta.index, 'thinking', '{"type":"thinking","thinking":"","signature":""}') +
          this.#delta(`{"type":"thinking_delta","thinking":${JSON.stringify(delta.text)}}`)
        )
      case 'thinking-signature':
        // A signature that comes after its block was closed cannot be told to this dialect's clients any more.
        if (this.#open?.partIndex !== delta.index && this.#entered.has(delta.index)) return ''
        return this.#enter(delta.index, 'thinking', '{"type":"thinking","thinking":"","signature":""}') + this.#sign(delta.signature)
      case 'redacted-thinking':
        return this.#enter(delta.index, 'redacted', JSON.stringify({ type: 'redacted_thinking', data: delta.data }))
      case 'tool-call':
        return this.#enter(delta.index, 'tool', JSON.stringify({ type: 'tool_use', id: delta.id, name: delta.name, input: {} }))
      case 'tool-arguments':
        // Nothing can be added to a block that is closed; arguments that were whole need nothing.
        if (this.#open?.partIndex !== delta.index) return ''
        this.#answeredBytes += delta.json.length
        this.#open.json?.push(delta.json)
        return this.#delta(`{"type":"input_json_delta","partial_json":${JSON.stringify(delta.json)}}`)
      case 'other':
        return this.#enter(delta.index, 'other', JSON.stringify(delta.value))
    }
  }

  /** Opens the part's block, closing the one before; nothing when it is open. */
  #enter(partIndex: number, kind: string, blockJson: string): string {
    if (this.#open?.partIndex === partIndex && this.#open.kind === kind) return ''
    const closing = this.#close()
    const index = this.#blocks++
    this.#entered.add(partIndex)
    this.#open = { partIndex, index, kind, json: kind === 'tool' ? new JsonProgress() : undefined, signed: kind !== 'thinking' }
    return closing + event('content_block_start', `{"type":"content_block_start","index":${String(index)},"content_block":${blockJson}}`)
  }

  #delta(deltaJson: string): string {
    return event('content_block_delta', `{"type":"content_block_delta","index":${String(this.#open?.index ?? 0)},"delta":${deltaJson}}`)
  }

  #sign(signature: string): string {
    if (this.#open !== undefined) this.#open.signed = true
    return this.#delta(JSON.stringify({ type: 'signature_delta', signature }))
  }

  #close(): string {
    const open = this.#open
    if (open === undefined) return ''
    // Clients that wait for a signature (@ai-sdk/anthropic) leave thinking without one out of the next request, which tool loops need.
    const signing = open.signed ? '' : this.#sign('')
    this.#open = undefined
    return signing + event('content_block_stop', `{"type":"content_block_stop","index":${String(open.index)}}`)
  }

  #estimate(): TokenUsage {
    return { ...noTokens, inputTokens: estimateInputTokens(this.#request), outputTokens: estimateTextTokens(this.#answeredBytes) }
  }

  #fail(delta: DeltaOf<'error'>): string {
    this.#failed = true
    const type = anthropicErrorType(delta.type, 'api_error')
    return event('error', JSON.stringify({ type: 'error', error: { type, message: delta.message } }))
  }
}
