/** The analytical predictor: roofline steps and closed-form continuous batching. */
import type { Interval, ModelSpec, Prediction, PredictionInput, Predictor } from '@bud-foundry/core'
import { createStepModel, type StepModel } from '../cost/step-cost.ts'
import { findEngine } from '../engine/engine-registry.ts'
import type { ServingEngine } from '../engine/serving-engine.ts'
import { simErrors } from '../errors.ts'
import { fitMemory, type MemoryFit } from '../memory/fit.ts'
import { sequenceCacheBytes } from '../memory/kv-cache.ts'
import { isEncoder } from '../model/model-kind.ts'
import { devicesOf, resolveSettingsFor, type ServingSettings } from '../settings.ts'
import { closedLoopBurstShare, estimateAtRate, estimateServing, type ServingEstimate } from './serving-estimate.ts'

/** Ratios of measured to predicted that nine of ten measurements fall between; see `predictionSpread`. */
interface Spread {
  readonly low: number
  readonly high: number
}

/**
 * The fifth and ninety-fifth percentile of measured over predicted, as `bud-sim validate` prints them for 1,206 measurements of vLLM,
 * SGLang and TensorRT-LLM on H100, H200, B200 and GB200: tier A of the silicon sample of AIConfigurator (Apache-2.0), its benchmarks'
 * requests all starting at once. Other hardware and engines may lie further off.
 */
export const predictionSpread = {
  timeToFirstToken: { low: 0.74, high: 5.3 },
  timePerOutputToken: { low: 0.82, high: 1.58 },
} as const satisfies Record<string, Spread>

const toInterval = (mid: number, spread: Spread): Interval => ({ low: mid * spread.low, mid, high: mid * spread.high })

/** The parts of a prediction that do not depend on the workload, prepared once. */
export interface PreparedReplica {
  readonly model: ModelSpec
  readonly engine: ServingEngine
  readonly settings: ServingSettings
  readonly fit: MemoryFit
  readonly step: StepModel
}

/** @throws SIM_PREDICTION_UNSUPPORTED when the device lacks what the settings need. */
export function prepareReplica(input: Pick<PredictionInput, 'model' | 'hardware' | 'engineId' | 'settings'>): PreparedReplica {
  const engine = findEngine(input.engineId)
  const settings = resolveSettingsFor(input.model, input.settings)
  const { model, hardware } = input
  return {
    model,
    engine,
    settings,
    fit: fitMemory({ model, hardware, settings, overhead: engine.overhead(model, hardware) }),
    step: createStepModel({ model, hardware, settings, timing: engine.timing }),
  }
}

/** Steady state of one replica under a workload; undefined when requests arrive faster than it can answer. */
export function estimateReplica(replica: PreparedReplica, workload: PredictionInput['workload']): ServingEstimate | undefined {
  const { model, settings, fit, step, engine } = replica
  const meanTokens = workload.inputTokens + workload.outputTokens / 2
  const sequenceBytes = sequenceCacheBytes(model, settings, meanTokens)
  const input = {
    step,
    timing: engine.timing,
    inputTokens: workload.inputTokens,
    cachedTokens: settings.prefixCaching ? Math.min(workload.sharedPrefixTokens ?? 0, workload.inputTokens - 1) : 0,
    outputTokens: workload.outputTokens,
    maxSequences: settings.maxSequences,
    maxBatchedTokens: settings.maxBatchedTokens,
    // Requests that come at a rate come independently.
    burstShare: workload.requestsPerSecond === undefined ? closedLoopBurstShare : 0,
    cacheSequences: sequenceBytes === 0 ? Number.MAX_SAFE_INTEGER : (fit.kvCacheBytes / sequenceBytes) * settings.data,
  }
  return workload.requestsPerSecond === undefined
    ? estimateServing({ ...input, concurrency: workload.concurrency ?? 1 })
    : estimateAtRate(input, workload.requestsPerSecond)
}

/** Adds the interval that measurements fall into. Latencies in milliseconds; throughput is uncertain as its latencies are. */
export function toPrediction(estimate: ServingEstimate): Prediction & { readonly endToEndMs: Interval } {
  const spread = predictionSpread.timePerOutputToken
  return {
    timeToFirstTokenMs: toInterval(estimate.timeToFirstTokenSeconds * 1000, predictionSpread.timeToFirstToken),
    timePerOutputTokenMs: toInterval(estimate.timePerOutputTokenSeconds * 1000, spread),
    endToEndMs: toInterval(estimate.endToEndSeconds * 1000, spread),
    outputTokensPerSecond: toInterval(estimate.outputTokensPerSecond, { low: 1 / spread.high, high: 1 / spread.low }),
    basis: 'analytical',
  }
}

function refuse(input: PredictionInput): string | undefined {
  if (isEncoder(input.model)) return `${input.model.id} (${input.model.architecture}) is an encoder and cannot generate text`
  const engine = findEngine(input.engineId)
  const settings = resolveSettingsFor(input.model, input.settings)
  const devices = devicesOf(settings)
  if (devices !== input.deviceCount)
    return `the settings use ${String(devices)} devices (tensor × pipeline × data), the input says ${String(input.deviceCount)}`
  return engine.refuse(input.model, settings, input.hardware)
}

/** Predicts one replica from datasheets and measured efficiencies; no training data, no I/O. */
export function createAnalyticalPredictor(): Predictor {
  return {
    contract: 'predictor/1',
    id: 'analytical',
    supports: (input) => {
      try {
        if (refuse(input) !== undefined) return false
        const replica = prepareReplica(input)
        return replica.fit.fits && estimateReplica(replica, input.workload) !== undefined
      } catch (error) {
        if (simErrors.PREDICTION_UNSUPPORTED.is(error) || simErrors.ENGINE_UNKNOWN.is(error) || simErrors.REQUEST_INVALID.is(error))
          return false
        throw error
      }
    },
    predict: (inputs) =>
      inputs.map((input) => {
        const reason = refuse(input)
        if (reason !== undefined) throw simErrors.PREDICTION_UNSUPPORTED({ reason })
        const replica = prepareReplica(input)
        if (!replica.fit.fits) throw simErrors.PREDICTION_UNSUPPORTED({ reason: `${input.model.id} does not fit ${input.hardware.name}` })
        const estimate = estimateReplica(replica, input.workload)
        if (estimate === undefined)
          throw simErrors.PREDICTION_UNSUPPORTED({
            reason: `${String(input.workload.requestsPerSecond)} requests a second are more than one replica answers`,
          })
        return toPrediction(estimate)
      }),
  }
}
