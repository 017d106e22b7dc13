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

const beyondAscii = /[^\0-\x7f]/
const beyondPlain = /[^\0-\x7f]|\s\s/
const space = /\s/

export class FoldedUnits implements TextUnits {
  readonly #init: FoldedUnitsInit
  /** Of each folded character: where in the written text it begins and ends. Undefined while each is one written character. */
  #places: { starts: number[]; ends: number[] } | undefined
  /** Where what is written begins that was not given yet, as long as there is no character. */
  #start = 0
  /** Written characters that have been folded. */
  #length = 0
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
    const { written } = this.#init
    const ends = this.#places?.ends
    const rest = written.raw(ends === undefined ? this.#length : (ends.at(-1) ?? this.#start), this.#length) + written.rest()
    // Given once, should more come: it is part of the last character.
    if (ends !== undefined) {
      if (ends.length > 0) ends[ends.length - 1] = this.#length
      else this.#start = this.#length
    }
    return rest
  }

  replaced(from: number, to: number, text: string): string {
    const { written } = this.#init
    const [start, end] = this.#stretch(from, to)
    return written.raw(this.#stretchStart(from), start) + written.replaced(start, end, text)
  }

  unitStart(at: number): number {
    const starts = this.#places?.starts
    let start = at
    while (starts !== undefined && start > 0 && start < starts.length && starts[start] === starts[start - 1]) start -= 1
    return start
  }

  unitEnd(at: number): number {
    const starts = this.#places?.starts
    let end = at
    while (starts !== undefined && end > 0 && end < starts.length && starts[end] === starts[end - 1]) end += 1
    return end
  }

  place(from: number, to: number): Place {
    return this.#init.written.place(...this.#stretch(from, to))
  }

  forget(count: number): void {
    const written = this.#stretchStart(count)
    this.#init.written.forget(written)
    this.#length -= written
    this.#start = 0
    if (this.#places === undefined) return
    const { starts, ends } = this.#places
    this.#places = { starts: starts.slice(count).map((start) => start - written), ends: ends.slice(count).map((end) => end - written) }
  }

  /** Without what stands before it and means nothing. */
  #stretch(from: number, to: number): [start: number, end: number] {
    return [this.#places === undefined ? from : (this.#places.starts[from] ?? this.#length), this.#stretchStart(to)]
  }

  /** With it. */
  #stretchStart(at: number): number {
    if (this.#places === undefined) return at
    if (at === 0) return this.#start
    return this.#places.ends[at - 1] ?? this.#length
  }

  #fold(text: string, isLast: boolean): string {
    this.#half = ''
    if (this.#places === undefined) {
      if (this.#isPlain(text)) return this.#foldPlain(text)
      this.#places = {
        starts: Array.from({ length: this.#length }, (_, at) => at),
        ends: Array.from({ length: this.#length }, (_, at) => at + 1),
      }
    }
    return this.#foldEach(text, isLast)
  }

  /** Whether each character will be one, as it is in nearly all texts. */
  #isPlain(text: string): boolean {
    return this.#init.blanks === 1 ? !beyondAscii.test(text) : !beyondPlain.test(text) && !(this.#blanks > 0 && space.test(text.charAt(0)))
  }

  #foldPlain(text: string): string {
    this.#length += text.length
    if (text !== '') this.#blanks = space.test(text.charAt(text.length - 1)) ? 1 : 0
    return this.#init.fold.ascii(text)
  }

  #foldEach(text: string, isLast: boolean): string {
    let folded = ''
    for (let at = 0; at < text.length;) {
      const unit = text.charCodeAt(at)
      if (isHighSurrogate(unit) && at + 1 === text.length && !isLast) {
        this.#half = text.slice(at)
        break
      }
      const size = isHighSurrogate(unit) && isLowSurrogate(text.charCodeAt(at + 1)) ? 2 : 1
      folded += this.#take(this.#init.fold.of(size === 2 ? (text.codePointAt(at) ?? unit) : unit), size)
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
      this.#places?.starts.push(start)
      this.#places?.ends.push(this.#length)
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
