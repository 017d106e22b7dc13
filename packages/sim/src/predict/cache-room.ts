/** How many sequences of a workload the cache of one replica holds. */
import type { ModelSpec, Workload } from '@bud-foundry/core'
import type { MemoryFit } from '../memory/fit.ts'
import { sequenceCacheBytes } from '../memory/kv-cache.ts'
import type { ServingSettings } from '../settings.ts'

/**
 * Sequences half through their answer, or as long as they will be where the engine keeps that room from the start; each rounded up by half a
 * block. A prefix that all share is held once (vLLM's automatic prefix
 * caching, SGLang's RadixAttention, arXiv 2312.07104).
 */
export function countCacheSequences(options: {
  readonly model: ModelSpec
  readonly settings: ServingSettings
  readonly fit: MemoryFit
  readonly workload: Pick<Workload, 'inputTokens' | 'outputTokens'>
  readonly sharedTokens: number
  readonly reservesAnswers?: boolean | undefined
}): number {
  const { model, settings, fit, workload, sharedTokens, reservesAnswers = false } = options
  const answerTokens = reservesAnswers ? workload.outputTokens : workload.outputTokens / 2
  const tokens = workload.inputTokens + answerTokens + (settings.blockTokens - 1) / 2
  const wholeBytes = sequenceCacheBytes(model, settings, tokens)
  if (wholeBytes === 0) return Number.MAX_SAFE_INTEGER
  const sharedBytes = sharedTokens === 0 ? 0 : sequenceCacheBytes(model, settings, sharedTokens)
  const ownBytes = Math.max(wholeBytes - sharedBytes, wholeBytes / 1000)
  return Math.max(0, (Math.max(0, fit.kvCacheBytes - sharedBytes) / ownBytes) * settings.data)
}
