/** Adds up memory on one device and says whether a model fits. */
import type { HardwareProfile, MemoryBreakdown, ModelSpec } from '@bud-foundry/core'
import type { OpenSettings } from '../settings.ts'
import { sequenceCacheBytes } from './kv-cache.ts'
import { bytesOf } from './precision.ts'
import { weightBytesPerDevice } from './weights.ts'

/** What an engine itself takes, on one device. */
export interface EngineOverhead {
  /** Runtime context and libraries. */
  readonly contextBytes: number
  /** Captured graphs. */
  readonly graphBytes: number
  /** Communication buffers as soon as devices work together. NCCL: 342 to 392 MB (AIConfigurator's system files). */
  readonly communicationBytes: number
}

export interface MemoryFit extends MemoryBreakdown {
  /** What the engine may use of the device. */
  readonly usableBytes: number
  readonly capacityBytes: number
  readonly fits: boolean
  /** Tokens of cache that fit beside the weights, for sequences of the longest allowed length. */
  readonly cacheTokens: number
  /** Sequences of the longest allowed length that fit at once. */
  readonly fullSequences: number
}

/** The widest layer's intermediate values for one step's tokens, and the logits of every sequence in 32 bits. */
export function activationBytes(model: ModelSpec, settings: OpenSettings): number {
  let widest = 0
  for (const { feedForward } of model.layerGroups) {
    const width =
      feedForward.kind === 'experts'
        ? feedForward.expertsPerToken * feedForward.expertIntermediateSize
        : feedForward.kind === 'dense'
          ? feedForward.intermediateSize
          : 0
    widest = Math.max(widest, width)
  }
  // A prompt that is not cut passes in one step.
  const longest = settings.chunkedPrefill ? settings.maxBatchedTokens : Math.max(settings.maxBatchedTokens, settings.maxModelTokens)
  const tokens = Math.max(longest / settings.data, 1)
  // Residual, normed input, attention output and projection; gate, up and their product.
  const values = tokens * (4 * model.hiddenSize + (3 * widest) / settings.tensor)
  const logits = (Math.min(settings.maxSequences, tokens) * model.vocabularySize * 4) / settings.tensor
  return values * bytesOf('bf16') + logits
}

/** Memory of one device when as much cache as possible is allocated, as paged engines do. */
export function fitMemory(options: {
  readonly model: ModelSpec
  readonly hardware: HardwareProfile
  readonly settings: OpenSettings
  readonly overhead: EngineOverhead
}): MemoryFit {
  const { model, hardware, settings, overhead } = options
  const usableBytes = hardware.memoryBytes * settings.memoryUtilization
  const weightsBytes = weightBytesPerDevice(model, settings)
  const activationsBytes = activationBytes(model, settings)
  const alone = settings.tensor * settings.pipeline * settings.data === 1
  const overheadBytes = overhead.contextBytes + overhead.graphBytes + (alone ? 0 : overhead.communicationBytes)
  const kvCacheBytes = Math.max(0, usableBytes - weightsBytes - activationsBytes - overheadBytes)
  const fullBytes = sequenceCacheBytes(model, settings, settings.maxModelTokens)
  const fullSequences = fullBytes === 0 ? settings.maxSequences : Math.floor(kvCacheBytes / fullBytes)
  return {
    weightsBytes,
    kvCacheBytes,
    activationsBytes,
    overheadBytes,
    usableBytes,
    capacityBytes: hardware.memoryBytes,
    fits: weightsBytes + activationsBytes + overheadBytes < usableBytes && fullSequences >= 1,
    cacheTokens: fullBytes === 0 ? Number.MAX_SAFE_INTEGER : Math.floor((kvCacheBytes / fullBytes) * settings.maxModelTokens),
    fullSequences,
  }
}

/** The four parts alone, as core's Engine contract has them. */
export function breakDownMemory(options: Parameters<typeof fitMemory>[0]): MemoryBreakdown {
  const { weightsBytes, kvCacheBytes, activationsBytes, overheadBytes } = fitMemory(options)
  return { weightsBytes, kvCacheBytes, activationsBytes, overheadBytes }
}
