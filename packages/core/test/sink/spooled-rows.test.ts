/** Rows in the spool: what does not fit on the disk is dropped, counted and told, and nothing else is. */
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
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

/** Rows that were accepted and not delivered, as a former process leaves them. */
async function leaveRows(appended: readonly Buffer[]): Promise<string> {
  const spoolDirectory = mkdtempSync(join(tmpdir(), 'bud-rows-'))
  onTestFinished(() => {
    rmSync(spoolDirectory, { recursive: true, force: true })
  })
  const down = () => Promise.reject(new Error('down'))
  const rows = await createSpooledRows({ spoolDirectory, deliver: down, closeTimeoutMs: 1 })
  for (const bytes of appended) await rows.append(bytes, 10)
  await rows[Symbol.asyncDispose]()
  return spoolDirectory
}

async function deliverAll(spoolDirectory: string) {
  const delivered: Buffer[] = []
  const problems: RowProblem[] = []
  await using rows = await createSpooledRows({
    spoolDirectory,
    batchAgeMs: 1,
    deliver: async ({ payloads }) => {
      delivered.push(...payloads)
    },
    onProblem: (problem) => problems.push(problem),
  })
  await rows.flush(signal)
  return { bytes: Buffer.concat(delivered), problems, receipt: rows.receipt() }
}

test('damage in a file of rows takes the rows of that place, and those after it are delivered', async () => {
  const appended = Array.from({ length: 5 }, (_, round) => Buffer.alloc(4_000, 35 + round))
  const spoolDirectory = await leaveRows(appended)
  const path = join(spoolDirectory, '000000000001.spool')
  const bytes = readFileSync(path)
  bytes.fill(0, 200, 204)
  writeFileSync(path, bytes)
  const { bytes: rest, problems, receipt } = await deliverAll(spoolDirectory)
  expect(rest.equals(Buffer.concat(appended.slice(1)))).toBe(true)
  expect(receipt).toEqual({ produced: 50, stored: 40, pending: 0, dropped: 10 })
  expect(problems).toMatchObject([{ kind: 'spool-damage', isTorn: false, events: 10, keptAt: `${path}-12.damaged` }])
})

test('rows that were appended at once are read back whole, however many they are', async () => {
  const appended = [Buffer.alloc(6 * 1024 * 1024, 1), Buffer.alloc(100, 2)]
  const { bytes, receipt } = await deliverAll(await leaveRows(appended))
  expect(bytes.equals(Buffer.concat(appended))).toBe(true)
  expect(receipt).toEqual({ produced: 20, stored: 20, pending: 0, dropped: 0 })
})
