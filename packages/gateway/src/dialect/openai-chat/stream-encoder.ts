/** Canonical deltas -> events of an OpenAI chat stream. */
import type { CanonicalDelta, CanonicalPart, StreamEncoder, TokenUsage } from '@bud-foundry/core'
import { toOpenaiId } from '../answer-id.ts'
import { encodeFinish } from './finish.ts'
import { toAnnotation, toThinkingBlock } from './message-parts.ts'
import { fromTokenUsage } from './usage.ts'

type ThinkingPart = { readonly kind: 'thinking'; text: string; signature?: string } | Extract<CanonicalPart, { kind: 'redacted-thinking' }>
type DeltaOf<Kind extends CanonicalDelta['kind']> = Extract<CanonicalDelta, { kind: Kind }>

export interface OpenaiStreamOptions {
  readonly includeUsage: boolean
  readonly createdUnixSeconds: number
  /** Model that stands in the chunks until the upstream names its own. */
  readonly model: string
}

export class OpenaiStreamEncoder implements StreamEncoder {
  readonly #options: OpenaiStreamOptions
  /** Everything of a chunk before its delta: the same for the whole stream, so it is written once. */
  #head = ''
  #id = 'chatcmpl-unknown'
  #model: string
  #usage: TokenUsage | undefined
  #failed = false
  #finished = false
  readonly #toolIndexes = new Map<number, number>()
  /** Calls that have had no arguments yet; clients parse what they get, so such a call gets an empty object. */
  readonly #withoutArguments = new Set<number>()
  readonly #thinking = new Map<number, ThinkingPart>()
  #textLength = 0
  readonly #textStarts = new Map<number, number>()

  constructor(options: OpenaiStreamOptions) {
    this.#options = options
    this.#model = options.model
  }

  push(delta: CanonicalDelta): Uint8Array | undefined {
    if (this.#failed) return undefined
    const text = this.#encode(delta)
    return text === '' ? undefined : Buffer.from(text)
  }

  end(): Uint8Array | undefined {
    if (this.#failed) return undefined
    const usage = this.#options.includeUsage && this.#usage !== undefined ? this.#usageChunk(this.#usage) : ''
    return Buffer.from(`${usage}data: [DONE]\n\n`)
  }

  #encode(delta: CanonicalDelta): string {
    switch (delta.kind) {
      case 'start':
        return this.#start(delta)
      case 'text':
        return this.#text(delta)
      case 'citation':
        return this.#citation(delta)
      case 'thinking':
        return this.#think(delta)
      case 'thinking-signature':
        return this.#sign(delta)
      case 'redacted-thinking':
        this.#thinking.set(delta.index, { kind: 'redacted-thinking', data: delta.data })
        return ''
      case 'tool-call':
        return this.#toolCall(delta)
      case 'tool-arguments':
        this.#withoutArguments.delete(delta.index)
        return this.#arguments(delta.index, delta.json)
      case 'refusal':
        return this.#chunk(`{"refusal":${JSON.stringify(delta.text)}}`)
      case 'other':
        return this.#chunk(JSON.stringify({ other_blocks: [delta.value] }))
      case 'usage':
        this.#usage = delta.usage
        return ''
      case 'finish':
        return this.#finish(delta)
      case 'error':
        return this.#fail(delta)
    }
  }

  /** One chunk with the delta's JSON; `finish` replaces the open end of a chunk that does not finish. */
  #chunk(deltaJson: string, finish = '"finish_reason":null'): string {
    if (this.#head === '') {
      const { createdUnixSeconds } = this.#options
      const fields = { id: this.#id, object: 'chat.completion.chunk', created: createdUnixSeconds, model: this.#model }
      this.#head = `data: ${JSON.stringify(fields).slice(0, -1)},"choices":[{"index":0,"delta":`
    }
    const usage = this.#options.includeUsage ? ',"usage":null' : ''
    return `${this.#head}${deltaJson},"logprobs":null,${finish}}]${usage}}\n\n`
  }

  #start(delta: DeltaOf<'start'>): string {
    this.#id = toOpenaiId(delta.id)
    if (delta.model !== '') this.#model = delta.model
    this.#head = ''
    return this.#chunk('{"role":"assistant","content":""}')
  }

  #text(delta: DeltaOf<'text'>): string {
    if (!this.#textStarts.has(delta.index)) this.#textStarts.set(delta.index, this.#textLength)
    this.#textLength += delta.text.length
    return this.#chunk(`{"content":${JSON.stringify(delta.text)}}`)
  }

  #citation(delta: DeltaOf<'citation'>): string {
    const start = this.#textStarts.get(delta.index) ?? this.#textLength
    return this.#chunk(JSON.stringify({ annotations: [toAnnotation(delta.citation, start, this.#textLength)] }))
  }

  #think(delta: DeltaOf<'thinking'>): string {
    const known = this.#thinking.get(delta.index)
    if (known?.kind === 'thinking') known.text += delta.text
    else this.#thinking.set(delta.index, { kind: 'thinking', text: delta.text })
    return this.#chunk(`{"reasoning_content":${JSON.stringify(delta.text)}}`)
  }

  #sign(delta: DeltaOf<'thinking-signature'>): string {
    const known = this.#thinking.get(delta.index)
    // Thinking that the upstream keeps to itself has a signature and no text.
    if (known?.kind === 'thinking') known.signature = (known.signature ?? '') + delta.signature
    else this.#thinking.set(delta.index, { kind: 'thinking', text: '', signature: delta.signature })
    return ''
  }

  #toolCall(delta: DeltaOf<'tool-call'>): string {
    const index = this.#toolIndexes.size
    this.#toolIndexes.set(delta.index, index)
    this.#withoutArguments.add(delta.index)
    return this.#chunk(
      JSON.stringify({ tool_calls: [{ index, id: delta.id, type: 'function', function: { name: delta.name, arguments: '' } }] }),
    )
  }

  #arguments(partIndex: number, json: string): string {
    const index = String(this.#toolIndexes.get(partIndex) ?? 0)
    return this.#chunk(`{"tool_calls":[{"index":${index},"function":{"arguments":${JSON.stringify(json)}}}]}`)
  }

  /** Signed thinking goes out once and whole, just before the end: clients that join arrays and clients that replace them both get it right. */
  #finish(delta: DeltaOf<'finish'>): string {
    if (this.#finished) return ''
    this.#finished = true
    const blocks = [...this.#thinking.values()]
    const signed = blocks.some((part) => part.kind === 'redacted-thinking' || part.signature !== undefined)
    const thinking = signed ? this.#chunk(JSON.stringify({ thinking_blocks: blocks.map(toThinkingBlock) })) : ''
    const empty = [...this.#withoutArguments].map((partIndex) => this.#arguments(partIndex, '{}')).join('')
    return empty + thinking + this.#chunk('{}', JSON.stringify(encodeFinish(delta.reason, delta.stopSequence)).slice(1, -1))
  }

  #fail(delta: DeltaOf<'error'>): string {
    this.#failed = true
    const error = { message: delta.message, type: delta.type ?? 'server_error', param: null, code: delta.code ?? null }
    return `data: ${JSON.stringify({ error })}\n\n`
  }

  #usageChunk(usage: TokenUsage): string {
    const { createdUnixSeconds } = this.#options
    const fields = { id: this.#id, object: 'chat.completion.chunk', created: createdUnixSeconds, model: this.#model }
    return `data: ${JSON.stringify({ ...fields, choices: [], usage: fromTokenUsage(usage) })}\n\n`
  }
}
