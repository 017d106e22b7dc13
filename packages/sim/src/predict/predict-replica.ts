/** The corrected prediction for one replica, with its interval. */
import type { Interval, Prediction, PredictionInput } from '@bud-foundry/core'
import type { Corrections } from '../correct/corrections.ts'
import { describeEstimate } from '../correct/features.ts'
import { hasMeasuredKernels } from '../cost/kernel-times.ts'
import { estimateReplica, predictionSpread, unmeasuredSpread, type PreparedReplica } from './replica-estimate.ts'
import type { ServingEstimate } from './serving-estimate.ts'

export interface ReplicaPrediction {
  /** With the corrections applied. */
  readonly estimate: ServingEstimate
  readonly prediction: Prediction & { readonly endToEndMs: Interval }
  /** How near the case is to measured ones, 0 to 1; 0 without corrections. */
  readonly familiarity: number
}

interface Applied {
  readonly factor: number
  readonly low: number
  readonly high: number
  readonly familiarity: number
}

const around = (mid: number, { low, high }: Pick<Applied, 'low' | 'high'>): Interval => ({
  low: mid * Math.min(low, 1),
  mid,
  high: mid * Math.max(high, 1),
})

const widen = (applied: Applied, spread: Pick<Applied, 'low' | 'high'>): Applied => ({
  ...applied,
  low: Math.min(applied.low, spread.low),
  high: Math.max(applied.high, spread.high),
})

/** Undefined when requests arrive faster than the replica can answer. */
export function predictReplica(
  replica: PreparedReplica,
  workload: PredictionInput['workload'],
  corrections: Corrections,
): ReplicaPrediction | undefined {
  const analytical = estimateReplica(replica, workload)
  if (analytical === undefined) return undefined
  const { timePerOutputToken, timeToFirstToken } = corrections
  const plain = (spread: { readonly low: number; readonly high: number }): Applied => ({ factor: 1, familiarity: 0, ...spread })
  let perToken = plain(predictionSpread.timePerOutputToken)
  let first = plain(predictionSpread.timeToFirstToken)
  if (timePerOutputToken !== undefined || timeToFirstToken !== undefined) {
    const features = describeEstimate(replica, workload, analytical)
    perToken = timePerOutputToken?.correct(features) ?? perToken
    first = timeToFirstToken?.correct(features) ?? first
  }
  if (replica.engine.unmeasured === true || !hasMeasuredKernels(replica.hardware)) {
    perToken = widen(perToken, unmeasuredSpread.timePerOutputToken)
    first = widen(first, unmeasuredSpread.timeToFirstToken)
  }
  const timePerOutputTokenSeconds = analytical.timePerOutputTokenSeconds * perToken.factor
  const timeToFirstTokenSeconds = analytical.timeToFirstTokenSeconds * first.factor
  const endToEndSeconds = timeToFirstTokenSeconds + Math.max(workload.outputTokens - 1, 0) * timePerOutputTokenSeconds
  const estimate: ServingEstimate = {
    ...analytical,
    timePerOutputTokenSeconds,
    timeToFirstTokenSeconds,
    endToEndSeconds,
    // What arrives at a rate leaves at that rate; a closed loop turns round faster when requests do (Little's law).
    outputTokensPerSecond:
      workload.requestsPerSecond === undefined
        ? ((analytical.running + analytical.waiting) * workload.outputTokens) / endToEndSeconds
        : analytical.outputTokensPerSecond,
  }
  const share = timeToFirstTokenSeconds / endToEndSeconds
  const whole = { low: share * first.low + (1 - share) * perToken.low, high: share * first.high + (1 - share) * perToken.high }
  const familiarity = Math.min(perToken.familiarity, first.familiarity)
  return {
    estimate,
    familiarity,
    prediction: {
      timeToFirstTokenMs: around(timeToFirstTokenSeconds * 1000, first),
      timePerOutputTokenMs: around(timePerOutputTokenSeconds * 1000, perToken),
      endToEndMs: around(endToEndSeconds * 1000, whole),
      outputTokensPerSecond: around(estimate.outputTokensPerSecond, { low: 1 / whole.high, high: 1 / whole.low }),
      // Nothing that guesses tokens was measured, and not every engine.
      basis:
        familiarity > 0.5 && replica.settings.speculative === undefined && replica.engine.predictedAs === undefined
          ? 'fitted'
          : 'analytical',
    },
  }
}
