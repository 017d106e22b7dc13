/** Measured rows as training samples: features, and by how much the analytical prediction was off. */
import { isBudError, type ModelSpec } from '@bud-foundry/core'
import { noCorrections } from '../correct/corrections.ts'
import { correctionFeatures, describeEstimate } from '../correct/features.ts'
import { simErrors } from '../errors.ts'
import { tableValuesMax } from './booster.ts'
import { predictMeasurement } from '../validate/predict-row.ts'
import { measuredFigures, readMeasurement, type ReadMeasurement } from '../validate/measurement.ts'

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

/** Rows of one figure that can be trained from. */
export const trainingRowsMax = Math.floor(tableValuesMax / correctionFeatures.length)

/** Before anything is predicted: predictions for more rows than can be used take a minute. */
function checkRowCount(measurements: readonly ReadMeasurement[]): void {
  const counts = { ttft: 0, tpot: 0 }
  for (const measurement of measurements) {
    if (!measurement.ok) continue
    const { ttft, tpot } = measuredFigures(measurement.row)
    counts.ttft += ttft === undefined ? 0 : 1
    counts.tpot += tpot === undefined ? 0 : 1
  }
  const most = Math.max(counts.ttft, counts.tpot)
  if (most > trainingRowsMax)
    throw simErrors.TRAINING_FAILED({
      reason: `${String(most)} rows of one figure are more than the ${String(trainingRowsMax)} that ml-xgboost can hold; give fewer, or train elsewhere on the same features`,
    })
}

/** Reads rows of the documented format; those that cannot be used are listed with the reason. @throws SIM_TRAINING_FAILED for more rows than can be trained from. */
export async function createSamples(
  rows: readonly Readonly<Record<string, string>>[],
  readModel: (name: string) => Promise<ModelSpec>,
): Promise<SampleSet> {
  const models = new Map<string, Promise<ModelSpec>>()
  const samples: TrainingSample[] = []
  const unusable: { line: number; reason: string }[] = []
  const measurements = rows.map(readMeasurement)
  checkRowCount(measurements)
  for (const [index, measurement] of measurements.entries()) {
    const line = index + 2
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
