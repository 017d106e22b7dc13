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

/**
 * In each group of the same model, device and lengths with five measured configurations or more: the most tokens per second and device
 * within a limit on the time per token (the group's median). A choice that misses the limit loses at least by
 * as much as it misses it.
 */
export function measureRegret(
  rows: readonly SampleRow[],
  corrections: Corrections,
): { readonly mean: number; readonly median: number; readonly groups: number } {
  const groups = new Map<string, Option[]>()
  for (const row of rows) {
    const option = toOption(row, corrections)
    if (option === undefined) continue
    const { model, hardware, isl, osl } = row.columns
    const name = [model, hardware, isl, osl].join()
    groups.set(name, [...(groups.get(name) ?? []), option])
  }
  const regrets: number[] = []
  for (const options of groups.values()) {
    if (options.length < 5) continue
    const limit =
      options.map(({ measuredTpotMs }) => measuredTpotMs).sort((left, right) => left - right)[Math.floor(options.length / 2)] ?? 0
    const best = Math.max(...options.filter(({ measuredTpotMs }) => measuredTpotMs <= limit).map(({ measuredRate }) => measuredRate))
    const able = options.filter(({ predictedTpotMs }) => predictedTpotMs <= limit)
    const chosen = (able.length > 0 ? able : options).reduce((left, right) => (right.predictedRate > left.predictedRate ? right : left))
    regrets.push(Math.max(0, 1 - chosen.measuredRate / best, Math.min(1, chosen.measuredTpotMs / limit - 1)))
  }
  regrets.sort((left, right) => left - right)
  return {
    mean: regrets.reduce((sum, regret) => sum + regret, 0) / regrets.length,
    median: regrets[Math.floor(regrets.length / 2)] ?? Number.NaN,
    groups: regrets.length,
  }
}
