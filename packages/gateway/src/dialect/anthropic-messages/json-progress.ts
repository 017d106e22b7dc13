/** Follows a JSON text that arrives in pieces and knows when it is whole. */
export class JsonProgress {
  #depth = 0
  #inString = false
  #escaped = false
  #begun = false

  /** True when an object or array has been closed again; false while nothing has come. */
  get whole(): boolean {
    return this.#begun && this.#depth === 0 && !this.#inString
  }

  push(piece: string): void {
    for (let index = 0; index < piece.length; index++) {
      const code = piece.charCodeAt(index)
      if (this.#inString) {
        if (this.#escaped) this.#escaped = false
        else if (code === 0x5c) this.#escaped = true
        else if (code === 0x22) this.#inString = false
      } else if (code === 0x22) this.#inString = true
      else if (code === 0x7b || code === 0x5b) {
        this.#depth++
        this.#begun = true
      } else if (code === 0x7d || code === 0x5d) this.#depth--
    }
  }
}
