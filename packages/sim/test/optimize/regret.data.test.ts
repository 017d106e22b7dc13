/** The optimizer's choice is scored: what is lost against the best configuration that was measured for the same load. */
import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { findModel, noCorrections } from '@bud-foundry/sim'
import { parseCsv, predictMeasurement, readMeasurement } from '@bud-foundry/sim/train'

const file = join(
  process.env['BUD_TEST_DATA'] ?? join(import.meta.dirname, '../../../../../shared/data'),
  'sim/measured/nvidia-silicon-aggregated.csv',
)
if (!existsSync(file)) throw new Error(`the measurements are not at ${file}; set BUD_TEST_DATA to the folder that holds sim/measured`)

const formats: Readonly<Record<string, string>> = { nvfp4: 'fp4', fp8: 'fp8', fp8_block: 'fp8' }
const whole = (text: string | undefined) => String(Math.max(1, Math.round(Number(text ?? '') || 1)))

/** Measured and predicted time per token of the configurations that carry one load, by model, device, lengths and requests in flight. */
function readGroups(): readonly { readonly measured: number; readonly predicted: number }[][] {
  const groups = new Map<string, { measured: number; predicted: number }[]>()
  for (const row of parseCsv(readFileSync(file, 'utf8'))) {
    if (row['tier'] !== 'A') continue
    const measurement = readMeasurement({
      model: row['model_path'] ?? '',
      hardware: row['system'] ?? '',
      tp: whole(row['tp_size']),
      pp: whole(row['pp_size']),
      dp: whole(row['attention_dp_size']),
      ep: whole(row['moe_ep_size']),
      engine: row['backend'] ?? '',
      engine_version: row['backend_version'] ?? '',
      precision: formats[row['gemm_quant_mode'] ?? ''] ?? '',
      isl: row['isl'] ?? '',
      osl: row['osl'] ?? '',
      concurrency: row['conc'] ?? '',
      ttft_ms_mean: row['silicon_ttft_ms'] ?? '',
      tpot_ms_mean: row['silicon_tpot_ms'] ?? '',
    })
    if (!measurement.ok) continue
    const { model, hardware, isl, osl, concurrency, tpot_ms_mean: measured } = measurement.row
    const predicted = predictMeasurement(measurement.row, findModel(model), noCorrections)
    if (typeof predicted === 'string' || measured === undefined) continue
    const key = [model, hardware, isl, osl, concurrency].join()
    groups.set(key, [...(groups.get(key) ?? []), { measured, predicted: predicted.estimate.timePerOutputTokenSeconds * 1000 }])
  }
  return [...groups.values()].filter((options) => options.length > 1)
}

describe('choosing by prediction', () => {
  it('loses less than five per cent against the best measured configuration of the same load', () => {
    const groups = readGroups()
    expect(groups.length).toBeGreaterThan(200)
    const regrets = groups.map((options) => {
      const chosen = options.reduce((left, right) => (right.predicted < left.predicted ? right : left))
      return 1 - Math.min(...options.map(({ measured }) => measured)) / chosen.measured
    })
    expect(regrets.reduce((sum, regret) => sum + regret, 0) / regrets.length).toBeLessThan(0.05)
  })
})
