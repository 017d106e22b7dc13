/** The public list of sim: models, hardware, memory, prediction, optimizer. No I/O, no Node built-ins. */

// models and hardware
export { findModel, listModels } from './model/model-registry.ts'
export { findHardware, listHardware, type Citation, type HardwareDescription } from './hardware/hardware-registry.ts'

// memory
export { cacheBytesPerToken, cacheValuesPerDevice, layerCacheBytes, sequenceCacheBytes } from './memory/kv-cache.ts'
export { fitMemory, type EngineOverhead, type MemoryFit } from './memory/fit.ts'
export { bytesOf, nativeWeights } from './memory/precision.ts'
export { checkpointBytes, weightBytesPerDevice } from './memory/weights.ts'
export {
  resolveSettings,
  resolveSettingsFor,
  servingSettingsSchema,
  speculativeSchema,
  type OpenSettings,
  type ServingSettings,
  type ServingSettingsInput,
  type Speculative,
} from './settings.ts'

// engines
export { findEngine, listEngines } from './engine/engine-registry.ts'
export type { ServingEngine } from './engine/serving-engine.ts'
export type { EngineTiming } from './cost/engine-timing.ts'

// prediction
export { createStepModel, type StepBatch, type StepCost, type StepModel } from './cost/step-cost.ts'
export { estimateReplica, predictionSpread, prepareReplica, type PreparedReplica } from './predict/replica-estimate.ts'
export { createAnalyticalPredictor, createPredictor } from './predict/predictors.ts'
export { predictReplica, type ReplicaPrediction } from './predict/predict-replica.ts'
export { loadCorrections, loadShippedCorrections, noCorrections, type Corrections } from './correct/corrections.ts'
export type { Correction, CorrectionNotes } from './correct/correction.ts'
export type { EstimateParts, ServingEstimate } from './predict/serving-estimate.ts'

export { acceptedTokens, publishedAcceptance } from './predict/speculation.ts'
export { expertImbalance, pipelineFillSeconds } from './predict/step-features.ts'

// prefill and decode apart
export {
  estimateDisaggregated,
  prepareDisaggregated,
  type Counts as DisaggregatedCounts,
  type DisaggregatedEstimate,
  type DisaggregatedPair,
} from './disaggregate/disaggregated-estimate.ts'
export { transferCache, type CacheTransfer } from './disaggregate/transfer.ts'
export { hardwareDescriptionSchema, parseHardware } from './hardware/own-hardware.ts'
export { findNodeLink, type NodeLink } from './hardware/node-links.ts'

// trees that XGBoost trained
export { loadTreeModel, type TreeModel } from './trees/tree-model.ts'

// optimizer
export { optimize, type OptimizeOptions, type OptimizeResult } from './optimize/optimizer.ts'
export type { CombinedPart, CombinedPlan } from './optimize/combined-plan.ts'
export type { OptimizeProgress, Rejection, SearchOptions } from './optimize/search.ts'
export { evolve, type EvolveOptions, type Fitness, type Individual } from './optimize/nsga2.ts'
export { nonDominated, type FrontPoint } from './optimize/pareto.ts'
export { createOptimizerHandler } from './optimize/optimizer-handler.ts'
export { optimizeRequestSchema, type OptimizeRequest } from './optimize/optimize-request.ts'
export { findLoadLimit, type LoadLimit, type LoadPoint } from './optimize/load-limit.ts'
export {
  findMinimumHardware,
  type MinimumHardware,
  type MinimumHardwareRequest,
  type MinimumHardwareResult,
  type UnfitHardware,
} from './optimize/minimum-hardware.ts'
export { minimumDevices, suggestHardware } from './optimize/suggestions.ts'

// Bud's own interface
export { createBudSimulator, type BudSimulatorOptions } from './bud/bud-handler.ts'

// pictures
export { drawFront, drawLatency, drawLoad, drawMemory, type LatencyPoint, type MemoryBar } from './picture/pictures.ts'

// prices
export { findDevicePrice, listInstancePrices, type DevicePrice, type InstancePrice, type Market } from './price/instance-prices.ts'

// errors
export { simErrors } from './errors.ts'
