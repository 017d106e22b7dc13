/** JSON text in pieces, character by character: what each one means, and how it was written. */
import type { Place, TextUnits } from './text-units.ts'

const escapes: Readonly<Record<string, string>> = { n: '\n', r: '\r', t: '\t', b: '\b', f: '\f' }
/** What an escape that is none means. */
const gap = '\u0000'
/** What stands outside of strings between the punctuation of JSON. */
const token = /\s+|[^\s{}[\],:"]+/g
const isBlank = /^\s/
const isNumber = /^[\d.eE+-]*\d[\d.eE+-]*$/
const literals = new Set(['true', 'false', 'null'])

/** Stands once in the place of a stretch, where its first text was. */
class Mask {
  isPlaced = false
  readonly #text: string

  constructor(text: string) {
    this.#text = text
  }

  place(inString: boolean): string {
    if (this.isPlaced) return ''
    this.isPlaced = true
    return inString ? JSON.stringify(this.#text).slice(1, -1) : this.#text
  }
}

/**
 * Models write arguments that are no JSON too, and callers get them all the same: so what stands outside of strings means itself. Of the numbers
 * and words of JSON the form is kept, for the whole to stay JSON; whatever else stands there gives way to a mask, with the blanks behind it.
 */
function withoutTokens(written: string, mask: Mask): string {
  return written.replaceAll(token, (found) => {
    if (isBlank.test(found)) return mask.isPlaced ? '' : found
    if (isNumber.test(found)) return found.replaceAll(/\d/g, '9')
    return literals.has(found) ? found : mask.place(false)
  })
}

export class JsonUnits implements TextUnits {
  /** As written; one entry for each character of the meaning. */
  #raw: string[] = []
  #inString: boolean[] = []
  #forgotten = 0
  #stringOpen = false
  /** An escape whose end has not come yet. */
  #escape = ''

  /** What a piece means: one UTF-16 character for each one that is meant. */
  push(piece: string): string {
    let meaning = ''
    for (let at = 0; at < piece.length; at += 1) meaning += this.#take(piece.charAt(at))
    return meaning
  }

  end(): string {
    const rest = this.#escape
    this.#escape = ''
    return rest === '' ? '' : this.#unit(gap, rest, false)
  }

  raw(from: number, to: number): string {
    return this.#raw.slice(from, to).join('')
  }

  /** `text` for a stretch of the meaning, once; the punctuation of JSON and its numbers keep their form. */
  replaced(from: number, to: number, text: string): string {
    let result = ''
    let outside = ''
    const mask = new Mask(text)
    const close = () => {
      result += withoutTokens(outside, mask)
      outside = ''
    }
    for (let at = from; at < to; at += 1) {
      if (this.#inString[at] !== true) outside += this.#raw[at] ?? ''
      else {
        if (outside !== '') close()
        result += mask.place(true)
      }
    }
    close()
    return result
  }

  rest(): string {
    return ''
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
    this.#forgotten += count
    this.#raw = this.#raw.slice(count)
    this.#inString = this.#inString.slice(count)
  }

  #take(character: string): string {
    if (this.#escape !== '') return this.#continueEscape(character)
    if (!this.#stringOpen) {
      if (character === '"') this.#stringOpen = true
      return this.#unit(character, character, false)
    }
    if (character === '\\') {
      this.#escape = character
      return ''
    }
    if (character !== '"') return this.#unit(character, character, true)
    this.#stringOpen = false
    return this.#unit(character, character, false)
  }

  #continueEscape(character: string): string {
    this.#escape += character
    const isUnicode = this.#escape.charAt(1) === 'u'
    if (isUnicode && this.#escape.length < 6) return ''
    const raw = this.#escape
    this.#escape = ''
    if (!isUnicode) return this.#unit(escapes[character] ?? character, raw, true)
    const code = Number.parseInt(raw.slice(2), 16)
    return this.#unit(Number.isNaN(code) ? gap : String.fromCharCode(code), raw, true)
  }

  #unit(meaning: string, raw: string, inString: boolean): string {
    this.#raw.push(raw)
    this.#inString.push(inString)
    return meaning
  }
}
