/**
 * Why each cent: what was spent by day, key, user, project, model, target and price, summed over all processes. Every process writes rows of its own, a
 * moment after the requests: the events in the sink stay the exact record of each one.
 */
import {
  createId,
  createMemoryStore,
  systemClock,
  systemRandom,
  type Clock,
  type Random,
  type RequestEvent,
  type Store,
} from '@bud-foundry/core'
import { hash } from 'node:crypto'
import { z } from 'zod'
import { gatewayErrors } from '../errors.ts'
import { spendFlushMs, spendRetentionDays, spendRows, spendRowsPerQuery, storeRecheckMs } from '../limits.ts'
import type { GatewayEvent } from '../telemetry/live-events.ts'
import { formatUsd, toNanos } from './nano-usd.ts'

const prefix = 'gateway/spend/'
const msPerDay = 86_400_000

/** What spend can be grouped by. */
export const spendDimensions = ['day', 'project', 'user', 'key', 'model', 'target', 'price'] as const
export type SpendDimension = (typeof spendDimensions)[number]

const count = z.int().nonnegative()
const rowSchema = z.strictObject({
  day: z.string(),
  project: z.string(),
  user: z.string(),
  key: z.string(),
  model: z.string(),
  target: z.string(),
  /** Version of the price, or empty where none was known. */
  price: z.string(),
  requests: count,
  inputTokens: count,
  cachedInputTokens: count,
  outputTokens: count,
  nanos: count,
  /** The part that rests on the gateway's own counts. */
  estimatedNanos: count,
  savedNanos: count,
})
type Row = z.output<typeof rowSchema>

export interface SpendQuestion {
  /** ISO dates in UTC; both included. */
  readonly from: string
  readonly to: string
  readonly by: readonly SpendDimension[]
  readonly where?: { readonly [Dimension in SpendDimension]?: string | undefined } | undefined
}

/** One line of the answer; amounts with all their decimals. */
export interface SpendLine {
  readonly group: { readonly [Dimension in SpendDimension]?: string }
  readonly requests: number
  readonly inputTokens: number
  readonly cachedInputTokens: number
  readonly outputTokens: number
  readonly costUsd: string
  readonly estimatedUsd: string
  readonly savedUsd: string
}

export interface SpendReport {
  readonly lines: readonly SpendLine[]
  readonly totalUsd: string
  /** True when there were more rows than one question may read: ask for fewer days. */
  readonly isPartial: boolean
}

export interface SpendLedger extends AsyncDisposable {
  /** Adds a gateway's requests: pass it to `gateway.onEvent`. */
  readonly onEvent: (event: GatewayEvent) => void
  /** Dearest line first. */
  report(question: SpendQuestion): Promise<SpendReport>
  /** Writes what has been added. */
  flush(): Promise<void>
  /** Requests whose row found no place: there are more combinations than a process keeps in a day. */
  readonly dropped: number
}

export interface SpendLedgerParts {
  readonly store?: Store | undefined
  readonly clock?: Clock | undefined
  readonly random?: Random | undefined
  readonly onFailure?: ((error: unknown) => void) | undefined
}

const dayOf = (unixMs: number): string => new Date(unixMs).toISOString().slice(0, 10)

function rowOf(event: RequestEvent, price: string): Row {
  return {
    day: dayOf(event.timeUnixMs + event.durationMs),
    project: event.projectId,
    user: event.userId ?? '',
    key: event.keyId ?? '',
    model: event.model ?? event.requestedModel,
    target: event.targetId ?? '',
    price,
    requests: 0,
    inputTokens: 0,
    cachedInputTokens: 0,
    outputTokens: 0,
    nanos: 0,
    estimatedNanos: 0,
    savedNanos: 0,
  }
}

/** The rows that a request adds to: one for each try that was billed, with the model and price of that try. */
function* rowsOf(event: RequestEvent): Generator<Row> {
  const billed = event.attempts.filter(({ inputTokens }) => inputTokens !== undefined)
  // An answer out of a cache, or one that nobody billed.
  if (billed.length === 0) {
    if (event.savedUsd === undefined && event.costUsd === undefined) return
    yield { ...rowOf(event, ''), requests: 1, nanos: toNanos(event.costUsd ?? 0), savedNanos: toNanos(event.savedUsd ?? 0) }
    return
  }
  for (const [index, attempt] of billed.entries()) {
    const nanos = toNanos(attempt.costUsd ?? 0)
    yield {
      ...rowOf(event, attempt.priceVersion ?? ''),
      target: attempt.targetId,
      requests: index === 0 ? 1 : 0,
      inputTokens: attempt.inputTokens ?? 0,
      cachedInputTokens: billed.length === 1 ? event.cachedInputTokens : 0,
      outputTokens: attempt.outputTokens ?? 0,
      nanos,
      estimatedNanos: attempt.costEstimated === true ? nanos : 0,
    }
  }
}

const keyOf = (row: Row): string => hash('sha256', JSON.stringify(spendDimensions.map((dimension) => row[dimension])), 'hex').slice(0, 32)

function add(into: Row, row: Row): void {
  into.requests += row.requests
  into.inputTokens += row.inputTokens
  into.cachedInputTokens += row.cachedInputTokens
  into.outputTokens += row.outputTokens
  into.nanos += row.nanos
  into.estimatedNanos += row.estimatedNanos
  into.savedNanos += row.savedNanos
}

