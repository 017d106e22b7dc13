/** Predictions against NVIDIA's published silicon sample: errors may shrink, never grow unseen. */
import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { findModel, loadShippedCorrections } from '@bud-foundry/sim'
import { parseCsv } from '../../src/validate/csv.ts'
import { validateRows } from '../../src/validate/validation.ts'

const file = join(
  process.env['BUD_TEST_DATA'] ?? join(import.meta.dirname, '../../../../../shared/data'),
  'sim/measured/nvidia-silicon-aggregated.csv',
)
if (!existsSync(file)) throw new Error(`the measurements are not at ${file}; set BUD_TEST_DATA to the folder that holds sim/measured`)

const formats: Readonly<Record<string, string>> = { nvfp4: 'fp4', fp8: 'fp8', fp8_block: 'fp8' }
const whole = (text: string | undefined) => String(Math.max(1, Math.round(Number(text ?? '') || 1)))

/** As benchmarks/sim/silicon-sample.ts reads them, which says why. */
function readSplits(row: Readonly<Record<string, string>>) {
  const count = (name: string) => Number(whole(row[name]))
  const [tp, dp, ep] = [count('tp_size'), count('attention_dp_size'), count('moe_ep_size')]
  const expertDevices = count('moe_tp_size') * ep
  if (dp > 1) return { tp: String(tp / dp), dp: String(dp), ep: String(tp) }
  if (expertDevices > tp && expertDevices % tp === 0) return { tp: String(tp), dp: String(expertDevices / tp), ep: String(expertDevices) }
  return { tp: String(tp), dp: String(dp), ep: String(ep) }
}

/** AIConfigurator's columns in ours; tier A only: no repeats, no misread splits, no hidden speculation. */
const rows = parseCsv(readFileSync(file, 'utf8'))
  .filter((row) => row['tier'] === 'A')
  .map((row) => ({
    model: row['model_path'] ?? '',
    hardware: row['system'] ?? '',
    ...readSplits(row),
    pp: whole(row['pp_size']),
    engine: row['backend'] ?? '',
    engine_version: row['backend_version'] ?? '',
    precision: formats[row['gemm_quant_mode'] ?? ''] ?? '',
    kv_precision: row['system'] === 'b200_sxm' ? 'fp8' : '',
    isl: row['isl'] ?? '',
    osl: row['osl'] ?? '',
    concurrency: whole(row['conc'] || row['batch_size']),
    ttft_ms_mean: row['silicon_ttft_ms'] ?? '',
    tpot_ms_mean: row['silicon_tpot_ms'] ?? '',
  }))

describe('the silicon sample', () => {
  it('is predicted no worse than it was', async () => {
    const report = await validateRows(rows, { groupBy: ['engine'], readModel: (name) => Promise.resolve(findModel(name)) })
    expect(report.rows).toBe(1219)
    expect(report.predicted).toBe(1219)
    expect(report.total.tpot?.medianAbsoluteError).toBeLessThan(0.076)
    expect(report.total.tpot?.rankCorrelation).toBeGreaterThan(0.92)
    expect(report.total.ttft?.medianAbsoluteError).toBeLessThan(0.215)
    expect(report.total.ttft?.rankCorrelation).toBeGreaterThan(0.9)
    // The interval is meant to hold nine of ten.
    expect(report.total.tpot?.coverage).toBeGreaterThan(0.87)
    expect(report.total.ttft?.coverage).toBeGreaterThan(0.87)
  })
  it('is learned by the correction that ships: these are rows it was trained on, so this only shows that it is applied', async () => {
    const report = await validateRows(rows, {
      groupBy: [],
      corrections: await loadShippedCorrections(),
      readModel: (name) => Promise.resolve(findModel(name)),
    })
    expect(report.total.tpot?.medianAbsoluteError).toBeLessThan(0.05)
    expect(report.total.ttft?.medianAbsoluteError).toBeLessThan(0.12)
    expect(report.total.tpot?.coverage).toBeGreaterThan(0.9)
  })
})
