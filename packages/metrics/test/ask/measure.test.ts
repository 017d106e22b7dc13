/** Derived measures by hand: the parts that both engines share. */
import { expect, test } from 'vitest'
import { metricsErrors } from '../../src/errors.ts'
import { metricsLimits } from '../../src/limits.ts'
import { createMemoryReader } from '../../src/memory/memory-reader.ts'
import { emptyAggregates, measures, plainMeasureNames, readMeasures } from '../../src/ask/measures/registry.ts'
import { quantileOf } from '../../src/ask/memory-aggregate.ts'
import { middleOfBin, quantileRelativeError } from '../../src/ask/aggregate.ts'
import { chooseIntervalMs } from '../../src/ask/reader.ts'
import { alignWindow, bucketSeconds, countBuckets } from '../../src/ask/window.ts'
import { baseUnixMs, makeRequest } from '../support/request-arbitrary.ts'

test('errors add failures and partial answers; shares and rates divide by the right whole', () => {
  const values = readMeasures(
    ['errors', 'errorShare', 'successShare', 'outputTokensPerSecond', 'cacheHitShare', 'timeToFirstTokenMsP95', 'durationMsMean'],
    {
      requests: 8,
      successes: 4,
      errors: 3,
      outputTokens: 300,
      cacheHits: 1,
      cacheLookups: 4,
      timeToFirstTokenQuantiles: [1_000, 2_000, 3_500, 4_000],
      durationUsSum: 20_000,
      timeToFirstTokenCount: 4,
    },
    2,
  )
  expect(values).toEqual({
    errors: 3,
    errorShare: 3 / 8,
    successShare: 0.5,
    outputTokensPerSecond: 150,
    cacheHitShare: 0.25,
    timeToFirstTokenMsP95: middleOfBin(3_500) / 1000,
    durationMsMean: 2.5,
  })
})

test('no requests: counts and rates are zero, everything that would need one is null', () => {
  for (const name of plainMeasureNames) {
    const value = measures[name].read(emptyAggregates, 5)
    const isCount = measures[name].nullMeans === 'never'
    expect([name, value]).toEqual([name, isCount ? 0 : null])
  }
})

test('a quantile is an observed value, in its bin', () => {
  expect(quantileOf([], 0.5)).toBeNull()
  expect(quantileOf([7], 0.99)).toBe(7)
  expect(quantileOf([1, 2, 3, 4], 0.5)).toBe(2)
  expect(quantileOf([0, 10], 0.95)).toBe(10)
  for (const value of [1, 7, 1_001, 123_457, 9_999_999]) {
    const answer = middleOfBin(quantileOf([value], 0.5) ?? 0)
    expect(Math.abs(answer - value) / value).toBeLessThanOrEqual(quantileRelativeError)
  }
})

test('buckets start at whole intervals and the last one is as long as what is left', () => {
  const window = alignWindow(12_300, 21_000, 5_000)
  expect(window).toEqual({ fromUs: 10_000_000, toUs: 21_000_000, intervalUs: 5_000_000 })
  expect(countBuckets(window)).toBe(3)
  expect([0, 1, 2].map((bucket) => bucketSeconds(window, bucket))).toEqual([5, 5, 1])
})

test('the interval that is chosen gives at most 300 points, and fits the limit for every window', () => {
  for (const windowMs of [1_000, 60_000, 300_000, 3_600_000, 86_400_000, 30 * 86_400_000, metricsLimits.windowDays * 86_400_000]) {
    expect(windowMs / chooseIntervalMs(windowMs)).toBeLessThanOrEqual(300)
  }
})

test('a question names its mistakes and the valid names', async () => {
  const reader = createMemoryReader({ events: [makeRequest({ id: 'a' })] })
  const window = { fromUnixMs: baseUnixMs, toUnixMs: baseUnixMs + 1_000 }
  const wrong: object = { window, measure: ['beauty', 'requests'], groupBy: ['color'], filters: { mode: 'x' }, colour: 1 }
  // Safe for the test: the point is a question that breaks its type.
  const error = await reader.ask(wrong as Parameters<typeof reader.ask>[0]).catch((cause: unknown) => cause)
  expect(metricsErrors.QUESTION_INVALID.is(error)).toBe(true)
  const text = String(error)
  for (const part of ['beauty', 'durationMsP95', 'color', 'targetId', 'mode', 'colour', 'groupBy', 'filters.mode'])
    expect(text).toContain(part)
  expect((await reader.ask({ window, measure: 'requests' })).rows).toMatchObject([{ values: { requests: 1 } }])
})
