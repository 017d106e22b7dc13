/** Buckets by the calendars of time zones, judged by the database's own. */
import fc from 'fast-check'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { z } from 'zod'
import { cutWindow, isTimeZone, parseInterval, windowBefore } from '../../src/ask/calendar.ts'
import { openTestEngine, type TestEngine } from '../support/engine.ts'

let engine: TestEngine
beforeAll(async () => {
  engine = await openTestEngine()
})
afterAll(() => engine[Symbol.asyncDispose]())

const functions = { '1d': 'toStartOfDay', '1w': 'toMonday', '1mo': 'toStartOfMonth', '1q': 'toStartOfQuarter', '1y': 'toStartOfYear' }
const zones = [
  'UTC',
  'Europe/Berlin',
  'America/New_York',
  'America/Havana',
  'Asia/Kolkata',
  'Australia/Lord_Howe',
  'Pacific/Apia',
  'America/Sao_Paulo',
  'Asia/Beirut',
]

test('days, weeks, months, quarters and years begin where ClickHouse begins them', async () => {
  const instants = fc.sample(fc.integer({ min: Date.UTC(2009, 0, 1), max: Date.UTC(2030, 0, 1) }), { seed: 3, numRuns: 300 })
  for (const timeZone of zones) {
    for (const [interval, start] of Object.entries(functions)) {
      const rows = await engine.client.query({
        what: 'testing',
        sql: `SELECT toUnixTimestamp(toDateTime(${start}(fromUnixTimestamp64Milli(at, {zone:String})), {zone:String})) * 1000 AS start FROM (SELECT arrayJoin({instants:Array(Int64)}) AS at)`,
        params: { zone: timeZone, instants },
      })
      const expected = z
        .array(z.object({ start: z.number() }))
        .parse(rows)
        .map((row) => row.start)
      const cut = instants.map(
        (at) => cutWindow({ fromUnixMs: at, toUnixMs: at + 1, interval: parseInterval(interval), timeZone }).fromUs / 1000,
      )
      expect({ timeZone, interval, starts: cut }).toEqual({ timeZone, interval, starts: expected })
    }
  }
})

test('a day with a change of clocks is 23 or 25 hours long, and six-hour buckets keep to the clock', () => {
  const berlin = (from: number, to: number, interval: string) =>
    cutWindow({ fromUnixMs: from, toUnixMs: to, interval: parseInterval(interval), timeZone: 'Europe/Berlin' }).edgesUs ?? []
  const lengths = (edges: readonly number[]) => edges.slice(1).map((edge, index) => (edge - (edges[index] ?? 0)) / 3_600_000_000)
  expect(lengths(berlin(Date.UTC(2026, 2, 28), Date.UTC(2026, 2, 31), '1d'))).toEqual([24, 23, 24])
  expect(lengths(berlin(Date.UTC(2026, 9, 24), Date.UTC(2026, 9, 27), '1d'))).toEqual([24, 25, 24])
  expect(lengths(berlin(Date.UTC(2026, 9, 24, 22), Date.UTC(2026, 9, 25, 23), '6h'))).toEqual([7, 6, 6])
})

test('the months before a window are months, however long', () => {
  const window = cutWindow({
    fromUnixMs: Date.UTC(2026, 2, 1),
    toUnixMs: Date.UTC(2026, 3, 1),
    interval: parseInterval('1mo'),
    timeZone: 'UTC',
  })
  const before = windowBefore(window, { interval: parseInterval('1mo'), timeZone: 'UTC' })
  expect(before).toEqual({ fromUs: Date.UTC(2026, 1, 1) * 1000, toUs: Date.UTC(2026, 2, 1) * 1000, edgesUs: [Date.UTC(2026, 1, 1) * 1000] })
})

test('names that are no time zones and texts that are no intervals are told apart', () => {
  expect([isTimeZone('Europe/Berlin'), isTimeZone('Mars/Olympus'), isTimeZone('')]).toEqual([true, false, false])
  expect([parseInterval('5m'), parseInterval('0m'), parseInterval('5 m'), parseInterval('1mo')]).toEqual([
    { count: 5, unit: 'm' },
    undefined,
    undefined,
    { count: 1, unit: 'mo' },
  ])
})
