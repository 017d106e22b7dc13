/** SIGKILL at any moment loses nothing accepted and shows nothing twice. */
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtemp, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { fileURLToPath } from 'node:url'
import { requestEventSchema } from '@bud-foundry/core'
import { expect, onTestFinished, test, vi } from 'vitest'
import { createEmbeddedClient } from '../../src/client/embedded-client.ts'
import { createMetrics } from '../../src/create-metrics.ts'

vi.setConfig({ testTimeout: 180_000, hookTimeout: 120_000 })

const script = fileURLToPath(new URL('../support/crashing-writer.ts', import.meta.url))

/** Lets a writer live until it has accepted some batches, then kills it in the middle of whatever it does. */
async function writeUntilKilled(directory: string, journal: string, round: number, batches: number): Promise<void> {
  const child = spawn(process.execPath, ['--conditions=bud-source', script, directory, journal, String(round)], {
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  let seen = 0
  for await (const line of createInterface({ input: child.stdout })) {
    if (line !== 'accepted') continue
    seen += 1
    if (seen === batches) {
      child.kill('SIGKILL')
      break
    }
  }
  if (child.signalCode === null) await once(child, 'exit')
  expect(child.signalCode).toBe('SIGKILL')
}

test('after being killed again and again, every accepted event is stored exactly once', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'bud-metrics-crash-'))
  onTestFinished(() => rm(folder, { recursive: true, force: true }))
  const directory = join(folder, 'database')
  const journal = join(folder, 'journal')
  for (const [round, batches] of [3, 1, 7, 2, 12].entries()) await writeUntilKilled(directory, journal, round, batches)

  const accepted = (await readFile(journal, 'utf8')).split('\n').slice(0, -1)
  const client = await createEmbeddedClient({ directory })
  await using metrics = await createMetrics({ client })
  const before = await client.query({ what: 'counting', sql: 'SELECT count() AS stored, uniqExact(id) AS distinct FROM requests' })
  const { stored, known } = await metrics.store(accepted.map((line) => requestEventSchema.parse(JSON.parse(line))))
  expect(known).toBeGreaterThan(0)
  expect(before).toEqual([{ stored: known, distinct: known }])
  expect(stored + known).toBe(accepted.length)
  expect(await client.query({ what: 'counting', sql: 'SELECT count() AS stored, uniqExact(id) AS distinct FROM requests' })).toEqual([
    { stored: accepted.length, distinct: accepted.length },
  ])
})
