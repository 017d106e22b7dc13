/** Measured rows as training samples: features, and by how much the analytical prediction was off. */
import { isBudError, type ModelSpec } from '@bud-foundry/core'
import { noCorrections } from '../correct/corrections.ts'
import { describeEstimate } from '../correct/features.ts'
import { predictMeasurement } from '../validate/predict-row.ts'
import { measuredFigures, readMeasurement } from '../validate/measurement.ts'

export const correctionTargets = ['time-per-output-token', 'time-to-first-token'] as const
export type CorrectionTarget = (typeof correctionTargets)[number]

export interface TrainingSample {
  readonly features: Float64Array
  /** All rows of one configuration, and of one model on one device: they are held out together. */
  readonly configuration: string
  readonly pair: string
  /** Natural logarithm of measured over predicted, where measured. */
  readonly logRatios: Readonly<Partial<Record<CorrectionTarget, number>>>
}

export interface SampleSet {
  readonly samples: readonly TrainingSample[]
  /** Line numbers count from 2, the first after the header. */
  readonly unusable: readonly { readonly line: number; readonly reason: string }[]
}

/** Reads rows of the documented format; those that cannot be used are listed with the reason. */
export async function createSamples(
  rows: readonly Readonly<Record<string, string>>[],
  readModel: (name: string) => Promise<ModelSpec>,
): Promise<SampleSet> {
  const models = new Map<string, Promise<ModelSpec>>()
  const samples: TrainingSample[] = []
  const unusable: { line: number; reason: string }[] = []
  for (const [index, raw] of rows.entries()) {
    const line = index + 2
    const measurement = readMeasurement(raw)
    if (!measurement.ok) {
      unusable.push({ line, reason: measurement.issues.map(({ path, message }) => `${path}: ${message}`).join('; ') })
      continue
    }
    const { row } = measurement
    try {
      const model = models.get(row.model) ?? readModel(row.model)
      models.set(row.model, model)
      const predicted = predictMeasurement(row, await model, noCorrections)
      if (typeof predicted === 'string') {
        unusable.push({ line, reason: predicted })
        continue
      }
      const { replica, workload, estimate } = predicted
      const ratio = (measured: number | undefined, seconds: number) =>
        measured === undefined ? undefined : Math.log(measured / (seconds * 1000))
      const measured = measuredFigures(row)
      const perToken = ratio(measured.tpot, estimate.timePerOutputTokenSeconds)
      const first = ratio(measured.ttft, estimate.timeToFirstTokenSeconds)
      const { hardware, settings, engine } = replica
      const pair = [row.model, hardware.id].join(' / ')
      samples.push({
        features: describeEstimate(replica, workload, estimate),
        pair,
        configuration: [pair, engine.id, row.tp, row.pp, row.ep, row.dp, settings.weights].join(' / '),
        logRatios: {
          ...(perToken === undefined ? {} : { 'time-per-output-token': perToken }),
          ...(first === undefined ? {} : { 'time-to-first-token': first }),
        },
      })
    } catch (error) {
      if (!isBudError(error)) throw error
      unusable.push({ line, reason: error.message })
    }
  }
  return { samples, unusable }
}
