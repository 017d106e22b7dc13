/** Remembers what a caller has been sent of a stream, so that another target can carry it on. */
import type { CanonicalDelta, StreamDecoder } from '@bud-foundry/core'
import { parseFrame } from '../../dialect/sse-frame.ts'
import { digestedStreamBytes } from '../../limits.ts'
import { frameEnd } from '../frame-end.ts'

/** What the caller has seen. */
export interface SentAnswer {
  /** Runs of the same kind joined to one. */
  readonly deltas: readonly CanonicalDelta[]
  readonly text: string
  /** Bytes of text and thinking. */
  readonly bytes: number
  readonly hasThinking: boolean
}

/** What may stand in an answer that can be carried on: anything else is whole or lost. */
const carriedOn = new Set<CanonicalDelta['kind']>(['start', 'text', 'thinking', 'thinking-signature', 'citation', 'usage'])

export class StreamMemory {
  readonly #makeDecoder: () => StreamDecoder
  readonly #limitBytes: number
  #decoder: StreamDecoder | undefined
  /** Bytes that have not been decoded yet: most streams end well, and then nobody asks what they said. */
  #raw: Buffer[] = []
  #rawBytes = 0
  readonly #deltas: CanonicalDelta[] = []
  #text = ''
  #bytes = 0
  #hasThinking = false
  /** Whether the last block was closed: then there is nothing to add to. */
  #closed = false
  #lost = false

  /** `limitBytes` bounds the text that is kept; `makeDecoder` may throw, then nothing can be carried on. */
  constructor(makeDecoder: () => StreamDecoder, limitBytes: number) {
    this.#makeDecoder = makeDecoder
    this.#limitBytes = limitBytes
  }

  /** Whole events that went to the caller, in the caller's dialect. */
  push(bytes: Uint8Array): void {
    if (this.#lost) return
    // A copy: the bytes are a view of a socket's buffer, which would stay in memory with them.
    this.#raw.push(Buffer.from(bytes))
    this.#rawBytes += bytes.byteLength
    if (this.#rawBytes > digestedStreamBytes) this.#digest()
  }

  /** Undefined when the answer cannot be carried on: it is too long, whole, or holds a tool call. */
  read(): SentAnswer | undefined {
    this.#digest()
    if (this.#lost || this.#closed) return undefined
    return { deltas: this.#deltas, text: this.#text, bytes: this.#bytes, hasThinking: this.#hasThinking }
  }

  /** Bytes of text and thinking until now, whether or not they can be carried on. */
  get sentBytes(): number {
    this.#digest()
    return this.#bytes
  }

  #digest(): void {
    if (this.#lost || this.#raw.length === 0) return
    const bytes = Buffer.concat(this.#raw)
    this.#raw = []
    this.#rawBytes = 0
    try {
      const decoder = (this.#decoder ??= this.#makeDecoder())
      let at = 0
      for (let end = frameEnd(bytes, at); end !== -1; end = frameEnd(bytes, at)) {
        const frame = parseFrame(bytes.subarray(at, end))
        at = end
        if (frame === undefined) continue
        if (frame.event?.endsWith('_stop') === true) this.#closed = true
        for (const delta of decoder.push(frame)) this.#keep(delta)
      }
    } catch {
      // What cannot be understood cannot be carried on; the failure that asked for it is reported instead.
      this.#lose()
    }
  }

  #keep(delta: CanonicalDelta): void {
    if ('index' in delta) this.#closed = false
    if (!carriedOn.has(delta.kind)) this.#lose()
    if (delta.kind === 'text' || delta.kind === 'thinking') this.#grow(delta)
    else if (!this.#lost) this.#deltas.push(delta)
  }

  #grow(delta: Extract<CanonicalDelta, { kind: 'text' | 'thinking' }>): void {
    this.#bytes += Buffer.byteLength(delta.text)
    if (this.#bytes > this.#limitBytes) this.#lose()
    if (this.#lost) return
    if (delta.kind === 'text') this.#text += delta.text
    else this.#hasThinking = true
    const last = this.#deltas.at(-1)
    if (last?.kind === delta.kind && last.index === delta.index)
      this.#deltas[this.#deltas.length - 1] = { ...last, text: last.text + delta.text }
    else this.#deltas.push(delta)
  }

  #lose(): void {
    this.#lost = true
    this.#raw = []
    this.#deltas.length = 0
    this.#text = ''
  }
}
