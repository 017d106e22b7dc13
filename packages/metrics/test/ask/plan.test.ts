/** Which tables are read: as coarse as the question allows, and never for an answer that they do not hold. */
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { cutWindow, parseInterval } from '../../src/ask/calendar.ts'
import { chooseSource, type SourceNeeds } from '../../src/ask/plan.ts'
import { everyProject } from '../../src/ask/scope.ts'

const hour = 3_600_000
const day = 24 * hour
const start = Date.UTC(2026, 0, 5)

const needs = (
  from: number,
  to: number,
  more: Partial<SourceNeeds> & { readonly interval?: string; readonly timeZone?: string } = {},
): SourceNeeds => {
  const { interval, timeZone = 'UTC', ...rest } = more
  const window = cutWindow({
    fromUnixMs: from,
    toUnixMs: to,
    interval: interval === undefined ? undefined : parseInterval(interval),
    timeZone,
  })
  return {
    selection: { scope: everyProject, filters: {}, window },
    aggregates: ['requests', 'durationQuantiles'],
    groupBy: [],
    from: 'auto',
    ...rest,
  }
}
const tables = (question: SourceNeeds) => chooseSource(question).tiles.map(({ table }) => table)

test('a window is covered by the coarsest rollups, and by raw rows only at ragged ends', () => {
  expect(tables(needs(start, start + 7 * day))).toEqual(['overall_day'])
  expect(tables(needs(start + 1, start + 3 * day + 90_001))).toEqual([
    'requests',
    'requests_minute',
    'overall_hour',
    'overall_day',
    'requests_minute',
    'requests',
  ])
  expect(tables(needs(start, Date.UTC(2026, 6, 3)))).toEqual(['overall_day', 'overall_month', 'overall_day'])
  expect(tables(needs(Date.UTC(2026, 0), Date.UTC(2026, 6), { interval: '1q' }))).toEqual(['overall_month'])
  expect(tables(needs(start, Date.UTC(2026, 6, 3), { interval: '1d' }))).toEqual(['overall_day'])
  expect(tables(needs(Date.UTC(2026, 0), Date.UTC(2026, 6), { interval: '1mo', timeZone: 'Europe/Berlin' }))).toEqual(['overall_hour'])
  expect(tables(needs(start, start + day, { interval: '1h' }))).toEqual(['overall_hour'])
  expect(tables(needs(start, start + day, { interval: '5m' }))).toEqual(['requests_minute'])
  expect(tables(needs(start, start + day, { interval: '30s' }))).toEqual(['requests'])
  expect(tables(needs(start, start + 5 * day - 5.5 * hour, { interval: '1d', timeZone: 'Asia/Kolkata' }))).toEqual(['requests_minute'])
  expect(tables(needs(start, start + 5 * day, { interval: '1d', timeZone: 'Europe/Berlin' }))).toEqual(['overall_hour'])
})

test('questions that tell projects apart, and callers who may see some of them only, read the rollups by project', () => {
  const byProject = { interval: '1h', groupBy: ['projectId'] } as const
  expect(tables(needs(start, start + day, byProject))).toEqual(['requests_hour'])
  const selection = needs(start, start + day).selection
  expect(tables(needs(start, start + day, { selection: { ...selection, filters: { projectId: ['alpha'] } } }))).toEqual(['requests_day'])
  const scope = { kind: 'projects', projectIds: ['alpha'] } as const
  expect(tables(needs(start, start + day, { selection: { ...selection, scope } }))).toEqual(['requests_day'])
})

test('users and countries are counted from usage, and what no rollup holds from raw rows', () => {
  expect(tables(needs(start, start + day, { aggregates: ['requests', 'costUsd'], groupBy: ['userId'] }))).toEqual(['usage_hour'])
  expect(tables(needs(start, start + day, { groupBy: ['userId'] }))).toEqual(['requests'])
  expect(tables(needs(start, start + day, { groupBy: ['errorCode'] }))).toEqual(['requests'])
  expect(tables(needs(start, start + day, { aggregates: ['goodRequests'] }))).toEqual(['requests'])
  expect(tables(needs(start, start + day, { from: 'raw' }))).toEqual(['requests'])
})

test('raw rows answer where a rollup has nearly as many, unless those of the window may have expired', () => {
  const rows: Readonly<Record<string, number>> = { requests: 1_000, requests_minute: 990, overall_hour: 400, overall_day: 30 }
  const sizes = { rowsOf: (table: string) => rows[table] ?? 0, rawFromUs: 0 }
  const hours = needs(start, start + day, { interval: '1h', sizes })
  expect(tables(hours)).toEqual(['requests'])
  expect(tables({ ...hours, aggregates: ['requests'] })).toEqual(['overall_hour'])
  expect(tables({ ...hours, from: 'rollup' })).toEqual(['overall_hour'])
  expect(tables({ ...hours, sizes: { ...sizes, rawFromUs: (start + hour) * 1000 } })).toEqual(['overall_hour'])
  expect(tables(needs(start, start + day, { sizes }))).toEqual(['overall_day'])
})

test('tiles cover the window exactly once, and no rollup straddles an edge', () => {
  const interval = fc.constantFrom(undefined, '1m', '7m', '1h', '6h', '1d', '1mo')
  const zone = fc.constantFrom('UTC', 'Europe/Berlin', 'Asia/Kolkata')
  fc.assert(
    fc.property(
      fc.integer({ min: 0, max: 40 * day }),
      fc.integer({ min: 1, max: 90 * day }),
      interval,
      zone,
      (from, length, every, timeZone) => {
        const question = needs(start + from, start + from + length, { ...(every === undefined ? {} : { interval: every }), timeZone })
        const { tiles } = chooseSource(question)
        const { window } = question.selection
        expect(tiles[0]?.fromUs).toBe(window.fromUs)
        expect(tiles.at(-1)?.toUs).toBe(window.toUs)
        for (const [index, tile] of tiles.entries()) if (index > 0) expect(tile.fromUs).toBe(tiles[index - 1]?.toUs)
        const lengthUs = { requests_minute: 60_000_000, overall_hour: 3_600_000_000, overall_day: 86_400_000_000 }
        for (const { table, fromUs, toUs } of tiles) {
          if (table === 'overall_month')
            for (const us of [fromUs, toUs]) expect(new Date(us / 1000).toISOString()).toMatch(/-01T00:00:00.000Z$/)
          // Safe: the other tables are not in the list, and then there is nothing to check.
          const size = lengthUs[table as keyof typeof lengthUs] as number | undefined
          if (size === undefined) continue
          expect([fromUs % size, toUs % size]).toEqual([0, 0])
          for (const edge of window.edgesUs ?? []) if (edge > fromUs && edge < toUs) expect(edge % size).toBe(0)
        }
      },
    ),
  )
})
