/** How many rows each table has, so that a question reads the fewest; asked for once in a while, because estimates are enough. */
import type { Clock } from '@bud-foundry/core'
import { z } from 'zod'
import type { AnalyticsClient } from '../client/analytics-client.ts'
import { metricsLimits } from '../limits.ts'
import { readRawCompleteFrom } from '../migrate/retention.ts'

export interface TableSizes {
  /** 0 for what is not there. */
  readonly rowsOf: (table: string) => number
  /** Earlier raw rows may have expired while rollups still have them. */
  readonly rawFromUs: number
}

const rowsSchema = z.array(z.object({ table: z.string(), table_rows: z.number() }))

async function readSizes(client: AnalyticsClient, nowMs: number): Promise<TableSizes> {
  const [rows, rawFrom] = await Promise.all([
    client.query({
      what: 'reading the size of the tables',
      sql: 'SELECT table, sum(rows) AS table_rows FROM system.parts WHERE active AND database = currentDatabase() GROUP BY table',
    }),
    readRawCompleteFrom(client, nowMs),
  ])
  const sizes = new Map(rowsSchema.parse(rows).map(({ table, table_rows: count }) => [table, count]))
  return { rowsOf: (table) => sizes.get(table) ?? 0, rawFromUs: rawFrom * 1_000_000 }
}

/**
 * The sizes of about a minute ago; undefined while the database cannot tell them, because no answer depends on them. Only the first question
 * waits for them: later ones take what is known while it is asked for anew.
 */
export function createSizeReader(client: AnalyticsClient, clock: Clock): () => Promise<TableSizes | undefined> {
  let known: Promise<TableSizes | undefined> | undefined
  let reading = false
  let knownAtMs = 0
  return () => {
    const nowMs = clock.nowMs()
    if (!reading && (known === undefined || nowMs - knownAtMs > metricsLimits.tableSizesMs)) {
      knownAtMs = nowMs
      reading = true
      const next = readSizes(client, nowMs)
        .catch(() => undefined)
        .finally(() => {
          reading = false
        })
      if (known === undefined) known = next
      else
        void next.then(() => {
          known = next
        })
    }
    return known ?? Promise.resolve(undefined)
  }
}
