/** Predicts measured rows and scores the predictions, in total and by group. */
import { isBudError, type Interval, type ModelSpec } from '@bud-foundry/core'
import { noCorrections, type Corrections } from '../correct/corrections.ts'
import { checkColumns, type ColumnCheck } from './columns.ts'
import { measuredFigures, readMeasurement, type Measurement } from './measurement.ts'
import { predictMeasurement } from './predict-row.ts'
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
  /** Columns that are not read, with the reason: misspelt ones, percentiles, and labels that nothing is grouped by. */
  readonly ignoredColumns: ColumnCheck['ignored']
}

type Pairs = Partial<Record<MetricName, Pair>>

function predictRow(row: Measurement, model: ModelSpec, corrections: Corrections): Pairs | string {
  const measured = measuredFigures(row)
  if (Object.values(measured).every((value) => value === undefined))
    return 'it holds no figure that is predicted: a mean or p50 of ttft_ms, tpot_ms, itl_ms or e2e_ms, or output_tokens_per_s'
  const predicted = predictMeasurement(row, model, corrections)
  if (typeof predicted === 'string') return predicted
  const { prediction } = predicted
  const { low, mid, high } = prediction.outputTokensPerSecond
  const throughput = { low: low * row.replicas, mid: mid * row.replicas, high: high * row.replicas }
  const pair = (measured: number | undefined, predicted: Interval) => (measured === undefined ? undefined : { measured, predicted })
  return Object.fromEntries(
    Object.entries({
      ttft: pair(measured.ttft, prediction.timeToFirstTokenMs),
      tpot: pair(measured.tpot, prediction.timePerOutputTokenMs),
      e2e: pair(measured.e2e, prediction.endToEndMs),
      throughput: pair(measured.throughput, throughput),
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
  options: {
    readonly groupBy: readonly string[]
    readonly readModel: (name: string) => Promise<ModelSpec>
    /** Absent: predictions stay analytical. */
    readonly corrections?: Corrections | undefined
  },
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
      const pairs = predictRow(valid, await model, options.corrections ?? noCorrections)
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
    ignoredColumns: checkColumns([...new Set(rows.slice(0, 1).flatMap(Object.keys))], options.groupBy).ignored,
  }
}
