/** Enumerates the configurations worth looking at for one pool of devices. */
import type { HardwareProfile, Precision } from '@bud-foundry/core'
import type { ServingEngine } from '../engine/serving-engine.ts'
import { nativeWeights } from '../memory/precision.ts'
import { resolveSettingsFor, type ServingSettings, type Speculative } from '../settings.ts'
import { countReplicas, type DevicePool } from './device-pool.ts'
import type { ResolvedRequest } from './optimize-request.ts'

export interface Candidate {
  readonly pool: DevicePool
  readonly engine: ServingEngine
  readonly settings: ServingSettings
  readonly replicasMax: number
}

/** Splits of one replica over devices: within a node by tensor, across nodes in stages, experts over the same devices. */
export interface Split {
  readonly tensor: number
  readonly pipeline: number
  readonly data: number
  readonly expert: number
}

export function listSplits(request: ResolvedRequest, pool: DevicePool): readonly Split[] {
  const largest = pool.nodes[0] ?? 0
  const moe = request.model.layerGroups.some(({ feedForward }) => feedForward.kind === 'experts')
  const latent = request.model.layerGroups.some(({ attention }) => attention.kind === 'latent')
  const result: Split[] = []
  for (let tensor = 1; tensor <= largest; tensor *= 2) {
    result.push({ tensor, pipeline: 1, data: 1, expert: 1 })
    if (moe && tensor > 1) {
      result.push({ tensor, pipeline: 1, data: 1, expert: tensor })
      // Latent caches are copied to every tensor-parallel device; splitting requests instead keeps one copy.
      if (latent) result.push({ tensor: 1, pipeline: 1, data: tensor, expert: tensor })
    }
    const full = pool.nodes.filter((free) => free >= tensor).length
    // Stages across nodes only help what does not fit one node.
    if (tensor * 2 > largest)
      for (const pipeline of [2, 3, 4, 8]) if (pipeline <= full) result.push({ tensor, pipeline, data: 1, expert: 1 })
  }
  return result
}

/** The formats worth looking at, the checkpoint's own first. */
export function listWeightFormats(request: ResolvedRequest, engine: ServingEngine): readonly Precision[] {
  const native = nativeWeights(request.model)
  if (request.precisions !== undefined) return request.precisions
  if (request.model.quantization !== undefined) return [native]
  return engine.id === 'llama-cpp' ? [native, 'int8', 'int4'] : [native, 'fp8']
}

/** Formats of the cache that the chip can keep. */
export const listCacheFormats = (hardware: HardwareProfile, engine: ServingEngine): readonly Precision[] =>
  hardware.flopsPerSecond.fp8 === undefined || engine.id === 'llama-cpp' ? ['bf16'] : ['bf16', 'fp8']

/** The smallest batch limit that takes the load, and the engine's usual 256 when that is larger. */
function batchLimits(request: ResolvedRequest, engine: ServingEngine, pool: DevicePool): readonly number[] {
  const offered = engine.tunables(request.model, pool.hardware).find(({ name }) => name === 'maxSequences')?.values ?? [256]
  const numbers = offered.filter((value) => typeof value === 'number')
  const wanted = request.workload.concurrency ?? 256
  const enough = numbers.find((value) => value >= wanted) ?? numbers.at(-1) ?? 256
  return [...new Set([enough, ...numbers.filter((value) => value === 256 && value > enough)])]
}

/** Every candidate of a pool and engine, cheapest to examine first; what cannot run is sorted out by evaluation. */
export function* enumerateCandidates(request: ResolvedRequest, pool: DevicePool, engine: ServingEngine): Generator<Candidate> {
  const batched = engine.tunables(request.model, pool.hardware).find(({ name }) => name === 'maxBatchedTokens')?.values ?? [2048]
  const cacheFormats = listCacheFormats(pool.hardware, engine)
  const speculation: readonly (Speculative | undefined)[] = [undefined, ...(request.speculation ?? [])]
  for (const split of listSplits(request, pool)) {
    const replicasMax = countReplicas(pool, split.tensor * split.data, split.pipeline)
    if (replicasMax < 1) continue
    for (const weights of listWeightFormats(request, engine))
      for (const kvCache of cacheFormats)
        for (const maxSequences of batchLimits(request, engine, pool))
          for (const maxBatchedTokens of batched)
            for (const speculative of speculation)
              yield {
                pool,
                engine,
                replicasMax,
                settings: resolveSettingsFor(request.model, {
                  ...request.settings,
                  ...split,
                  weights,
                  kvCache,
                  maxSequences,
                  maxBatchedTokens,
                  speculative,
                  maxModelTokens: request.maxModelTokens,
                }),
              }
  }
}
