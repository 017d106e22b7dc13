/** From an answer to lines. */
import { expect, test } from 'vitest'
import { readAnswer } from '../../src/client/ask.ts'
import { createFormat } from '../../src/format/format.ts'
import { defaultStrings } from '../../src/format/strings.ts'
import { toInterval, toLengthMs } from '../../src/metric/interval.ts'
import { toWriter } from '../../src/metric/measure-text.ts'
import { toChart } from '../../src/metric/metric-chart.tsx'
import { sampleAnswer, sampleCourse } from '../support/sample-answer.ts'

test('measures become lines, without the bucket under way', () => {
  const course = sampleCourse([1, null, 3])
  const answer = { ...readAnswer(course), toUnixMs: course.toUnixMs - 1 }
  expect(toChart(answer, ['requests'], undefined, defaultStrings).series).toEqual([
    { label: 'Requests', values: [1, null], tone: 'accent' },
  ])
})

test('groups become lines, the rest in grey and last', () => {
  const { series } = toChart(readAnswer(sampleAnswer()), ['requests'], 'model', defaultStrings)
  expect(series.map(({ label, tone, values }) => [label, tone, values])).toEqual([
    ['llama', 'accent', [4]],
    ['Other', 'neutral', [1]],
  ])
})

test.each([
  ['15m', '10s'],
  ['1h', '30s'],
  ['24h', '15m'],
  ['30d', '6h'],
])('the last %s are cut into pieces of %s', (last, interval) => {
  expect(toInterval({ last })).toBe(interval)
  expect(toLengthMs({ last })).toBeGreaterThan(0)
})

test('each unit is written in its own way', () => {
  const format = createFormat()
  const written = ['ms', 'usd', 'share', 'per second', 'tokens'].map((unit) => toWriter(unit, format)(0.5))
  expect(written).toEqual(['0.5ms', '$0.50', '50%', '0.5', '0.5'])
  expect(toWriter('tokens', format)(1_234_567)).toBe('1.2M')
})
