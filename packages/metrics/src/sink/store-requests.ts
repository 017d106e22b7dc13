/** Writes encoded requests: at once when they are certainly new, otherwise after telling the new from the known inside the engine. */
import { z } from 'zod'
import type { AnalyticsClient } from '../client/analytics-client.ts'
import { repeatableInsert, rowInsertSettings, toSettingsClause } from '../client/format-settings.ts'
import { needsRepair } from '../rollup/rebuild.ts'
import { repairTornRollups } from '../rollup/torn.ts'
import { requestRowColumns } from '../table/request-rows.ts'

/** Payloads of whole rows in the order of `requestRowColumns`, whose rollups follow by the views. */
export function storeNewRequests(client: AnalyticsClient, payloads: readonly Uint8Array[], blockRows: number): Promise<void> {
  return client.insertRows({ table: 'requests', columns: requestRowColumns, payloads, blockRows })
}

const columns = requestRowColumns.map(({ name }) => name).join(', ')

/**
 * An event keeps its project and its time for ever, so that only that stretch is read for known ids. The check and the insert share one
 * lane, and a database has one process that writes a project, so nothing comes between them.
 */
const unknownRows = `FROM (SELECT ${columns} FROM requests_doubtful ORDER BY project_id, time, id LIMIT 1 BY id)
WHERE id NOT IN (
  SELECT id FROM requests
  WHERE project_id IN (SELECT project_id FROM requests_doubtful)
    AND time >= (SELECT min(time) FROM requests_doubtful) AND time <= (SELECT max(time) FROM requests_doubtful)
    AND id IN (SELECT id FROM requests_doubtful)
)`

const countSchema = z.tuple([z.object({ unknown: z.number() })])

export interface DoubtfulDelivery {
  readonly payloads: readonly Uint8Array[]
  /** True: a former attempt may have ended between the rows and their rollups, so touched hours that differ are made anew. */
  readonly maybeTorn: boolean
  /** Unix seconds: hours before this are not made anew, because their raw rows may have expired. */
  readonly repairableFrom: number
  /** See `RowsInsert`. */
  readonly blockRows?: number
}

/** Resolves with the number of rows that were new. */
export async function storeDoubtfulRequests(
  client: AnalyticsClient,
  { payloads, maybeTorn, repairableFrom, blockRows }: DoubtfulDelivery,
): Promise<number> {
  const what = 'telling new requests from known ones'
  // What an earlier failure left is repaired with it.
  const torn = maybeTorn || (await needsRepair(client))
  await client.command({ what, sql: 'TRUNCATE TABLE requests_doubtful' })
  await client.insertRows({ table: 'requests_doubtful', columns: requestRowColumns, payloads })
  const [{ unknown }] = countSchema.parse(await client.query({ what, sql: `SELECT count() AS unknown ${unknownRows}`, lane: 'ingest' }))
  if (unknown > 0 || torn) {
    // Written first: should this process die in between, the next start repairs these hours.
    await client.command({
      what,
      sql: `INSERT INTO rollup_repairs (project_id, hour)
SELECT DISTINCT project_id, toDateTime(toStartOfHour(time, 'UTC'), 'UTC') AS hour FROM requests_doubtful WHERE hour >= toDateTime({from:UInt32}, 'UTC') ${repeatableInsert}`,
      params: { from: repairableFrom },
    })
  }
  if (unknown > 0) {
    await client.command({
      what: 'inserting into requests',
      sql: `INSERT INTO requests (${columns}) SELECT ${columns} ${unknownRows} ${toSettingsClause(rowInsertSettings(blockRows))}`,
    })
  }
  if (torn) await repairTornRollups(client)
  else if (unknown > 0) await client.command({ what, sql: 'TRUNCATE TABLE rollup_repairs' })
  await client.command({ what, sql: 'TRUNCATE TABLE requests_doubtful' })
  return unknown
}
