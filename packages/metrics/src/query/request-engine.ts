/** The port between questions and whoever computes the answers: ClickHouse, or an array in memory. */
import type { RequestEvent } from '@bud-foundry/core'
import type { AggregateName, Aggregates } from './aggregate.ts'
import type { DimensionName } from './dimension.ts'
import type { Scope } from './scope.ts'
import type { TimeWindow } from './window.ts'

/** A request matches when, for every dimension named, its value is among those listed. */
export type Filters = Readonly<Partial<Record<DimensionName, readonly string[]>>>

/** Which requests are looked at: those that the scope allows, that match the filters and arrived inside the window. */
export interface Selection {
  readonly scope: Scope
  readonly filters: Filters
  readonly window: TimeWindow
}

export interface AggregatePlan {
  readonly selection: Selection
  readonly groupBy: readonly DimensionName[]
  readonly aggregates: readonly AggregateName[]
  /** Most requests first; ties in the order of the group's values. */
  readonly groupLimit: number
}

/** One group in one bucket; buckets without requests are left out. */
export interface AggregateRow {
  readonly bucket: number
  readonly group: readonly string[]
  readonly aggregates: Aggregates
}

/** How many requests were running at once, in one bucket. Requests that began before the window count from its start. */
export interface InFlightRow {
  readonly bucket: number
  /** Sum of the time that each request spent inside the bucket. */
  readonly busyUs: number
  readonly peak: number
}

export interface PagePlan {
  readonly selection: Selection
  readonly limit: number
  /** The last row of the page before. */
  readonly after: { readonly timeUs: number; readonly key: string } | undefined
}

export interface PageRow {
  readonly timeUs: number
  readonly key: string
  readonly event: RequestEvent
}

export interface RequestEngine {
  aggregate(plan: AggregatePlan, signal?: AbortSignal): Promise<readonly AggregateRow[]>
  /** Every bucket of the window, in order. */
  inFlight(selection: Selection, signal?: AbortSignal): Promise<readonly InFlightRow[]>
  /** Newest first. */
  page(plan: PagePlan, signal?: AbortSignal): Promise<readonly PageRow[]>
  find(scope: Scope, id: string, signal?: AbortSignal): Promise<RequestEvent | undefined>
}
