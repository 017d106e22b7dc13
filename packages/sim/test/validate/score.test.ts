/** CSV reading and scores. */
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { parseCsv } from '../../src/validate/csv.ts'
import { quantile, scorePairs } from '../../src/validate/score.ts'

describe('parseCsv', () => {
  it('reads what is written, whatever the cells contain', () => {
    const cell = fc.string({ maxLength: 12 })
    const quote = (text: string) => `"${text.replaceAll('"', '""')}"`
    fc.assert(
      fc.property(fc.array(fc.tuple(cell, cell), { minLength: 1 }), fc.constantFrom('\n', '\r\n'), (rows, end) => {
        const text = ['a,b', ...rows.map((row) => row.map(quote).join(','))].join(end)
        expect(parseCsv(text)).toEqual(rows.map(([a, b]) => ({ a, b })))
      }),
    )
  })

  it('skips empty lines and a byte order mark', () => {
    expect(parseCsv('\uFEFFx,y\n1,2\n\n3,4\n')).toEqual([
      { x: '1', y: '2' },
      { x: '3', y: '4' },
    ])
  })
})

describe('scores', () => {
  const pair = (measured: number, mid: number) => ({ measured, predicted: { low: mid / 2, mid, high: mid * 2 } })

  it('of perfect predictions are perfect', () => {
    expect(scorePairs([pair(1, 1), pair(2, 2), pair(5, 5)])).toMatchObject({
      meanAbsoluteError: 0,
      bias: 0,
      rankCorrelation: 1,
      coverage: 1,
    })
  })

  it('measure error, bias, order and coverage', () => {
    const score = scorePairs([pair(100, 110), pair(200, 220), pair(400, 440), pair(100, 1000)])
    expect(score.medianAbsoluteError).toBeCloseTo(0.1)
    expect(score.bias).toBeCloseTo(0.1)
    expect(score.meanAbsoluteError).toBeCloseTo((0.1 * 3 + 9) / 4)
    expect(score.coverage).toBe(0.75)
    expect(score.within20Percent).toBe(0.75)
    expect(score.rankCorrelation).toBeLessThan(1)
  })

  it('take quantiles between values', () => {
    expect([quantile([1, 2, 3, 4], 0.5), quantile([3, 1, 2], 1), quantile([7], 0.05)]).toEqual([2.5, 3, 7])
  })
})
