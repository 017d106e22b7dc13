/** Copies an answer on its way to the caller, up to a bound. */
import type { OutputFilter } from '../governance/stage.ts'

export class AnswerRecorder implements OutputFilter {
  readonly #limitBytes: number
  #pieces: Buffer[] = []
  #bytes = 0
  #kind: 'whole' | 'stream' | undefined
  #complete = false

  constructor(limitBytes: number) {
    this.#limitBytes = limitBytes
  }

  push(events: Uint8Array): Uint8Array {
    this.#kind = 'stream'
    this.#keep(events)
    return events
  }

  end(reason: 'complete' | 'interrupted'): undefined {
    this.#complete = reason === 'complete'
    return undefined
  }

  whole(body: Uint8Array): Uint8Array {
    this.#kind = 'whole'
    this.#complete = true
    this.#keep(body)
    return body
  }

  /** The answer, if it came whole and was not too large. */
  take(): { readonly kind: 'whole' | 'stream'; readonly body: Uint8Array } | undefined {
    if (!this.#complete || this.#kind === undefined || this.#bytes > this.#limitBytes) return undefined
    return { kind: this.#kind, body: Buffer.concat(this.#pieces) }
  }

  #keep(bytes: Uint8Array): void {
    this.#bytes += bytes.byteLength
    // A copy: the bytes are a view of a socket's buffer, which would stay in memory with them.
    if (this.#bytes <= this.#limitBytes) this.#pieces.push(Buffer.from(bytes))
    else this.#pieces = []
  }
}
