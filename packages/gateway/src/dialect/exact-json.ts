/** JSON that keeps the numbers that a double cannot hold: ids of 17 digits and more are common in tool arguments. */

/** A literal that JSON.parse would change. */
const longDigits = /\d{16}/

interface RawJson {
  readonly isRawJSON?: (value: unknown) => boolean
  readonly rawJSON?: (text: string) => unknown
}
type SourceReviver = (this: unknown, key: string, value: unknown, context?: { readonly source?: string }) => unknown

// Both are in V8 since version 11.4 (Node 21); TypeScript's library for ES2024 does not list them.
const { rawJSON, isRawJSON } = JSON as RawJson
const keepSource: SourceReviver = (_key, value, context) =>
  typeof value === 'number' && rawJSON !== undefined && context?.source !== undefined && !isExact(value, context.source)
    ? rawJSON(context.source)
    : value

/** Whether `parseExact` has made this object of a number that a double cannot hold; it cannot be changed. */
export const isExactNumber = (value: unknown): boolean => isRawJSON?.(value) === true

const isExact = (value: number, source: string) => !longDigits.test(source) || String(value) === source

/** JSON.parse whose result gives the same numbers back through JSON.stringify. Throws SyntaxError. */
export const parseExact = (text: string): unknown => (longDigits.test(text) ? JSON.parse(text, keepSource) : JSON.parse(text))
