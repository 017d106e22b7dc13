/** Charts as files. */
import { expect, test } from 'vitest'
import { toCsv, toSvg } from '../../src/time-series/chart-file.ts'

const data = {
  timesUnixMs: [0, 1_000],
  series: [
    { label: 'a, "b"', values: [1.5, null], tone: 'accent' },
    { label: '=HYPERLINK(1)', values: [2, 3], tone: 'second' },
  ],
  write: String,
} as const

test('CSV quotes what needs it, leaves gaps empty, and holds no formula', () => {
  expect(toCsv(data, 'Time')).toBe(
    ['Time,"a, ""b""","\'=HYPERLINK(1)"', '1970-01-01T00:00:00.000Z,1.5,2', '1970-01-01T00:00:01.000Z,,3'].join('\r\n'),
  )
})

test('SVG says title and labels, and markup in them stays text', () => {
  const svg = toSvg({ title: '<script>&', data, colours: ['red', '"/><b>'], text: 'black', background: 'white', writeTime: String })
  expect(svg).toContain('&#60;script&#62;&#38;')
  expect(svg).not.toMatch(/<script|<b>/)
  expect(svg.match(/<path d="M/g)).toHaveLength(3)
})
