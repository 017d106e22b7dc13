/** How many requests ran at once: a sweep over their starts and ends, not a sum over rows. */
import type { Measure } from './measure.ts'

/** What is told of a measure that is not read from aggregates. */
export type MeasureFacts = Pick<Measure, 'definition' | 'unit' | 'nullMeans' | 'errorBound'>

export const overlapMeasures = Object.freeze({
  inFlightMean: {
    definition: 'Mean over time of the requests that ran at once; only finished requests are known.',
    unit: 'requests',
    nullMeans: 'never',
    errorBound: 0,
  },
  inFlightPeak: {
    definition: 'Most requests that ran at one instant; those that began before the window count from its start.',
    unit: 'requests',
    nullMeans: 'never',
    errorBound: 0,
  },
} satisfies Readonly<Record<string, MeasureFacts>>)

export type OverlapName = keyof typeof overlapMeasures

// Safe: the table above is frozen and its keys are the names.
export const overlapNames = Object.keys(overlapMeasures) as readonly OverlapName[]
