/** One form for the many in which the same words can be written: what looks alike to a reader, or to a model, is alike to a rail. */

export interface Fold {
  /** What one written character means; empty for what nobody sees. */
  of(codePoint: number): string
  /** The same for a text of ASCII, in one go. */
  ascii(text: string): string
}

const ignorable = /^\p{Default_Ignorable_Code_Point}$/u
/** Hyphens and dashes of all kinds, and the minus. */
const dash = /^[\p{Pd}\u2212]$/u
const spaces = /^\s$/
/** Code points whose form is remembered, of each fold. */
const remembered = 16_384

function compatible(codePoint: number): string {
  const character = String.fromCodePoint(codePoint)
  if (ignorable.test(character)) return ''
  const folded = character.normalize('NFKC')
  return dash.test(folded) ? '-' : folded
}

/** Upper case first, because several lower-case letters may share one: ſ and s, ς and σ. */
const caseless = (text: string): string => text.toUpperCase().toLowerCase()

function remembering(fold: (codePoint: number) => string, ascii: (text: string) => string): Fold {
  const first = Array.from({ length: 128 }, (_, codePoint) => fold(codePoint))
  const known = new Map<number, string>()
  return {
    ascii,
    of: (codePoint) => {
      const found = first[codePoint] ?? known.get(codePoint)
      if (found !== undefined) return found
      const folded = fold(codePoint)
      if (known.size < remembered) known.set(codePoint, folded)
      return folded
    },
  }
}

/** Unicode's compatibility form (NFKC) of each character, dashes made one, without what is not seen (soft hyphens, zero-width characters). */
export const foldForm: Fold = remembering(compatible, (text) => text)

const asciiSpaces = /[\t-\r]/g

/** The same, with white space made one. */
export const foldSpaces: Fold = remembering(
  (codePoint) => compatible(codePoint).replace(spaces, ' '),
  (text) => text.replace(asciiSpaces, ' '),
)

/** The same without case. */
export const foldCase: Fold = remembering(
  (codePoint) => caseless(foldSpaces.of(codePoint)),
  (text) => text.toLowerCase().replace(asciiSpaces, ' '),
)

/** A word as the folded texts have it, white space inside as one blank. In both forms of its accents, for texts come in both. */
export function foldWord(word: string, fold: Fold): readonly string[] {
  const folded = (form: 'NFC' | 'NFD') =>
    Array.from(word.normalize(form), (character) => fold.of(character.codePointAt(0) ?? 0))
      .join('')
      .trim()
      .split(/\s+/)
      .join(' ')
  return [...new Set([folded('NFC'), folded('NFD')])].filter((form) => form !== '')
}
