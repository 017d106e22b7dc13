/** What a cluster is told, as texts: no cluster is needed to see that no statement leaves it out. */
import { once } from 'node:events'
import { createServer } from 'node:http'
import { expect, test } from 'vitest'
import type { AnalyticsClient } from '../../src/client/analytics-client.ts'
import { createServerClient } from '../../src/client/server-client.ts'
import { eraseUser } from '../../src/erase/erase-user.ts'
import { migrations } from '../../src/migrate/migrate.ts'
import { applyRetention } from '../../src/migrate/retention.ts'
import { renderStatement } from '../../src/migrate/topology.ts'
import { requestRowColumns } from '../../src/table/request-rows.ts'
import { storeDoubtfulRequests } from '../../src/sink/store-requests.ts'

/** A database that notes what it is told, and answers every question with the row. */
function openNotes(row: Readonly<Record<string, unknown>>) {
  const told: string[] = []
  const client: AnalyticsClient = {
    query: () => Promise.resolve([row]),
    file: () => Promise.resolve(new Uint8Array()),
    command({ sql }) {
      told.push(sql)
      return Promise.resolve()
    },
    insert: () => Promise.resolve(),
    insertRows: () => Promise.resolve(),
    [Symbol.asyncDispose]: () => Promise.resolve(),
  }
  return { client, told }
}

test('a retention is set, and lifted, on every server of the cluster', async () => {
  const { client, told } = openNotes({ comment: '', engine: 'ReplicatedReplacingMergeTree' })
  await applyRetention(client, { requestDays: 30 }, { cluster: 'main' })
  expect(told.slice(0, 2)).toEqual([
    'ALTER TABLE requests ON CLUSTER main MODIFY TTL toDateTime(time) + toIntervalDay(30)',
    "ALTER TABLE requests ON CLUSTER main MODIFY COMMENT 'toDateTime(time) + toIntervalDay(30)'",
  ])
  const before = openNotes({ comment: 'toDateTime(time) + toIntervalDay(30)', engine: 'ReplicatedReplacingMergeTree TTL x' })
  await applyRetention(before.client, {}, { cluster: 'main' })
  expect(before.told[0]).toBe('ALTER TABLE requests ON CLUSTER main REMOVE TTL')
  for (const sql of [...told, ...before.told]) expect(sql).toMatch(/^ALTER TABLE \w+ ON CLUSTER main /)
})

test('one server hears of no cluster', async () => {
  const { client, told } = openNotes({ comment: '', engine: 'ReplacingMergeTree' })
  await applyRetention(client, { requestDays: 30 })
  expect(told[0]).toBe('ALTER TABLE requests MODIFY TTL toDateTime(time) + toIntervalDay(30)')
  expect(told.join('\n')).not.toContain('ON CLUSTER')
})

test('what is written, emptied and written again is never taken for known by a replicated table', async () => {
  const row = { unknown: 3, rows: 3, found: 1, partition: '202609', from: '0', to: '86400' }
  const { client, told } = openNotes(row)
  await storeDoubtfulRequests(client, { payloads: [], maybeTorn: true, repairableFrom: 0, blockRows: 5_000 })
  await eraseUser(client, { projectId: 'alpha', userId: 'ada' }, 0)
  const inserts = told.filter((sql) => sql.includes('INSERT INTO'))
  const targets = new Set(inserts.map((sql) => /INSERT INTO (\w+)/.exec(sql)?.[1]))
  expect([...targets]).toEqual(expect.arrayContaining(['rollup_repairs', 'requests', 'requests_minute_rebuilt', 'usage_hour_rebuilt']))
  for (const sql of inserts) expect(sql).toMatch(/SETTINGS [^)]*insert_deduplicate = 0/)
  const migrated = migrations.flatMap(({ statements }) => statements).filter((sql) => sql.trimStart().startsWith('INSERT'))
  expect(migrated.length).toBeGreaterThan(0)
  for (const sql of migrated) expect(renderStatement(sql, { cluster: 'main' }).match(/insert_deduplicate = 0/g)).toHaveLength(1)
})

test('rows reach a server in blocks of the size that was asked for, and without deduplication of blocks', async () => {
  const asked: URLSearchParams[] = []
  const server = createServer((request, response) => {
    asked.push(new URL(request.url ?? '', 'http://server').searchParams)
    request.resume().on('end', () => response.end())
  }).listen(0, '127.0.0.1')
  await once(server, 'listening')
  const address = server.address()
  const port = typeof address === 'object' && address !== null ? address.port : 0
  {
    await using client = createServerClient({ url: `http://127.0.0.1:${String(port)}` })
    await client.insertRows({ table: 'requests', columns: requestRowColumns, payloads: [Buffer.from('rows')], blockRows: 5_000 })
  }
  server.close()
  const settings = Object.fromEntries(asked[0] ?? [])
  expect(settings).toMatchObject({ insert_deduplicate: '0', max_insert_block_size: '5000', min_insert_block_size_rows: '5000' })
})
