/** What the zoom keys make of the part of the time that is shown. */
import { indexesOf, type TimeSpan } from './chart-data.ts'

export interface ZoomState {
  readonly timesUnixMs: readonly number[]
  readonly span: TimeSpan | undefined
  /** The point that stays in view. */
  readonly index: number
}

/** Fewer points are no line. */
const pointsMin = 3

/** `+` halves the part around the point, `-` doubles it, `0` shows all; undefined for other keys and where nothing changes. */
export function toZoomed(key: string, { timesUnixMs, span, index }: ZoomState): TimeSpan | 'all' | undefined {
  if (key === '0') return span === undefined ? undefined : 'all'
  if (key !== '+' && key !== '=' && key !== '-') return undefined
  const [first, last] = indexesOf(timesUnixMs, span)
  const count = last - first + 1
  const wanted = key === '-' ? count * 2 : Math.ceil(count / 2)
  if (wanted < pointsMin) return undefined
  if (wanted >= timesUnixMs.length) return span === undefined ? undefined : 'all'
  const start = Math.min(Math.max(index - Math.floor(wanted / 2), 0), timesUnixMs.length - wanted)
  const [from, to] = [timesUnixMs[start], timesUnixMs[start + wanted - 1]]
  return from === undefined || to === undefined ? undefined : { fromUnixMs: from, toUnixMs: to }
}
