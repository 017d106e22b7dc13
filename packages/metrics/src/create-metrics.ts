/** Puts metrics together: a database at the schema of this release, a way in and a way to ask. */
import { resolveConfig, silentLogger, systemClock, type BudEvent, type Clock, type Logger } from '@bud-foundry/core'
import type { AnalyticsClient } from './client/analytics-client.ts'
import { migrate, type MigrationReport } from './migrate/migrate.ts'
import { applyRetention, retentionSchema, type Retention } from './migrate/retention.ts'
import { createClickHouseEngine } from './query/clickhouse-engine.ts'
import { createReader, type MetricsReader } from './query/reader.ts'
import { everyProject } from './query/scope.ts'
import { deliverEvents, type Delivery } from './sink/deliver.ts'

export interface MetricsOptions {
  /** From `createEmbeddedClient` or `createServerClient`; closed with metrics. */
  readonly client: AnalyticsClient
  readonly clock?: Clock
  /** Default: silent. */
  readonly logger?: Logger
  /** Default: rows stay for ever. */
  readonly retention?: Retention
}

/** Asks for every project; narrow it with `scopedTo` before anyone but an operator asks. */
export interface Metrics extends MetricsReader, AsyncDisposable {
  /** What the start changed in the database. */
  readonly migration: MigrationReport
  /**
   * Stores events at once, each id once, however often it is sent; for imports and for a spool's delivery.
   * @throws METRICS_DATABASE_UNAVAILABLE when repeating helps, METRICS_DATABASE_REFUSED or METRICS_EVENT_INVALID when it does not
   */
  store(events: readonly BudEvent[]): Promise<Delivery>
}

/**
 * Migrates the database and applies the retention.
 * @throws CORE_CONFIG_INVALID, METRICS_SCHEMA_NEWER, METRICS_MIGRATION_CHANGED, METRICS_MIGRATION_FAILED, METRICS_DATABASE_UNAVAILABLE
 */
export async function createMetrics(options: MetricsOptions): Promise<Metrics> {
  const { client, clock = systemClock, logger = silentLogger, retention = {} } = options
  const days = resolveConfig('metrics retention', retentionSchema, retention)
  const migration = await migrate(client, clock)
  for (const { version, name } of migration.applied) logger.info('metrics migration applied', { version, name })
  await applyRetention(client, days)
  const reader = createReader({ engine: createClickHouseEngine(client), clock, scope: everyProject })
  return {
    ...reader,
    migration,
    store: (events) => deliverEvents(client, events),
    [Symbol.asyncDispose]: () => client[Symbol.asyncDispose](),
  }
}
