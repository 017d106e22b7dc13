/** What the learned correction knows of a prediction: its analytical parts, the load, and the shape of model, device and split. */
import type { PredictionInput } from '@bud-foundry/core'
import { engineVersionNumber } from '../engine/engine-version.ts'
import { bytesOf, resolveComputePrecision } from '../memory/precision.ts'
import { sequenceCacheBytes } from '../memory/kv-cache.ts'
import type { PreparedReplica } from '../predict/replica-estimate.ts'
import type { ServingEstimate } from '../predict/serving-estimate.ts'

/** In the order in which trees refer to them; a trained file repeats them, so that an older one is recognised. */
export const correctionFeatures = [
  'log-input-tokens',
  'log-output-tokens',
  'log-concurrency',
  'log-tensor',
  'log-expert',
  'log-data',
  'engine-version',
  'is-vllm',
  'is-sglang',
  'is-tensorrt-llm',
  'share-experts',
  'share-matrices',
  'share-attention',
  'share-communication',
  'log-token-ms',
  'log-first-token-ms',
  'log-prompt-ms',
  'share-prompts',
  'share-waiting',
  'log-cache-use',
  'log-parameters',
  'share-active',
  'log-weight-bytes',
  'log-sequence-bytes',
  'bytes-per-weight',
  'log-bandwidth',
  'log-flops',
  'log-burst-ms',
  'log-burst-share',
  'log-tokens-in-flight',
  'chunks-in-flight',
  'log-answer-share',
  'vllm-log-parameters',
  'vllm-share-experts',
  'vllm-log-bandwidth',
  'sglang-log-parameters',
  'sglang-share-experts',
  'sglang-log-bandwidth',
  'tensorrt-llm-log-parameters',
  'tensorrt-llm-share-experts',
  'tensorrt-llm-log-bandwidth',
] as const
export type CorrectionFeature = (typeof correctionFeatures)[number]

/** Below every value that a feature of one engine has. */
const otherEngine = -9

