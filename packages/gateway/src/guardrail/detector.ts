/** Finds what a rail is about in text that may still be growing. */
import type { TextPattern } from '../pattern/linear-pattern.ts'
import { phoneCandidates, searchedAgain } from './guardrail-limits.ts'

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
  /** Characters that are searched again behind a match which is too long; from 0 on every such one counts as found. */
  characters: number
}

/** For all texts of one body. */
export const fullEffort = (): Effort => ({ candidates: phoneCandidates, characters: searchedAgain })

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

/** Characters, beyond the reach, of one search: no more is read for one find, however long a match the pattern takes. */
const searchedCharacters = 512

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
    const { label, reach } = this.#init
    let width = Math.max(reach, searchedCharacters)
    for (let at = from; at < limit;) {
      const before = Math.min(limit, at + width)
      const start = this.#search(text, at, before)
      if (start === undefined) {
        at = before
        continue
      }
      const found = this.#matchAt(text, start)
      if (found !== '' && this.#accepts(found, effort)) return { start, end: start + found.length, label }
      if (found === '' && effort !== undefined) {
        if (effort.characters <= 0) return { start, end: Math.min(text.length, start + reach), label }
        effort.characters -= before - at + 2 * reach
      }
      // Behind a match that is too long others begin: each is searched in what it may read, and not in all of the text.
      width = reach
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

  /** Where the first match begins, in a stretch that holds everything which those that begin before `before` may read, and the character behind. */
  #search(text: string, at: number, before: number): number | undefined {
    const { pattern, reach } = this.#init
    const from = Math.max(0, at - reach)
    const start = pattern.search(text.slice(from, before + reach + 1), at - from)
    return start === undefined || from + start >= before ? undefined : from + start
  }

  #matchAt(text: string, start: number): string {
    const { pattern, reach } = this.#init
    const from = Math.max(0, start - reach)
    return pattern.matchAt(text.slice(from, start + reach), start - from)
  }
}
