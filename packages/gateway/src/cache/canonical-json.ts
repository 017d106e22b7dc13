/** One text for all ways to write the same JSON value. */

/** A number of 16 digits or more may not survive JavaScript: two seeds that differ must not become one. */
const longNumber = /\d{16}/

function write(value: unknown): string {
  if (typeof value !== 'object' || value === null) return JSON.stringify(value)
  if (Array.isArray(value)) return `[${value.map(write).join(',')}]`
  const fields = Object.entries(value).sort(([left], [right]) => (left < right ? -1 : 1))
  return `{${fields.map(([name, field]) => `${JSON.stringify(name)}:${write(field)}`).join(',')}}`
}

/**
 * Fields in order of their names, without spaces, escapes and forms of numbers made one. Undefined for what cannot be told apart safely in this
 * form: numbers beyond JavaScript's precision, nesting beyond its stack.
 */
export function canonicalJson(value: unknown, source: string): string | undefined {
  if (longNumber.test(source) && hasLongNumber(source)) return undefined
  try {
    return write(value)
  } catch (error) {
    if (error instanceof RangeError) return undefined
    throw error
  }
}

/** Whether such digits stand outside of strings. */
function hasLongNumber(source: string): boolean {
  return longNumber.test(source.replaceAll(/"(?:[^"\\]|\\.)*"/g, '""').replaceAll('.', ''))
}
