/** Reasons why no engine can serve something, whichever it is. */
import type { HardwareProfile, ModelSpec } from '@bud-foundry/core'
import { nativeWeights } from '../memory/precision.ts'
import { refuseSpeculation } from '../predict/speculation.ts'
import { devicesOf, type ServingSettings } from '../settings.ts'

/** Head counts and layers that do not divide, formats that the chip lacks. */
export function refuseAnywhere(model: ModelSpec, settings: ServingSettings, hardware: HardwareProfile): string | undefined {
  const { tensor, pipeline } = settings
  for (const { attention, feedForward } of model.layerGroups) {
    if (attention.kind === 'none') continue
    if (attention.heads % tensor !== 0) return `${String(attention.heads)} attention heads cannot be split over ${String(tensor)} devices`
    if (attention.kind === 'grouped' && attention.keyValueHeads % tensor !== 0 && tensor % attention.keyValueHeads !== 0)
      return `${String(attention.keyValueHeads)} key-value heads can neither be split over nor copied to ${String(tensor)} devices`
    if (feedForward.kind === 'dense' && feedForward.intermediateSize % tensor !== 0)
      return `the feed-forward width ${String(feedForward.intermediateSize)} cannot be split over ${String(tensor)} devices`
    if (feedForward.kind === 'experts' && settings.expert > 1 && feedForward.experts % settings.expert !== 0)
      return `${String(feedForward.experts)} experts cannot be spread over ${String(settings.expert)} devices evenly`
  }
  if (pipeline > model.layers) return `${String(model.layers)} layers cannot be split into ${String(pipeline)} stages`
  if (settings.weights === 'fp8' && hardware.flopsPerSecond.fp8 === undefined && nativeWeights(model) !== 'fp8')
    return `${hardware.name} has no 8-bit floating-point units`
  if (settings.kvCache !== 'bf16' && settings.kvCache !== 'fp16' && settings.kvCache !== 'fp8')
    return `engines are started with a cache in bf16, fp16 or fp8 here, not in ${settings.kvCache}`
  if (settings.kvCache === 'fp8' && hardware.flopsPerSecond.fp8 === undefined)
    return `${hardware.name} has no 8-bit floating-point units for the cache`
  if (settings.weights === 'fp4' && nativeWeights(model) !== 'fp4') return 'the checkpoint is not quantized to 4 bits'
  if (hardware.kind === 'cpu' && devicesOf(settings) > 1) return 'only one socket for each replica is simulated'
  return refuseSpeculation(model, settings)
}
