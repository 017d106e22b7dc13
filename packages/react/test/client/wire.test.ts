/** Only ended buckets are drawn. */
import { expect, test } from 'vitest'
import { toEndedPoints, toSeries } from '../../src/client/wire.ts'

const series = toSeries({
  fromUnixMs: 0,
  toUnixMs: 20_000,
  intervalMs: 5_000,
  points: [0, 5_000, 10_000, 15_000].map((timeUnixMs) => ({ timeUnixMs, requests: 3 })),
  totals: { requests: 12, timeToFirstTokenMsP50: null, models: ['a'] },
})

test('what the server leaves out counts as not measured, and totals keep their numbers only', () => {
  expect(series.points[0]).toEqual({
    timeUnixMs: 0,
    requests: 3,
    errors: 0,
    outputTokensPerSecond: null,
    timeToFirstTokenMsP50: null,
    timeToFirstTokenMsP95: null,
  })
  expect(series.totals).toEqual({ requests: 12, timeToFirstTokenMsP50: null })
})

test('the bucket under way is left out, an ended one is kept', () => {
  expect(toEndedPoints(series, 17_000)).toHaveLength(3)
  expect(toEndedPoints(series, 20_000)).toHaveLength(4)
  expect(toEndedPoints({ ...series, toUnixMs: 18_000 }, 18_000)).toHaveLength(3)
  expect(toEndedPoints({ ...series, points: [] }, 18_000)).toEqual([])
})
