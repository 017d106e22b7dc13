/** JSON that keeps the numbers that a double cannot hold: ids of 17 digits and more are common in tool arguments. */

/** A literal that JSON.parse would change. */
const longDigits = /\d{16}/

interface RawJson {
  readonly rawJSON?: (text: string) => unknown
  readonly isRawJSON?: (value: unknown) => value is { readonly rawJSON: string }
}
type SourceReviver = (this: unknown, key: string, value: unknown, context?: { readonly source?: string }) => unknown

// Both are in V8 since version 11.4 (Node 21); TypeScript's library for ES2024 does not list them.
const { rawJSON, isRawJSON } = JSON as RawJson
const keepSource: SourceReviver = (_key, value, context) =>
  typeof value === 'number' && rawJSON !== undefined && context?.source !== undefined && !isExact(value, context.source)
    ? rawJSON(context.source)
    : value

const isExact = (value: number, source: string) => !longDigits.test(source) || String(value) === source

/** JSON.parse whose result gives the same numbers back through JSON.stringify. Throws SyntaxError. */
export const parseExact = (text: string): unknown => (longDigits.test(text) ? JSON.parse(text, keepSource) : JSON.parse(text))

/** The digits of a number that `parseExact` kept as they were written; undefined for every other value. */
export const exactDigits = (value: unknown): string | undefined => (isRawJSON?.(value) === true ? value.rawJSON : undefined)

/** The same for bytes that an upstream may have garbled: undefined instead of a SyntaxError. */
export function parseExactOrNothing(text: string): unknown {
  try {
    return parseExact(text)
  } catch {
    return undefined
  }
}
