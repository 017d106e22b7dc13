/** Lines stay inside their box and break at gaps. */
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { toAreaPath, toExtremes, toLinePath, toRange } from '../../src/geometry/line-path.ts'

const box = { width: 100, height: 20 }

test('a line runs from the first value to the last, high values on top', () => {
  expect(toLinePath([0, 5, 10], { low: 0, high: 10 }, box)).toBe('M0 20L50 10L100 0')
})

test('a gap breaks the line, and a lone value stays visible', () => {
  expect(toLinePath([0, null, 10, null], { low: 0, high: 10 }, box)).toBe('M0 20h0.01M66.67 0h0.01')
  expect(toAreaPath([1, 1, null, 1], { low: 0, high: 1 }, box)).toBe('M0 20L0 0L33.33 0L33.33 20ZM100 20L100 0L100 20Z')
})

test('every point lies inside the box', () => {
  fc.assert(
    fc.property(fc.array(fc.option(fc.double({ min: -1e6, max: 1e6, noNaN: true })), { maxLength: 50 }), (values) => {
      const range = toRange(values)
      if (range === undefined) return
      const numbers = toLinePath(values, range, box).match(/-?[\d.]+ -?[\d.]+/g) ?? []
      for (const pair of numbers) {
        const [x, y] = pair.split(' ').map(Number)
        expect(x).toBeGreaterThanOrEqual(0)
        expect(x).toBeLessThanOrEqual(100)
        expect(y).toBeGreaterThanOrEqual(0)
        expect(y).toBeLessThanOrEqual(20)
      }
    }),
  )
})

test('nothing measured has no range', () => {
  expect(toRange([null, null])).toBeUndefined()
  expect(toRange([])).toBeUndefined()
})

test('fewer points keep both extremes and every gap', () => {
  const values = Array.from({ length: 10_000 }, (_, index) => (index < 5_000 ? Math.sin(index) : null))
  values[1_234] = 99
  const kept = toExtremes(values, 1_000)
  expect(kept.length).toBeLessThanOrEqual(1_000)
  expect(kept).toContain(99)
  expect(kept.at(-1)).toBeNull()
  expect(toExtremes([1, null, 3], 1_000)).toEqual([1, null, 3])
})
