/** Windows of time and the buckets in them, in whole microseconds so that both engines cut at the same instants. */

/** From the first bucket's start (inclusive) to the end (exclusive); the last bucket may be cut short by the end. */
export interface TimeWindow {
  readonly fromUs: number
  readonly toUs: number
  /** Length of every bucket. With neither this nor `edgesUs` the whole window is one bucket. */
  readonly intervalUs?: number
  /** Starts of buckets of different lengths, ascending, the first at `fromUs`: days and months of a calendar. */
  readonly edgesUs?: readonly number[]
}

/** Buckets start at whole multiples of the interval since 1970 in UTC, so that they stay put while a window slides. */
export function alignWindow(fromUnixMs: number, toUnixMs: number, intervalMs: number | undefined): TimeWindow {
  const fromUs = Math.round(fromUnixMs * 1000)
  const toUs = Math.round(toUnixMs * 1000)
  if (intervalMs === undefined) return { fromUs, toUs }
  const intervalUs = Math.round(intervalMs * 1000)
  return { fromUs: Math.floor(fromUs / intervalUs) * intervalUs, toUs, intervalUs }
}

export const countBuckets = ({ fromUs, toUs, intervalUs, edgesUs }: TimeWindow): number => {
  if (toUs <= fromUs) return 0
  if (edgesUs !== undefined) return edgesUs.length
  return intervalUs === undefined ? 1 : Math.ceil((toUs - fromUs) / intervalUs)
}

export function bucketStartUs({ fromUs, intervalUs, edgesUs }: TimeWindow, bucket: number): number {
  return edgesUs?.[bucket] ?? fromUs + bucket * (intervalUs ?? 0)
}

/** The end of the last bucket is the end of the window. */
export function bucketEndUs(window: TimeWindow, bucket: number): number {
  return bucket + 1 >= countBuckets(window) ? window.toUs : bucketStartUs(window, bucket + 1)
}

export const bucketSeconds = (window: TimeWindow, bucket: number): number =>
  (bucketEndUs(window, bucket) - bucketStartUs(window, bucket)) / 1_000_000

/** The bucket that an instant of the window falls in. */
export function bucketOf({ fromUs, intervalUs, edgesUs }: TimeWindow, atUs: number): number {
  if (edgesUs !== undefined) return edgesUs.findLastIndex((edge) => edge <= atUs)
  return intervalUs === undefined ? 0 : Math.floor((atUs - fromUs) / intervalUs)
}
