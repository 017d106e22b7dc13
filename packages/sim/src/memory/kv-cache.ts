/** Bytes of the key-value cache, layer kind by layer kind. */
import type { AttentionSpec, LayerGroup, ModelSpec, Precision } from '@bud-foundry/core'
import { isEncoder } from '../model/model-kind.ts'
import type { ServingSettings } from '../settings.ts'
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

/** Bytes on one device for one sequence of so many tokens, windows and constant states included. */
export function sequenceCacheBytes(model: ModelSpec, settings: ServingSettings, tokens: number): number {
  // Encoders read everything in one pass and keep nothing.
  if (isEncoder(model)) return 0
  let bytes = 0
  for (const group of model.layerGroups) bytes += group.count * layerCacheBytes(group, tokens, settings.tensor, settings.kvCache)
  return bytes / settings.pipeline
}

/** Bytes that one further token costs on one device while every window is still open. */
export function cacheBytesPerToken(model: ModelSpec, settings: ServingSettings): number {
  if (isEncoder(model)) return 0
  let values = 0
  for (const { count, attention } of model.layerGroups) values += count * cacheValuesPerDevice(attention, settings.tensor)
  return (values * bytesOf(settings.kvCache)) / settings.pipeline
}
