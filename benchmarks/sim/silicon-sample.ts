/** NVIDIA's silicon sample (AIConfigurator, Apache-2.0) in the documented CSV columns, with AIConfigurator's own predictions beside. */
import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { parseCsv } from '@bud-foundry/sim/train'

export interface SampleRow {
  readonly columns: Readonly<Record<string, string>>
  /** What AIConfigurator 0.10 predicted, where it covers the row. */
  readonly aiconfigurator: { readonly ttftMs: number | undefined; readonly tpotMs: number | undefined }
}

const formats: Readonly<Record<string, string>> = { nvfp4: 'fp4', fp8: 'fp8', fp8_block: 'fp8' }
const whole = (text: string | undefined) => String(Math.max(1, Math.round(Number(text ?? '') || 1)))
const optional = (text: string | undefined) => (text === undefined || text === '' ? undefined : Number(text))

/**
 * How the model is split. Where the sample says data-parallel attention, `tp_size` counts all devices, as the source's own ids do
 * (`tp4_ep4` for 4, 4 and 16), and rows of both spellings measure the same. Where experts are split wider than attention, attention
 * runs in copies: AIConfigurator's rule tp × dp = moe_tp × moe_ep.
 */
function readSplits(row: Readonly<Record<string, string>>): { readonly tp: number; readonly dp: number; readonly ep: number } {
  const count = (name: string) => Number(whole(row[name]))
  const tp = count('tp_size')
  const dp = count('attention_dp_size')
  const expertDevices = count('moe_tp_size') * count('moe_ep_size')
  if (dp > 1) return { tp: tp / dp, dp, ep: tp }
  if (expertDevices > tp && expertDevices % tp === 0) return { tp, dp: expertDevices / tp, ep: expertDevices }
  return { tp, dp, ep: count('moe_ep_size') }
}

export const sampleFile = join(
  process.env['BUD_TEST_DATA'] ?? join(import.meta.dirname, '../../../shared/data'),
  'sim/measured/nvidia-silicon-aggregated.csv',
)

/** Tier A only: no repeats, no misread splits, no hidden speculation. @throws when the file is missing. */
export function readSiliconSample(): readonly SampleRow[] {
  if (!existsSync(sampleFile))
    throw new Error(`the measurements are not at ${sampleFile}; set BUD_TEST_DATA to the folder that holds sim/measured`)
  return parseCsv(readFileSync(sampleFile, 'utf8'))
    .filter((row) => row['tier'] === 'A')
    .map((row) => ({ row, splits: readSplits(row) }))
    .map(({ row, splits }) => ({
      columns: {
        model: row['model_path'] ?? '',
        hardware: row['system'] ?? '',
        tp: String(splits.tp),
        pp: whole(row['pp_size']),
        dp: String(splits.dp),
        ep: String(splits.ep),
        engine: row['backend'] ?? '',
        engine_version: row['backend_version'] ?? '',
        precision: formats[row['gemm_quant_mode'] ?? ''] ?? '',
        // Rows on B200 hold up to twice the tokens in flight that a 16-bit cache has room for.
        kv_precision: row['system'] === 'b200_sxm' ? 'fp8' : '',
        isl: row['isl'] ?? '',
        osl: row['osl'] ?? '',
        concurrency: whole(row['conc'] || row['batch_size']),
        ttft_ms_mean: row['silicon_ttft_ms'] ?? '',
        tpot_ms_mean: row['silicon_tpot_ms'] ?? '',
      },
      aiconfigurator: { ttftMs: optional(row['aic_ttft_ms']), tpotMs: optional(row['aic_tpot_ms']) },
    }))
}
