/** Turns the events of an upstream's stream into those of the caller's dialect, one by one. */
import { isBudError, type BudError, type StreamDecoder, type StreamEncoder } from '@bud-foundry/core'
import { parseFrame } from '../dialect/sse-frame.ts'

export type TranslatedFrame =
  { readonly kind: 'bytes'; readonly bytes: Uint8Array | undefined } | { readonly kind: 'error'; readonly error: BudError }

export class StreamTranslation {
  readonly #decoder: StreamDecoder
  readonly #encoder: StreamEncoder
  readonly #toError: (message: string, cause: unknown) => BudError
  /** UTF-16 code units of what the upstream has written until now. */
  textLength = 0

  constructor(decoder: StreamDecoder, encoder: StreamEncoder, toError: (message: string, cause: unknown) => BudError) {
    this.#decoder = decoder
    this.#encoder = encoder
    this.#toError = toError
  }

  push(frame: Uint8Array): TranslatedFrame {
    const parsed = parseFrame(frame)
    if (parsed === undefined) return { kind: 'bytes', bytes: undefined }
    try {
      const pieces: Uint8Array[] = []
      for (const delta of this.#decoder.push(parsed)) {
        if (delta.kind === 'error') return { kind: 'error', error: this.#toError(delta.message, undefined) }
        if (delta.kind === 'text' || delta.kind === 'thinking' || delta.kind === 'refusal') this.textLength += delta.text.length
        else if (delta.kind === 'tool-arguments') this.textLength += delta.json.length
        const bytes = this.#encoder.push(delta)
        if (bytes !== undefined) pieces.push(bytes)
      }
      const [first] = pieces
      return { kind: 'bytes', bytes: pieces.length > 1 ? Buffer.concat(pieces) : first }
    } catch (error) {
      // Decoders throw BudErrors on bytes that are none of their dialect; anything else is a fault of ours and must not pass for one.
      return { kind: 'error', error: isBudError(error) ? error : this.#toError('it could not be translated', error) }
    }
  }

  end(): Uint8Array | undefined {
    return this.#encoder.end()
  }
}
