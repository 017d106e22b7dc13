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
}

/** No series has a value. */
export function isEmptyChart({ series }: Pick<ChartData, 'series'>): boolean {
  return series.every(({ values }) => values.every((value) => value === null))
}
