/** What was asked and answered: one narrow row per request, and each text once per project, under the hash of its bytes. */
import { createHash } from 'node:crypto'
import { payloadEventSchema, type PayloadEvent } from '@bud-foundry/core'
import type { AnalyticsClient } from '../client/analytics-client.ts'
import { toTextCell, toTimeCell } from './cell.ts'
import { toEventIdText, toEventKey, toTraceKey, toTraceText } from './event-id.ts'
import type { EventTable } from './event-table.ts'
import { toLabel } from './label.ts'
import { readInsertToken } from './insert-token.ts'

export const storedPayloadKind = 'payload'
const previewChars = 200

/** 22 characters of base64url: 128 bits of SHA-256. */
const hashOf = (body: string) => createHash('sha256').update(body).digest().subarray(0, 16).toString('base64url')

export const payloadTable: EventTable<PayloadEvent> = {
  kind: storedPayloadKind,
  table: 'payloads',
  partitionColumn: 'project_id',
  partitionOf: ({ projectId }) => toTextCell(projectId),
  columns: [
    'project_id',
    'time',
    'id',
    'id_text',
    'request_id',
    'request_id_text',
    'trace_id',
    'trace_text',
    'requested_model',
    'dialect',
    'request_hash',
    'response_hash',
    'request_truncated',
    'response_truncated',
    'request_bytes',
    'response_bytes',
    'preview',
  ],
  toCells: (event) => [
    toTextCell(event.projectId),
    toTimeCell(event.timeUnixMs),
    toEventKey(event.id),
    toTextCell(toEventIdText(event.id)),
    toEventKey(event.requestId),
    toTextCell(toEventIdText(event.requestId)),
    toTraceKey(event.traceId),
    toTextCell(toTraceText(event.traceId)),
    toTextCell(toLabel(event.requestedModel)),
    toTextCell(event.dialect),
    hashOf(event.request),
    hashOf(event.response),
    event.requestTruncated,
    event.responseTruncated,
    Buffer.byteLength(event.request),
    Buffer.byteLength(event.response),
    toTextCell(event.request.slice(0, previewChars)),
  ],
  schema: payloadEventSchema,
}

/** Written before the rows that name them, so that no row names a text that is not there. Repeating it changes nothing. */
export async function storePayloadBodies(client: AnalyticsClient, events: readonly PayloadEvent[]): Promise<void> {
  const bodies = new Map<string, readonly unknown[]>()
  for (const { projectId, request, response, timeUnixMs } of events) {
    for (const body of [request, response]) {
      const hash = hashOf(body)
      bodies.set(`${projectId}\n${hash}`, [toTextCell(projectId), hash, toTimeCell(timeUnixMs), toTextCell(body)])
    }
  }
  if (bodies.size === 0) return
  const table = 'payload_bodies'
  const lines = Array.from(bodies.values(), (row) => JSON.stringify(row))
  // Of the lines with their times: the same text again, later, stays longer.
  const token = await readInsertToken(client, table, lines)
  await client.insert({ table, columns: ['project_id', 'hash', 'time', 'body'], lines, token })
}
