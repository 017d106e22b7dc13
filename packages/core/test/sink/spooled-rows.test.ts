/** Rows in the spool: what does not fit on the disk is dropped, counted and told, and nothing else is. */
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, onTestFinished, test } from 'vitest'
import { createSpooledRows, type RowBatch, type RowProblem } from '../../src/sink/spooled-rows.ts'

const { signal } = new AbortController()

test('a full disk drops with a receipt that adds up, and rows are taken again when there is room', async () => {
  const spoolDirectory = mkdtempSync(join(tmpdir(), 'bud-rows-'))
  onTestFinished(() => {
    rmSync(spoolDirectory, { recursive: true, force: true })
  })
  const gate = Promise.withResolvers<void>()
  const delivered: RowBatch[] = []
  const problems: RowProblem[] = []
  await using rows = await createSpooledRows({
    spoolDirectory,
    diskBytesMax: 64 * 1024,
    batchAgeMs: 1,
    async deliver(batch) {
      await gate.promise
      delivered.push(batch)
    },
    onProblem: (problem) => problems.push(problem),
  })
  let [accepted, dropped] = [0, 0]
  let failure: unknown
  for (let round = 0; round < 40; round += 1) {
    await rows.append(Buffer.alloc(4_000, round), 10).then(
      () => (accepted += 10),
      (error: unknown) => {
        failure = error
        dropped += 10
      },
    )
  }
  expect(failure).toMatchObject({ code: 'CORE_SINK_FULL', details: { dropped: 10 } })
  expect(accepted).toBeGreaterThan(100)
  expect(rows.receipt()).toEqual({ produced: 400, stored: 0, pending: accepted, dropped })
  expect(problems.filter(({ kind }) => kind === 'events-drop')).toHaveLength(dropped / 10)

  gate.resolve()
  await rows.flush(signal)
  await rows.append(Buffer.alloc(4_000, 255), 10)
  await rows.flush(signal)
  expect(rows.receipt()).toEqual({ produced: 410, stored: accepted + 10, pending: 0, dropped })
  expect(delivered.reduce((sum, batch) => sum + batch.rows, 0)).toBe(accepted + 10)
  const bytes = Buffer.concat(delivered.flatMap(({ payloads }) => payloads))
  expect(bytes).toHaveLength((accepted / 10 + 1) * 4_000)
})
