/**
 * Turns NVIDIA's silicon sample (AIConfigurator, Apache-2.0) into the documented CSV format, tier A only:
 * no repeats, no misread splits, no hidden speculation.
 * node --conditions=bud-source packages/sim/scripts/silicon-sample.ts nvidia-silicon-aggregated.csv > measured.csv
 */
import { readFileSync } from 'node:fs'
import { parseCsv } from '../src/validate/csv.ts'

const formats: Readonly<Record<string, string>> = { nvfp4: 'fp4', fp8: 'fp8', fp8_block: 'fp8' }
const columns = [
  'model',
  'hardware',
  'tp',
  'pp',
  'dp',
  'ep',
  'engine',
  'engine_version',
  'precision',
  'isl',
  'osl',
  'concurrency',
  'ttft_ms_mean',
  'tpot_ms_mean',
]
const whole = (text: string | undefined) => String(Math.max(1, Math.round(Number(text ?? '') || 1)))

const file = process.argv[2]
if (file === undefined) throw new Error('give the file nvidia-silicon-aggregated.csv')
const lines = parseCsv(readFileSync(file, 'utf8'))
  .filter((row) => row['tier'] === 'A')
  .map((row) => [
    row['model_path'],
    row['system'],
    whole(row['tp_size']),
    whole(row['pp_size']),
    whole(row['attention_dp_size']),
    whole(row['moe_ep_size']),
    row['backend'],
    row['backend_version'],
    formats[row['gemm_quant_mode'] ?? ''] ?? '',
    row['isl'],
    row['osl'],
    whole(row['conc'] || row['batch_size']),
    row['silicon_ttft_ms'],
    row['silicon_tpot_ms'],
  ])
process.stdout.write([columns, ...lines].map((line) => `${line.join(',')}\n`).join(''))
