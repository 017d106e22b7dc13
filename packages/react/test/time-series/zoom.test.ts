import fc from 'fast-check'
import { expect, test } from 'vitest'
import { indexesOf } from '../../src/time-series/chart-data.ts'
import { toZoomed } from '../../src/time-series/zoom.ts'

const timesUnixMs = Array.from({ length: 60 }, (_, index) => index * 1_000)

test('plus halves what is shown around the point, minus doubles it, zero shows all', () => {
  const near = toZoomed('+', { timesUnixMs, span: undefined, index: 30 })
  expect(near).toEqual({ fromUnixMs: 15_000, toUnixMs: 44_000 })
  if (near === undefined || near === 'all') throw new Error('no part')
  expect(toZoomed('-', { timesUnixMs, span: near, index: 30 })).toBe('all')
  expect(toZoomed('0', { timesUnixMs, span: near, index: 30 })).toBe('all')
  expect(toZoomed('0', { timesUnixMs, span: undefined, index: 30 })).toBeUndefined()
  expect(toZoomed('ArrowLeft', { timesUnixMs, span: undefined, index: 30 })).toBeUndefined()
})

test('whatever keys are pressed, what is shown lies in the data and holds the point', () => {
  fc.assert(
    fc.property(fc.integer({ min: 0, max: 59 }), fc.array(fc.constantFrom('+', '-', '0'), { maxLength: 12 }), (index, keys) => {
      let span: Parameters<typeof toZoomed>[1]['span']
      for (const key of keys) {
        const next = toZoomed(key, { timesUnixMs, span, index })
        span = next === 'all' ? undefined : (next ?? span)
        const [first, last] = indexesOf(timesUnixMs, span)
        expect(first).toBeLessThanOrEqual(index)
        expect(last).toBeGreaterThanOrEqual(index)
        expect(last - first).toBeGreaterThanOrEqual(2)
      }
    }),
  )
})
