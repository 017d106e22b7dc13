/** Scores of predictions against measurements. */
import type { Interval } from '@bud-foundry/core'

export interface Pair {
  readonly measured: number
  readonly predicted: Interval
}

/** All errors are shares: 0.1 is ten per cent. */
export interface Score {
  readonly rows: number
  readonly meanAbsoluteError: number
  readonly medianAbsoluteError: number
  /** Median of predicted over measured, minus one: above 0 predicts too much. */
  readonly bias: number
  /** Spearman's rank correlation. */
  readonly rankCorrelation: number
  readonly within10Percent: number
  readonly within20Percent: number
  /** Share of measurements inside the predicted interval. */
  readonly coverage: number
  /** Fifth and ninety-fifth percentile of measured over predicted. */
  readonly ratioLow: number
  readonly ratioHigh: number
}

const ascending = (values: readonly number[]) => [...values].sort((left, right) => left - right)

/** The value below which the share lies, interpolated. */
export function quantile(values: readonly number[], share: number): number {
  const sorted = ascending(values)
  const position = (sorted.length - 1) * share
  const below = sorted[Math.floor(position)] ?? Number.NaN
  const above = sorted[Math.ceil(position)] ?? below
  return below + (above - below) * (position - Math.floor(position))
}

/** Ranks with ties sharing their mean. */
function ranks(values: readonly number[]): readonly number[] {
  const order = values.map((value, index) => ({ value, index })).sort((left, right) => left.value - right.value)
  const result: number[] = values.map(() => 0)
  for (let start = 0; start < order.length;) {
    let end = start
    while (end + 1 < order.length && order[end + 1]?.value === order[start]?.value) end += 1
    for (let index = start; index <= end; index += 1) {
      const entry = order[index]
      if (entry !== undefined) result[entry.index] = (start + end) / 2
    }
    start = end + 1
  }
  return result
}

const mean = (values: readonly number[]) => values.reduce((sum, value) => sum + value, 0) / values.length

function correlation(left: readonly number[], right: readonly number[]): number {
  const leftMean = mean(left)
  const rightMean = mean(right)
  let product = 0
  let leftSquares = 0
  let rightSquares = 0
  for (const [index, value] of left.entries()) {
    const other = (right[index] ?? 0) - rightMean
    product += (value - leftMean) * other
    leftSquares += (value - leftMean) ** 2
    rightSquares += other ** 2
  }
  const scale = Math.sqrt(leftSquares * rightSquares)
  return scale === 0 ? Number.NaN : product / scale
}

export function scorePairs(pairs: readonly Pair[]): Score {
  const errors = pairs.map(({ measured, predicted }) => Math.abs(predicted.mid / measured - 1))
  const ratios = pairs.map(({ measured, predicted }) => measured / predicted.mid)
  const share = (count: number) => count / pairs.length
  return {
    rows: pairs.length,
    meanAbsoluteError: mean(errors),
    medianAbsoluteError: quantile(errors, 0.5),
    bias: quantile(
      pairs.map(({ measured, predicted }) => predicted.mid / measured - 1),
      0.5,
    ),
    rankCorrelation: correlation(ranks(pairs.map(({ measured }) => measured)), ranks(pairs.map(({ predicted }) => predicted.mid))),
    within10Percent: share(errors.filter((error) => error <= 0.1).length),
    within20Percent: share(errors.filter((error) => error <= 0.2).length),
    coverage: share(pairs.filter(({ measured, predicted }) => measured >= predicted.low && measured <= predicted.high).length),
    ratioLow: quantile(ratios, 0.05),
    ratioHigh: quantile(ratios, 0.95),
  }
}
