/** What a text means, character by character, and how each was written: detectors look at the one, callers and upstreams get the other. */

/** Positions are UTF-16 characters of the meaning. */
export interface TextUnits {
  /** What a piece means, as far as it is known without the next. */
  push(piece: string): string
  end(): string
  /** As written, with what stands before each character and means nothing. */
  raw(from: number, to: number): string
  /** What is written behind the last character and means nothing. */
  rest(): string
  /** `text` in the place of a stretch, in the form of what is written. */
  replaced(from: number, to: number, text: string): string
  /** Where the written character begins that this one is part of, and where it ends. */
  unitStart(at: number): number
  unitEnd(at: number): number
  /** A stretch in positions of everything that was written so far. */
  place(from: number, to: number): Place
  forget(count: number): void
}

export interface Place {
  readonly start: number
  readonly end: number
}

/** A text that means what is written. */
export class PlainUnits implements TextUnits {
  #text = ''
  #forgotten = 0

  push(piece: string): string {
    this.#text += piece
    return piece
  }

  end(): string {
    return ''
  }

  raw(from: number, to: number): string {
    return this.#text.slice(from, to)
  }

  rest(): string {
    return ''
  }

  replaced(_from: number, _to: number, text: string): string {
    return text
  }

  unitStart(at: number): number {
    return at
  }

  unitEnd(at: number): number {
    return at
  }

  place(from: number, to: number): Place {
    return { start: this.#forgotten + from, end: this.#forgotten + to }
  }

  forget(count: number): void {
    this.#text = this.#text.slice(count)
    this.#forgotten += count
  }
}
