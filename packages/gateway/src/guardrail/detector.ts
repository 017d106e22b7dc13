/** Finds what a rail is about in text that may still be growing. */
import type { TextPattern } from '../pattern/linear-pattern.ts'

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
  /** Decided characters that are worth a look: what is still open is searched again with each, and not with each character. */
  readonly step: number
  /** First match that begins at `from` or later and before `limit`. Looks no further than the longest match beyond where a match begins. */
  next(text: string, from: number, limit: number, effort?: Effort): Match | undefined
  /** First position, at `from` or later, from which on a match may begin that more text would complete or change. */
  openFrom(text: string, from: number): number
}

/** Of a pattern that leaves its whole reach open: each character is searched so many times and once more. */
const looksPerReach = 8

export interface RegexDetectorInit {
  readonly pattern: TextPattern
  /** Of the longest match, with what lookaheads read after it. */
  readonly reach: number
  readonly label: string
  /** Decides about what the pattern found. */
  readonly accept?: ((found: string) => boolean) | undefined
  /** Which decisions take so long that an Effort bounds them; default: none. */
  readonly isCostly?: ((found: string) => boolean) | undefined
  /** Where matches may begin at the end of a text, where that leaves less open than `reach`. */
  readonly open?: ((text: string, from: number) => number) | undefined
}

/**
 * What is found must not depend on how much more text has come, or an answer would be masked differently in a stream: so each match is decided on
 * its own stretch of text, `reach` characters to both sides of its beginning, and nothing else.
 */
export class RegexDetector implements Detector {
  readonly step: number
  readonly #init: RegexDetectorInit

  constructor(init: RegexDetectorInit) {
    this.#init = init
    this.step = init.open === undefined ? Math.max(1, Math.floor(init.reach / looksPerReach)) : 1
  }

  next(text: string, from: number, limit: number, effort?: Effort): Match | undefined {
    const { pattern, label } = this.#init
    for (let at = from; at < limit;) {
      const start = pattern.search(text, at)
      if (start === undefined || start >= limit) return undefined
      const found = this.#matchAt(text, start)
      if (found !== '' && this.#accepts(found, effort)) return { start, end: start + found.length, label }
      at = start + 1
    }
    return undefined
  }

  openFrom(text: string, from: number): number {
    const { reach, open } = this.#init
    const first = Math.max(from, text.length - reach + 1)
    return open === undefined ? first : open(text, first)
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
