/** The port between questions and whoever computes the answers: ClickHouse, or an array in memory. */
import type { StoredRequest } from '../table/request-details.ts'
import type { RequestField } from '../table/request-table.ts'
import type { AggregateName, Aggregates } from './aggregate.ts'
import type { DimensionName } from './dimension.ts'
import type { Scope } from './scope.ts'
import type { TimeWindow } from './window.ts'

/** A request matches when, for every dimension named, its value is among those listed. */
export type Filters = Readonly<Partial<Record<DimensionName, readonly string[]>>>

/** What can be bounded from below and above. */
export const rangeNames = Object.freeze(['durationMs', 'timeToFirstTokenMs', 'inputTokens', 'outputTokens', 'costUsd', 'status'] as const)
export type RangeName = (typeof rangeNames)[number]
export type Ranges = Readonly<
  Partial<Record<RangeName, { readonly min?: number | undefined; readonly max?: number | undefined } | undefined>>
>

/** Which requests are looked at: those that the scope allows, that match the filters and arrived inside the window. */
export interface Selection {
  readonly scope: Scope
  readonly filters: Filters
  readonly window: TimeWindow
  /** Values of tags, by the name of the tag. */
  readonly tags?: Readonly<Record<string, readonly string[]>> | undefined
  /** Both ends belong to it; a request without the value does not match. */
  readonly ranges?: Ranges | undefined
  /** Every word must occur in one of the texts of the request, whatever its case. */
  readonly words?: readonly string[] | undefined
}

/** Limits that a request keeps or breaks. */
export interface Slo {
  readonly durationMs?: number | undefined
  readonly timeToFirstTokenMs?: number | undefined
  readonly timePerOutputTokenMs?: number | undefined
}

/** The largest groups of a window, by one aggregate; ties in the order of the group's values. */
export interface Ranking {
  readonly by: AggregateName
  readonly limit: number
  readonly window: TimeWindow
}

/** Rollups and raw rows give the same answer; `auto` takes what is read sooner, the others are for those who want to see that. */
export const sourceChoices = Object.freeze(['auto', 'raw', 'rollup'] as const)
export type SourceChoice = (typeof sourceChoices)[number]

export interface AggregatePlan {
  readonly selection: Selection
  readonly groupBy: readonly DimensionName[]
  readonly aggregates: readonly AggregateName[]
  readonly ranking: Ranking
  /** What is in no ranked group becomes one group more. */
  readonly other: boolean
  readonly slo?: Slo | undefined
  readonly from: SourceChoice
}

/** One group in one bucket; buckets without requests are left out. */
export interface AggregateRow {
  readonly bucket: number
  readonly group: readonly string[]
  /** Everything outside the ranked groups. */
  readonly isOther: boolean
  readonly aggregates: Aggregates
}

export interface InFlightPlan {
  readonly selection: Selection
  readonly groupBy: readonly DimensionName[]
  readonly ranking: Ranking
}

/** How many requests were running at once, in one bucket. Requests that began before the window count from its start. */
export interface InFlightRow {
  readonly bucket: number
  readonly group: readonly string[]
  /** Sum of the time that each request spent inside the bucket. */
  readonly busyUs: number
  readonly peak: number
}

/** What a distribution is over. */
export const distributionNames = Object.freeze([
  'durationMs',
  'timeToFirstTokenMs',
  'timePerOutputTokenMs',
  'queueMs',
  'interTokenP50Ms',
  'inputTokens',
  'outputTokens',
  'costUsd',
] as const)
export type DistributionName = (typeof distributionNames)[number]

export interface DistributionPlan {
  readonly selection: Selection
  readonly of: DistributionName
  readonly groupBy: readonly DimensionName[]
  readonly ranking: Ranking
  /** Ascending upper ends, exclusive; what is not below the last one counts beyond it. */
  readonly bounds: readonly number[]
}

export interface DistributionRow {
  readonly bucket: number
  readonly group: readonly string[]
  /** Index of the bound that the values are below; `bounds.length` beyond the last. */
  readonly bin: number
  readonly requests: number
}

export interface PagePlan {
  readonly selection: Selection
  readonly limit: number
  /** The last row of the page before. */
  readonly after: { readonly timeUs: number; readonly key: string } | undefined
  /** Absent: all. */
  readonly fields?: readonly RequestField[] | undefined
}

export interface PageRow {
  readonly timeUs: number
  readonly key: string
  /** With the fields that were asked for, and those that say which request it is. */
  readonly event: Readonly<Partial<StoredRequest>>
}

export interface RequestEngine {
  aggregate(plan: AggregatePlan, signal?: AbortSignal): Promise<readonly AggregateRow[]>
  /** Every bucket of the window, in order, for every group. */
  inFlight(plan: InFlightPlan, signal?: AbortSignal): Promise<readonly InFlightRow[]>
  distribution(plan: DistributionPlan, signal?: AbortSignal): Promise<readonly DistributionRow[]>
  /** Newest first. */
  page(plan: PagePlan, signal?: AbortSignal): Promise<readonly PageRow[]>
  find(scope: Scope, id: string, signal?: AbortSignal): Promise<StoredRequest | undefined>
  /** The requests of one trace, oldest first. */
  trace(scope: Scope, traceId: string, limit: number, signal?: AbortSignal): Promise<readonly StoredRequest[]>
}
