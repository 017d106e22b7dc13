/** A database from before the rollups: its rows are counted in them after the migration. */
import { systemClock } from '@bud-foundry/core'
import { expect, test } from 'vitest'
import { createMetrics } from '../../src/create-metrics.ts'
import { migrate, migrations } from '../../src/migrate/migrate.ts'
import { deliverEvents } from '../../src/sink/deliver.ts'
import { openTestEngine } from '../support/engine.ts'
import { makeRequest } from '../support/request-arbitrary.ts'

test('rows that were there before the rollups are counted in them after the migration', async () => {
  await using old = await openTestEngine()
  await migrate(old.client, systemClock, migrations.slice(0, 1))
  const ids = Array.from({ length: 30 }, (_, index) => `00000000-0000-4000-8000-${String(index).padStart(12, '0')}`)
  await old.client.insert({
    table: 'requests',
    columns: ['project_id', 'time', 'id', 'operation', 'usage_source', 'cache', 'outcome', 'duration_us'],
    lines: ids.map((id, index) =>
      JSON.stringify(['alpha', String(1_790_000_000 + index * 40_000), id, 'chat', 'none', 'none', 'success', 1_000 * index]),
    ),
    token: 'old',
  })
  await using metrics = await createMetrics(old)
  expect((await metrics.verify()).filter(({ differing }) => differing > 0)).toEqual([])
  const [counted] = await old.client.query({ what: 'counting', sql: 'SELECT sum(requests) AS rows FROM usage_hour' })
  expect(counted).toEqual({ rows: ids.length })
  expect((await metrics.requests({ limit: 1 })).data[0]?.id).toBe(ids.at(-1))
})

test('rollups that were there before those of all projects are summed up in them, once, however often the migration starts', async () => {
  await using old = await openTestEngine()
  await migrate(old.client, systemClock, migrations.slice(0, 5))
  await deliverEvents(
    old.client,
    ['alpha', 'alpha', 'beta'].map((projectId, index) => makeRequest({ id: `before-${String(index)}`, projectId })),
  )
  const overall = migrations.slice(5).flatMap(({ statements }) => statements)
  for (const sql of [...overall, ...overall]) await old.client.command({ what: 'migrating, after a crash', sql })
  await using metrics = await createMetrics(old)
  expect((await metrics.verify()).filter(({ differing }) => differing > 0)).toEqual([])
  for (const table of ['overall_hour', 'overall_day', 'overall_month']) {
    const counted = await old.client.query({ what: 'counting', sql: `SELECT sum(requests) AS rows FROM ${table}` })
    expect(counted).toEqual([{ rows: 3 }])
  }
})
