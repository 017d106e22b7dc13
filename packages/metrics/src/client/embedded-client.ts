/** The client of the ClickHouse engine that runs inside this process (`chdb`), behind the official client. */
import { open, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { buffer } from 'node:stream/consumers'
import type { ClickHouseClientConfigOptions } from '@clickhouse/client'
import { metricsLimits } from '../limits.ts'
import type { AnalyticsClient } from './analytics-client.ts'
import { toDatabaseError } from './database-error.ts'
import { claimDirectory } from './engine-directory.ts'
import { loadEngine } from './engine-module.ts'
import { fileSettings, resultSettings, rowInsertSettings, textInsertSettings, toSettingsClause } from './format-settings.ts'
import { createLane } from './lane.ts'
import { officialClient } from './official-client.ts'

export interface EmbeddedClientOptions {
  /** Made when absent. One process at a time, and one directory per process. */
  readonly directory: string
}

/**
 * Opens the directory. Questions run in parallel on a few sessions; what ingestion does runs one after the other on its own, so that
 * no question delays it. The engine works on libuv's threads: a process that also does much file or DNS work sets UV_THREADPOOL_SIZE.
 * Closing waits for what runs: the engine cannot be interrupted.
 * @throws METRICS_ENGINE_MISSING, METRICS_PLATFORM_UNSUPPORTED, METRICS_DIRECTORY_IN_USE, METRICS_DIRECTORY_UNWRITABLE,
 *   METRICS_DIRECTORY_UNREADABLE, METRICS_ENGINE_BUSY
 */
export async function createEmbeddedClient({ directory }: EmbeddedClientOptions): Promise<AnalyticsClient> {
  const engine = await loadEngine()
  const { ClickHouseLogLevel, createClient } = officialClient()
  const claim = await claimDirectory(directory)
  const openSession = () => {
    const connection = claim.open(() => engine.createChdbConnection({ path: claim.path }))
    // Failures are thrown with their cause; the client need not print them as well.
    const options = { connection, log: { level: ClickHouseLogLevel.OFF } }
    // Safe: chdb implements the connection interface of the official client, which does not export that type's name.
    return { connection, client: createClient(options as unknown as ClickHouseClientConfigOptions) }
  }
  const ingestSession = openSession()
  const readSessions = Array.from({ length: metricsLimits.readSessions }, openSession)
  const ingest = createLane([ingestSession], metricsLimits.queriesWaiting)
  const reading = createLane(readSessions, metricsLimits.queriesWaiting)
  let closing: Promise<void> | undefined

  async function close(): Promise<void> {
    await Promise.all([ingest.close(), reading.close()])
    await Promise.all([ingestSession, ...readSessions].map(({ client }) => client.close()))
    await engine.drainPending()
    claim.release()
  }

  return {
    async query({ what, sql, params, lane }, signal) {
      try {
        return await (lane === 'ingest' ? ingest : reading).run(
          what,
          async ({ client }) => {
            const result = await client.query({
              query: `${sql}\n${resultSettings}`,
              format: 'JSONEachRow',
              ...(params === undefined ? {} : { query_params: params }),
            })
            return result.json<unknown>()
          },
          signal,
        )
      } catch (error) {
        throw toDatabaseError(what, error)
      }
    },
    async file({ what, sql, params }, format, signal) {
      try {
        return await reading.run(
          what,
          async ({ client }) => {
            const { stream } = await client.exec({
              query: `${sql}\nFORMAT ${format}\n${fileSettings}`,
              ...(params === undefined ? {} : { query_params: params }),
            })
            return buffer(stream)
          },
          signal,
        )
      } catch (error) {
        throw toDatabaseError(what, error)
      }
    },
    async command({ what, sql, params }) {
      try {
        await ingest.run(what, ({ client }) => client.command({ query: sql, ...(params === undefined ? {} : { query_params: params }) }))
      } catch (error) {
        throw toDatabaseError(what, error)
      }
    },
    async insert({ table, columns, lines, token }) {
      const what = `inserting into ${table}`
      try {
        await ingest.run(what, ({ connection }) =>
          connection.chdb.rawInsert({
            table,
            columns,
            values: Buffer.from(lines.join('\n')),
            format: 'JSONCompactEachRow',
            settings: textInsertSettings(token),
          }),
        )
      } catch (error) {
        throw toDatabaseError(what, error)
      }
    },
    async insertRows({ table, columns, payloads, blockRows }) {
      const what = `inserting into ${table}`
      try {
        await ingest.run(what, async ({ client }) => {
          // The engine takes binary rows from files only; the lane makes it one file at a time.
          const path = join(claim.path, 'incoming.rows')
          await writeFiles(path, payloads)
          const structure = columns.map(({ name, type }) => `${name} ${type}`).join(', ')
          await client.command({
            query: `INSERT INTO ${table} (${columns.map(({ name }) => name).join(', ')})
SELECT * FROM file(${quote(path)}, 'RowBinary', ${quote(structure)}) ${toSettingsClause(rowInsertSettings(blockRows))}`,
          })
          await rm(path, { force: true })
        })
      } catch (error) {
        throw toDatabaseError(what, error)
      }
    },
    async [Symbol.asyncDispose]() {
      closing ??= close()
      await closing
    },
  }
}

const quote = (text: string) => `'${text.replaceAll('\\', '\\\\').replaceAll("'", "\\'")}'`

async function writeFiles(path: string, payloads: readonly Uint8Array[]): Promise<void> {
  const file = await open(path, 'w')
  try {
    await file.writev(payloads)
  } finally {
    await file.close()
  }
}
