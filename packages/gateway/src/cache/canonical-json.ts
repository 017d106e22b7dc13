/** One text for all ways to write the same JSON value. */

/** What a number must look like that a double may change: two seeds that differ must not become one. */
const suspiciousNumber = /\d[\d.]{15}|\d[eE][-+]?\d/
const numbers = /\d[\d.]*(?:[eE][-+]?\d+)?/g
/** So many significant digits every double holds that is not subnormal. */
const exactDigits = 15
const normalMin = 2.2250738585072014e-308

function write(value: unknown): string {
  if (typeof value !== 'object' || value === null) return JSON.stringify(value)
  if (Array.isArray(value)) return `[${value.map(write).join(',')}]`
  const fields = Object.entries(value).sort(([left], [right]) => (left < right ? -1 : 1))
  return `{${fields.map(([name, field]) => `${JSON.stringify(name)}:${write(field)}`).join(',')}}`
}

/**
 * Fields in order of their names, without spaces, escapes and forms of numbers made one. Undefined for what cannot be told apart safely in this
 * form: numbers beyond JavaScript's precision or range, nesting beyond its stack.
 */
export function canonicalJson(value: unknown, source: string): string | undefined {
  if (suspiciousNumber.test(source) && hasInexactNumber(source)) return undefined
  try {
    return write(value)
  } catch (error) {
    if (error instanceof RangeError) return undefined
    throw error
  }
}

/** Whether such a number stands outside of strings. */
function hasInexactNumber(source: string): boolean {
  const literals = source.replaceAll(/"(?:[^"\\]|\\.)*"/g, '""').match(numbers) ?? []
  return literals.some((literal) => !isExact(literal))
}

/** Whether no other number of as many digits becomes the same double. */
function isExact(literal: string): boolean {
  const [mantissa = ''] = literal.split(/e/i)
  const digits = mantissa.replace('.', '').replace(/^0+/, '')
  const value = Number(literal)
  return digits === '' || (digits.length <= exactDigits && Number.isFinite(value) && value >= normalMin)
}
