/** Migrations on the real engine: applied once, checked for ever. */
import { systemClock } from '@bud-foundry/core'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { createMetrics } from '../../src/create-metrics.ts'
import { metricsErrors } from '../../src/errors.ts'
import { metricsLimits } from '../../src/limits.ts'
import { deliverEvents } from '../../src/sink/deliver.ts'
import { assertMigrated, migrate, migrations } from '../../src/migrate/migrate.ts'
import { applyRetention, readRawCompleteFrom } from '../../src/migrate/retention.ts'
import { openTestEngine, type TestEngine } from '../support/engine.ts'
import { makeRequest } from '../support/request-arbitrary.ts'

let engine: TestEngine

beforeAll(async () => {
  engine = await openTestEngine()
})

afterAll(async () => {
  await engine[Symbol.asyncDispose]()
})

const catchError = async (work: Promise<unknown>): Promise<unknown> =>
  work.then(
    () => undefined,
    (error: unknown) => error,
  )

const extra = {
  version: migrations.length + 1,
  name: 'extra',
  statements: ['CREATE TABLE IF NOT EXISTS extra (x UInt8) ENGINE = MergeTree ORDER BY x'],
}

test('an empty database gets every migration, the next start none', async () => {
  const first = await migrate(engine.client, systemClock)
  expect(first.applied.map(({ version }) => version)).toEqual(migrations.map(({ version }) => version))
  expect(await migrate(engine.client, systemClock)).toEqual({ schemaVersion: migrations.length, applied: [] })
})

test('a database without the tables of this release is named as such', async () => {
  await assertMigrated(engine.client)
  await engine.client.command({ what: 'testing', sql: 'RENAME TABLE schema_migrations TO hidden' })
  expect(metricsErrors.SCHEMA_OLDER.is(await catchError(assertMigrated(engine.client)))).toBe(true)
  await engine.client.command({ what: 'testing', sql: 'RENAME TABLE hidden TO schema_migrations' })
})

test('versions count up from 1 without gaps', () => {
  expect(migrations.map(({ version }) => version)).toEqual(migrations.map((_, index) => index + 1))
})

test('a migration that failed half way is named, and starts over on the next run', async () => {
  const broken = { ...extra, statements: [...extra.statements, 'CREATE TABEL typo'] }
  const error = await catchError(migrate(engine.client, systemClock, [...migrations, broken]))
  expect(metricsErrors.MIGRATION_FAILED.is(error)).toBe(true)
  expect(String(error)).toContain('extra')
  expect((await migrate(engine.client, systemClock, [...migrations, extra])).applied).toEqual([{ version: extra.version, name: 'extra' }])
})

test('a database newer than the release is refused, before anything is changed', async () => {
  const error = await catchError(createMetrics(engine))
  expect(metricsErrors.SCHEMA_NEWER.is(error)).toBe(true)
  expect(String(error)).toMatch(
    new RegExp(`schema version ${String(extra.version)}, this release knows ${String(migrations.length)}; update`),
  )
})

test('an edited migration is refused by its checksum', async () => {
  const edited = { ...extra, statements: ['CREATE TABLE IF NOT EXISTS extra (x UInt16) ENGINE = MergeTree ORDER BY x'] }
  const error = await catchError(migrate(engine.client, systemClock, [...migrations, edited]))
  expect(metricsErrors.MIGRATION_CHANGED.is(error)).toBe(true)
})

test('a missing record is refused', async () => {
  await engine.client.command({
    what: 'removing a record',
    sql: 'ALTER TABLE schema_migrations DELETE WHERE version = 1 SETTINGS mutations_sync = 2',
  })
  const error = await catchError(migrate(engine.client, systemClock, [...migrations, extra]))
  expect(metricsErrors.MIGRATION_GAP.is(error)).toBe(true)
})

test('retention removes what is older, can be changed and can be lifted', async () => {
  const count = async () => await engine.client.query({ what: 'counting', sql: 'SELECT count() AS rows FROM requests FINAL' })
  const now = systemClock.nowMs()
  const rows = [makeRequest({ id: 'old', timeUnixMs: now - 10 * 86_400_000 }), makeRequest({ id: 'new', timeUnixMs: now })]
  await applyRetention(engine.client, { requestDays: 30 })
  await deliverEvents(engine.client, rows)
  expect(await count()).toEqual([{ rows: 2 }])
  await applyRetention(engine.client, { requestDays: 5 })
  await engine.client.command({ what: 'merging', sql: 'OPTIMIZE TABLE requests FINAL' })
  expect(await count()).toEqual([{ rows: 1 }])
  await applyRetention(engine.client, {})
  expect(
    await engine.client.query({
      what: 'reading',
      sql: "SELECT position(engine_full, 'TTL') AS ttl FROM system.tables WHERE name = 'requests'",
    }),
  ).toEqual([{ ttl: 0 }])
})

test('commands read the retention that the last start set, the shortest of all projects', async () => {
  const day = 86_400
  const now = 1_000 * day * 1_000
  expect(await readRawCompleteFrom(engine.client, now)).toBe(0)
  await applyRetention(engine.client, { requestDays: 30 })
  expect(await readRawCompleteFrom(engine.client, now)).toBe(971 * day)
  await applyRetention(engine.client, { requestDays: 30, projects: { 'a, [1]': { requestDays: 7 }, b: { requestDays: 90 } } })
  expect(await readRawCompleteFrom(engine.client, now)).toBe(994 * day)
  await applyRetention(engine.client, {})
})

test('the longest retention keeps the latest event that is accepted', async () => {
  expect(metricsLimits.eventTimeUnixMsMax / 1000 + metricsLimits.retentionDaysMax * 86_400).toBeLessThan(2 ** 32)
  await applyRetention(engine.client, { requestDays: metricsLimits.retentionDaysMax })
  const late = makeRequest({ id: 'late', timeUnixMs: metricsLimits.eventTimeUnixMsMax - 1 })
  await deliverEvents(engine.client, [late])
  await engine.client.command({ what: 'merging', sql: 'OPTIMIZE TABLE requests FINAL' })
  expect(await engine.client.query({ what: 'counting', sql: "SELECT count() AS rows FROM requests WHERE id_text = 'late'" })).toEqual([
    { rows: 1 },
  ])
})
