/** What was asked and answered in one request, where it was captured and is still kept. */
import { z } from 'zod'
import type { AnalyticsClient } from '../../client/analytics-client.ts'
import { toEventKey } from '../../table/event-id.ts'
import { compileScope } from '../compile-selection.ts'
import type { Scope } from '../scope.ts'

/** The texts of one request, after redaction. */
export interface StoredPayload {
  readonly requestId: string
  readonly timeUnixMs: number
  readonly projectId: string
  readonly requestedModel: string
  readonly dialect: string
  /** JSON of the caller's body; absent when its lifetime is over. */
  readonly request?: string
  readonly requestTruncated: boolean
  /** JSON of the answer, or the text of a stream; absent when its lifetime is over. */
  readonly response?: string
  readonly responseTruncated: boolean
}

const rowSchema = z.object({
  time_us: z.number(),
  project_id: z.string(),
  requested_model: z.string(),
  dialect: z.string(),
  request_hash: z.string(),
  response_hash: z.string(),
  request_truncated: z.boolean(),
  response_truncated: z.boolean(),
})
const bodySchema = z.object({ hash: z.string(), body: z.string() })

/** Undefined when nothing was captured, or the request is not in scope. */
export async function readPayload(
  { client, scope }: { readonly client: AnalyticsClient; readonly scope: Scope },
  requestId: string,
  signal?: AbortSignal,
): Promise<StoredPayload | undefined> {
  const scoped = compileScope(scope)
  const [row] = await client.query(
    {
      what: 'reading a payload',
      sql: `SELECT toUnixTimestamp64Micro(time) AS time_us, project_id, requested_model, dialect, toString(request_hash) AS request_hash,
  toString(response_hash) AS response_hash, request_truncated, response_truncated
FROM payloads WHERE ${scoped.sql} AND request_id = {request_key:UUID} ORDER BY time LIMIT 1`,
      params: { ...scoped.params, request_key: toEventKey(requestId) },
    },
    signal,
  )
  if (row === undefined) return undefined
  const found = rowSchema.parse(row)
  const rows = await client.query(
    {
      what: 'reading a payload',
      // The project is that of the row, which is in scope.
      sql: 'SELECT toString(hash) AS hash, any(body) AS body FROM payload_bodies WHERE project_id = {project_id:String} AND hash IN {hashes:Array(String)} GROUP BY hash',
      params: { project_id: found.project_id, hashes: [found.request_hash, found.response_hash] },
    },
    signal,
  )
  const bodies = new Map(rows.map((one) => bodySchema.parse(one)).map(({ hash, body }) => [hash, body]))
  const [request, response] = [bodies.get(found.request_hash), bodies.get(found.response_hash)]
  return {
    requestId,
    timeUnixMs: found.time_us / 1000,
    projectId: found.project_id,
    requestedModel: found.requested_model,
    dialect: found.dialect,
    ...(request === undefined ? {} : { request }),
    requestTruncated: found.request_truncated,
    ...(response === undefined ? {} : { response }),
    responseTruncated: found.response_truncated,
  }
}
