/** Writes batches of events into their tables, each event once, however often it is delivered. */
import {
  isBudError,
  toConfigIssues,
  type AuditEvent,
  type BudEvent,
  type BudgetAlertEvent,
  type ConfigIssue,
  type DeploymentEvent,
  type DeviceEvent,
  type PayloadEvent,
} from '@bud-foundry/core'
import { z } from 'zod'
import type { AnalyticsClient } from '../client/analytics-client.ts'
import { metricsErrors, type InvalidEvent } from '../errors.ts'
import { metricsLimits } from '../limits.ts'
import { auditTable } from '../table/audit-table.ts'
import { budgetAlertTable } from '../table/budget-alert-table.ts'
import { deploymentTable } from '../table/deployment-table.ts'
import { deviceTable } from '../table/device-table.ts'
import { recordTables } from '../table/record-tables.ts'
import { payloadTable, storePayloadBodies, storedPayloadKind } from '../table/payload-table.ts'
import { toEventKey } from '../table/event-id.ts'
import { toTimeCell } from '../table/cell.ts'
import type { EventTable } from '../table/event-table.ts'
import { readInsertToken } from '../table/insert-token.ts'
import { RowWriter } from '../table/row-writer.ts'
import { storedRequestSchema, type StoredRequest } from '../table/request-details.ts'
import { writeRequestRow } from '../table/request-rows.ts'
import { storeDoubtfulRequests } from './store-requests.ts'

/** Any of them: a table is only ever given events of its own kind. */
type StoredEvent = AuditEvent | BudgetAlertEvent | DeviceEvent | DeploymentEvent | PayloadEvent

/** The kinds of events that metrics stores. */
export const storedKinds: ReadonlySet<string> = new Set([
  'request',
  deviceTable.kind,
  deploymentTable.kind,
  payloadTable.kind,
  auditTable.kind,
  budgetAlertTable.kind,
  ...recordTables.map(({ kind }) => kind),
])

// Safe: events reach a table only when their kind is the table's, so the wider parameter is never seen by the narrower functions.
const tables = [
  deviceTable,
  deploymentTable,
  payloadTable,
  auditTable,
  budgetAlertTable,
  ...recordTables,
] as unknown as readonly EventTable<StoredEvent>[]

export interface Delivery {
  /** Stored now. */
  readonly stored: number
  /** Already there, or twice in the batch. */
  readonly known: number
}

const keyRowSchema = z.object({ key: z.string() })

const timeIssue: ConfigIssue = { path: 'timeUnixMs', message: 'must lie between 1970 and 2090', fix: 'send milliseconds since 1970' }
const idIssue: ConfigIssue = { path: 'id', message: 'must be a text that is not empty', fix: 'give every event an id of its own' }

const lengthIssue: ConfigIssue = { path: 'durationMs', message: 'is longer than 31 days', fix: 'send milliseconds from arrival to end' }

/** What is no number comes back from a spool as null, which compares like 0. */
const isInTime = ({ timeUnixMs }: { readonly timeUnixMs: unknown }) =>
  typeof timeUnixMs === 'number' && timeUnixMs >= 0 && timeUnixMs < metricsLimits.eventTimeUnixMsMax
/** A request of a length that cannot be would be in flight in every window. */
const isShort = (event: BudEvent) =>
  event.kind !== 'request' || !('durationMs' in event) || !(Number(event.durationMs) > metricsLimits.requestDurationMsMax)

/** Whether an event may have happened when it says, and lasted as long. */
export const isTimely = (event: BudEvent): boolean => isInTime(event) && isShort(event)

/** Cheap, and looked at before every delivery: a time outside the range would be stored as another one. */
function assertEnvelopes(events: readonly BudEvent[]): void {
  const hasId = ({ id }: { readonly id: unknown }) => typeof id === 'string' && id !== ''
  const invalid = events.flatMap((event) => {
    const issues = [...(isInTime(event) ? [] : [timeIssue]), ...(isShort(event) ? [] : [lengthIssue]), ...(hasId(event) ? [] : [idIssue])]
    return issues.length === 0 ? [] : [{ id: event.id, issues }]
  })
  if (invalid.length > 0) throw metricsErrors.EVENTS_INVALID({ events: invalid })
}

function assertSchema(schema: z.ZodType, events: readonly BudEvent[]): void {
  const invalid = events.flatMap((event) => {
    const result = schema.safeParse(event)
    return result.success ? [] : [{ id: event.id, issues: toConfigIssues(result.error) }]
  })
  if (invalid.length > 0) throw metricsErrors.EVENTS_INVALID({ events: invalid })
}

/**
 * The keys that the table already holds. An event keeps its project and time for ever, so only that stretch is read; the check and the
 * insert after it share one lane, and a directory has one writing process, so nothing can come between them.
 */
