/** What a time series chart is given, whoever draws it. */

export const seriesTones = ['accent', 'neutral', 'danger', 'second', 'third', 'fourth', 'fifth'] as const
export type SeriesTone = (typeof seriesTones)[number]

export interface ChartSeries {
  readonly label: string
  /** One for each time; null where nothing was measured. */
  readonly values: readonly (number | null)[]
  readonly tone: SeriesTone
  readonly isFilled?: boolean | undefined
}

export interface ChartData {
  readonly timesUnixMs: readonly number[]
  readonly series: readonly ChartSeries[]
  /** Writes a value for people, with its unit. */
  readonly write: (value: number) => string
  /** Writes a time where the times are none of a calendar, e.g. seconds since a start. */
  readonly writeTime?: ((ms: number) => string) | undefined
}

/** No series has a value. */
export function isEmptyChart({ series }: Pick<ChartData, 'series'>): boolean {
  return series.every(({ values }) => values.every((value) => value === null))
}

/** A part of the time, both ends included. */
export interface TimeSpan {
  readonly fromUnixMs: number
  readonly toUnixMs: number
}

/** Something that happened: a deployment, an incident. */
export interface ChartAnnotation {
  readonly label: string
  readonly fromUnixMs: number
  /** Absent: a moment. */
  readonly toUnixMs?: number | undefined
  readonly tone?: SeriesTone | undefined
}

/** First and last index inside a part of the time; all of them without one. */
export function indexesOf(timesUnixMs: readonly number[], span: TimeSpan | undefined): readonly [first: number, last: number] {
  const end = timesUnixMs.length - 1
  if (span === undefined) return [0, end]
  const first = timesUnixMs.findIndex((time) => time >= span.fromUnixMs)
  const last = timesUnixMs.findLastIndex((time) => time <= span.toUnixMs)
  return first < 0 || last < first ? [0, end] : [first, last]
}
