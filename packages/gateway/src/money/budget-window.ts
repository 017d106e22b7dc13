/** When the window of a budget begins and ends: fixed ones at multiples of their length since 1970, calendar ones in a time zone. */
import { CalendarWindow } from '../limit/calendar.ts'
import { fixedWindowMs, type LimitWindow } from '../limit/limit-schema.ts'

/** Unix time; the end is not included. */
export interface TimeWindow {
  readonly startUnixMs: number
  readonly endUnixMs: number
}

/** The window that a moment is in. */
export function windowAt(window: LimitWindow, unixMs: number): TimeWindow {
  if (typeof window === 'object' && 'calendar' in window) {
    const boundaries = new CalendarWindow(window.calendar, window.timeZone).boundariesUnixMs(unixMs)
    const next = boundaries.findIndex((boundary) => boundary > unixMs)
    return { startUnixMs: boundaries[next - 1] ?? 0, endUnixMs: boundaries[next] ?? 0 }
  }
  const lengthMs = typeof window === 'string' ? fixedWindowMs[window] : window.seconds * 1_000
  const startUnixMs = Math.floor(unixMs / lengthMs) * lengthMs
  return { startUnixMs, endUnixMs: startUnixMs + lengthMs }
}
