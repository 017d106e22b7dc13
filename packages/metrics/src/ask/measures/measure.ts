/** What a measure is: its definition, its unit, the aggregates that it is read from, and what its nulls and errors mean. */
import { middleOfBin, quantileLevels, quantileRelativeError, type AggregateName, type Aggregates } from '../aggregate.ts'

export type MeasureUnit = 'requests' | 'share' | 'tokens' | 'per second' | 'ms' | 'usd' | 'users' | 'keys' | 'attempts' | 'ratio'

/** One entry of the registry; adding one to its family's table is all that a new measure takes. */
export interface Measure {
  /** One sentence for readers of answers. */
  readonly definition: string
  readonly unit: MeasureUnit
  /** When the value is null. */
  readonly nullMeans: string
  /** Largest relative error of the value; 0 is exact. */
  readonly errorBound: number
  /** The aggregate that says how many requests the value rests on, where that is not all of them. */
  readonly countedBy?: AggregateName
  /** Set where groups can be ordered by the measure: the aggregate that is the measure. */
  readonly rank?: AggregateName
  readonly needs: readonly AggregateName[]
  /** Present where the question must state an objective. */
  readonly needsSlo?: boolean
  /** `seconds` is the length of the bucket or window. Null: nothing was measured. */
  readonly read: (aggregates: Aggregates, seconds: number) => number | null
}

export const defineMeasures = <Names extends string>(table: Readonly<Record<Names, Measure>>): Readonly<Record<Names, Measure>> =>
  Object.freeze(table)

const never = 'never'
const noRequests = 'there were no such requests'

export function numberOf(aggregates: Aggregates, name: AggregateName): number | null {
  const value = aggregates[name]
  return typeof value === 'number' ? value : null
}

/** Sums and counts: the measure is the aggregate. */
export const plain = (unit: MeasureUnit, name: AggregateName, definition: string): Measure => ({
  definition,
  unit,
  nullMeans: never,
  errorBound: 0,
  rank: name,
  needs: [name],
  read: (aggregates) => numberOf(aggregates, name),
})

export const perSecond = (name: AggregateName, definition: string): Measure => ({
  definition,
  unit: 'per second',
  nullMeans: never,
  errorBound: 0,
  rank: name,
  needs: [name],
  read: (aggregates, seconds) => (seconds > 0 ? (numberOf(aggregates, name) ?? 0) / seconds : null),
})

export const share = (part: readonly AggregateName[], whole: AggregateName, definition: string): Measure => ({
  definition,
  unit: 'share',
  nullMeans: noRequests,
  errorBound: 0,
  countedBy: whole,
  needs: [...part, whole],
  read: (aggregates) => {
    const total = numberOf(aggregates, whole) ?? 0
    return total === 0 ? null : part.reduce((sum, name) => sum + (numberOf(aggregates, name) ?? 0), 0) / total
  },
})

/** `sum` over `count`, times `factor`. */
export function quotient(options: {
  readonly unit: MeasureUnit
  readonly sum: AggregateName
  readonly count: AggregateName
  readonly factor?: number
  readonly definition: string
}): Measure {
  const { unit, sum, count, factor = 1, definition } = options
  return {
    definition,
    unit,
    nullMeans: noRequests,
    errorBound: 0,
    countedBy: count,
    needs: [sum, count],
    read: (aggregates) => {
      const total = numberOf(aggregates, count) ?? 0
      const value = numberOf(aggregates, sum)
      return total === 0 || value === null ? null : (value / total) * factor
    },
  }
}

export const meanMs = (sum: AggregateName, count: AggregateName, definition: string): Measure =>
  quotient({ unit: 'ms', sum, count, factor: 1 / 1000, definition })

/** The smallest observed value that at least this share of all does not exceed, within the error. */
export const quantileMs = (name: AggregateName, level: number, countedBy: AggregateName, what: string): Measure => ({
  definition: `The request at ${String(Math.round(level * 100))} % of all when ordered by ${what}.`,
  unit: 'ms',
  nullMeans: noRequests,
  errorBound: quantileRelativeError,
  countedBy,
  needs: [name, countedBy],
  read: (aggregates) => {
    const levels = aggregates[name]
    const micros = Array.isArray(levels) ? (levels[quantileLevels.indexOf(level)] as unknown) : null
    return typeof micros === 'number' ? middleOfBin(micros) / 1000 : null
  },
})
