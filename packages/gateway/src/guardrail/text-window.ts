/** A text that passes in pieces: keeps back what may be the beginning of a match, and gives the rest with what was found replaced. */
import type { Detector, Effort, Match } from './detector.ts'
import type { Fold } from './fold.ts'
import { FoldedUnits } from './folded-units.ts'
import { sliceCharacters } from './guardrail-limits.ts'
import { JsonUnits } from './json-units.ts'
import { PlainUnits, type Place, type TextUnits } from './text-units.ts'

/** What stands in the place of a match; undefined leaves it. May throw, then nothing more passes. `place` is where it was written. */
export type OnMatch = (match: Match, place: Place) => string | undefined

/** How a text is read before it is searched. */
export interface Reading {
  readonly fold: Fold
  /** So many characters of white space that follow each other count as one. */
  readonly blanks: number
}

export interface TextWindowInit {
  readonly detectors: readonly Detector[]
  readonly onMatch: OnMatch
  /** Whether the text is JSON: then strings are read as they mean, whatever their escapes look like, and stay JSON. */
  readonly json: boolean
  /** Absent: as it is written. */
  readonly reading?: Reading | undefined
  /** Shared by all texts of one body. */
  readonly effort?: Effort | undefined
}

/** Text before the undecided part that lookbehinds may read. */
const contextCharacters = 4_096

export class TextWindow {
  readonly #init: TextWindowInit
  readonly #units: TextUnits
  readonly #step: number
  #text = ''
  /** Everything before has been given. */
  #at = 0
  /** Where matches may begin: `#at`, or before it where the text seemed to have ended and what might become one was given. */
  #from = 0

  constructor(init: TextWindowInit) {
    this.#init = init
    const written = init.json ? new JsonUnits() : new PlainUnits()
    this.#units = init.reading === undefined ? written : new FoldedUnits({ written, ...init.reading })
    this.#step = Math.max(1, ...init.detectors.map(({ step }) => step))
  }

  push(piece: string): string {
    this.#text += this.#units.push(piece)
    let limit = this.#text.length
    for (const detector of this.#init.detectors) limit = Math.min(limit, detector.openFrom(this.#text, this.#from))
    limit = this.#units.unitStart(limit)
    return limit - this.#at < this.#step ? '' : this.#release(limit)
  }

  /** The text seems to have ended: gives what was kept back, and has not forgotten it should more come. */
  pause(): string {
    this.#text += this.#units.end()
    let open = this.#text.length
    for (const detector of this.#init.detectors) open = Math.min(open, detector.openFrom(this.#text, this.#from))
    return this.#release(this.#text.length, this.#units.unitStart(open)) + this.#units.rest()
  }

  /** What was kept back, with a last piece. */
  end(piece = ''): string {
    this.#text += this.#units.push(piece) + this.#units.end()
    return this.#release(this.#text.length) + this.#units.rest()
  }

  /** Decides about everything that begins before `limit`; from `open` on it may turn out otherwise. */
  #release(limit: number, open = limit): string {
    let released = ''
    // While the text stays the same a detector's find does too: it is asked again only for what begins behind.
    const found = this.#init.detectors.map((detector) => this.#ask(detector, this.#from, limit))
    for (let match = this.#first(found, limit); match !== undefined; match = this.#first(found, limit)) {
      const start = Math.max(this.#at, this.#units.unitStart(match.start))
      const end = this.#units.unitEnd(match.end)
      released += this.#units.raw(this.#at, start) + this.#replaced(match, start, end)
      this.#at = this.#from = end
    }
    if (limit > this.#at) {
      released += this.#units.raw(this.#at, limit)
      this.#at = limit
    }
    this.#from = Math.max(this.#from, Math.min(this.#at, open))
    this.#forget()
    return released
  }

  #ask(detector: Detector, from: number, limit: number): Match | undefined {
    return detector.next(this.#text, from, limit, this.#init.effort)
  }

  /** Brings `found`, one for each detector, up to date. */
  #first(found: (Match | undefined)[], limit: number): Match | undefined {
    let first: Match | undefined
    for (const [index, detector] of this.#init.detectors.entries()) {
      let match = found[index]
      if (match !== undefined && match.start < this.#from) match = this.#ask(detector, this.#from, limit)
      // What was given is given; only what goes on behind it can still be kept from the caller.
      while (match !== undefined && match.end <= this.#at) match = this.#ask(detector, match.start + 1, limit)
      found[index] = match
      if (match === undefined) continue
      if (first === undefined || match.start < first.start || (match.start === first.start && match.end > first.end)) first = match
    }
    return first
  }

  #replaced(match: Match, start: number, end: number): string {
    const text = this.#init.onMatch(match, this.#units.place(start, end))
    return text === undefined ? this.#units.raw(start, end) : this.#units.replaced(start, end, text)
  }

  #forget(): void {
    const surplus = this.#units.unitStart(this.#from - contextCharacters)
    if (surplus < contextCharacters) return
    this.#text = this.#text.slice(surplus)
    this.#units.forget(surplus)
    this.#at -= surplus
    this.#from -= surplus
  }
}

/** So much of a text as takes little time, one after the other. */
export function* slicesOf(text: string): Generator<string> {
  for (let at = 0; at < text.length; at += sliceCharacters) yield text.slice(at, at + sliceCharacters)
}

/** A text that is there as a whole; stops after each slice. */
export function* filterSlices(text: string, init: TextWindowInit): Generator<undefined, string> {
  const window = new TextWindow(init)
  let filtered = ''
  let at = 0
  for (; text.length - at > sliceCharacters; at += sliceCharacters) {
    filtered += window.push(text.slice(at, at + sliceCharacters))
    yield
  }
  return filtered + window.end(text.slice(at))
}
