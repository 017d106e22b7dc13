/** One measured row of the documented format, read from its text cells. */
import { type ConfigIssue, type Precision, precisionSchema, toConfigIssues } from '@bud-foundry/core'
import { z } from 'zod'

const optionalNumber = z.preprocess(
  (value) => (value === '' || value === undefined ? undefined : Number(value)),
  z.number().positive().optional(),
)
const parallel = z.preprocess(
  (value) => (value === '' || value === undefined || Number(value) === 0 ? 1 : Number(value)),
  z.int().positive(),
)
const optionalCount = z.preprocess(
  (value) => (value === '' || value === undefined || Number(value) === 0 ? undefined : Number(value)),
  z.int().positive().optional(),
)
const tokens = z.preprocess(Number, z.int().positive())

/** A load generator that sends as fast as answers come says so by an infinite rate beside its concurrency. */
const rate = z.preprocess((value) => (typeof value === 'string' && /^inf(?:inity)?$/i.test(value.trim()) ? '' : value), optionalNumber)

/** Names that engines and checkpoints have for the same number of bits. */
const spellings: Readonly<Record<string, Precision>> = {
  bfloat16: 'bf16',
  float16: 'fp16',
  half: 'fp16',
  float32: 'fp32',
  fp8_block: 'fp8',
  fp8_e4m3: 'fp8',
  fp8_e5m2: 'fp8',
  mxfp8: 'fp8',
  nvfp4: 'fp4',
  mxfp4: 'fp4',
  awq: 'int4',
  gptq: 'int4',
  w4a16: 'int4',
  w8a8: 'int8',
}
const optionalPrecision = z.preprocess((value) => {
  if (typeof value !== 'string') return value
  const name = value.trim().toLowerCase()
  return name === '' || name === 'auto' ? undefined : (spellings[name] ?? name)
}, precisionSchema.optional())

export const measurementSchema = z.looseObject({
  model: z.string().min(1),
  hardware: z.string().min(1),
  /** All devices. Without `tp` it says how widely layers are split; more than the splits use are equal replicas. */
  device_count: optionalCount,
  tp: optionalCount,
  pp: parallel,
  dp: parallel,
  ep: parallel,
  engine: z.string().min(1),
  engine_version: z.string().optional(),
  precision: optionalPrecision,
  kv_precision: optionalPrecision,
  isl: tokens,
  osl: tokens,
  concurrency: optionalNumber,
  request_rate: rate,
  max_num_seqs: optionalNumber,
  max_num_batched_tokens: optionalNumber,
  ttft_ms_mean: optionalNumber,
  ttft_ms_p50: optionalNumber,
  tpot_ms_mean: optionalNumber,
  tpot_ms_p50: optionalNumber,
  /** Time between tokens: the same figure where every step gives one token. */
  itl_ms_mean: optionalNumber,
  itl_ms_p50: optionalNumber,
  e2e_ms_mean: optionalNumber,
  e2e_ms_p50: optionalNumber,
  output_tokens_per_s: optionalNumber,
})

/** One row, its splits settled. */
export type Measurement = z.output<typeof measurementSchema> & {
  readonly tp: number
  /** Copies of the whole that share the load. */
  readonly replicas: number
}

export type ReadMeasurement =
  { readonly ok: true; readonly row: Measurement } | { readonly ok: false; readonly issues: readonly ConfigIssue[] }

/** The figures of a row that are predicted, in milliseconds and tokens per second: means, and medians where there is no mean. */
export const measuredFigures = (row: Measurement) => ({
  ttft: row.ttft_ms_mean ?? row.ttft_ms_p50,
  tpot: row.tpot_ms_mean ?? row.tpot_ms_p50 ?? row.itl_ms_mean ?? row.itl_ms_p50,
  e2e: row.e2e_ms_mean ?? row.e2e_ms_p50,
  throughput: row.output_tokens_per_s,
})

/**
 * Which devices share layers, and how many copies of the whole there are. Engines whose tensor split counts the copies of attention too
 * (SGLang's `--tp-size`) give fewer devices than the splits multiply to.
 */
function readSplits({
  device_count: devices,
  tp,
  pp,
  dp,
}: z.output<typeof measurementSchema>): Pick<Measurement, 'tp' | 'replicas'> | ConfigIssue {
  if (devices === undefined) return { tp: tp ?? 1, replicas: 1 }
  if (tp === undefined && devices % (pp * dp) === 0) return { tp: devices / (pp * dp), replicas: 1 }
  if (tp !== undefined && dp > 1 && devices === tp * pp && tp % dp === 0) return { tp: tp / dp, replicas: 1 }
  const used = (tp ?? 1) * pp * dp
  if (tp !== undefined && devices % used === 0) return { tp, replicas: devices / used }
  return {
    path: 'device_count',
    message: `${String(devices)} devices are not what tp ${String(tp ?? 1)} × pp ${String(pp)} × dp ${String(dp)} use`,
    fix: 'give the devices of all replicas, or leave it out',
  }
}

/** The measurement, or what is wrong with the row. */
export function readMeasurement(row: Readonly<Record<string, string>>): ReadMeasurement {
  const parsed = measurementSchema.safeParse({ pp: '', dp: '', ep: '', ...row })
  if (!parsed.success) return { ok: false, issues: toConfigIssues(parsed.error) }
  if (parsed.data.concurrency === undefined && parsed.data.request_rate === undefined)
    return {
      ok: false,
      issues: [{ path: 'concurrency', message: 'neither it nor request_rate is given', fix: 'say how much load there was' }],
    }
  const splits = readSplits(parsed.data)
  return 'path' in splits ? { ok: false, issues: [splits] } : { ok: true, row: { ...parsed.data, ...splits } }
}
