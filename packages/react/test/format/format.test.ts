/** Values are written as a locale writes them. */
import { expect, test } from 'vitest'
import { createFormat } from '../../src/format/format.ts'
import { defaultStrings, resolveStrings } from '../../src/format/strings.ts'

const format = createFormat({ locale: 'en', timeZone: 'UTC' })

test.each([
  [0.312, '0.31ms'],
  [92.4, '92ms'],
  [1_840, '1.84s'],
  [61_000, '61s'],
  [300_000, '5m'],
  [9_000_000, '2.5h'],
])('%d ms is %s', (value, text) => {
  expect(format.duration(value)).toBe(text)
})

test('sizes count in 1024s, money keeps its cents, small money its digits', () => {
  expect([0, 512, 80 * 1024 ** 3].map(format.bytes)).toEqual(['0 B', '512 B', '80 GiB'])
  expect([0, 5.98, 0.000_123].map(format.usd)).toEqual(['$0.00', '$5.98', '$0.00012'])
})

test('ages are short', () => {
  const now = 1_000_000_000
  expect([0, 12, 200, 8_000, 200_000].map((age) => format.relative(now - age * 1000, now))).toEqual([
    'now',
    '12s ago',
    '3m ago',
    '2h ago',
    '2d ago',
  ])
})

test('another locale writes its own way', () => {
  expect(createFormat({ locale: 'de' }).decimal(3.25)).toBe('3,25')
  expect(format.time(Date.UTC(2026, 0, 1, 14, 3, 5))).toBe('14:03:05')
})

test('words are replaced one by one', () => {
  const strings = resolveStrings({ chat: { send: 'Senden' } })
  expect(strings.chat.send).toBe('Senden')
  expect(strings.chat.stop).toBe(defaultStrings.chat.stop)
})
