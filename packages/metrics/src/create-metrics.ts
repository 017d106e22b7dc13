/** Puts metrics together: a database at the schema of this release, a way in and a way to ask. */
import {
  resolveConfig,
  silentLogger,
  systemClock,
  systemRandom,
  type BudEvent,
  type Clock,
  type Logger,
  type Random,
  type Sink,
} from '@bud-foundry/core'
import type { AnalyticsClient } from './client/analytics-client.ts'
import { createLane } from './client/lane.ts'
import { metricsLimits } from './limits.ts'
import { migrate, type MigrationReport } from './migrate/migrate.ts'
import { applyRetention, retentionSchema, type Retention } from './migrate/retention.ts'
import { createClickHouseEngine } from './ask/clickhouse-engine.ts'
import { createReader, type MetricsReader } from './ask/reader.ts'
import { everyProject } from './ask/scope.ts'
import { deliverEvents, type Delivery } from './sink/deliver.ts'
import { createMetricsSink } from './sink/metrics-sink.ts'

export interface MetricsOptions {
  /** From `createEmbeddedClient` or `createServerClient`; closed with metrics. */
  readonly client: AnalyticsClient
  /** Where accepted events wait until they are stored; made when missing, one process at a time. */
  readonly spoolDirectory: string
  readonly clock?: Clock
  readonly random?: Random
  /** Default: silent. */
  readonly logger?: Logger
  /** Default: rows stay for ever. */
  readonly retention?: Retention
  /** Each write also waits for the disk, so that accepted events survive a power cut; default false. */
  readonly fsync?: boolean
}

/** Asks for every project; narrow it with `scopedTo` before anyone but an operator asks. */
export interface Metrics extends MetricsReader, AsyncDisposable {
  /** Where the gateway writes: events are accepted once they are in the spool, and readable about half a second later. */
  readonly sink: Sink
  /** What the start changed in the database. */
  readonly migration: MigrationReport
  /**
   * Stores events at once, past the spool and each id once, however often it is sent; for imports that can be repeated.
   * @throws METRICS_DATABASE_UNAVAILABLE when repeating helps, METRICS_DATABASE_REFUSED or METRICS_EVENTS_INVALID when it does not
   */
  store(events: readonly BudEvent[], signal?: AbortSignal): Promise<Delivery>
}

/**
 * Migrates the database, applies the retention, and begins to deliver what a former process left in the spool.
 * @throws CORE_CONFIG_INVALID, METRICS_SCHEMA_NEWER, METRICS_MIGRATION_CHANGED, METRICS_MIGRATION_FAILED, METRICS_DATABASE_UNAVAILABLE,
 *   CORE_STORE_LOCKED when another process has the spool; the client stays open then
 */
export async function createMetrics(options: MetricsOptions): Promise<Metrics> {
  const {
    client,
    spoolDirectory,
    clock = systemClock,
    random = systemRandom,
    logger = silentLogger,
    retention = {},
    fsync = false,
  } = options
  const days = resolveConfig('metrics retention', retentionSchema, retention)
  const migration = await migrate(client, clock)
  for (const { version, name } of migration.applied) logger.info('metrics migration applied', { version, name })
  await applyRetention(client, days)
  // One at a time: nothing may come between looking for known ids and inserting the others.
  const deliveries = createLane([client], metricsLimits.deliveriesWaiting)
  const store: Metrics['store'] = (events, signal) => deliveries.run('storing events', (session) => deliverEvents(session, events), signal)
  const sink = await createMetricsSink({ store, spoolDirectory, clock, random, logger, fsync })
  const reader = createReader({ engine: createClickHouseEngine(client), client, clock, scope: everyProject })
  let closing: Promise<void> | undefined

  async function close(): Promise<void> {
    await sink[Symbol.asyncDispose]()
    await deliveries.close()
    await client[Symbol.asyncDispose]()
  }

  return {
    ...reader,
    sink,
    migration,
    store,
    [Symbol.asyncDispose]: () => (closing ??= close()),
  }
}
