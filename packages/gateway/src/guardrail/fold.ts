/** One form for the many in which the same words can be written: what looks alike to a reader, or to a model, is alike to a rail. */

/** What one written character means; empty for what nobody sees. */
export type Fold = (codePoint: number) => string

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

function remembering(fold: Fold): Fold {
  const ascii = Array.from({ length: 128 }, (_, codePoint) => fold(codePoint))
  const known = new Map<number, string>()
  return (codePoint) => {
    const found = ascii[codePoint] ?? known.get(codePoint)
    if (found !== undefined) return found
    const folded = fold(codePoint)
    if (known.size < remembered) known.set(codePoint, folded)
    return folded
  }
}

/** Unicode's compatibility form (NFKC) of each character, dashes made one, without what is not seen (soft hyphens, zero-width characters). */
export const foldForm: Fold = remembering(compatible)

/** The same, with white space made one. */
export const foldSpaces: Fold = remembering((codePoint) => compatible(codePoint).replace(spaces, ' '))

/** The same without case. */
export const foldCase: Fold = remembering((codePoint) => caseless(foldSpaces(codePoint)))

/** A word as the folded texts have it, white space inside as one blank. In both forms of its accents, for texts come in both. */
export function foldWord(word: string, fold: Fold): readonly string[] {
  const folded = (form: 'NFC' | 'NFD') =>
    Array.from(word.normalize(form), (character) => fold(character.codePointAt(0) ?? 0))
      .join('')
      .trim()
      .split(/\s+/)
      .join(' ')
  return [...new Set([folded('NFC'), folded('NFD')])].filter((form) => form !== '')
}
