/** The client of a ClickHouse server or cluster, over HTTP. */
import { Readable } from 'node:stream'
import { buffer } from 'node:stream/consumers'
import { resolveConfig, secretSchema, type Secret } from '@bud-foundry/core'
import { z } from 'zod'
import { metricsErrors } from '../errors.ts'
import { metricsLimits } from '../limits.ts'
import type { AnalyticsClient } from './analytics-client.ts'
import { toDatabaseError } from './database-error.ts'
import { fileSettings, resultSettings, rowInsertSettings, textInsertSettings } from './format-settings.ts'
import { officialClient } from './official-client.ts'

export interface ServerClientOptions {
  /** For example `http://clickhouse:8123`. */
  readonly url: string
  /** Must exist; default `default`. */
  readonly database?: string
  readonly username?: string
  readonly password?: Secret
  /** Longest wait for one answer; default 60,000. */
  readonly requestTimeoutMs?: number
}

const optionsSchema = z.strictObject({
  url: z.url({ protocol: /^https?$/, error: 'must be an address such as http://clickhouse:8123' }),
  database: z.string().min(1).optional(),
  username: z.string().optional(),
  password: secretSchema.optional(),
  requestTimeoutMs: z.number().positive().optional(),
})

/** The official client wants them as texts. */
const toTexts = (settings: Readonly<Record<string, string | number>>) =>
  Object.fromEntries(Object.entries(settings).map(([name, value]) => [name, String(value)]))

/** Connects on first use. @throws CORE_CONFIG_INVALID; METRICS_DATABASE_UNAVAILABLE or METRICS_DATABASE_REFUSED from its methods */
export function createServerClient(input: ServerClientOptions): AnalyticsClient {
  const options = resolveConfig('the client of ClickHouse', optionsSchema, input)
  const { ClickHouseLogLevel, createClient } = officialClient()
  const client = createClient({
    url: options.url,
    application: 'bud-foundry-metrics',
    // Every failure is thrown with its cause; a second voice on stderr would only repeat it.
    log: { level: ClickHouseLogLevel.OFF },
    max_open_connections: metricsLimits.readSessions + 1,
    request_timeout: options.requestTimeoutMs ?? 60_000,
    ...(options.database === undefined ? {} : { database: options.database }),
    ...(options.username === undefined ? {} : { username: options.username }),
    ...(options.password === undefined ? {} : { password: options.password.reveal() }),
  })
  let closing: Promise<void> | undefined

  async function attempt<Result>(what: string, work: () => Promise<Result>): Promise<Result> {
    if (closing !== undefined) throw metricsErrors.CLIENT_CLOSED({ what })
    try {
      return await work()
    } catch (error) {
      throw toDatabaseError(what, error)
    }
  }

  return {
    query: ({ what, sql, params }, signal) =>
      attempt(what, async () => {
        const result = await client.query({
          query: `${sql}\n${resultSettings}`,
          format: 'JSONEachRow',
          ...(params === undefined ? {} : { query_params: params }),
          ...(signal === undefined ? {} : { abort_signal: signal }),
        })
        return result.json<unknown>()
      }),
    file: ({ what, sql, params }, format, signal) =>
      attempt(what, async () => {
        const { stream } = await client.exec({
          query: `${sql}\nFORMAT ${format}\n${fileSettings}`,
          ...(params === undefined ? {} : { query_params: params }),
          ...(signal === undefined ? {} : { abort_signal: signal }),
        })
        return buffer(stream)
      }),
    command: ({ what, sql, params }) =>
      attempt(what, async () => {
        await client.command({ query: sql, ...(params === undefined ? {} : { query_params: params }) })
      }),
    insert: ({ table, columns, lines, token }) =>
      attempt(`inserting into ${table}`, async () => {
        await client.command({
          query: `INSERT INTO ${table} (${columns.join(', ')}) FORMAT JSONCompactEachRow\n${lines.join('\n')}`,
          clickhouse_settings: { ...toTexts(textInsertSettings(token)), async_insert: 0 },
        })
      }),
    insertRows: ({ table, columns, payloads, blockRows }) =>
      attempt(`inserting into ${table}`, async () => {
        await client.exec({
          query: `INSERT INTO ${table} (${columns.map(({ name }) => name).join(', ')}) FORMAT RowBinary`,
          values: Readable.from(payloads, { objectMode: false }),
          clickhouse_settings: { ...toTexts(rowInsertSettings(blockRows)), async_insert: 0, wait_end_of_query: 1 },
        })
      }),
    async [Symbol.asyncDispose]() {
      closing ??= client.close()
      await closing
    },
  }
}
