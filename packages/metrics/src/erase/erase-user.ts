/** Removes everything that is stored of one user of a project, and makes the rollups anew that counted them. */
import { z } from 'zod'
import type { AnalyticsClient } from '../client/analytics-client.ts'
import { repeatableInsert } from '../client/format-settings.ts'
import { repairRollups } from '../rollup/rebuild.ts'

/** Whose rows go; an empty user would be every request without one. */
export const erasureSchema = z.strictObject({ projectId: z.string().min(1).max(1_024), userId: z.string().min(1).max(1_024) })

export type Erasure = Readonly<z.infer<typeof erasureSchema>>

export interface ErasureReport {
  readonly requests: number
  readonly payloads: number
  readonly scores: number
  /** Spans of the traces that their requests belong to. */
  readonly spans: number
  /** Reports of rules that blocked the user. */
  readonly blockedRequests: number
}

const countRows = z.tuple([z.object({ rows: z.number() })])

const ofUser = 'project_id = {projectId:String} AND user_id = {userId:String}'
const requestsOfUser = `(SELECT id FROM requests WHERE ${ofUser})`
const tracesOfUser = `(SELECT trace_id FROM requests WHERE ${ofUser})`

/**
 * May be interrupted and repeated. Nothing may be written meanwhile; what of the user still waits in a spool must be delivered before.
 * @param repairableFrom Unix seconds: in earlier hours raw rows have expired, and there only rows of usage are removed
 */
export async function eraseUser(client: AnalyticsClient, { projectId, userId }: Erasure, repairableFrom: number): Promise<ErasureReport> {
  const what = 'erasing a user'
  const params = { projectId, userId }
  const count = async (table: string, where: string) => {
    const rows = await client.query({ what, sql: `SELECT count() AS rows FROM ${table} WHERE ${where}`, params, lane: 'ingest' })
    return countRows.parse(rows)[0].rows
  }
  const remove = (table: string, where: string) =>
    client.command({ what, sql: `ALTER TABLE ${table} DELETE WHERE ${where} SETTINGS mutations_sync = 2`, params })
  const ofPayload = `project_id = {projectId:String} AND request_id IN ${requestsOfUser}`
  const ofScore = `project_id = {projectId:String} AND (user_id = {userId:String} OR request_id IN ${requestsOfUser})`
  const ofSpan = `project_id = {projectId:String} AND trace_id IN ${tracesOfUser}`
  const report = {
    requests: await count('requests', ofUser),
    payloads: await count('payloads', ofPayload),
    scores: await count('scores', ofScore),
    spans: await count('spans', ofSpan),
    blockedRequests: await count('blocked_requests', ofUser),
  }
  await client.command({
    what,
    sql: `INSERT INTO rollup_repairs (project_id, hour) SELECT DISTINCT project_id, toDateTime(toStartOfHour(time, 'UTC'), 'UTC') AS hour
FROM requests WHERE ${ofUser} AND hour >= toDateTime({from:UInt32}, 'UTC') ${repeatableInsert}`,
    params: { ...params, from: repairableFrom },
  })
  // What refers to the requests goes before them, because they tell what it is.
  await remove('payloads', ofPayload)
  await remove('scores', ofScore)
  await remove('spans', ofSpan)
  await remove('blocked_requests', ofUser)
  const kept =
    '(SELECT request_hash FROM payloads WHERE project_id = {projectId:String} UNION ALL SELECT response_hash FROM payloads WHERE project_id = {projectId:String})'
  await remove('payload_bodies', `project_id = {projectId:String} AND hash NOT IN ${kept}`)
  for (const table of ['usage_hour', 'requests']) await remove(table, ofUser)
  // A delivery that failed may have left rows there; it brings them again.
  await client.command({ what, sql: 'TRUNCATE TABLE requests_doubtful' })
  await repairRollups(client)
  return report
}