/** The features of one estimate, in the order of `correctionFeatures`. */
export function describeEstimate(replica: PreparedReplica, workload: PredictionInput['workload'], estimate: ServingEstimate): Float64Array {
  const { model, hardware, settings, engine, fit } = replica
  const { decodeStep, promptSeconds, marginalPromptSeconds } = estimate.parts
  const engineId = engine.predictedAs ?? engine.id
  const inFlight = estimate.running + estimate.waiting
  const sequence = sequenceCacheBytes(model, settings, workload.inputTokens + workload.outputTokens)
  const tokenSeconds = estimate.timePerOutputTokenSeconds
  const firstSeconds = estimate.timeToFirstTokenSeconds
  const shareExperts = decodeStep.expertSeconds / decodeStep.seconds
  const logParameters = Math.log(model.parameters)
  const logBandwidth = Math.log(hardware.memoryBandwidthBytesPerSecond)
  // One split then tells an engine's large models, experts or fast devices from all others.
  const only = (id: string, value: number) => (engineId === id ? value : otherEngine)
  const values: Readonly<Record<CorrectionFeature, number>> = {
    'log-input-tokens': Math.log(workload.inputTokens),
    'log-output-tokens': Math.log(workload.outputTokens),
    'log-concurrency': Math.log(inFlight),
    'log-tensor': Math.log(settings.tensor),
    'log-expert': Math.log(settings.expert),
    'log-data': Math.log(settings.data),
    'engine-version': engineVersionNumber(replica.engineVersion),
    'is-vllm': engineId === 'vllm' ? 1 : 0,
    'is-sglang': engineId === 'sglang' ? 1 : 0,
    'is-tensorrt-llm': engineId === 'tensorrt-llm' ? 1 : 0,
    'share-experts': shareExperts,
    'share-matrices': (decodeStep.matrixSeconds - decodeStep.expertSeconds) / decodeStep.seconds,
    'share-attention': decodeStep.attentionSeconds / decodeStep.seconds,
    'share-communication': decodeStep.communicationSeconds / decodeStep.seconds,
    'log-token-ms': Math.log(tokenSeconds * 1000),
    'log-first-token-ms': Math.log(firstSeconds * 1000),
    'log-prompt-ms': Math.log(promptSeconds * 1000),
    'share-prompts': ((estimate.running / workload.outputTokens) * marginalPromptSeconds) / decodeStep.seconds,
    'share-waiting': estimate.waiting / inFlight,
    'log-cache-use': Math.log(Math.max(1e-6, (inFlight * sequence) / Math.max(1, fit.kvCacheBytes * settings.data))),
    'log-parameters': logParameters,
    'share-active': model.activeParameters / model.parameters,
    'log-weight-bytes': Math.log(fit.weightsBytes),
    'log-sequence-bytes': Math.log(Math.max(1, sequence)),
    'bytes-per-weight': bytesOf(settings.weights),
    'log-bandwidth': logBandwidth,
    'log-flops': Math.log(hardware.flopsPerSecond[resolveComputePrecision('bf16', hardware)] ?? 1),
    'log-burst-ms': Math.log(Math.max(1e-3, inFlight * marginalPromptSeconds * 1000)),
    'log-burst-share': Math.log(((estimate.running / 2) * marginalPromptSeconds + promptSeconds) / firstSeconds),
    'log-tokens-in-flight': Math.log(estimate.running * (workload.inputTokens + workload.outputTokens / 2)),
    'chunks-in-flight': (workload.inputTokens * estimate.running) / settings.maxBatchedTokens,
    'log-answer-share': Math.log((workload.outputTokens * tokenSeconds) / firstSeconds),
    'vllm-log-parameters': only('vllm', logParameters),
    'vllm-share-experts': only('vllm', shareExperts),
    'vllm-log-bandwidth': only('vllm', logBandwidth),
    'sglang-log-parameters': only('sglang', logParameters),
    'sglang-share-experts': only('sglang', shareExperts),
    'sglang-log-bandwidth': only('sglang', logBandwidth),
    'tensorrt-llm-log-parameters': only('tensorrt-llm', logParameters),
    'tensorrt-llm-share-experts': only('tensorrt-llm', shareExperts),
    'tensorrt-llm-log-bandwidth': only('tensorrt-llm', logBandwidth),
  }
  // A plain loop: `Float64Array.from` with a function takes a tenth of a whole prediction.
  const features = new Float64Array(correctionFeatures.length)
  for (const [index, name] of correctionFeatures.entries()) features[index] = values[name]
  return features
}

/** How far apart two cases are in what decides whether one tells about the other: each feature with the difference that counts as 1. */
const distanceScales: Readonly<Partial<Record<CorrectionFeature, number>>> = {
  'log-parameters': 0.4,
  'share-active': 0.15,
  'log-bandwidth': 0.35,
  'log-flops': 0.6,
  'bytes-per-weight': 1.2,
  'is-vllm': 1.2,
  'is-sglang': 1.2,
  'is-tensorrt-llm': 1.2,
  'log-tensor': 4,
}

const placed = correctionFeatures.flatMap((name, index) => {
  const scale = distanceScales[name]
  return scale === undefined ? [] : [{ index, scale }]
})

/** The place of a case among those that training saw. */
export const placeOf = (features: ArrayLike<number>): readonly number[] =>
  placed.map(({ index, scale }) => Math.round(((features[index] ?? 0) / scale) * 1000) / 1000)

/** 1 at a place that training saw, falling towards 0 with the distance from the nearest. */
export function familiarity(place: readonly number[], seen: readonly (readonly number[])[]): number {
  let nearest = Number.POSITIVE_INFINITY
  for (const other of seen) {
    let squares = 0
    for (let index = 0; index < place.length && squares < nearest; index += 1) {
      const difference = (place[index] ?? 0) - (other[index] ?? 0)
      squares += difference * difference
    }
    if (squares < nearest) nearest = squares
  }
  return Math.exp(-nearest)
}
