/** Puts metrics together: a database at the schema of this release, a way in and a way to ask. */
import {
  isBudError,
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
import { removeDamaged } from '@bud-foundry/core/sink/spool'
import type { AnalyticsClient } from './client/analytics-client.ts'
import { createLane, type Lane } from './client/lane.ts'
import { storeNodePrices, storeTargetDevices, type NodePrice, type TargetDevice } from './fleet/fleet-facts.ts'
import { eraseRefused } from './erase/erase-refused.ts'
import { eraseUser, type Erasure, type ErasureReport } from './erase/erase-user.ts'
import { metricsLimits } from './limits.ts'
import { createClickHouseEngine } from './ask/clickhouse-engine.ts'
import { createReader, type MetricsReader } from './ask/reader.ts'
import { everyProject } from './ask/scope.ts'
import { migrate, migrations, type MigrationReport } from './migrate/migrate.ts'
import { applyRetention, rawCompleteFrom, retentionSchema, type Retention } from './migrate/retention.ts'
import type { Topology } from './migrate/topology.ts'
import { createPayloadReader, type PayloadReader } from './payload/payload-reader.ts'
import { needsRepair } from './rollup/rebuild.ts'
import { repairTornRollups } from './rollup/torn.ts'
import { verifyRollups, type RollupCheck } from './rollup/verify.ts'
import { deliverEvents, type Delivery } from './sink/deliver.ts'
import { createBlockSize } from './sink/block-size.ts'
import { createLastingDeliveries } from './sink/lasting-delivery.ts'
import { createMetricsSink, toRowsDirectory } from './sink/metrics-sink.ts'
import { storeDoubtfulRequests, storeNewRequests } from './sink/store-requests.ts'

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
  /** Of an external ClickHouse that is a cluster. Default: one server, or the embedded engine. */
  readonly topology?: Topology
  /** Each write also waits for the disk, so that accepted events survive a power cut; default false. */
  readonly fsync?: boolean
  /**
   * Starts although the database does not answer: events wait in the spool, and are stored, after the migrations, when it is back. Default
   * false: `createMetrics` rejects.
   */
  readonly startsWithoutDatabase?: boolean
}

/** What an erasure removed, in the database and in the spool. */
export interface ErasedUser extends ErasureReport {
  /** Events that no table could hold, which lay in the spool. */
  readonly refused: number
}

/** Asks for every project; narrow it with `scopedTo` before anyone but an operator asks. */
export interface Metrics extends MetricsReader, AsyncDisposable {
  /** Where the gateway writes: events are accepted once they are in the spool, and readable about half a second later. */
  readonly sink: Sink
  /** What was asked and answered, where the gateway captured it; of every project, like the questions. */
  readonly payloads: PayloadReader
  /** What the start changed in the database; version 0 while that does not answer. */
  readonly migration: MigrationReport
  /**
   * Stores events at once, past the spool and each id once, however often it is sent; for imports that can be repeated.
   * @throws METRICS_DATABASE_UNAVAILABLE when repeating helps, METRICS_DATABASE_REFUSED or METRICS_EVENTS_INVALID when it does not
   */
  store(events: readonly BudEvent[], signal?: AbortSignal): Promise<Delivery>
  /**
   * Removes all that is stored of one user of a project, after what waits in the spool, and makes the rollups anew that counted it.
   * May be repeated; CORE_ABORTED when the spool could not be delivered before the signal aborted. Events that are sent again afterwards
   * are new: whoever repeats an import brings the user back.
   */
  erase(user: Erasure, signal: AbortSignal): Promise<ErasedUser>
  /** What nodes cost from when on, for `trueCost`; may be repeated. @throws CORE_CONFIG_INVALID, METRICS_DATABASE_UNAVAILABLE */
  storeNodePrices(prices: readonly NodePrice[], signal?: AbortSignal): Promise<number>
  /** Which devices serve which target from when on, for `trueCost`; may be repeated. @throws CORE_CONFIG_INVALID, METRICS_DATABASE_UNAVAILABLE */
  storeTargetDevices(devices: readonly TargetDevice[], signal?: AbortSignal): Promise<number>
  /** Compares every rollup with the raw rows, where those are all still there; reads them all. */
  verify(signal?: AbortSignal): Promise<readonly RollupCheck[]>
}

