/** One text for all ways to write the same value, another for every other value. */
import fc from 'fast-check'
import { expect, it } from 'vitest'
import { canonicalJson } from '../../src/cache/canonical-json.ts'

const canonical = (source: string): string | undefined => canonicalJson(JSON.parse(source), source)

/** Writes a value with fields in another order, spaces anywhere, and characters escaped. */
function disguise(value: unknown, random: () => number): string {
  const space = () => ' \n\t'.slice(0, Math.floor(random() * 4))
  if (typeof value === 'string') {
    const units = value
      .split('')
      .map((unit) => (random() < 0.3 ? `\\u${unit.charCodeAt(0).toString(16).padStart(4, '0')}` : JSON.stringify(unit).slice(1, -1)))
    return `"${units.join('')}"`
  }
  if (Array.isArray(value)) return `[${value.map((item) => space() + disguise(item, random) + space()).join(',')}]`
  if (typeof value === 'object' && value !== null) {
    const fields = Object.entries(value).sort(() => random() - 0.5)
    return `{${fields.map(([name, field]) => `${space()}${disguise(name, random)}${space()}:${space()}${disguise(field, random)}`).join(',')}}`
  }
  if (typeof value === 'number' && Number.isInteger(value) && Math.abs(value) < 1_000 && !Object.is(value, -0))
    return random() < 0.5 ? `${String(value)}.0` : String(value)
  return JSON.stringify(value)
}

const short = fc.jsonValue({ maxDepth: 4 }).filter((value) => canonical(JSON.stringify(value)) !== undefined)

it('is the same for every way to write a value', () => {
  fc.assert(
    fc.property(short, fc.infiniteStream(fc.double({ min: 0, max: 0.999, noNaN: true })), (value, stream) => {
      const random = () => stream.next().value ?? 0
      expect(canonical(disguise(value, random))).toBe(canonical(JSON.stringify(value)))
    }),
  )
})

it('differs for values that differ', () => {
  fc.assert(
    fc.property(short, short, (left, right) => {
      const same = canonical(JSON.stringify(left)) === canonical(JSON.stringify(right))
      // Independent of the order of fields: what JSON.parse makes of the canonical text is the value again.
      if (same) expect(right).toEqual(left)
      expect(JSON.parse(canonical(JSON.stringify(left)) ?? '')).toEqual(JSON.parse(JSON.stringify(left)))
    }),
  )
})

it('refuses numbers that JavaScript cannot tell apart, and takes such digits in texts', () => {
  expect(JSON.parse('9007199254740993')).toBe(JSON.parse('9007199254740992'))
  expect(canonical('{"seed":9007199254740993}')).toBeUndefined()
  expect(canonical('{"seed":-1234567890123456789}')).toBeUndefined()
  expect(canonical('{"temperature":0.12345678901234567890}')).toBeUndefined()
  expect(canonical('{"seed":12345678.1234567891}')).toBeUndefined()
  expect(canonical('{"text":"card 4111111111111111, \\"x\\" 1234567890123456"}')).toBeDefined()
})

it.each(['1e400', '-1e999', '1E+309', '1e-400', '4e-324', '0.1e-330'])('refuses %s, which is beyond the range of a double', (literal) => {
  expect(canonical(`{"seed":${literal}}`)).toBeUndefined()
})

it.each(['0', '0e5', '0.000000000000000000', '1e300', '1.5E-300', '-12e2', '123456789.012345'])('takes %s, which is exact', (literal) => {
  expect(canonical(`{"seed":${literal},"id":"1e400"}`)).toBe(`{"id":"1e400","seed":${JSON.stringify(Number(literal))}}`)
})

it('gives up on nesting that no stack holds', () => {
  const source = `${'['.repeat(50_000)}${']'.repeat(50_000)}`
  expect(canonical(source)).toBeUndefined()
})