function* daysBetween(from: string, to: string): Generator<string> {
  const last = Date.parse(`${to}T00:00:00Z`)
  for (let day = Date.parse(`${from}T00:00:00Z`); day <= last; day += msPerDay) yield dayOf(day)
}

class StoredSpend implements SpendLedger {
  readonly #store: Store
  readonly #clock: Clock
  readonly #onFailure: (error: unknown) => void
  readonly #processId: string
  readonly #rows = new Map<string, { readonly row: Row; isNew: boolean }>()
  #timer: Disposable | undefined
  #closed = false
  /** The day on which there was first no place for a row. */
  #fullOn: string | undefined
  #work: Promise<void> = Promise.resolve()
  dropped = 0

  constructor(parts: SpendLedgerParts) {
    this.#clock = parts.clock ?? systemClock
    this.#store = parts.store ?? createMemoryStore({ clock: this.#clock })
    this.#onFailure = parts.onFailure ?? (() => undefined)
    this.#processId = createId(this.#clock, parts.random ?? systemRandom)
  }

  readonly onEvent = (event: GatewayEvent): void => {
    if (event.kind !== 'request') return
    for (const row of rowsOf(event)) this.#add(row)
  }

  #add(row: Row): void {
    const key = `${row.day}/${this.#processId}/${keyOf(row)}`
    const known = this.#rows.get(key)
    if (known !== undefined) {
      add(known.row, row)
      known.isNew = true
    } else if (this.#rows.size >= spendRows) {
      this.dropped += 1
      this.#sayFull(row.day)
      return
    } else this.#rows.set(key, { row, isNew: true })
    this.#schedule(spendFlushMs)
  }

  #schedule(waitMs: number): void {
    if (this.#closed) return
    this.#timer ??= this.#clock.schedule(waitMs, () => {
      this.#timer = undefined
      void this.flush()
    })
  }

  /** Once a day. */
  #sayFull(day: string): void {
    if (this.#fullOn === day) return
    this.#fullOn = day
    this.#onFailure(gatewayErrors.SPEND_ROWS_FULL({ rows: spendRows }))
  }

  /** Never rejects: what the store did not take is written again, whether requests follow or not. */
  flush(): Promise<void> {
    this.#work = this.#work
      .then(() => this.#writeAll())
      .catch((error: unknown) => {
        this.#onFailure(error)
        this.#schedule(storeRecheckMs)
      })
    return this.#work
  }

  async report(question: SpendQuestion): Promise<SpendReport> {
    await this.flush()
    const sums = new Map<string, { readonly group: SpendLine['group']; readonly row: Row }>()
    let total = 0n
    let left: number = spendRowsPerQuery
    for await (const row of this.#read(question)) {
      left -= 1
      if (left < 0) break
      const { where = {} } = question
      if (spendDimensions.some((dimension) => where[dimension] !== undefined && where[dimension] !== row[dimension])) continue
      total += BigInt(row.nanos)
      const group = Object.fromEntries(question.by.map((dimension) => [dimension, row[dimension]]))
      const id = JSON.stringify(question.by.map((dimension) => row[dimension]))
      const known = sums.get(id)
      if (known === undefined) sums.set(id, { group, row: { ...row } })
      else add(known.row, row)
    }
    const lines = [...sums.values()].sort((a, b) => b.row.nanos - a.row.nanos).map(({ group, row }) => lineOf(group, row))
    return { lines, totalUsd: formatUsd(total), isPartial: left < 0 }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#closed = true
    this.#timer?.[Symbol.dispose]()
    await this.flush()
  }

  async *#read({ from, to }: SpendQuestion): AsyncGenerator<Row> {
    for (const day of daysBetween(from, to)) {
      for await (const key of this.#store.list(`${prefix}${day}/`)) {
        const bytes = await this.#store.get(key)
        if (bytes === undefined) continue
        const row = this.#readRow(bytes)
        if (row !== undefined) yield row
      }
    }
  }

  /** One broken row must not hide all others. */
  #readRow(bytes: Uint8Array): Row | undefined {
    try {
      return rowSchema.parse(JSON.parse(Buffer.from(bytes).toString()))
    } catch (error) {
      this.#onFailure(error)
      return undefined
    }
  }

  async #writeAll(): Promise<void> {
    const today = dayOf(this.#clock.nowMs())
    const ttlMs = spendRetentionDays * msPerDay
    for (const [key, entry] of this.#rows) {
      if (entry.isNew) {
        entry.isNew = false
        try {
          await this.#store.set(prefix + key, Buffer.from(JSON.stringify(entry.row)), { ttlMs })
        } catch (error) {
          entry.isNew = true
          throw error
        }
      } else if (entry.row.day < today) this.#rows.delete(key)
    }
  }
}

const lineOf = (group: SpendLine['group'], row: Row): SpendLine => ({
  group,
  requests: row.requests,
  inputTokens: row.inputTokens,
  cachedInputTokens: row.cachedInputTokens,
  outputTokens: row.outputTokens,
  costUsd: formatUsd(BigInt(row.nanos)),
  estimatedUsd: formatUsd(BigInt(row.estimatedNanos)),
  savedUsd: formatUsd(BigInt(row.savedNanos)),
})

/** Opens the ledger. Connect it with `gateway.onEvent(spend.onEvent)`, in every process. */
export const createSpendLedger = (parts: SpendLedgerParts = {}): SpendLedger => new StoredSpend(parts)