async function findKnownKeys(client: AnalyticsClient, table: EventTable<StoredEvent>, events: ReadonlyMap<string, StoredEvent>) {
  const list = [...events.values()]
  const times = list.map(({ timeUnixMs }) => timeUnixMs)
  const rows = await client.query({
    what: `looking for known events in ${table.table}`,
    sql: `SELECT toString(id) AS key FROM ${table.table}
WHERE ${table.partitionColumn} IN {partitions:Array(String)}
  AND time >= toDateTime64({from:String}, 6, 'UTC') AND time <= toDateTime64({to:String}, 6, 'UTC')
  AND id IN {ids:Array(UUID)}`,
    params: {
      partitions: [...new Set(list.map((event) => table.partitionOf(event)))],
      from: toTimeCell(times.reduce((left, right) => Math.min(left, right))),
      to: toTimeCell(times.reduce((left, right) => Math.max(left, right))),
      ids: [...events.keys()],
    },
    lane: 'ingest',
  })
  return new Set(
    z
      .array(keyRowSchema)
      .parse(rows)
      .map(({ key }) => key),
  )
}

/** By key. An event that lacks what its row needs is named, and does not hold up those behind it. @throws METRICS_EVENTS_INVALID */
function toLines(table: EventTable<StoredEvent>, events: ReadonlyMap<string, StoredEvent>): Map<string, string> {
  try {
    return new Map(Array.from(events, ([key, event]) => [key, JSON.stringify(table.toCells(event))]))
  } catch (error) {
    assertSchema(table.schema, [...events.values()])
    throw error
  }
}

async function deliverTo(client: AnalyticsClient, table: EventTable<StoredEvent>, batch: readonly StoredEvent[]): Promise<Delivery> {
  const events = new Map<string, StoredEvent>()
  for (const event of batch) {
    const key = toEventKey(event.id)
    if (!events.has(key)) events.set(key, event)
  }
  const lines = toLines(table, events)
  for (const key of await findKnownKeys(client, table, events)) lines.delete(key)
  if (lines.size > 0) {
    const token = await readInsertToken(client, table.table, lines.keys())
    try {
      await client.insert({ table: table.table, columns: table.columns, lines: [...lines.values()], token })
    } catch (error) {
      // Looked at only after a refusal: checking every event of every batch would cost more than storing it.
      if (isBudError(error) && !error.retryable) assertSchema(table.schema, [...events.values()])
      throw error
    }
  }
  return { stored: lines.size, known: batch.length - lines.size }
}

export interface DeliveryDoubt {
  /** True: a former attempt at the same events may have ended half way. */
  readonly maybeTorn: boolean
  /** Unix seconds: earlier hours have lost raw rows, and their rollups are left as they are. */
  readonly repairableFrom: number
}

async function deliverRequests(client: AnalyticsClient, batch: readonly BudEvent[], doubt: DeliveryDoubt): Promise<Delivery> {
  assertSchema(storedRequestSchema, batch)
  const writer = new RowWriter()
  const invalid: InvalidEvent[] = []
  // Safe: each of them passed the schema.
  for (const event of batch as readonly StoredRequest[]) {
    try {
      writeRequestRow(writer, event)
    } catch (error) {
      // A number that its column cannot hold is not stored as another one.
      const message = error instanceof Error ? error.message : String(error)
      invalid.push({ id: event.id, issues: [{ path: '(row)', message, fix: 'send what was measured' }] })
    }
  }
  if (invalid.length > 0) throw metricsErrors.EVENTS_INVALID({ events: invalid })
  const stored = await storeDoubtfulRequests(client, { payloads: [writer.take()], ...doubt })
  return { stored, known: batch.length - stored }
}

function* piecesOf<Event>(events: readonly Event[]): Generator<readonly Event[]> {
  for (let start = 0; start < events.length; start += metricsLimits.batchRows) yield events.slice(start, start + metricsLimits.batchRows)
}

const noDoubt: DeliveryDoubt = { maybeTorn: false, repairableFrom: 0 }

/**
 * Stores what is not stored yet. May be repeated after any failure, also with other batch borders; say so with `maybeTorn`.
 * @throws METRICS_DATABASE_UNAVAILABLE when repeating helps, METRICS_DATABASE_REFUSED or METRICS_EVENTS_INVALID when it does not
 */
export async function deliverEvents(client: AnalyticsClient, events: readonly BudEvent[], doubt = noDoubt): Promise<Delivery> {
  assertEnvelopes(events)
  const deliveries: Delivery[] = []
  const requests = events.filter(({ kind }) => kind === 'request')
  for (const piece of piecesOf(requests)) deliveries.push(await deliverRequests(client, piece, doubt))
  for (const table of tables) {
    // Safe: the kind decides the type of the event.
    const ofKind = events.filter(({ kind }) => kind === table.kind) as unknown as readonly StoredEvent[]
    if (table.kind === storedPayloadKind && ofKind.length > 0) {
      assertSchema(table.schema, ofKind)
      // Safe: the kind says so.
      await storePayloadBodies(client, ofKind as readonly PayloadEvent[])
    }
    for (const piece of piecesOf(ofKind)) deliveries.push(await deliverTo(client, table, piece))
  }
  const sum = (count: (delivery: Delivery) => number) => deliveries.reduce((total, delivery) => total + count(delivery), 0)
  return { stored: sum(({ stored }) => stored), known: sum(({ known }) => known) }
}
