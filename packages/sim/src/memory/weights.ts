/** Bytes of weights on one device. */
import { feedForwardParameters, type AttentionSpec, type ModelSpec } from '@bud-foundry/core'
import { draftParameters } from '../predict/speculation.ts'
import type { OpenSettings, Speculative } from '../settings.ts'
import { stageLayers } from './kv-cache.ts'
import { bytesOf, resolveWeightFormat } from './precision.ts'

/** Parameters of one attention layer on one of `tensor` devices: keys and values are copied when there are fewer heads than devices. */
export function attentionParametersPerDevice(attention: AttentionSpec, hiddenSize: number, tensor: number): number {
  if (tensor === 1) return attention.parameters
  if (attention.kind === 'grouped') {
    const keyValue = hiddenSize * attention.keyValueHeads * (attention.headDim + attention.valueHeadDim)
    const share = Math.max(1 / tensor, 1 / attention.keyValueHeads)
    return Math.max(0, attention.parameters - keyValue) / tensor + Math.min(keyValue, attention.parameters) * share
  }
  if (attention.kind === 'latent') {
    // The projections into the compressed space are the same on every device.
    const replicated = hiddenSize * ((attention.queryRank ?? 0) + attention.keyValueRank + attention.ropeDim)
    return replicated + (attention.parameters - replicated) / tensor
  }
  return attention.parameters / tensor
}

/** Bytes of weights of the fullest device of a replica. */
export function weightBytesPerDevice(model: ModelSpec, settings: OpenSettings): number {
  const format = resolveWeightFormat(model, settings.weights)
  const { tensor, pipeline, expert } = settings
  let layers = 0
  for (const { count, attention, feedForward } of model.layerGroups) {
    layers += count * attentionParametersPerDevice(attention, model.hiddenSize, tensor) * format.attentionBytes
    if (feedForward.kind === 'experts') {
      const spread = Math.max(tensor, expert)
      layers += (count * feedForward.experts * feedForward.expertParameters * format.expertBytes) / spread
      layers += count * (feedForward.sharedParameters * (format.linearBytes / tensor) + feedForward.routerParameters * format.otherBytes)
    } else layers += (count * feedForward.parameters * format.linearBytes) / tensor
  }
  const embedding = (model.embeddingParameters * format.otherBytes) / tensor
  const head = (model.headParameters * format.otherBytes) / tensor
  const ends = pipeline === 1 ? embedding + head : Math.max(embedding, head === 0 ? embedding : head)
  const vision = visionBytesPerDevice(model, settings)
  const stageShare = stageLayers(model, pipeline) / model.layers
  const guesses = settings.speculative === undefined ? 0 : draftBytesPerDevice(model, settings, settings.speculative)
  return layers * stageShare + ends + vision + model.finalNormParameters * format.otherBytes + guesses + loraBytesPerDevice(model, settings)
}

/** Of the vision tower, which engines split like the first layers. */
export const visionBytesPerDevice = (model: ModelSpec, settings: OpenSettings): number =>
  ((model.vision?.approximateParameters ?? 0) * resolveWeightFormat(model, settings.weights).otherBytes) / settings.tensor

/** What guesses tokens is split like the model itself; experts over all devices. */
function draftBytesPerDevice(model: ModelSpec, settings: OpenSettings, speculative: Speculative): number {
  const { linearBytes } = resolveWeightFormat(model, settings.weights)
  return (draftParameters(model, speculative) * linearBytes) / Math.max(settings.tensor, settings.expert)
}

/**
 * Two matrices of the rank beside each linear layer (LoRA, arXiv 2106.09685), in 16 bits, split like the layers: rank × (inputs + outputs),
 * and engines keep room for as many adapters as may be used at once (vLLM's max-loras). Experts carry none.
 */
export function loraBytesPerDevice(model: ModelSpec, settings: OpenSettings): number {
  if (settings.lora === undefined) return 0
  const { adapters, rank } = settings.lora
  let sides = 0
  for (const { count, attention, feedForward } of model.layerGroups) {
    if (attention.kind === 'grouped') {
      const queries = attention.heads * attention.headDim
      const keys = attention.keyValueHeads * attention.headDim
      const values = attention.keyValueHeads * attention.valueHeadDim
      const joined = attention.heads * attention.valueHeadDim
      sides += count * (4 * model.hiddenSize + queries + keys + values + joined)
    } else if (attention.kind === 'latent')
      sides += count * (3 * model.hiddenSize + (attention.queryRank ?? 0) + attention.keyValueRank + attention.heads * attention.valueDim)
    if (feedForward.kind === 'dense') sides += count * 3 * (model.hiddenSize + feedForward.intermediateSize)
  }
  const stageShare = stageLayers(model, settings.pipeline) / model.layers
  return (adapters * rank * sides * bytesOf('bf16') * stageShare) / settings.tensor
}

/** Bytes of all weights, as they are downloaded. */
export function checkpointBytes(model: ModelSpec): number {
  const format = resolveWeightFormat(model, model.quantization?.weights ?? model.precision)
  const base = bytesOf(model.precision === 'fp8' ? 'bf16' : model.precision)
  let bytes = (model.embeddingParameters + model.headParameters + model.finalNormParameters) * base
  for (const { count, attention, feedForward } of model.layerGroups) {
    bytes += count * attention.parameters * format.attentionBytes
    bytes +=
      feedForward.kind === 'experts'
        ? count *
          (feedForward.experts * feedForward.expertParameters * format.expertBytes +
            feedForward.sharedParameters * format.linearBytes +
            feedForward.routerParameters * base)
        : count * feedForwardParameters(feedForward, 'all') * format.linearBytes
  }
  return Math.round(bytes + (model.vision?.approximateParameters ?? 0) * base)
}
