/** A chart says in words what it shows. */
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { createFormat } from '../../src/format/format.ts'
import { defaultStrings } from '../../src/format/strings.ts'
import { toChartSummary, toNextIndex, toPointText } from '../../src/time-series/chart-text.ts'

const format = createFormat({ timeZone: 'UTC' })
const data = {
  timesUnixMs: [0, 5_000, 10_000],
  write: (value: number) => `${value} ms`,
  series: [
    { label: 'p50', values: [10, null, 30], tone: 'accent' },
    { label: 'p95', values: [null, null, null], tone: 'neutral' },
  ],
} as const

test('the summary names range, latest, extremes and mean, and what has no data', () => {
  expect(toChartSummary({ title: 'TTFT', data }, format, defaultStrings)).toBe(
    'TTFT from 00:00:00 to 00:00:10, 3 points. p50: latest 30 ms, lowest 10 ms, highest 30 ms, mean 20 ms. p95: nothing measured.',
  )
})

test('an empty chart says so', () => {
  const empty = { ...data, series: data.series.slice(1) }
  expect(toChartSummary({ title: 'TTFT', data: empty }, format, defaultStrings)).toBe('TTFT: nothing measured yet.')
  expect(toChartSummary({ title: 'TTFT', data: { ...data, timesUnixMs: [] } }, format, defaultStrings)).toBe('TTFT: nothing measured yet.')
})

test('a point speaks every series, and its gaps', () => {
  expect(toPointText(data, 0, format, defaultStrings)).toBe('00:00:00: p50 10 ms, p95 no data')
  expect(toPointText(data, 9, format, defaultStrings)).toBe('no data')
})

test('arrow keys alone reach every point, in both directions, and never leave the chart', () => {
  fc.assert(
    fc.property(fc.integer({ min: 1, max: 200 }), (count) => {
      const walk = (key: string, from: number) => {
        const seen = [from]
        for (let step = 0; step < count + 2; step += 1) seen.push(toNextIndex(key, seen.at(-1) ?? 0, count) ?? -1)
        return new Set(seen)
      }
      expect(walk('ArrowRight', 0).size).toBe(count)
      expect(walk('ArrowLeft', count - 1).size).toBe(count)
      for (const key of ['PageUp', 'PageDown', 'Home', 'End']) expect(toNextIndex(key, 0, count)).toBeLessThan(count)
    }),
  )
})

test("keys that are not the chart's are left to the page", () => {
  expect(toNextIndex('Tab', 3, 10)).toBeUndefined()
  expect(toNextIndex('a', 3, 10)).toBeUndefined()
})

test('beyond a day every time carries its date, and times of no calendar are written as their owner wants', () => {
  const week = { ...data, timesUnixMs: [0, 86_400_000, 7 * 86_400_000] }
  expect(toChartSummary({ title: 'TTFT', data: week }, format, defaultStrings)).toContain('from Jan 1, 00:00 to Jan 8, 00:00')
  expect(toPointText(week, 1, format, defaultStrings)).toMatch(/^Jan 2, 00:00: /)
  const elapsed = { ...data, writeTime: (ms: number) => `${String(ms / 1_000)} s` }
  expect(toPointText(elapsed, 1, createFormat({ timeZone: 'Asia/Kolkata' }), defaultStrings)).toMatch(/^5 s: /)
})
