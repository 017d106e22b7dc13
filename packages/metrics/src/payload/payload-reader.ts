/** Reads back what was asked and answered in a request, where capture was switched on and the texts have not expired. */
import { z } from 'zod'
import { compileScope } from '../ask/compile-selection.ts'
import { intersectScopes, type Scope } from '../ask/scope.ts'
import type { AnalyticsClient } from '../client/analytics-client.ts'
import { fromMicros } from '../table/cell.ts'
import { toEventKey } from '../table/event-id.ts'

/** One side of a request. */
export interface PayloadText {
  /** As it was captured: JSON of a body, or the text of a stream. Undefined: it has expired, or was erased. */
  readonly text: string | undefined
  /** Capture kept only the beginning. */
  readonly truncated: boolean
  /** UTF-8 bytes that were captured. */
  readonly bytes: number
}

/** What was asked and answered in one request. */
export interface Payload {
  readonly requestId: string
  readonly traceId: string
  readonly projectId: string
  readonly timeUnixMs: number
  readonly requestedModel: string
  readonly dialect: string
  readonly request: PayloadText
  readonly response: PayloadText
}

export interface PayloadReader {
  /** Undefined when nothing was captured of the request, it has expired, or it is not in scope. @throws METRICS_DATABASE_UNAVAILABLE */
  read(requestId: string, signal?: AbortSignal): Promise<Payload | undefined>
  /** A reader that sees what this one sees and the scope allows. */
  scopedTo(scope: Scope): PayloadReader
}

const flag = z.union([z.boolean(), z.number().transform((value) => value === 1)])
const rowSchema = z.object({
  request_key: z.string(),
  request_id_text: z.string(),
  trace_key: z.string(),
  trace_text: z.string(),
  project_id: z.string(),
  time_us: z.number(),
  requested_model: z.string(),
  dialect: z.string(),
  request_hash: z.string(),
  response_hash: z.string(),
  request_truncated: flag,
  response_truncated: flag,
  request_bytes: z.number(),
  response_bytes: z.number(),
})
const bodyRows = z.array(z.object({ hash: z.string(), body: z.string() }))

const columns = `toString(request_id) AS request_key, request_id_text, replaceAll(toString(trace_id), '-', '') AS trace_key, trace_text, project_id,
  toUnixTimestamp64Micro(time) AS time_us, requested_model, dialect, toString(request_hash) AS request_hash,
  toString(response_hash) AS response_hash, request_truncated, response_truncated, request_bytes, response_bytes`

export function createPayloadReader(client: AnalyticsClient, scope: Scope): PayloadReader {
  return {
    async read(requestId, signal) {
      const clause = compileScope(scope)
      const found = await client.query(
        {
          what: 'reading a payload',
          sql: `SELECT ${columns} FROM payloads WHERE ${clause.sql} AND request_id = {request_key:UUID} ORDER BY time DESC LIMIT 1`,
          params: { ...clause.params, request_key: toEventKey(requestId) },
        },
        signal,
      )
      if (found.length === 0) return undefined
      const row = rowSchema.parse(found[0])
      // Two steps: the row, found by its bloom filter, names at most two texts, which the key of their table finds.
      const stored = await client.query(
        {
          what: 'reading the texts of a payload',
          sql: `SELECT toString(hash) AS hash, any(body) AS body FROM payload_bodies
WHERE project_id = {project_id:String} AND hash IN {hashes:Array(String)} GROUP BY hash`,
          params: { project_id: row.project_id, hashes: [row.request_hash, row.response_hash] },
        },
        signal,
      )
      const bodies = new Map(bodyRows.parse(stored).map(({ hash, body }) => [hash, body]))
      return {
        requestId: row.request_id_text === '' ? row.request_key : row.request_id_text,
        traceId: row.trace_text === '' ? row.trace_key : row.trace_text,
        projectId: row.project_id,
        timeUnixMs: fromMicros(row.time_us),
        requestedModel: row.requested_model,
        dialect: row.dialect,
        request: { text: bodies.get(row.request_hash), truncated: row.request_truncated, bytes: row.request_bytes },
        response: { text: bodies.get(row.response_hash), truncated: row.response_truncated, bytes: row.response_bytes },
      }
    },
    scopedTo: (narrower) => createPayloadReader(client, intersectScopes(scope, narrower)),
  }
}
