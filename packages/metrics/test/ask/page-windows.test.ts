/** Pages are looked for from the newest rows on, and nowhere twice. */
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { cutPageWindow } from '../../src/ask/page-windows.ts'
import { everyProject } from '../../src/ask/scope.ts'

const hour = 3_600_000_000
const nowUs = Date.UTC(2026, 0, 5) * 1000
const cut = (fromUs: number, toUs: number, afterUs?: number) =>
  cutPageWindow(
    {
      selection: { scope: everyProject, filters: {}, window: { fromUs, toUs } },
      after: afterUs === undefined ? undefined : { timeUs: afterUs, key: '00000000-0000-4000-8000-000000000000' },
    },
    nowUs,
  )

test('the last hour comes first, with what lies in the future, and everything else after it', () => {
  expect(cut(0, nowUs + 50 * hour)).toEqual([
    { fromUs: nowUs - hour, toUs: nowUs + 50 * hour },
    { fromUs: nowUs - 24 * hour, toUs: nowUs - hour },
    { fromUs: nowUs - 720 * hour, toUs: nowUs - 24 * hour },
    { fromUs: 0, toUs: nowUs - 720 * hour },
  ])
  expect(cut(nowUs - hour / 2, nowUs)).toEqual([{ fromUs: nowUs - hour / 2, toUs: nowUs }])
  expect(cut(0, nowUs, nowUs - 100 * hour)[0]).toEqual({ fromUs: nowUs - 101 * hour + 1, toUs: nowUs - 100 * hour + 1 })
})

test('the pieces cover the window once, whatever it is', () => {
  const at = fc.integer({ min: -2_000 * hour, max: 2_000 * hour }).map((shift) => nowUs + shift)
  fc.assert(
    fc.property(at, fc.integer({ min: 1, max: 4_000 * hour }), fc.option(at, { nil: undefined }), (fromUs, length, afterUs) => {
      const toUs = Math.min(fromUs + length, afterUs === undefined ? Number.POSITIVE_INFINITY : Math.max(afterUs + 1, fromUs))
      const pieces = cut(fromUs, fromUs + length, afterUs === undefined ? undefined : toUs - 1)
      expect(pieces[0]?.toUs).toBe(toUs)
      expect(pieces.at(-1)?.fromUs).toBe(fromUs)
      for (const [index, piece] of pieces.entries()) if (index > 0) expect(piece.toUs).toBe(pieces[index - 1]?.fromUs)
    }),
  )
})
