/** How finely a window is cut: about as many buckets as a chart has room for. */
import type { TimeWindow } from '../client/ask.ts'

const intervals = [
  ['1s', 1_000],
  ['5s', 5_000],
  ['10s', 10_000],
  ['30s', 30_000],
  ['1m', 60_000],
  ['5m', 300_000],
  ['15m', 900_000],
  ['30m', 1_800_000],
  ['1h', 3_600_000],
  ['6h', 21_600_000],
  ['1d', 86_400_000],
  ['1w', 604_800_000],
] as const

const unitsMs: Readonly<Record<string, number>> = { s: 1_000, m: 60_000, h: 3_600_000, d: 86_400_000, w: 604_800_000 }

/** NaN when it is no length such as `24h`. */
export function toLengthMs(window: TimeWindow): number {
  if (!('last' in window)) return window.toUnixMs - window.fromUnixMs
  const [, count, unit] = /^(\d+)([smhdw])$/.exec(window.last) ?? []
  return Number(count) * (unitsMs[unit ?? ''] ?? Number.NaN)
}

/** The finest interval that cuts the window into at most this many buckets. */
export function toInterval(window: TimeWindow, bucketsMax = 150): string {
  const lengthMs = toLengthMs(window)
  return intervals.find(([, ms]) => lengthMs / ms <= bucketsMax)?.[0] ?? '1w'
}
