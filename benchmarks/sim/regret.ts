/** How much worse the configuration that a prediction chooses is than the best measured one. */
import { findModel, type Corrections } from '@bud-foundry/sim'
import { predictMeasurement, readMeasurement } from '@bud-foundry/sim/train'
import type { SampleRow } from './silicon-sample.ts'

interface Option {
  readonly measuredTpotMs: number
  readonly measuredRate: number
  readonly predictedTpotMs: number
  readonly predictedRate: number
}

function toOption({ columns }: SampleRow, corrections: Corrections): Option | undefined {
  const measurement = readMeasurement(columns)
  if (!measurement.ok) return undefined
  const { row } = measurement
  const predicted = predictMeasurement(row, findModel(row.model), corrections)
  if (typeof predicted === 'string' || row.ttft_ms_mean === undefined || row.tpot_ms_mean === undefined) return undefined
  const devices = row.tp * row.pp * row.dp
  const rate = (ttftMs: number, tpotMs: number) => ((row.concurrency ?? 1) * row.osl) / (ttftMs + (row.osl - 1) * tpotMs) / devices
  const { timeToFirstTokenSeconds, timePerOutputTokenSeconds } = predicted.estimate
  return {
    measuredTpotMs: row.tpot_ms_mean,
    measuredRate: rate(row.ttft_ms_mean, row.tpot_ms_mean),
    predictedTpotMs: timePerOutputTokenSeconds * 1000,
    predictedRate: rate(timeToFirstTokenSeconds * 1000, timePerOutputTokenSeconds * 1000),
  }
}

/** Mean and median loss over groups. */
export interface Regret {
  readonly mean: number
  readonly median: number
  readonly groups: number
}

function summarize(regrets: readonly number[]): Regret {
  const sorted = [...regrets].sort((left, right) => left - right)
  return {
    mean: sorted.reduce((sum, regret) => sum + regret, 0) / sorted.length,
    median: sorted[Math.floor(sorted.length / 2)] ?? Number.NaN,
    groups: sorted.length,
  }
}

function groupBy(
  rows: readonly SampleRow[],
  corrections: Corrections,
  keyOf: (columns: SampleRow['columns']) => string,
): readonly Option[][] {
  const groups = new Map<string, Option[]>()
  for (const row of rows) {
    const option = toOption(row, corrections)
    if (option === undefined) continue
    const key = keyOf(row.columns)
    groups.set(key, [...(groups.get(key) ?? []), option])
  }
  return [...groups.values()]
}

const most = (options: readonly Option[], valueOf: (option: Option) => number): Option | undefined =>
  options.reduce<Option | undefined>((best, option) => (best === undefined || valueOf(option) > valueOf(best) ? option : best), undefined)

/**
 * In each group of the same model, device and load (lengths and requests in flight) with two measured configurations or more: what is lost by
 * taking the one that is predicted to be best instead of the one that was measured to be best, once in tokens per second and device, once in
 * time per token; the mean of both.
 */
export function measureRegret(rows: readonly SampleRow[], corrections: Corrections): Regret {
  const groups = groupBy(rows, corrections, ({ model, hardware, isl, osl, concurrency }) => [model, hardware, isl, osl, concurrency].join())
  const regrets = groups
    .filter((options) => options.length > 1)
    .map((options) => {
      const rate = [
        most(options, (option) => option.predictedRate)?.measuredRate ?? 0,
        most(options, (option) => option.measuredRate)?.measuredRate ?? 1,
      ]
      const time = [
        most(options, (option) => -option.predictedTpotMs)?.measuredTpotMs ?? 1,
        most(options, (option) => -option.measuredTpotMs)?.measuredTpotMs ?? 0,
      ]
      return (1 - (rate[0] ?? 0) / (rate[1] ?? 1) + 1 - (time[1] ?? 0) / (time[0] ?? 1)) / 2
    })
  return summarize(regrets)
}

/**
 * A harder question, with the load left open: in each group of the same model, device and lengths with five measurements or more, the most
 * tokens per second and device within a limit on the time per token (the group's median). The best measurement often lies on the limit
 * itself, so that the smallest error excludes it. A choice that misses the limit loses at least by as much as it misses it.
 */
export function measureRegretWithinLimit(rows: readonly SampleRow[], corrections: Corrections): Regret {
  const groups = groupBy(rows, corrections, ({ model, hardware, isl, osl }) => [model, hardware, isl, osl].join())
  const regrets: number[] = []
  for (const options of groups) {
    if (options.length < 5) continue
    const limit =
      options.map(({ measuredTpotMs }) => measuredTpotMs).sort((left, right) => left - right)[Math.floor(options.length / 2)] ?? 0
    const best = most(
      options.filter(({ measuredTpotMs }) => measuredTpotMs <= limit),
      ({ measuredRate }) => measuredRate,
    )
    const able = options.filter(({ predictedTpotMs }) => predictedTpotMs <= limit)
    const chosen = most(able.length > 0 ? able : options, ({ predictedRate }) => predictedRate)
    if (best === undefined || chosen === undefined) continue
    regrets.push(Math.max(0, 1 - chosen.measuredRate / best.measuredRate, Math.min(1, chosen.measuredTpotMs / limit - 1)))
  }
  return summarize(regrets)
}
