/** Calendar windows: days, weeks and months of a time zone, also where the clocks change. */
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { CalendarWindow, type CalendarUnit } from '../../src/limit/calendar.ts'

const around = (unit: CalendarUnit, timeZone: string, now: string) =>
  new CalendarWindow(unit, timeZone).boundariesUnixMs(Date.parse(now)).map((each) => new Date(each).toISOString())

test('months begin on the first, in the time zone', () => {
  expect(around('month', 'Europe/Berlin', '2026-03-31T21:59:59Z')).toEqual([
    '2026-01-31T23:00:00.000Z',
    '2026-02-28T23:00:00.000Z',
    '2026-03-31T22:00:00.000Z',
    '2026-04-30T22:00:00.000Z',
  ])
  expect(around('month', 'UTC', '2024-02-29T12:00:00Z').slice(1, 3)).toEqual(['2024-02-01T00:00:00.000Z', '2024-03-01T00:00:00.000Z'])
})

test('weeks begin on Monday', () => {
  expect(around('week', 'UTC', '2026-11-22T23:00:00Z').slice(1, 3)).toEqual(['2026-11-16T00:00:00.000Z', '2026-11-23T00:00:00.000Z'])
})

test('days have 23 or 25 hours where the clocks change, and begin late where midnight is skipped', () => {
  expect(around('day', 'Europe/Berlin', '2026-03-29T12:00:00Z').slice(1, 3)).toEqual([
    '2026-03-28T23:00:00.000Z',
    '2026-03-29T22:00:00.000Z',
  ])
  expect(around('day', 'Europe/Berlin', '2026-10-25T12:00:00Z').slice(1, 3)).toEqual([
    '2026-10-24T22:00:00.000Z',
    '2026-10-25T23:00:00.000Z',
  ])
  // Santiago goes from 23:59 to 01:00.
  expect(around('day', 'America/Santiago', '2026-09-06T12:00:00Z').slice(1, 3)).toEqual([
    '2026-09-06T04:00:00.000Z',
    '2026-09-07T03:00:00.000Z',
  ])
})

test('every moment lies in its window, whichever moments were asked for before', () => {
  const window = new CalendarWindow('week', 'America/New_York')
  fc.assert(
    fc.property(fc.integer({ min: 0, max: 4e12 }), (nowMs) => {
      const boundaries = window.boundariesUnixMs(nowMs)
      expect(boundaries.toSorted((left, right) => left - right)).toEqual(boundaries)
      expect(boundaries[1]).toBeLessThanOrEqual(nowMs)
      expect(boundaries[2]).toBeGreaterThan(nowMs)
    }),
  )
})
