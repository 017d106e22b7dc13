/** Estimates latency and throughput, with an interval. */
import type { ModelSpec } from '../model/model-spec.ts'
import type { Workload } from '../model/workload.ts'
import type { Interval } from '../model/deployment-plan.ts'
import type { HardwareProfile } from './hardware-profile.ts'

export interface PredictionInput {
  readonly model: ModelSpec
  readonly workload: Workload
  readonly hardware: HardwareProfile
  readonly deviceCount: number
  readonly engineId: string
  readonly settings: object
}

export interface Prediction {
  readonly timeToFirstTokenMs: Interval
  readonly timePerOutputTokenMs: Interval
  /** Of the whole replica. */
  readonly outputTokensPerSecond: Interval
  readonly basis: 'measured' | 'fitted' | 'analytical'
}

export interface Predictor {
  readonly contract: 'predictor/1'
  readonly id: string
  supports(input: PredictionInput): boolean
  /** Synchronous, so that routing can ask; microseconds each. */
  predict(inputs: readonly PredictionInput[]): readonly Prediction[]
}
