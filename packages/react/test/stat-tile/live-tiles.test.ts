/** Tiles say what was measured, and a dash where nothing was. */
import { expect, test } from 'vitest'
import type { LiveSeries } from '../../src/hook/use-series.ts'
import { createFormat } from '../../src/format/format.ts'
import { defaultStrings } from '../../src/format/strings.ts'
import { toTiles } from '../../src/stat-tile/live-tiles.tsx'

const format = createFormat()
const point = (index: number, requests: number, errors: number, first: number | null) => ({
  timeUnixMs: index * 5_000,
  requests,
  errors,
  outputTokensPerSecond: requests * 100,
  timeToFirstTokenMsP50: first,
  timeToFirstTokenMsP95: first === null ? null : first * 2,
})
const series = (points: LiveSeries['points'], totals: LiveSeries['totals'] = {}): LiveSeries => ({
  fromUnixMs: 0,
  toUnixMs: 300_000,
  intervalMs: 5_000,
  points,
  endedPoints: points,
  totals,
})

test('rates are of the newest fifteen seconds, errors of the whole window', () => {
  const tiles = toTiles(
    series([point(0, 90, 10, 50), point(1, 5, 0, 60), point(2, 5, 0, null), point(3, 5, 0, 70)]),
    format,
    defaultStrings,
  )
  expect(tiles.map(({ value }) => value)).toEqual(['1', '500', '70ms', '9.5%'])
  expect(tiles.map(({ detail }) => detail)).toEqual(['105 in 5m', 'peak 9,000', 'p95 140ms', '10 of 105'])
})

test("the server's own percentiles over the window come first", () => {
  const tiles = toTiles(series([point(0, 1, 0, 50)], { timeToFirstTokenMsP50: 81, timeToFirstTokenMsP95: 99 }), format, defaultStrings)
  expect(tiles[2]).toMatchObject({ value: '81ms', detail: 'p95 99ms' })
})

test('before the first answer and without traffic there is no made-up number', () => {
  expect(toTiles(undefined, format, defaultStrings).map(({ value }) => value)).toEqual(['–', '–', '–', '–'])
  expect(toTiles(series([point(0, 0, 0, null)]), format, defaultStrings).map(({ value }) => value)).toEqual(['0', '0', '–', '–'])
})

test('a request counts at once, and moves the lines when its interval has ended', () => {
  const tiles = toTiles(
    { ...series([point(0, 0, 0, null), point(1, 1, 0, 80)]), endedPoints: [point(0, 0, 0, null)] },
    format,
    defaultStrings,
  )
  expect(tiles.map(({ value, trend }) => [value, trend])).toEqual([
    ['0', [0]],
    ['0', [0]],
    ['80ms', [null]],
    ['0%', [0]],
  ])
  expect(tiles[0]?.detail).toBe('1 in 5m')
})
