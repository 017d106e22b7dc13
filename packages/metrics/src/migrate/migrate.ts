/** Brings a database to the schema of this release: forward only, checked, and safe to interrupt anywhere. */
import { isBudError, type Clock } from '@bud-foundry/core'
import { z } from 'zod'
import type { AnalyticsClient } from '../client/analytics-client.ts'
import { metricsErrors } from '../errors.ts'
import { eventsMigration } from './0001-events.ts'
import { requestsMigration } from './0002-requests.ts'
import { rollupsMigration } from './0003-rollups.ts'
import { recordsMigration } from './0004-records.ts'
import { repairMigration } from './0005-repair.ts'
import { overallMigration } from './0006-overall.ts'
import { monthsMigration } from './0007-months.ts'
import { renderStatement, type Topology } from './topology.ts'
import { checksumMigration, type Migration } from './migration.ts'

/** All of them, oldest first. */
export const migrations: readonly Migration[] = [
  eventsMigration,
  requestsMigration,
  rollupsMigration,
  recordsMigration,
  repairMigration,
  overallMigration,
  monthsMigration,
]

export interface MigrationReport {
  readonly schemaVersion: number
  /** What this run applied, in order. */
  readonly applied: readonly { readonly version: number; readonly name: string }[]
}

const versionTable = `
CREATE TABLE IF NOT EXISTS schema_migrations (
  version UInt32,
  name String,
  checksum String,
  applied_at DateTime64(3, 'UTC')
)
ENGINE = ReplacingMergeTree
ORDER BY version`

const recordSchema = z.object({ version: z.int(), name: z.string(), checksum: z.string() })

/** The records against the release: nothing newer, nothing missing, nothing edited. */
function checkRecords(records: readonly z.infer<typeof recordSchema>[], known: readonly Migration[]): void {
  const newest = Math.max(0, ...records.map(({ version }) => version))
  if (newest > known.length) throw metricsErrors.SCHEMA_NEWER({ found: newest, known: known.length })
  for (const migration of known.slice(0, newest)) {
    const record = records.find(({ version }) => version === migration.version)
    if (record === undefined) throw metricsErrors.MIGRATION_GAP({ missing: migration.version })
    const expected = checksumMigration(migration)
    if (record.checksum !== expected) {
      throw metricsErrors.MIGRATION_CHANGED({ version: migration.version, name: migration.name, applied: record.checksum, expected })
    }
  }
}

async function applyMigration(client: AnalyticsClient, clock: Clock, migration: Migration, topology: Topology): Promise<void> {
  const { version, name } = migration
  try {
    for (const sql of migration.statements) {
      await client.command({ what: `applying migration ${String(version)} (${name})`, sql: renderStatement(sql, topology) })
    }
    await client.insert({
      table: 'schema_migrations',
      columns: ['version', 'name', 'checksum', 'applied_at'],
      lines: [JSON.stringify([version, name, checksumMigration(migration), (clock.nowMs() / 1000).toFixed(3)])],
      token: `migration-${String(version)}`,
    })
  } catch (error) {
    if (isBudError(error) && error.retryable) throw error
    throw metricsErrors.MIGRATION_FAILED(
      { version, name, reason: error instanceof Error ? error.message : String(error) },
      { cause: error },
    )
  }
}

/** @throws METRICS_SCHEMA_OLDER when the database lacks tables of this release, METRICS_SCHEMA_NEWER when it has later ones */
export async function assertMigrated(client: AnalyticsClient): Promise<void> {
  const what = 'reading the schema version'
  const tables = await client.query({
    what,
    sql: "SELECT name FROM system.tables WHERE database = currentDatabase() AND name = 'schema_migrations'",
  })
  const rows = tables.length === 0 ? [] : await client.query({ what, sql: 'SELECT version, name, checksum FROM schema_migrations FINAL' })
  const found = Math.max(
    0,
    ...z
      .array(recordSchema)
      .parse(rows)
      .map(({ version }) => version),
  )
  const known = migrations.length
  if (found < known) throw metricsErrors.SCHEMA_OLDER({ found, known })
  if (found > known) throw metricsErrors.SCHEMA_NEWER({ found, known })
}

/**
 * Applies what is missing. Two processes may run it at once: every statement and every record can be written twice without harm.
 * @throws METRICS_SCHEMA_NEWER, METRICS_MIGRATION_CHANGED, METRICS_MIGRATION_GAP, METRICS_MIGRATION_FAILED
 */
export async function migrate(
  client: AnalyticsClient,
  clock: Clock,
  known: readonly Migration[] = migrations,
  topology: Topology = {},
): Promise<MigrationReport> {
  await client.command({ what: 'making the table of schema versions', sql: renderStatement(versionTable, topology) })
  const rows = await client.query({
    what: 'reading the schema version',
    sql: 'SELECT version, name, checksum FROM schema_migrations FINAL ORDER BY version',
    lane: 'ingest',
  })
  const records = z.array(recordSchema).parse(rows)
  checkRecords(records, known)
  const missing = known.slice(Math.max(0, ...records.map(({ version }) => version)))
  for (const migration of missing) await applyMigration(client, clock, migration, topology)
  return { schemaVersion: known.length, applied: missing.map(({ version, name }) => ({ version, name })) }
}
