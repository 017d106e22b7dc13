/** A writer that is killed again and again, and what must be true of the database afterwards. */
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { fileURLToPath } from 'node:url'
import { expect, onTestFinished, vi } from 'vitest'
import { createEmbeddedClient } from '../../src/client/embedded-client.ts'
import { createMetrics } from '../../src/create-metrics.ts'

vi.setConfig({ testTimeout: 240_000, hookTimeout: 120_000 })

const script = fileURLToPath(new URL('./crashing-writer.ts', import.meta.url))

/** Lets a writer live until it has accepted some batches, kills it in the middle of whatever it does, and answers what it had accepted. */
async function writeUntilKilled(directory: string, spoolDirectory: string, round: number, batches: number): Promise<readonly string[]> {
  const child = spawn(process.execPath, ['--conditions=bud-source', script, directory, spoolDirectory, String(round)], {
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  const exit = once(child, 'exit')
  const accepted: string[] = []
  for await (const line of createInterface({ input: child.stdout })) {
    // The engine may print too, and the last line may be torn; a name is whole when its round and number are.
    if (/^\d+-\d+$/.test(line)) accepted.push(line)
    if (accepted.length === batches) child.kill('SIGKILL')
  }
  await exit
  expect(child.signalCode).toBe('SIGKILL')
  return accepted
}

/** After `rounds` of so many batches each, every accepted event is stored exactly once, and counted once in every rollup. */
export async function surviveCrashes(rounds: readonly number[]): Promise<void> {
  const folder = await mkdtemp(join(tmpdir(), 'bud-metrics-crash-'))
  onTestFinished(() => rm(folder, { recursive: true, force: true }))
  const directory = join(folder, 'database')
  const spoolDirectory = join(folder, 'spool')
  const accepted: string[] = []
  for (const [round, batches] of rounds.entries()) accepted.push(...(await writeUntilKilled(directory, spoolDirectory, round, batches)))

  const client = await createEmbeddedClient({ directory })
  await using metrics = await createMetrics({ client, spoolDirectory })
  await metrics.sink.flush(AbortSignal.timeout(120_000))
  expect(metrics.sink.receipt()).toMatchObject({ pending: 0, dropped: 0 })
  expect((await metrics.verify()).filter(({ differing }) => differing > 0)).toEqual([])
  const stored = await client.query({
    what: 'counting',
    sql: "SELECT tags['batch'] AS batch, count() AS rows, uniqExact(id) AS distinct FROM requests GROUP BY batch",
  })
  const whole = new Set(stored.map((row) => JSON.stringify(row)))
  for (const batch of accepted) expect(whole).toContain(JSON.stringify({ batch, rows: 20, distinct: 20 }))
  // The death of a writer may cut one batch between its two spools, before it was accepted.
  const torn = stored.filter((row) => !JSON.stringify(row).endsWith('"rows":20,"distinct":20}'))
  expect(torn.length).toBeLessThanOrEqual(rounds.length)
}
