/** Buckets by the clock and the calendar of a time zone: local days, weeks and months, however long daylight saving makes them. */
import type { TimeWindow } from './window.ts'

/** `15m`, `6h`, `1d`, `1w`, `1mo`, `1q`, `1y`. */
export const intervalPattern = /^([1-9]\d{0,5})(s|m|h|d|w|mo|q|y)$/

export type IntervalUnit = 's' | 'm' | 'h' | 'd' | 'w' | 'mo' | 'q' | 'y'

export interface Interval {
  readonly count: number
  readonly unit: IntervalUnit
}

const unitMs = { s: 1_000, m: 60_000, h: 3_600_000, d: 86_400_000, w: 604_800_000 } as const
const unitMonths = { mo: 1, q: 3, y: 12 } as const
const dayMs = 86_400_000

/** Undefined when the text is no interval. */
export function parseInterval(text: string): Interval | undefined {
  const match = intervalPattern.exec(text)
  // Safe: the pattern admits the units alone.
  return match === null ? undefined : { count: Number(match[1]), unit: match[2] as IntervalUnit }
}

/** Exact up to weeks; months as their mean, to count buckets by. */
export const roughMs = ({ count, unit }: Interval): number =>
  unit === 'mo' || unit === 'q' || unit === 'y' ? count * unitMonths[unit] * 30.436875 * dayMs : count * unitMs[unit]

export function isTimeZone(name: string): boolean {
  try {
    new Intl.DateTimeFormat('en-US', { timeZone: name })
    return true
  } catch {
    // The engine throws a RangeError for every name that it does not know: that is the answer.
    return false
  }
}

type OffsetOf = (unixMs: number) => number

/** Local time minus UTC at an instant, in milliseconds. */
export function zoneOffsets(timeZone: string): OffsetOf {
  if (timeZone === 'UTC') return () => 0
  const format = new Intl.DateTimeFormat('en-US', {
    timeZone,
    hourCycle: 'h23',
    year: 'numeric',
    month: 'numeric',
    day: 'numeric',
    hour: 'numeric',
    minute: 'numeric',
    second: 'numeric',
  })
  return (unixMs) => {
    const parts = Object.fromEntries(format.formatToParts(unixMs).map(({ type, value }) => [type, Number(value)]))
    const { year = 0, month = 1, day = 1, hour = 0, minute = 0, second = 0 } = parts
    return Date.UTC(year, month - 1, day, hour, minute, second) - Math.floor(unixMs / 1000) * 1000
  }
}

/** The first instant at which local clocks show the time, or, where they skip it, the first one after. */
function firstInstant(offsetAt: OffsetOf, localMs: number): number {
  const before = offsetAt(localMs - dayMs)
  const after = offsetAt(localMs + dayMs)
  const candidates = [localMs - before, localMs - after].filter((unixMs) => unixMs + offsetAt(unixMs) === localMs)
  if (candidates.length > 0) return Math.min(...candidates)
  // Skipped: the clocks changed somewhere between, and what follows the change is the first later time.
  let low = localMs - Math.max(before, after) - 1_000
  let high = localMs - Math.min(before, after)
  while (high - low > 1_000) {
    const middle = Math.floor((low + high) / 2_000) * 1_000
    if (offsetAt(middle) === before) low = middle
    else high = middle
  }
  return high
}

/** Start of the local bucket with this number, as local time written as if it were UTC. */
function localStart({ count, unit }: Interval, index: number): number {
  if (unit === 'mo' || unit === 'q' || unit === 'y') return Date.UTC(1970, index * count * unitMonths[unit], 1)
  // 1970-01-01 was a Thursday: weeks count from Monday the 5th.
  return unit === 'w' ? 4 * dayMs + index * count * unitMs.w : index * count * unitMs[unit]
}

function localIndex({ count, unit }: Interval, localMs: number): number {
  if (unit === 'mo' || unit === 'q' || unit === 'y') {
    const date = new Date(localMs)
    return Math.floor(((date.getUTCFullYear() - 1970) * 12 + date.getUTCMonth()) / (count * unitMonths[unit]))
  }
  return Math.floor((localMs - (unit === 'w' ? 4 * dayMs : 0)) / (count * unitMs[unit]))
}

/** Seconds, minutes and single hours have one length everywhere; the others follow the calendar unless the zone is UTC. */
const isFixed = ({ count, unit }: Interval, timeZone: string): boolean =>
  unit === 's' || unit === 'm' || (unit === 'h' && count === 1) || (timeZone === 'UTC' && (unit === 'h' || unit === 'd' || unit === 'w'))

export interface CalendarWindow {
  readonly fromUnixMs: number
  readonly toUnixMs: number
  readonly interval: Interval | undefined
  readonly timeZone: string
}

/** The window cut into buckets; its start moves back to the start of the bucket that it falls in. */
export function cutWindow({ fromUnixMs, toUnixMs, interval, timeZone }: CalendarWindow): TimeWindow {
  const toUs = Math.round(toUnixMs * 1000)
  if (interval === undefined) return { fromUs: Math.round(fromUnixMs * 1000), toUs }
  const offsetAt = zoneOffsets(timeZone)
  const first = localIndex(interval, fromUnixMs + offsetAt(fromUnixMs))
  if (isFixed(interval, timeZone)) {
    const fromUs = (localStart(interval, first) - offsetAt(fromUnixMs)) * 1000
    return { fromUs, toUs, intervalUs: roughMs(interval) * 1000 }
  }
  const edges: number[] = []
  for (let index = first; ; index += 1) {
    const edgeUs = firstInstant(offsetAt, localStart(interval, index)) * 1000
    if (edgeUs >= toUs && edges.length > 0) break
    // A day that a zone skipped starts when the next one does: it is none.
    if (edges.at(-1) !== edgeUs) edges.push(edgeUs)
  }
  return { fromUs: edges[0] ?? Math.round(fromUnixMs * 1000), toUs, edgesUs: edges }
}

/** As many buckets just before, the last of them as complete as the window's own last. */
export function windowBefore(window: TimeWindow, { interval, timeZone }: Pick<CalendarWindow, 'interval' | 'timeZone'>): TimeWindow {
  const { fromUs, toUs, edgesUs } = window
  if (edgesUs === undefined || interval === undefined) {
    const { intervalUs } = window
    const lengthUs = intervalUs === undefined ? toUs - fromUs : Math.ceil((toUs - fromUs) / intervalUs) * intervalUs
    const earlier = { fromUs: fromUs - lengthUs, toUs: toUs - lengthUs }
    return intervalUs === undefined ? earlier : { ...earlier, intervalUs }
  }
  const offsetAt = zoneOffsets(timeZone)
  const first = localIndex(interval, fromUs / 1000 + offsetAt(fromUs / 1000)) - edgesUs.length
  const edges = edgesUs.map((_, index) => firstInstant(offsetAt, localStart(interval, first + index)) * 1000)
  const last = edges.at(-1) ?? fromUs
  return { fromUs: edges[0] ?? fromUs, toUs: Math.min(fromUs, last + (toUs - (edgesUs.at(-1) ?? toUs))), edgesUs: edges }
}
