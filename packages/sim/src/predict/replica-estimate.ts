/** The analytical estimate of one replica: measured kernels, and closed-form continuous batching. */
import type { HardwareProfile, ModelSpec, PredictionInput } from '@bud-foundry/core'
import { createStepModel, type StepModel } from '../cost/step-cost.ts'
import { findEngine } from '../engine/engine-registry.ts'
import { timingOf, type ServingEngine } from '../engine/serving-engine.ts'
import { fitMemory, type MemoryFit } from '../memory/fit.ts'
import { resolveSettingsFor, type ServingSettings } from '../settings.ts'
import { countCacheSequences } from './cache-room.ts'
import { estimateAtRate, estimateServing, type ServingEstimate } from './serving-estimate.ts'
import { pipelineFillSeconds, withStepFeatures } from './step-features.ts'

/** Ratios of measured to predicted that nine of ten measurements fall between; see `predictionSpread`. */
interface Spread {
  readonly low: number
  readonly high: number
}

/**
 * The fifth and ninety-fifth percentile of measured over predicted, as `bud-sim validate` prints them for 1,219 measurements of vLLM,
 * SGLang and TensorRT-LLM on H100, H200, B200 and GB200: tier A of the silicon sample of AIConfigurator (Apache-2.0), its benchmarks'
 * requests all starting at once. Other hardware and engines may lie further off.
 */
export const predictionSpread = {
  timeToFirstToken: { low: 0.63, high: 2.98 },
  timePerOutputToken: { low: 0.82, high: 1.42 },
} as const satisfies Record<string, Spread>

/**
 * The same where neither the device's kernels nor the engine were measured: of Argonne's LLM-Inference-Bench (BSD-3) on MI300X with vLLM and
 * llama.cpp, software of 2024, and of vLLM on a Xeon. Newer software is faster than most of these.
 */
export const unmeasuredSpread = {
  timeToFirstToken: { low: 0.4, high: 6 },
  timePerOutputToken: { low: 0.6, high: 4.5 },
} as const satisfies Record<string, Spread>

/** The parts of a prediction that do not depend on the workload, prepared once. */
export interface PreparedReplica {
  readonly model: ModelSpec
  readonly engine: ServingEngine
  readonly hardware: HardwareProfile
  /** Of the engine, when it is known which is served. */
  readonly engineVersion: string | undefined
  readonly settings: ServingSettings
  readonly fit: MemoryFit
  readonly step: StepModel
}

/** @throws SIM_PREDICTION_UNSUPPORTED when the device lacks what the settings need. */
export function prepareReplica(
  input: Pick<PredictionInput, 'model' | 'hardware' | 'engineId' | 'settings'> & { readonly engineVersion?: string | undefined },
): PreparedReplica {
  const engine = findEngine(input.engineId)
  const settings = resolveSettingsFor(input.model, input.settings)
  const { model, hardware } = input
  const parts = { model, hardware, settings, timing: timingOf(engine, input.engineVersion), engineId: engine.predictedAs ?? engine.id }
  return {
    model,
    engine,
    hardware,
    engineVersion: input.engineVersion,
    settings,
    fit: fitMemory({ model, hardware, settings, overhead: engine.overhead(model, hardware) }),
    step: withStepFeatures(createStepModel(parts), parts),
  }
}

/** Steady state of one replica under a workload; undefined when requests arrive faster than it can answer. */
export function estimateReplica(replica: PreparedReplica, workload: PredictionInput['workload']): ServingEstimate | undefined {
  const { model, settings, fit, step, engine } = replica
  const cachedTokens = settings.prefixCaching ? Math.min(workload.sharedPrefixTokens ?? 0, workload.inputTokens - 1) : 0
  const maxBatchedTokens = settings.chunkedPrefill ? settings.maxBatchedTokens : Math.max(settings.maxBatchedTokens, workload.inputTokens)
  const input = {
    step,
    timing: timingOf(engine, replica.engineVersion),
    inputTokens: workload.inputTokens,
    cachedTokens,
    outputTokens: workload.outputTokens,
    maxSequences: settings.maxSequences,
    maxBatchedTokens,
    closedLoop: workload.requestsPerSecond === undefined,
    cacheSequences: countCacheSequences({
      ...{ model, settings, fit, workload },
      sharedTokens: cachedTokens,
      reservesAnswers: engine.reservesAnswers,
    }),
    pipelineFillSeconds: pipelineFillSeconds(step, {
      tokens: workload.inputTokens,
      cached: cachedTokens,
      stages: settings.pipeline,
      chunkTokens: maxBatchedTokens,
    }),
  }
  return workload.requestsPerSecond === undefined
    ? estimateServing({ ...input, concurrency: workload.concurrency ?? 1 })
    : estimateAtRate(input, workload.requestsPerSecond)
}
