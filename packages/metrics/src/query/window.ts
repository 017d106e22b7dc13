/** Windows of time and the buckets in them, in whole microseconds so that both engines cut at the same instants. */

/** From the first bucket's start (inclusive) to the end (exclusive); the last bucket may be cut short by the end. */
export interface TimeWindow {
  readonly fromUs: number
  readonly toUs: number
  /** Absent: one bucket, the whole window. */
  readonly intervalUs?: number
}

/** Buckets start at whole multiples of the interval since 1970 in UTC, so that they stay put while a window slides. */
export function alignWindow(fromUnixMs: number, toUnixMs: number, intervalMs: number | undefined): TimeWindow {
  const fromUs = Math.round(fromUnixMs * 1000)
  const toUs = Math.round(toUnixMs * 1000)
  if (intervalMs === undefined) return { fromUs, toUs }
  const intervalUs = Math.round(intervalMs * 1000)
  return { fromUs: Math.floor(fromUs / intervalUs) * intervalUs, toUs, intervalUs }
}

export const countBuckets = ({ fromUs, toUs, intervalUs }: TimeWindow): number =>
  toUs <= fromUs ? 0 : intervalUs === undefined ? 1 : Math.ceil((toUs - fromUs) / intervalUs)

export function bucketStartUs({ fromUs, intervalUs }: TimeWindow, bucket: number): number {
  return fromUs + bucket * (intervalUs ?? 0)
}

/** Shorter than the interval only in the last bucket. */
export function bucketSeconds(window: TimeWindow, bucket: number): number {
  const startUs = bucketStartUs(window, bucket)
  const endUs = window.intervalUs === undefined ? window.toUs : Math.min(startUs + window.intervalUs, window.toUs)
  return (endUs - startUs) / 1_000_000
}
