/** Bytes of the key-value cache, layer kind by layer kind. */
import type { AttentionSpec, LayerGroup, ModelSpec, Precision } from '@bud-foundry/core'
import { isEncoder } from '../model/model-kind.ts'
import type { OpenSettings } from '../settings.ts'
import { bytesOf } from './precision.ts'

/** Values that one token adds on one of `tensor` devices: heads are copied when there are fewer than devices, latent vectors always. */
export function cacheValuesPerDevice(attention: AttentionSpec, tensor: number): number {
  switch (attention.kind) {
    case 'grouped':
      return Math.ceil(attention.keyValueHeads / tensor) * (attention.headDim + attention.valueHeadDim)
    case 'latent':
      return attention.cacheValuesPerToken
    case 'recurrent':
    case 'none':
      return 0
  }
}

/** Bytes of cache and state that one layer of a group keeps on one device for a sequence of so many tokens. */
export function layerCacheBytes(group: LayerGroup, tokens: number, tensor: number, precision: Precision): number {
  const { attention } = group
  // States are kept in 32 bits, convolution inputs in 16.
  if (attention.kind === 'recurrent') return (attention.stateValues * 4 + attention.convolutionValues * 2) / tensor
  if (attention.kind === 'none') return 0
  const kept = attention.windowTokens === undefined ? tokens : Math.min(tokens, attention.windowTokens)
  return cacheValuesPerDevice(attention, tensor) * kept * bytesOf(precision)
}

/** Layers of the fullest pipeline stage: engines hand out what does not divide one by one. */
export const stageLayers = (model: ModelSpec, pipeline: number): number => Math.ceil(model.layers / pipeline)

/** The sum over the layers of the fullest stage, where each group's layers cost so much; kinds of layers lie evenly, and each is rounded up. */
function fullestStage(model: ModelSpec, pipeline: number, costOf: (group: LayerGroup) => number): number {
  if (pipeline === 1) {
    let whole = 0
    for (const group of model.layerGroups) whole += group.count * costOf(group)
    return whole
  }
  let left = stageLayers(model, pipeline)
  const share = left / model.layers
  const groups = model.layerGroups.map((group) => ({ count: group.count, cost: costOf(group) })).sort((one, other) => other.cost - one.cost)
  let sum = 0
  for (const { count, cost } of groups) {
    const held = Math.min(left, Math.ceil(count * share))
    sum += held * cost
    left -= held
  }
  return sum
}

/** Bytes on one device of the fullest stage for one sequence of so many tokens, windows and constant states included. */
export function sequenceCacheBytes(model: ModelSpec, settings: OpenSettings, tokens: number): number {
  // Encoders read everything in one pass and keep nothing.
  if (isEncoder(model)) return 0
  return fullestStage(model, settings.pipeline, (group) => layerCacheBytes(group, tokens, settings.tensor, settings.kvCache))
}

/** Bytes that one further token costs on one device of the fullest stage while every window is still open. */
export function cacheBytesPerToken(model: ModelSpec, settings: OpenSettings): number {
  if (isEncoder(model)) return 0
  const valueBytes = bytesOf(settings.kvCache)
  return fullestStage(model, settings.pipeline, ({ attention }) => cacheValuesPerDevice(attention, settings.tensor) * valueBytes)
}
