/** Where the days, weeks and months of a time zone begin. */
import { createRequire } from 'node:module'
import type * as Luxon from 'luxon'

export type CalendarUnit = 'day' | 'week' | 'month'

/** Windows named before and after the present one, so that the store's clock may differ from ours by that much. */
const windowsBefore = 1
const windowsAfter = 2

let luxon: typeof Luxon | undefined

/** The starts of the present window and its neighbours, ascending. Days of 23 and 25 hours are what they are. */
function boundariesAround(unit: CalendarUnit, timeZone: string, nowMs: number): readonly number[] {
  // Loaded with the first calendar window and not with the package. Safe: the module that its declarations describe.
  luxon ??= createRequire(import.meta.url)('luxon') as typeof Luxon
  const start = luxon.DateTime.fromMillis(nowMs, { zone: timeZone }).startOf(unit)
  const boundaries: number[] = []
  for (let offset = -windowsBefore; offset <= windowsAfter; offset += 1) {
    // `startOf` again: adding to a midnight that a change of the clocks has skipped lands beside the next start.
    boundaries.push(
      start
        .plus({ [`${unit}s`]: offset })
        .startOf(unit)
        .toMillis(),
    )
  }
  return boundaries
}

/** Reckons boundaries once per window. */
export class CalendarWindow {
  readonly #unit: CalendarUnit
  readonly #timeZone: string
  #boundariesUnixMs: readonly number[] = []
  #untilMs = Number.NEGATIVE_INFINITY
  #fromMs = Number.POSITIVE_INFINITY

  constructor(unit: CalendarUnit, timeZone: string) {
    this.#unit = unit
    this.#timeZone = timeZone
  }

  /** As a claim wants them. */
  boundariesUnixMs(nowMs: number): readonly number[] {
    if (nowMs >= this.#untilMs || nowMs < this.#fromMs) {
      this.#boundariesUnixMs = boundariesAround(this.#unit, this.#timeZone, nowMs)
      this.#fromMs = this.#boundariesUnixMs[windowsBefore] ?? 0
      this.#untilMs = this.#boundariesUnixMs[windowsBefore + 1] ?? 0
    }
    return this.#boundariesUnixMs
  }
}
