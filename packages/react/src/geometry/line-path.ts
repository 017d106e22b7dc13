/** Turns values into an SVG path inside a box; a missing value breaks the line. Pure, so that server and browser draw alike. */

export interface Box {
  readonly width: number
  readonly height: number
}

export interface Range {
  readonly low: number
  readonly high: number
}

/** Lowest and highest present value; undefined when there is none. */
export function toRange(values: readonly (number | null)[]): Range | undefined {
  let low = Number.POSITIVE_INFINITY
  let high = Number.NEGATIVE_INFINITY
  for (const value of values) {
    if (value === null) continue
    low = Math.min(low, value)
    high = Math.max(high, value)
  }
  return low > high ? undefined : { low, high }
}

/** At most about this many values, the lowest and highest of each stretch, so that no peak is lost; a stretch without values stays a gap. */
export function toExtremes(values: readonly (number | null)[], countMax: number): readonly (number | null)[] {
  if (values.length <= countMax) return values
  const stretch = Math.ceil((values.length * 2) / countMax)
  const kept: (number | null)[] = []
  for (let start = 0; start < values.length; start += stretch) {
    let lowAt = -1
    let highAt = -1
    for (let index = start; index < Math.min(start + stretch, values.length); index += 1) {
      const value = values[index]
      if (value === null || value === undefined) continue
      if (lowAt < 0 || value < (values[lowAt] ?? value)) lowAt = index
      if (highAt < 0 || value > (values[highAt] ?? value)) highAt = index
    }
    kept.push(values[Math.min(lowAt, highAt)] ?? null, values[Math.max(lowAt, highAt)] ?? null)
  }
  return kept
}

/** A line through the values at equal distances. A lone value between gaps becomes a short dash, or it would be invisible. */
export function toLinePath(values: readonly (number | null)[], range: Range, box: Box): string {
  const points = toPoints(values, range, box)
  const parts: string[] = []
  points.forEach((point, index) => {
    if (point === undefined) return
    const isStart = points[index - 1] === undefined
    parts.push(`${isStart ? 'M' : 'L'}${point}`)
    if (isStart && points[index + 1] === undefined) parts.push('h0.01')
  })
  return parts.join('')
}

/** The area between the line and the bottom of the box, one closed shape for each run of values. */
export function toAreaPath(values: readonly (number | null)[], range: Range, box: Box): string {
  const step = toStep(values.length, box)
  let path = ''
  let runStart: number | undefined
  values.forEach((value, index) => {
    if (value === null) return
    const x = round(index * step)
    if (runStart === undefined) path += `M${x} ${box.height}`
    runStart ??= index
    path += `L${x} ${round(toY(value, range, box))}`
    if (values[index + 1] === undefined || values[index + 1] === null) {
      path += `L${x} ${box.height}Z`
      runStart = undefined
    }
  })
  return path
}

function toPoints(values: readonly (number | null)[], range: Range, box: Box): readonly (string | undefined)[] {
  const step = toStep(values.length, box)
  return values.map((value, index) => (value === null ? undefined : `${round(index * step)} ${round(toY(value, range, box))}`))
}

function toStep(count: number, { width }: Box): number {
  return count > 1 ? width / (count - 1) : 0
}

function toY(value: number, { low, high }: Range, { height }: Box): number {
  return high === low ? height / 2 : height - ((value - low) / (high - low)) * height
}

function round(value: number): number {
  return Math.round(value * 100) / 100
}
