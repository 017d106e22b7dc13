/** Finds what a rail is about in text that may still be growing. */
import { trustedPattern, type TextPattern } from '../pattern/linear-pattern.ts'

/** A find, in UTF-16 positions of the text. */
export interface Match {
  readonly start: number
  readonly end: number
  readonly label: string
}

/** What may still be spent on costly decisions. */
export interface Effort {
  /** Candidates; from 0 on every one counts as found, undecided. */
  candidates: number
}

export interface Detector {
  /** First match that begins at `from` or later. Looks no further than the longest match beyond where a match begins. */
  next(text: string, from: number, effort?: Effort): Match | undefined
  /** First position from which on a match may begin that more text would complete or change. */
  openFrom(text: string): number
}

export interface RegexDetectorInit {
  readonly pattern: TextPattern
  /** Of the longest match, with what lookaheads read after it. */
  readonly reach: number
  readonly label: string
  /** Decides about what the pattern found. */
  readonly accept?: ((found: string) => boolean) | undefined
  /** Which decisions take so long that an Effort bounds them; default: none. */
  readonly isCostly?: ((found: string) => boolean) | undefined
  /** Matches the beginnings of matches at the end of a text, where that leaves less open than `reach`. */
  readonly open?: RegExp | undefined
}

/**
 * What is found must not depend on how much more text has come, or an answer would be masked differently in a stream: so each match is decided on
 * its own stretch of text, `reach` characters to both sides of its beginning, and nothing else.
 */
export class RegexDetector implements Detector {
  readonly #init: RegexDetectorInit

  constructor(init: RegexDetectorInit) {
    this.#init = init
  }

  next(text: string, from: number, effort?: Effort): Match | undefined {
    const { pattern, label } = this.#init
    for (let at = from; at <= text.length;) {
      const start = pattern.search(text, at)
      if (start === undefined) return undefined
      const found = this.#matchAt(text, start)
      if (found !== '' && this.#accepts(found, effort)) return { start, end: start + found.length, label }
      at = start + 1
    }
    return undefined
  }

  openFrom(text: string): number {
    const { reach, open } = this.#init
    const from = Math.max(0, text.length - reach + 1)
    if (open === undefined) return from
    const at = text.slice(from).search(open)
    return at === -1 ? text.length : from + at
  }

  #accepts(found: string, effort: Effort | undefined): boolean {
    const { accept, isCostly } = this.#init
    if (accept === undefined) return true
    if (effort !== undefined && isCostly?.(found) === true) {
      if (effort.candidates <= 0) return true
      effort.candidates -= 1
    }
    return accept(found)
  }

  #matchAt(text: string, start: number): string {
    const { pattern, reach } = this.#init
    const from = Math.max(0, start - reach)
    return pattern.matchAt(text.slice(from, start + reach), start - from)
  }
}

const escaped = (text: string): string => text.replaceAll(/[\\^$.*+?()[\]{}|/]/g, '\\$&')
const blankCharacters = 4

/** One detector for all keywords. */
export function keywordDetector(words: readonly string[], caseSensitive: boolean): Detector {
  // The longest first: of two that begin at the same place it is the one to report.
  const sorted = [...words].sort((left, right) => right.length - left.length)
  const patterns = sorted.map((word) =>
    word
      .trim()
      .split(/\s+/)
      .map(escaped)
      .join(`\\s{1,${String(blankCharacters)}}`),
  )
  const lengths = sorted.map((word) => word.length + blankCharacters * (word.match(/\s+/g)?.length ?? 0))
  return new RegexDetector({
    pattern: trustedPattern(new RegExp(patterns.join('|'), caseSensitive ? 'u' : 'iu')),
    reach: Math.max(...lengths),
    label: 'keyword',
  })
}
