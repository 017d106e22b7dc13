/** A text that passes in pieces: keeps back what may be the beginning of a match, and gives the rest with what was found replaced. */
import type { Detector, Effort, Match } from './detector.ts'
import { JsonUnits } from './json-units.ts'

/** What stands in the place of a match; undefined leaves it. May throw, then nothing more passes. */
export type OnMatch = (match: Match) => string | undefined

export interface TextWindowInit {
  readonly detectors: readonly Detector[]
  readonly onMatch: OnMatch
  /** Whether the text is JSON: then strings are read as they mean, whatever their escapes look like, and stay JSON. */
  readonly json: boolean
  /** Shared by all texts of one body. */
  readonly effort?: Effort | undefined
}

/** Text before the undecided part that lookbehinds may read. */
const contextCharacters = 4_096

export class TextWindow {
  readonly #init: TextWindowInit
  readonly #units: JsonUnits | undefined
  #text = ''
  /** Everything before has been given. */
  #at = 0

  constructor(init: TextWindowInit) {
    this.#init = init
    this.#units = init.json ? new JsonUnits() : undefined
  }

  push(piece: string): string {
    this.#text += this.#units === undefined ? piece : this.#units.push(piece)
    let limit = this.#text.length
    for (const detector of this.#init.detectors) limit = Math.min(limit, detector.openFrom(this.#text))
    return this.#release(Math.max(limit, this.#at))
  }

  /** What was kept back. */
  end(): string {
    if (this.#units !== undefined) this.#text += this.#units.end()
    return this.#release(this.#text.length)
  }

  /** Decides about everything that begins before `limit`. */
  #release(limit: number): string {
    let released = ''
    // While the text stays the same a detector's find does too: it is asked again only for what begins behind.
    const found = this.#init.detectors.map((detector) => this.#ask(detector))
    for (let match = this.#first(found); match !== undefined && match.start < limit; match = this.#first(found)) {
      released += this.#raw(this.#at, match.start) + this.#replaced(match)
      this.#at = match.end
    }
    if (limit > this.#at) {
      released += this.#raw(this.#at, limit)
      this.#at = limit
    }
    this.#forget()
    return released
  }

  #ask(detector: Detector): Match | undefined {
    return detector.next(this.#text, this.#at, this.#init.effort)
  }

  /** Brings `found`, one for each detector, up to date. */
  #first(found: (Match | undefined)[]): Match | undefined {
    let first: Match | undefined
    for (const [index, detector] of this.#init.detectors.entries()) {
      let match = found[index]
      if (match !== undefined && match.start < this.#at) match = found[index] = this.#ask(detector)
      if (match === undefined) continue
      if (first === undefined || match.start < first.start || (match.start === first.start && match.end > first.end)) first = match
    }
    return first
  }

  #replaced(match: Match): string {
    const text = this.#init.onMatch(match)
    if (text === undefined) return this.#raw(match.start, match.end)
    return this.#units === undefined ? text : this.#units.replaced(match.start, match.end, text)
  }

  #raw(from: number, to: number): string {
    return this.#units === undefined ? this.#text.slice(from, to) : this.#units.raw(from, to)
  }

  #forget(): void {
    const surplus = this.#at - contextCharacters
    if (surplus < contextCharacters) return
    this.#text = this.#text.slice(surplus)
    this.#units?.forget(surplus)
    this.#at -= surplus
  }
}

/** A text that is there as a whole. */
export function filterText(text: string, init: TextWindowInit): string {
  const window = new TextWindow(init)
  return window.push(text) + window.end()
}
