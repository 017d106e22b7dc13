/** The database of the rows: the embedded engine in the data directory, or the ClickHouse that the environment names; and who erased what of it. */
import { createId, createSecret, systemRandom, type AuditEvent, type Clock } from '@bud-foundry/core'
import { createServerClient, type AnalyticsClient, type Metrics, type MetricsOperations } from '@bud-foundry/metrics'
import type { DataDirectory } from './data-directory.ts'
import type { ServerEnvironment } from './env.ts'
import type { Identity } from './identity.ts'

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

/** Erases a user, and writes into the audit log who asked for it; the user's id stands there, for it is what must stay provable. */
export function createAuditedErasure({
  metrics,
  identity,
  clock,
}: {
  readonly metrics: Metrics
  readonly identity: Identity
  readonly clock: Clock
}): NonNullable<MetricsOperations['erase']> {
  return async (user, request) => {
    const { id, name } = identity.require(request, 'admin')
    const report = await metrics.erase(user, request.signal)
    const event: AuditEvent = {
      id: createId(clock, systemRandom),
      kind: 'audit',
      timeUnixMs: clock.nowMs(),
      actor: { id, name },
      action: 'user-erase',
      subject: { kind: 'user', id: user.userId },
      outcome: 'success',
      after: { projectId: user.projectId, ...report },
      requestId: request.headers.get('x-request-id') ?? createId(clock, systemRandom),
    }
    await metrics.sink.write([event], request.signal)
    return report
  }
}
