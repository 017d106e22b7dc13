/** Audit events kept in the Store, so that they can be asked for: whichever process did what, all of it is in one place. */
import {
  auditEventSchema,
  systemClock,
  type AuditEvent,
  type BudEvent,
  type Clock,
  type Sink,
  type SinkReceipt,
  type Store,
} from '@bud-foundry/core'
import { auditChangeBytes, auditEventsPerQuestion, auditRetentionDays } from '../limits.ts'

const prefix = 'gateway/audit/'
const msPerDay = 86_400_000
const dayOf = (unixMs: number): string => new Date(unixMs).toISOString().slice(0, 10)

export interface AuditQuestion {
  /** ISO dates in UTC; both included. */
  readonly from: string
  readonly to: string
  /** At most this many, default 100; 1000 is the most. */
  readonly limit?: number | undefined
  readonly action?: string | undefined
  readonly actor?: string | undefined
  readonly subject?: string | undefined
  readonly outcome?: AuditEvent['outcome'] | undefined
}

export interface AuditTrail extends Sink {
  /** Newest first. */
  list(question: AuditQuestion): Promise<readonly AuditEvent[]>
}

export interface AuditTrailParts {
  readonly store: Store
  readonly clock?: Clock | undefined
  /** Told about records that cannot be read. */
  readonly onFailure?: ((error: unknown) => void) | undefined
}

/** A change too large to keep is in the log still. */
const kept = (change: unknown): unknown => (JSON.stringify(change).length <= auditChangeBytes ? change : '[too large: see the log]')

function bounded({ before, after, ...event }: AuditEvent): AuditEvent {
  return { ...event, ...(before === undefined ? {} : { before: kept(before) }), ...(after === undefined ? {} : { after: kept(after) }) }
}

class StoredAuditTrail implements AuditTrail {
  readonly contract = 'sink/1'
  readonly kinds = new Set(['audit'])
  readonly #store: Store
  readonly #clock: Clock
  readonly #onFailure: (error: unknown) => void
  #stored = 0

  constructor({ store, clock = systemClock, onFailure = () => undefined }: AuditTrailParts) {
    this.#store = store
    this.#clock = clock
    this.#onFailure = onFailure
  }

  async write(batch: readonly BudEvent[], signal: AbortSignal): Promise<void> {
    for (const event of batch) {
      const parsed = auditEventSchema.safeParse(event)
      if (!parsed.success) continue
      signal.throwIfAborted()
      const value = Buffer.from(JSON.stringify(bounded(parsed.data)))
      await this.#store.set(this.#keyOf(parsed.data), value, { ttlMs: auditRetentionDays * msPerDay })
      this.#stored += 1
    }
  }

  /** Accepted means stored. */
  flush(): Promise<void> {
    return Promise.resolve()
  }

  receipt(): SinkReceipt {
    return { produced: this.#stored, stored: this.#stored, pending: 0, dropped: 0 }
  }

  async list(question: AuditQuestion): Promise<readonly AuditEvent[]> {
    const { from, to, limit = 100, action, actor, subject, outcome } = question
    const events: AuditEvent[] = []
    const first = Date.parse(`${from}T00:00:00Z`)
    const last = Math.min(Date.parse(`${to}T00:00:00Z`), this.#clock.nowMs())
    for (let dayMs = last; dayOf(dayMs) >= dayOf(first); dayMs -= msPerDay) {
      const keys: string[] = []
      for await (const key of this.#store.list(`${prefix}${dayOf(dayMs)}/`)) keys.push(key)
      // Ids begin with their time: the last key is the newest event.
      for (const key of keys.reverse()) {
        const event = await this.#read(key)
        if (event === undefined) continue
        if (action !== undefined && event.action !== action) continue
        if (actor !== undefined && event.actor.id !== actor) continue
        if (subject !== undefined && event.subject.id !== subject) continue
        if (outcome !== undefined && event.outcome !== outcome) continue
        events.push(event)
        if (events.length >= Math.min(limit, auditEventsPerQuestion)) return events
      }
    }
    return events
  }

  [Symbol.asyncDispose](): Promise<void> {
    return Promise.resolve()
  }

  #keyOf({ id, timeUnixMs }: AuditEvent): string {
    return `${prefix}${dayOf(timeUnixMs)}/${id}`
  }

  async #read(key: string): Promise<AuditEvent | undefined> {
    const bytes = await this.#store.get(key)
    if (bytes === undefined) return undefined
    try {
      return auditEventSchema.parse(JSON.parse(Buffer.from(bytes).toString()))
    } catch (error) {
      // One broken record must not hide the others.
      this.#onFailure(error)
      return undefined
    }
  }
}

/** Pass it as the sink of `createAuditLog`, and to `createAdmin` for the operation `listAudit`. The store is closed by whoever made it. */
export const createAuditTrail = (parts: AuditTrailParts): AuditTrail => new StoredAuditTrail(parts)
