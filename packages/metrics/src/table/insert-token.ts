/** The token by which an engine knows a second attempt at the same insert, and takes nothing else for one. */
import { createHash } from 'node:crypto'
import { z } from 'zod'
import type { AnalyticsClient } from '../client/analytics-client.ts'

const rowsSchema = z.array(z.object({ removal: z.string() }))

/**
 * Of the rows, and of the last removal of rows from the table: what is stored again after an erasure is no second attempt, and an engine
 * that knew it by its rows alone would leave it out without a word.
 */
export async function readInsertToken(client: AnalyticsClient, table: string, rows: Iterable<string>): Promise<string> {
  const found = await client.query({
    what: `looking for removals from ${table}`,
    sql: `SELECT argMax(mutation_id, (create_time, length(mutation_id), mutation_id)) AS removal FROM system.mutations
WHERE database = currentDatabase() AND table = {table:String}`,
    params: { table },
    lane: 'ingest',
  })
  const token = createHash('sha256').update(rowsSchema.parse(found)[0]?.removal ?? '')
  for (const row of rows) token.update('\n').update(row)
  return token.digest('hex')
}
