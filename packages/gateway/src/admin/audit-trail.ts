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
import {
  auditChangeBytes,
  auditEventsPerQuestion,
  auditReadsPerQuestion,
  auditRetentionDays,
  auditStrangerRetentionDays,
  parallelRecordReads,
} from '../limits.ts'
import { unknownActorId } from './actor.ts'

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

export interface AuditAnswer {
  /** Newest first. */
  readonly events: readonly AuditEvent[]
  /** True when more events were kept than one question reads: ask for fewer days. */
  readonly isPartial: boolean
}

export interface AuditTrail extends Sink {
  list(question: AuditQuestion): Promise<AuditAnswer>
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

/** Whoever has no credential must not fill the store for a year. */
const retentionDays = ({ actor, outcome }: AuditEvent): number =>
  actor.id === unknownActorId && outcome !== 'success' ? auditStrangerRetentionDays : auditRetentionDays

const fits = ({ action, actor, subject, outcome }: AuditEvent, question: AuditQuestion): boolean =>
  (question.action === undefined || action === question.action) &&
  (question.actor === undefined || actor.id === question.actor) &&
  (question.subject === undefined || subject.id === question.subject) &&
  (question.outcome === undefined || outcome === question.outcome)

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
      await this.#store.set(this.#keyOf(parsed.data), value, { ttlMs: retentionDays(parsed.data) * msPerDay })
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

  async list(question: AuditQuestion): Promise<AuditAnswer> {
    const { from, to, limit = 100 } = question
    const wanted = Math.min(limit, auditEventsPerQuestion)
    const events: AuditEvent[] = []
    let left = auditReadsPerQuestion
    const first = Date.parse(`${from}T00:00:00Z`)
    const last = Math.min(Date.parse(`${to}T00:00:00Z`), this.#clock.nowMs())
    for (let dayMs = last; dayOf(dayMs) >= dayOf(first); dayMs -= msPerDay) {
      const { keys, hasMore } = await this.#newestKeys(dayOf(dayMs), left)
      left -= keys.length
      for (let at = 0; at < keys.length; at += parallelRecordReads) {
        const read = await Promise.all(keys.slice(at, at + parallelRecordReads).map((key) => this.#read(key)))
        for (const event of read) if (event !== undefined && fits(event, question)) events.push(event)
        if (events.length >= wanted) return { events: events.slice(0, wanted), isPartial: false }
      }
      if (hasMore) return { events, isPartial: true }
    }
    return { events, isPartial: false }
  }

  /** Ids begin with their time: the last key is the newest event. */
  async #newestKeys(day: string, count: number): Promise<{ readonly keys: readonly string[]; readonly hasMore: boolean }> {
    let keys: string[] = []
    let hasMore = false
    const cut = () => {
      if (keys.length <= count) return
      keys = keys.slice(keys.length - count)
      hasMore = true
    }
    for await (const key of this.#store.list(`${prefix}${day}/`)) {
      keys.push(key)
      if (keys.length >= 2 * count + parallelRecordReads) cut()
    }
    cut()
    return { keys: keys.reverse(), hasMore }
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
