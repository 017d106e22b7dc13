/** The public list of sim's training: measured rows, validation, and the learned correction. Node only. */
export { parseCsv } from './validate/csv.ts'
export { validateRows, type MetricName, type ValidationReport } from './validate/validation.ts'
export { predictMeasurement, type PredictedRow } from './validate/predict-row.ts'
export { readMeasurement, type Measurement, type ReadMeasurement } from './validate/measurement.ts'
export { scorePairs, type Pair, type Score } from './validate/score.ts'
export { createSamples, type CorrectionTarget, type SampleSet, type TrainingSample } from './train/samples.ts'
export {
  trainCorrections,
  type HeldOutRow,
  type TargetReport,
  type TrainedCorrection,
  type TrainingOptions,
} from './train/train-correction.ts'
export type { BoosterOptions } from './train/booster.ts'
export { toXgboostText } from './train/model-json.ts'
