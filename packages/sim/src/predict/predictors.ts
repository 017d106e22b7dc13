/** The predictors of core's contract: analytical, or with learned corrections. */
import type { PredictionInput, Predictor } from '@bud-foundry/core'
import { noCorrections, type Corrections } from '../correct/corrections.ts'
import { findEngine } from '../engine/engine-registry.ts'
import { simErrors } from '../errors.ts'
import { isEncoder } from '../model/model-kind.ts'
import { suggestHardware } from '../optimize/suggestions.ts'
import { devicesOf, resolveSettingsFor } from '../settings.ts'
import { predictReplica } from './predict-replica.ts'
import { estimateReplica, prepareReplica, type PreparedReplica } from './replica-estimate.ts'

/** What makes a question one that is not answered; everything else is a fault. */
const unsupported = [simErrors.PREDICTION_UNSUPPORTED, simErrors.ENGINE_UNKNOWN, simErrors.REQUEST_INVALID, simErrors.MODEL_UNKNOWN]

function refuse(input: PredictionInput): string | undefined {
  if (isEncoder(input.model)) return `${input.model.id} (${input.model.architecture}) is an encoder and cannot generate text`
  const engine = findEngine(input.engineId)
  const settings = resolveSettingsFor(input.model, input.settings)
  const devices = devicesOf(settings)
  if (devices !== input.deviceCount)
    return `the settings use ${String(devices)} devices (tensor × pipeline × data), the input says ${String(input.deviceCount)}`
  return engine.refuse(input.model, settings, input.hardware)
}

/** What a replica lacks, and what would do. */
function describeMisfit({ model, hardware }: PredictionInput, { fit, settings }: PreparedReplica): string {
  const fixed = fit.weightsBytes + fit.activationsBytes + fit.overheadBytes
  const fitting = suggestHardware(model, [hardware], settings.maxModelTokens)
  const gigabytes = (bytes: number) => `${(bytes / 1e9).toFixed(1)} GB`
  const reason =
    fixed >= fit.usableBytes
      ? `${gigabytes(fixed)} of weights and buffers on each, ${gigabytes(fit.usableBytes)} may be used`
      : `beside ${gigabytes(fixed)} of weights and buffers on each, the ${gigabytes(fit.kvCacheBytes)} that are left hold no request of ${String(settings.maxModelTokens)} tokens (fewer max-num-seqs, batched tokens or max-model-len leave more)`
  return `${model.id} does not fit ${String(devicesOf(settings))} × ${hardware.name} with these settings: ${reason}. It would fit on ${fitting.length === 0 ? 'no hardware known here' : fitting.join('; or ')}`
}

/** Of the version that sim would launch, so that predictions and plans agree. */
const prepare = (input: PredictionInput): PreparedReplica =>
  prepareReplica({ ...input, engineVersion: findEngine(input.engineId).versionFor(input.hardware) })

/** Predicts one replica from measured kernels and formulas; no learned correction, no I/O. */
export const createAnalyticalPredictor = (): Predictor => createPredictor(noCorrections)

/** Predicts one replica; the corrections are those of `loadShippedCorrections`, of a user's own training, or `noCorrections`. */
export function createPredictor(corrections: Corrections): Predictor {
  return {
    contract: 'predictor/1',
    id: corrections === noCorrections ? 'analytical' : 'corrected',
    supports: (input) => {
      try {
        if (refuse(input) !== undefined) return false
        const replica = prepare(input)
        return replica.fit.fits && estimateReplica(replica, input.workload) !== undefined
      } catch (error) {
        if (unsupported.some((known) => known.is(error))) return false
        throw error
      }
    },
    predict: (inputs) =>
      inputs.map((input) => {
        const reason = refuse(input)
        if (reason !== undefined) throw simErrors.PREDICTION_UNSUPPORTED({ reason })
        const replica = prepare(input)
        if (!replica.fit.fits) throw simErrors.PREDICTION_UNSUPPORTED({ reason: describeMisfit(input, replica) })
        const predicted = predictReplica(replica, input.workload, corrections)
        if (predicted === undefined)
          throw simErrors.PREDICTION_UNSUPPORTED({
            reason: `${String(input.workload.requestsPerSecond)} requests a second are more than one replica answers`,
          })
        return predicted.prediction
      }),
  }
}
