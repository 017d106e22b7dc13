/** Collects an answer that is needed whole: a JSON answer, or the body of a refusal. */

export class BodyReader {
  readonly #limitBytes: number
  #first: Uint8Array | undefined
  #chunks: Uint8Array[] | undefined
  #size = 0

  constructor(limitBytes: number) {
    this.#limitBytes = limitBytes
  }

  /** False when the bound is passed; what came until then is kept. */
  push(chunk: Uint8Array): boolean {
    if (this.#size + chunk.byteLength > this.#limitBytes) return false
    this.#size += chunk.byteLength
    if (this.#first === undefined) this.#first = chunk
    else (this.#chunks ??= [this.#first]).push(chunk)
    return true
  }

  bytes(): Uint8Array {
    return this.#chunks === undefined ? (this.#first ?? new Uint8Array(0)) : Buffer.concat(this.#chunks, this.#size)
  }
}
