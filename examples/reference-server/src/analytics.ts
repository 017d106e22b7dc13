/** The database of the rows: the embedded engine in the data directory, or the ClickHouse that the environment names. */
import { createSecret } from '@bud-foundry/core'
import { createServerClient, type AnalyticsClient } from '@bud-foundry/metrics'
import type { DataDirectory } from './data-directory.ts'
import type { ServerEnvironment } from './env.ts'

/** User, password and database stand in the address, as in most connection strings; the client gets them apart from it. */
function openServer(address: string): AnalyticsClient {
  const url = new URL(address)
  const [username, password, database] = [url.username, url.password, url.pathname.slice(1)].map(decodeURIComponent)
  return createServerClient({
    url: url.origin,
    ...(username === undefined || username === '' ? {} : { username }),
    ...(password === undefined || password === '' ? {} : { password: createSecret(password) }),
    ...(database === undefined || database === '' ? {} : { database }),
  })
}

/** The embedded engine is loaded only when it is used: not every platform has it. */
export async function openAnalytics(
  { BUD_CLICKHOUSE_URL: address }: ServerEnvironment,
  directory: DataDirectory,
): Promise<AnalyticsClient> {
  if (address !== undefined) return openServer(address)
  const { createEmbeddedClient } = await import('@bud-foundry/metrics/chdb')
  return createEmbeddedClient({ directory: directory.file('clickhouse') })
}
