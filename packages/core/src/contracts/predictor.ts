/** Estimates latency and throughput, with an interval. */
import type { ModelSpec } from '../model/model-spec.ts'
import type { Workload } from '../model/workload.ts'
import type { Interval } from '../model/deployment-plan.ts'
import type { HardwareProfile } from './hardware-profile.ts'

/** One question: this model, this load, these devices, these settings. */
export interface PredictionInput {
  readonly model: ModelSpec
  readonly workload: Workload
  readonly hardware: HardwareProfile
  readonly deviceCount: number
  readonly engineId: string
  readonly settings: object
}

/** The answer for one replica. */
export interface Prediction {
  readonly timeToFirstTokenMs: Interval
  readonly timePerOutputTokenMs: Interval
  /** Of the whole replica. */
  readonly outputTokensPerSecond: Interval
  readonly basis: 'measured' | 'fitted' | 'analytical'
}

/** Answers many questions at once. */
export interface Predictor {
  readonly contract: 'predictor/1'
  readonly id: string
  supports(input: PredictionInput): boolean
  /** Synchronous, so that routing can ask; microseconds each. */
  predict(inputs: readonly PredictionInput[]): readonly Prediction[]
}
