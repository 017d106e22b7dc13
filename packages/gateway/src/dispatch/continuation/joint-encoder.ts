/** Writes the later part of an answer so that it continues the stream that the caller already has, and marks the joint. */
import type { CanonicalDelta, StreamEncoder, TokenUsage } from '@bud-foundry/core'
import { addUsage } from './add-usage.ts'
import type { ContinuationMeans } from './continuation-plan.ts'
import type { SentAnswer } from './stream-memory.ts'

export interface JointOptions {
  /** New: it is brought to the state in which the caller's stream is. */
  readonly encoder: StreamEncoder
  readonly sent: SentAnswer
  readonly means: ContinuationMeans
  /** 2 for the first continuation. */
  readonly part: number
  /** Of the parts before. */
  readonly earlier: TokenUsage
}

const frameTail = Buffer.from('}\n\n')

export class JointEncoder implements StreamEncoder {
  readonly #encoder: StreamEncoder
  readonly #earlier: TokenUsage
  readonly #firstIndex: number
  /** The part of the answer that was open when it broke off, when that is text. */
  readonly #openText: number | undefined
  /** The new stream's first text part, which goes on where the old one stopped. */
  #continuedText: number | undefined
  /** White space that was sent, and kept from the target: it may come again. */
  #repeatable: string
  #marker: Buffer | undefined

  constructor({ encoder, sent, means, part, earlier }: JointOptions) {
    this.#encoder = encoder
    this.#earlier = earlier
    let last: CanonicalDelta | undefined
    let firstIndex = 0
    for (const delta of sent.deltas) {
      encoder.push(delta)
      if (!('index' in delta)) continue
      last = delta
      firstIndex = Math.max(firstIndex, delta.index + 1)
    }
    this.#firstIndex = firstIndex
    this.#openText = last?.kind === 'text' ? last.index : undefined
    this.#repeatable = means === 'prefill' ? sent.text.slice(sent.text.trimEnd().length) : ''
    const fields = { part, by: means, offset: sent.text.length }
    this.#marker = Buffer.from(`,"bud_continuation":${JSON.stringify(fields)}}\n\n`)
  }

  push(delta: CanonicalDelta): Uint8Array | undefined {
    // The caller's stream has started long ago.
    if (delta.kind === 'start') return undefined
    if (delta.kind === 'usage') return this.#encoder.push({ ...delta, usage: addUsage(this.#earlier, delta.usage) })
    if (delta.kind === 'error') return this.#encoder.push(delta)
    if (delta.kind === 'finish') return this.#mark(this.#encoder.push(delta))
    const placed = { ...delta, index: this.#place(delta) }
    if (placed.kind !== 'text') return this.#mark(this.#encoder.push(placed))
    const text = this.#withoutRepeat(placed.text)
    return text === '' ? undefined : this.#mark(this.#encoder.push({ ...placed, text }))
  }

  end(): Uint8Array | undefined {
    return this.#mark(this.#encoder.end())
  }

  #place(delta: { readonly kind: string; readonly index: number }): number {
    if (delta.kind === 'text' && this.#openText !== undefined) this.#continuedText ??= delta.index
    return delta.index === this.#continuedText && this.#openText !== undefined ? this.#openText : this.#firstIndex + delta.index
  }

  #withoutRepeat(text: string): string {
    let at = 0
    while (at < text.length && at < this.#repeatable.length && text[at] === this.#repeatable[at]) at += 1
    this.#repeatable = at === text.length ? this.#repeatable.slice(at) : ''
    return text.slice(at)
  }

  /** Puts the marker into the first event that is written: a field that clients pass over unless they look for it. */
  #mark(bytes: Uint8Array | undefined): Uint8Array | undefined {
    const marker = this.#marker
    if (bytes === undefined || marker === undefined) return bytes
    const tail = bytes.subarray(bytes.length - frameTail.length)
    if (!frameTail.equals(tail)) return bytes
    this.#marker = undefined
    return Buffer.concat([bytes.subarray(0, bytes.length - frameTail.length), marker])
  }
}
