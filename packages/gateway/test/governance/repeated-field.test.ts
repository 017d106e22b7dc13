/** Fields that stand twice in one object. */
import fc from 'fast-check'
import { expect, it } from 'vitest'
import { repeatedField } from '../../src/governance/repeated-field.ts'

it.each([
  ['{"a":1,"a":2}', 'a'],
  ['{"a":{"b":[{"c":"x","c":"y"}]}}', 'c'],
  [String.raw`{"content":"x","\u0063ontent":"y"}`, 'content'],
  ['{"":1,"":2}', ''],
  ['{"a":{"a":{"a":1}},"b":[{"a":1},{"a":1}]}', undefined],
  [String.raw`{"a":"\"a\":1,\\","b":"a","c":["a","a"]}`, undefined],
  ['{ "a" : "x\\\\" , "a" : 1 }', 'a'],
])('%s: %s', (json, expected) => {
  expect(repeatedField(json)).toBe(expected)
})

it('finds none in what JSON.stringify writes, and the one that was put into it', () => {
  fc.assert(
    fc.property(fc.jsonValue({ maxDepth: 4 }), fc.string({ unit: 'grapheme' }), (value, name) => {
      expect(repeatedField(JSON.stringify(value))).toBeUndefined()
      const field = JSON.stringify(name)
      expect(repeatedField(`[${JSON.stringify(value)},{${field}:${JSON.stringify(value)},${field}:0}]`)).toBe(name)
    }),
  )
})
