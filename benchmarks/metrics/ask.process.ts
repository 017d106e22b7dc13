/** A process that fills a database, asks the dashboard of every table, and prints how long each answer took. */
import { rm } from 'node:fs/promises'
import { join } from 'node:path'
import { createMetrics } from '@bud-foundry/metrics'
import { createEmbeddedClient } from '@bud-foundry/metrics/chdb'
import { percentile } from '../harness/statistics.ts'
import { dashboard } from './dashboard.ts'
import { historyColumns, historyDays, historySelect, originalInsert, originalTable } from './history.ts'

const [directory = '', rowCount = '1000000', roundCount = '5', compared = '1'] = process.argv.slice(2)
const total = Number(rowCount)
const rounds = Number(roundCount)
const chunk = 500_000
/** Growth with rows is that of our answers; the others are compared once. */
const isCompared = compared === '1'

const client = await createEmbeddedClient({ directory: join(directory, 'database') })
const metrics = await createMetrics({ client, spoolDirectory: join(directory, 'spool') })
const command = (sql: string) => client.command({ what: 'filling', sql })
const settings =
  'SETTINGS optimize_on_insert = 0, max_partitions_per_insert_block = 1000, min_insert_block_size_rows = 500000, parallel_view_processing = 1'

async function timed(work: () => Promise<unknown>): Promise<number> {
  const start = performance.now()
  await work()
  return performance.now() - start
}

let filled = 0
const fillMs = await timed(async () => {
  for (; filled < total; filled += chunk) {
    const rows = Math.min(chunk, total - filled)
    await command(`INSERT INTO requests (${historyColumns}) ${historySelect(filled, rows, total)} ${settings}`)
  }
})
const tables = await client.query({
  what: 'listing',
  sql: "SELECT name FROM system.tables WHERE database = currentDatabase() AND match(name, '^(requests|usage|overall)(_(minute|hour|day|month))?$')",
})
// A database at rest: what a day later is there anyway.
for (const row of tables) {
  const { name } = row as { readonly name: string }
  await command(`OPTIMIZE TABLE ${name} FINAL`)
}
const originalMs = await timed(async () => {
  if (!isCompared) return
  await command(originalTable)
  await command(`${originalInsert} ${settings}`)
  await command('OPTIMIZE TABLE InferenceFactOriginal FINAL')
})

async function ask(
  question: () => Promise<unknown>,
  times: number,
): Promise<{ readonly coldMs: number; readonly warm: readonly number[] }> {
  await client.command({ what: 'emptying caches', sql: 'SYSTEM DROP MARK CACHE' })
  await client.command({ what: 'emptying caches', sql: 'SYSTEM DROP UNCOMPRESSED CACHE' })
  const once = () => timed(question)
  const coldMs = await once()
  const warm: number[] = []
  for (let round = 0; round < times; round += 1) warm.push(await once())
  return { coldMs, warm }
}

async function askAll(days: number, table: 'asked' | 'raw' | 'original') {
  const answers = []
  // Ours are quick: more of them tell the 95th percentile from the slowest.
  const times = table === 'asked' ? rounds * 4 : rounds
  for (const question of dashboard(days)) {
    const { coldMs, warm } = await ask(
      () => (table === 'asked' ? question.ask(metrics) : client.query({ what: 'asking', sql: question[table] })),
      times,
    )
    answers.push({ name: question.name, coldMs, p50: percentile(warm, 0.5), p95: percentile(warm, 0.95) })
  }
  return answers
}

const month = {
  asked: await askAll(30, 'asked'),
  raw: isCompared ? await askAll(30, 'raw') : [],
  original: isCompared ? await askAll(30, 'original') : [],
}
const year = { asked: isCompared ? await askAll(historyDays, 'asked') : [] }
const parts = await client.query({
  what: 'measuring',
  sql: 'SELECT table, sum(rows) AS rows, sum(bytes_on_disk) AS bytes FROM system.parts WHERE active AND database = currentDatabase() GROUP BY table',
})
console.log(JSON.stringify({ total, fillMs, originalMs, month, year, parts }))
await metrics[Symbol.asyncDispose]()
await rm(directory, { recursive: true, force: true })
