/** JSON text in pieces, character by character: what each one means, and how it was written. */
import type { Place, TextUnits } from './text-units.ts'

const escapes: Readonly<Record<string, string>> = { n: '\n', r: '\r', t: '\t', b: '\b', f: '\f' }
/** What stands between strings and numbers: no word goes across it. */
const gap = '\u0000'
const isPartOfNumber = /[\w.+-]/

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

  /** `text` for a stretch of the meaning; what stands outside of strings keeps its form, or the whole would be JSON no more. */
  replaced(from: number, to: number, text: string): string {
    let result = ''
    let placed = false
    for (let at = from; at < to; at += 1) {
      const raw = this.#raw[at] ?? ''
      if (this.#inString[at] !== true) result += raw.replaceAll(/\d/g, '9')
      else if (!placed) {
        placed = true
        result += JSON.stringify(text).slice(1, -1)
      }
    }
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
      return this.#unit(isPartOfNumber.test(character) ? character : gap, character, false)
    }
    if (character === '\\') {
      this.#escape = character
      return ''
    }
    if (character !== '"') return this.#unit(character, character, true)
    this.#stringOpen = false
    return this.#unit(gap, character, false)
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
