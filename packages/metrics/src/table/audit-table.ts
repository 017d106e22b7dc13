/** Administrative operations as rows of the table `audit_events`. */
import { auditEventSchema, type AuditEvent } from '@bud-foundry/core'
import { toTextCell, toTimeCell } from './cell.ts'
import { toEventIdText, toEventKey } from './event-id.ts'
import type { EventTable } from './event-table.ts'

/** What there is no more, or not yet, is empty and not `null`. */
const toJsonCell = (value: unknown): string => (value === undefined ? '' : toTextCell(JSON.stringify(value)))

/** Column by column; the order here is the order of the cells. */
const cells: Readonly<Record<string, (event: AuditEvent) => unknown>> = {
  action: ({ action }) => toTextCell(action),
  time: ({ timeUnixMs }) => toTimeCell(timeUnixMs),
  id: ({ id }) => toEventKey(id),
  id_text: ({ id }) => toTextCell(toEventIdText(id)),
  actor_id: ({ actor }) => toTextCell(actor.id),
  actor_name: ({ actor }) => toTextCell(actor.name),
  client_ip: ({ actor }) => toTextCell(actor.clientIp),
  subject_kind: ({ subject }) => toTextCell(subject.kind),
  subject_id: ({ subject }) => toTextCell(subject.id),
  outcome: ({ outcome }) => outcome,
  error_code: ({ errorCode }) => toTextCell(errorCode),
  before: ({ before }) => toJsonCell(before),
  after: ({ after }) => toJsonCell(after),
  request_id: ({ requestId }) => toTextCell(requestId),
}

const toCell = Object.values(cells)

export const auditTable: EventTable<AuditEvent> = {
  kind: 'audit',
  table: 'audit_events',
  partitionColumn: 'action',
  partitionOf: ({ action }) => toTextCell(action),
  columns: Object.keys(cells),
  toCells: (event) => toCell.map((read) => read(event)),
  schema: auditEventSchema,
}
