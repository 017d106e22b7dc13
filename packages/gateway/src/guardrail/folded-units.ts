/** A text in its folded form, and where each of its characters was written. */
import type { Fold } from './fold.ts'
import type { Place, TextUnits } from './text-units.ts'

export interface FoldedUnitsInit {
  readonly written: TextUnits
  readonly fold: Fold
  /** So many characters of white space that follow each other are one. */
  readonly blanks: number
}

const isHighSurrogate = (unit: number): boolean => unit >= 0xd800 && unit <= 0xdbff
const isLowSurrogate = (unit: number): boolean => unit >= 0xdc00 && unit <= 0xdfff

export class FoldedUnits implements TextUnits {
  readonly #init: FoldedUnitsInit
  /** Of each folded character: where in the written text it begins and ends. */
  #starts: number[] = []
  #ends: number[] = []
  /** Written characters that have been folded. */
  #length = 0
  /** Where the first folded character's stretch begins. */
  #origin = 0
  /** Half a character, whose other half comes with the next piece. */
  #half = ''
  /** Of the white space at the end. */
  #blanks = 0

  constructor(init: FoldedUnitsInit) {
    this.#init = init
  }

  push(piece: string): string {
    return this.#fold(this.#half + this.#init.written.push(piece), false)
  }

  end(): string {
    return this.#fold(this.#half + this.#init.written.end(), true)
  }

  raw(from: number, to: number): string {
    return this.#init.written.raw(this.#stretchStart(from), this.#stretchStart(to))
  }

  rest(): string {
    return this.#init.written.raw(this.#stretchStart(this.#ends.length), this.#length) + this.#init.written.rest()
  }

  replaced(from: number, to: number, text: string): string {
    const { written } = this.#init
    const [start, end] = this.#stretch(from, to)
    return written.raw(this.#stretchStart(from), start) + written.replaced(start, end, text)
  }

  unitStart(at: number): number {
    let start = at
    while (start > 0 && start < this.#starts.length && this.#starts[start] === this.#starts[start - 1]) start -= 1
    return start
  }

  unitEnd(at: number): number {
    let end = at
    while (end > 0 && end < this.#starts.length && this.#starts[end] === this.#starts[end - 1]) end += 1
    return end
  }

  place(from: number, to: number): Place {
    return this.#init.written.place(...this.#stretch(from, to))
  }

  forget(count: number): void {
    const written = this.#stretchStart(count)
    this.#init.written.forget(written)
    this.#starts = this.#starts.slice(count).map((start) => start - written)
    this.#ends = this.#ends.slice(count).map((end) => end - written)
    this.#length -= written
    this.#origin = 0
  }

  /** Without what stands before it and means nothing. */
  #stretch(from: number, to: number): [start: number, end: number] {
    return [this.#starts[from] ?? this.#length, this.#stretchStart(to)]
  }

  /** With it. */
  #stretchStart(at: number): number {
    return at === 0 ? this.#origin : (this.#ends[at - 1] ?? this.#length)
  }

  #fold(text: string, isLast: boolean): string {
    let folded = ''
    this.#half = ''
    for (let at = 0; at < text.length;) {
      const unit = text.charCodeAt(at)
      if (isHighSurrogate(unit) && at + 1 === text.length && !isLast) {
        this.#half = text.slice(at)
        break
      }
      const size = isHighSurrogate(unit) && isLowSurrogate(text.charCodeAt(at + 1)) ? 2 : 1
      folded += this.#take(this.#init.fold(size === 2 ? (text.codePointAt(at) ?? unit) : unit), size)
      at += size
    }
    return folded
  }

  #take(folded: string, size: number): string {
    const start = this.#length
    this.#length += size
    if (folded === '' || this.#isSurplus(folded)) return ''
    let units = folded.length
    while (units-- > 0) {
      this.#starts.push(start)
      this.#ends.push(this.#length)
    }
    return folded
  }

  #isSurplus(folded: string): boolean {
    if (folded !== ' ') {
      this.#blanks = 0
      return false
    }
    this.#blanks = this.#blanks === this.#init.blanks ? 1 : this.#blanks + 1
    return this.#blanks > 1
  }
}
