/** What a series grew by since its last point: OTLP's cumulative points as deltas, so that sums over any window are right. */
import type { OtlpBins, OtlpPoint } from './decode-metrics.ts'

/** A point whose counts are those of its own stretch of time, with bins by their upper ends. */
export type DeltaPoint = Omit<OtlpPoint, 'bins' | 'isCumulative'> & {
  readonly bounds: readonly number[]
  readonly bucketCounts: readonly number[]
}

/** Twice as wide bins, as often as the scales differ. */
function widen(counts: ReadonlyMap<number, number>, times: number): ReadonlyMap<number, number> {
  const wide = new Map<number, number>()
  for (const [bin, count] of counts) wide.set(bin >> times, (wide.get(bin >> times) ?? 0) + count)
  return wide
}

const byNumber = ({ offset, counts }: Extract<OtlpBins, { kind: 'exponential' }>) =>
  new Map(counts.map((count, index) => [offset + index, count]))

/** Bounds and counts of the difference, or empty where the bins of both do not fit. */
function subtract(now: OtlpBins | undefined, before: OtlpBins | undefined): Pick<DeltaPoint, 'bounds' | 'bucketCounts'> {
  const none = { bounds: [], bucketCounts: [] }
  if (now === undefined) return none
  if (now.kind === 'explicit') {
    if (before === undefined) return { bounds: now.bounds, bucketCounts: now.counts }
    if (before.kind !== 'explicit' || before.bounds.join() !== now.bounds.join()) return none
    return { bounds: now.bounds, bucketCounts: now.counts.map((count, index) => Math.max(0, count - (before.counts[index] ?? 0))) }
  }
  // A series only ever becomes coarser.
  if (before !== undefined && (before.kind !== 'exponential' || before.scale < now.scale)) return none
  const former = before === undefined ? new Map<number, number>() : widen(byNumber(before), before.scale - now.scale)
  const zeroCount = Math.max(0, now.zeroCount - (before?.zeroCount ?? 0))
  const base = 2 ** (2 ** -now.scale)
  const bounds = Array.from({ length: now.counts.length + 1 }, (_, index) => base ** (now.offset + index))
  // Bins far out of the range of a double would have no finite or no different bounds.
  if (bounds.some((bound, index) => !Number.isFinite(bound) || bound <= (bounds[index - 1] ?? 0))) return none
  const counts = now.counts.map((count, index) => Math.max(0, count - (former.get(now.offset + index) ?? 0)))
  return { bounds, bucketCounts: [zeroCount, ...counts, 0] }
}

/** When the receiver began, and what it remembers of a series. */
export interface SeriesPast {
  readonly before: OtlpPoint | undefined
  readonly fromUnixMs: number
}

/**
 * Undefined: the point was there already, or nothing can be said of its stretch, because the series began before this process and its
 * earlier points are unknown. That is the rule of the OpenTelemetry collector's cumulativetodelta: an unknown past is left out rather
 * than counted now.
 */
export function toDelta({ bins, isCumulative, ...point }: OtlpPoint, { before, fromUnixMs }: SeriesPast): DeltaPoint | undefined {
  if (!isCumulative) return { ...point, ...subtract(bins, undefined) }
  if (before === undefined) return point.startUnixMs >= fromUnixMs ? { ...point, ...subtract(bins, undefined) } : undefined
  if (point.timeUnixMs <= before.timeUnixMs) return undefined
  const isAnew = point.startUnixMs > before.timeUnixMs || point.value < before.value || point.count < before.count
  if (isAnew) return { ...point, ...subtract(bins, undefined) }
  return { ...point, value: point.value - before.value, count: point.count - before.count, ...subtract(bins, before.bins) }
}

/** The last points of series, up to a number of them: the one that has been silent longest is forgotten first. */
export interface SeriesMemory {
  get(key: string): OtlpPoint | undefined
  keep(points: ReadonlyMap<string, OtlpPoint>): void
}

export function createSeriesMemory(seriesMax: number): SeriesMemory {
  const last = new Map<string, OtlpPoint>()
  return {
    get: (key) => last.get(key),
    keep(points) {
      for (const [key, point] of points) {
        last.delete(key)
        last.set(key, point)
      }
      for (const key of last.keys()) {
        if (last.size <= seriesMax) break
        last.delete(key)
      }
    },
  }
}
