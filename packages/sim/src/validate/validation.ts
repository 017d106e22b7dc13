/** Predicts measured rows and scores the predictions, in total and by group. */
import { isBudError, type Interval, type ModelSpec } from '@bud-foundry/core'
import { findHardware } from '../hardware/hardware-registry.ts'
import { nativeWeights } from '../memory/precision.ts'
import { estimateReplica, prepareReplica, toPrediction } from '../predict/analytical-predictor.ts'
import { resolveSettings } from '../settings.ts'
import { readMeasurement, type Measurement } from './measurement.ts'
import { scorePairs, type Pair, type Score } from './score.ts'

export const metricNames = ['ttft', 'tpot', 'e2e', 'throughput'] as const
export type MetricName = (typeof metricNames)[number]

export interface ValidationReport {
  readonly rows: number
  readonly predicted: number
  readonly total: Readonly<Partial<Record<MetricName, Score>>>
  readonly groups: readonly { readonly group: string; readonly scores: Readonly<Partial<Record<MetricName, Score>>> }[]
  /** Line numbers count from 2, the first after the header. */
  readonly unpredicted: readonly { readonly line: number; readonly reason: string }[]
}

type Pairs = Partial<Record<MetricName, Pair>>

function predictRow(row: Measurement, model: ModelSpec): Pairs | string {
  const hardware = findHardware(row.hardware)
  const cache = row.kv_precision ?? model.quantization?.kvCache ?? 'bf16'
  const settings = resolveSettings({
    tensor: row.tp,
    pipeline: row.pp,
    data: row.dp,
    expert: row.ep,
    weights: row.precision ?? nativeWeights(model),
    kvCache: cache,
    maxModelTokens: row.isl + row.osl,
    maxSequences: Math.round(row.max_num_seqs ?? Math.max(256, row.concurrency ?? 0)),
    maxBatchedTokens: Math.round(row.max_num_batched_tokens ?? 8192),
  })
  const replica = prepareReplica({ model, hardware, engineId: row.engine, settings })
  if (!replica.fit.fits) return 'the model does not fit these devices'
  const load =
    row.request_rate === undefined
      ? { concurrency: Math.max(1, Math.round(row.concurrency ?? 1)) }
      : { requestsPerSecond: row.request_rate }
  const estimate = estimateReplica(replica, { inputTokens: row.isl, outputTokens: row.osl, ...load })
  if (estimate === undefined) return 'the request rate is more than the replica is predicted to answer'
  const prediction = toPrediction(estimate)
  const pair = (measured: number | undefined, predicted: Interval) => (measured === undefined ? undefined : { measured, predicted })
  return Object.fromEntries(
    Object.entries({
      ttft: pair(row.ttft_ms_mean ?? row.ttft_ms_p50, prediction.timeToFirstTokenMs),
      tpot: pair(row.tpot_ms_mean ?? row.tpot_ms_p50, prediction.timePerOutputTokenMs),
      e2e: pair(row.e2e_ms_mean ?? row.e2e_ms_p50, prediction.endToEndMs),
      throughput: pair(row.output_tokens_per_s, prediction.outputTokensPerSecond),
    }).filter(([, value]) => value !== undefined),
  )
}

function scoreAll(all: readonly Pairs[]): Partial<Record<MetricName, Score>> {
  return Object.fromEntries(
    metricNames.flatMap((metric) => {
      const pairs = all.flatMap((row) => row[metric] ?? [])
      return pairs.length === 0 ? [] : [[metric, scorePairs(pairs)] as const]
    }),
  )
}

/** Rows that cannot be predicted are listed with the reason, never dropped silently. */
export async function validateRows(
  rows: readonly Readonly<Record<string, string>>[],
  options: { readonly groupBy: readonly string[]; readonly readModel: (name: string) => Promise<ModelSpec> },
): Promise<ValidationReport> {
  const models = new Map<string, Promise<ModelSpec>>()
  const done: { readonly group: string; readonly pairs: Pairs }[] = []
  const unpredicted: { line: number; reason: string }[] = []
  for (const [index, row] of rows.entries()) {
    const line = index + 2
    const measurement = readMeasurement(row)
    if (!measurement.ok) {
      unpredicted.push({ line, reason: measurement.issues.map(({ path, message }) => `${path}: ${message}`).join('; ') })
      continue
    }
    const valid = measurement.row
    try {
      const model = models.get(valid.model) ?? options.readModel(valid.model)
      models.set(valid.model, model)
      const pairs = predictRow(valid, await model)
      if (typeof pairs === 'string') unpredicted.push({ line, reason: pairs })
      else done.push({ group: options.groupBy.map((column) => row[column] ?? '').join(' / '), pairs })
    } catch (error) {
      if (!isBudError(error)) throw error
      unpredicted.push({ line, reason: error.message })
    }
  }
  const groups = options.groupBy.length === 0 ? [] : [...new Set(done.map(({ group }) => group))].sort()
  return {
    rows: rows.length,
    predicted: done.length,
    total: scoreAll(done.map(({ pairs }) => pairs)),
    groups: groups.map((group) => ({ group, scores: scoreAll(done.filter((row) => row.group === group).map(({ pairs }) => pairs)) })),
    unpredicted,
  }
}
