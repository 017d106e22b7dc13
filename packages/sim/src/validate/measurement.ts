/** One measured row of the documented format, read from its text cells. */
import { type ConfigIssue, precisionSchema, toConfigIssues } from '@bud-foundry/core'
import { z } from 'zod'

const optionalNumber = z.preprocess(
  (value) => (value === '' || value === undefined ? undefined : Number(value)),
  z.number().positive().optional(),
)
const parallel = z.preprocess(
  (value) => (value === '' || value === undefined || Number(value) === 0 ? 1 : Number(value)),
  z.int().positive(),
)
const tokens = z.preprocess(Number, z.int().positive())
const optionalPrecision = z.preprocess((value) => (value === '' || value === 'auto' ? undefined : value), precisionSchema.optional())

export const measurementSchema = z.looseObject({
  model: z.string().min(1),
  hardware: z.string().min(1),
  tp: parallel,
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
  request_rate: optionalNumber,
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

export type Measurement = z.output<typeof measurementSchema>

export type ReadMeasurement =
  { readonly ok: true; readonly row: Measurement } | { readonly ok: false; readonly issues: readonly ConfigIssue[] }

/** The figures of a row that are predicted, in milliseconds and tokens per second: means, and medians where there is no mean. */
export const measuredFigures = (row: Measurement) => ({
  ttft: row.ttft_ms_mean ?? row.ttft_ms_p50,
  tpot: row.tpot_ms_mean ?? row.tpot_ms_p50 ?? row.itl_ms_mean ?? row.itl_ms_p50,
  e2e: row.e2e_ms_mean ?? row.e2e_ms_p50,
  throughput: row.output_tokens_per_s,
})

/** The measurement, or what is wrong with the row. */
export function readMeasurement(row: Readonly<Record<string, string>>): ReadMeasurement {
  const parsed = measurementSchema.safeParse({ tp: '', pp: '', dp: '', ep: '', ...row })
  return parsed.success ? { ok: true, row: parsed.data } : { ok: false, issues: toConfigIssues(parsed.error) }
}