/** What must have happened before anything is stored, once. */
interface Preparation {
  ensure(): Promise<void>
  readonly report: MigrationReport
}

function createPreparation({
  client,
  clock,
  logger,
  days,
  topology,
}: {
  readonly client: AnalyticsClient
  readonly clock: Clock
  readonly logger: Logger
  readonly days: Retention
  readonly topology: Topology
}): Preparation {
  let report: MigrationReport = { schemaVersion: 0, applied: [] }
  let isDone = false
  return {
    get report() {
      return report
    },
    async ensure() {
      if (isDone) return
      const migration = await migrate(client, clock, migrations, topology)
      for (const { version, name } of migration.applied) logger.info('metrics migration applied', { version, name })
      await applyRetention(client, days, topology)
      if (await needsRepair(client)) {
        const isTorn = await repairTornRollups(client)
        logger.warn(isTorn ? 'rollups that a crash had torn were made anew' : 'rollups that a crash left uncertain were found to be whole')
      }
      report = migration
      isDone = true
    },
  }
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
    topology = {},
    startsWithoutDatabase = false,
  } = options
  const days = resolveConfig('metrics retention', retentionSchema, retention)
  const preparation = createPreparation({ client, clock, logger, days, topology })
  try {
    await preparation.ensure()
  } catch (error) {
    if (!startsWithoutDatabase || !isBudError(error) || !error.retryable) throw error
    logger.warn('the metrics database does not answer; events wait in the spool until it does', { error })
  }
  // One at a time: nothing may come between looking for known ids and inserting the others.
  const lane = createLane([client], metricsLimits.deliveriesWaiting)
  const deliveries: Lane<AnalyticsClient> = {
    run: (what, work, signal) =>
      lane.run(
        what,
        async (session) => {
          await preparation.ensure()
          return work(session)
        },
        signal,
      ),
    close: () => lane.close(),
  }
  const deliverLasting = createLastingDeliveries(deliveries)
  const blockSize = createBlockSize(clock)
  const doubt = (maybeTorn: boolean) => ({ maybeTorn, repairableFrom: rawCompleteFrom(days, clock.nowMs()) })
  const store: Metrics['store'] = (events, signal) =>
    deliveries.run('storing events', (session) => deliverEvents(session, events, doubt(false)), signal)
  const sink = await createMetricsSink({
    storeEvents: (events, maybeTorn, signal) =>
      deliverLasting({
        what: 'storing events',
        batch: events,
        work: async (session) => {
          await deliverEvents(session, events, doubt(maybeTorn))
        },
        signal,
      }),
    storeRows: ({ payloads, isNew }, signal) =>
      deliverLasting({
        what: 'storing requests',
        batch: payloads,
        work: (session) =>
          blockSize.measure(async (blockRows) => {
            if (isNew) await storeNewRequests(session, payloads, blockRows)
            else await storeDoubtfulRequests(session, { payloads, blockRows, ...doubt(true) })
          }),
        signal,
      }),
    spoolDirectory,
    clock,
    random,
    logger,
    fsync,
  })
  const reader = createReader({ engine: createClickHouseEngine(client, clock), client, clock, scope: everyProject })
  let closing: Promise<void> | undefined

  async function close(): Promise<void> {
    await sink[Symbol.asyncDispose]()
    await deliveries.close()
    await client[Symbol.asyncDispose]()
  }

  return {
    ...reader,
    sink,
    payloads: createPayloadReader(client, everyProject),
    get migration() {
      return preparation.report
    },
    store,
    async erase(user, signal) {
      await sink.flush(signal)
      const report = await deliveries.run('erasing a user', (session) => eraseUser(session, user, doubt(false).repairableFrom), signal)
      for (const directory of [spoolDirectory, toRowsDirectory(spoolDirectory)]) removeDamaged(directory)
      return { ...report, refused: eraseRefused(spoolDirectory, user) }
    },
    storeNodePrices: (prices, signal) => deliveries.run('storing prices', (session) => storeNodePrices(session, prices), signal),
    storeTargetDevices: (devices, signal) =>
      deliveries.run('storing the devices of targets', (session) => storeTargetDevices(session, devices), signal),
    verify: (signal) => deliveries.run('comparing rollups', (session) => verifyRollups(session, doubt(false).repairableFrom), signal),
    [Symbol.asyncDispose]: () => (closing ??= close()),
  }
}
