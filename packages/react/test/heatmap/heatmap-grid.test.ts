/** A distribution, cut down to what is shown. */
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { toCellAt, toGrid } from '../../src/heatmap/heatmap-grid.ts'

test('empty bins at both ends are left out, and the last one has an end', () => {
  const grid = toGrid([1, 2, 4], [{ timeUnixMs: 5, requests: [0, 3, 0, 1] }])
  expect(grid.bins.map(({ from }) => from)).toEqual([1, 2, 4])
  expect(grid).toMatchObject({ total: 4, peak: 3, busiestBin: 0 })
  expect(toCellAt(grid, 0, 0)).toEqual({ from: 1, to: 2, timeUnixMs: 5, requests: 3 })
})

test('no request is lost, however they spread', () => {
  const rows = fc.array(fc.array(fc.nat(50), { minLength: 4, maxLength: 4 }), { minLength: 1, maxLength: 8 })
  fc.assert(
    fc.property(rows, (counts) => {
      const grid = toGrid(
        [1, 2, 4],
        counts.map((requests, timeUnixMs) => ({ timeUnixMs, requests })),
      )
      const shown = grid.columns.flatMap(({ requests }) => requests)
      const sum = (values: readonly number[]) => values.reduce((total, value) => total + value, 0)
      expect(sum(shown)).toBe(sum(counts.flat()))
      expect(grid.total).toBe(sum(counts.flat()))
    }),
  )
})
