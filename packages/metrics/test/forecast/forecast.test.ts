/** Forecasts and anomalies of series whose pattern is known. */
import type { RequestEvent } from '@bud-foundry/core'
import { expect, test } from 'vitest'
import { metricsErrors } from '../../src/errors.ts'
import { askAnomalies, askForecast } from '../../src/forecast/ask-forecast.ts'
import { createMemoryReader } from '../../src/memory/memory-reader.ts'
import { makeRequest } from '../support/request-arbitrary.ts'

const hour = 3_600_000
const startUnixMs = Date.UTC(2026, 8, 1)
const days = 14

/** Eight to forty requests an hour, most at noon, and a little noise that no season explains. */
const pattern = (at: number) => Math.round(24 - 16 * Math.cos((2 * Math.PI * (at % 24)) / 24) + ((at * 7_919) % 13) / 2 - 3)

function requestsOf(hours: number, countOf: (at: number) => number): readonly RequestEvent[] {
  return Array.from({ length: hours }, (_, at) =>
    Array.from({ length: countOf(at) }, (__, index) =>
      makeRequest({ id: `${String(at)}-${String(index)}`, timeUnixMs: startUnixMs + at * hour + index }),
    ),
  ).flat()
}

const window = { fromUnixMs: startUnixMs, toUnixMs: startUnixMs + days * 24 * hour }
const question = { measure: 'requests', window, interval: '1h' } as const

test('a daily pattern is found and goes on, and the range holds the truth', async () => {
  const reader = createMemoryReader({ events: requestsOf(days * 24, pattern) })
  const { points, season, past } = await askForecast(reader, { ...question, horizon: 24, level: 0.95 })
  expect(season).toBe(24)
  expect(past).toHaveLength(days * 24)
  expect(points.map(({ timeUnixMs }) => timeUnixMs)).toEqual(Array.from({ length: 24 }, (_, at) => window.toUnixMs + at * hour))
  const inside = points.filter(({ lower, upper }, at) => lower <= pattern(days * 24 + at) && pattern(days * 24 + at) <= upper)
  expect(inside.length).toBeGreaterThanOrEqual(20)
  for (const [at, { value }] of points.entries()) expect(Math.abs(value - pattern(days * 24 + at))).toBeLessThan(8)
})

test('an hour without the usual traffic, and one with far more, are the anomalies', async () => {
  const odd = (at: number) => (at === 12 * 24 + 12 ? 0 : at === 9 * 24 + 2 ? 90 : pattern(at))
  const reader = createMemoryReader({ events: requestsOf(days * 24, odd) })
  const { anomalies, buckets } = await askAnomalies(reader, { ...question, season: 24, level: 0.999 })
  expect(buckets).toBe(days * 24)
  const strongest = anomalies.toSorted((left, right) => right.strength - left.strength).slice(0, 2)
  expect(strongest.map(({ timeUnixMs, value }) => [(timeUnixMs - startUnixMs) / hour, value])).toEqual([
    [9 * 24 + 2, 90],
    [12 * 24 + 12, 0],
  ])
})

test.each(['nothing', 'the same'])('a series of %s has no anomalies', async (what) => {
  const reader = createMemoryReader({ events: requestsOf(3 * 24, () => (what === 'nothing' ? 0 : 1)) })
  const measure = what === 'nothing' ? 'requests' : 'inputTokens'
  const ends = { fromUnixMs: startUnixMs, toUnixMs: startUnixMs + 3 * 24 * hour }
  const { anomalies, buckets } = await askAnomalies(reader, { measure, interval: '1h', window: ends })
  expect([buckets, anomalies]).toEqual([72, []])
})

test('a series without a season, and with gaps, is continued; one that is too short is refused', async () => {
  const reader = createMemoryReader({ events: requestsOf(30, (at) => (at % 7 === 3 ? 0 : 10)) })
  const short = { ...question, window: { fromUnixMs: startUnixMs, toUnixMs: startUnixMs + 30 * hour } }
  const { points } = await askForecast(reader, { ...short, measure: 'durationMsP50', horizon: 3 })
  expect(points).toHaveLength(3)
  for (const { value } of points) expect(value).toBeCloseTo(100, 0)
  const refused = await askForecast(reader, { ...short, window: { fromUnixMs: startUnixMs, toUnixMs: startUnixMs + 5 * hour } }).catch(
    (error: unknown) => error,
  )
  expect(metricsErrors.FORECAST_IMPOSSIBLE.is(refused)).toBe(true)
  const unknown = await askForecast(reader, { ...short, measure: 'beauty' }).catch((error: unknown) => error)
  expect(String(unknown)).toContain('durationMsP95')
})
