/** Bytes of weights on one device. */
import { feedForwardParameters, type AttentionSpec, type ModelSpec } from '@bud-foundry/core'
import type { ServingSettings } from '../settings.ts'
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
export function weightBytesPerDevice(model: ModelSpec, settings: ServingSettings): number {
  const format = resolveWeightFormat(model, settings.weights)
  const { tensor, pipeline, expert } = settings
  let layers = 0
  for (const { count, attention, feedForward } of model.layerGroups) {
    layers += count * attentionParametersPerDevice(attention, model.hiddenSize, tensor) * format.linearBytes
    if (feedForward.kind === 'experts') {
      const spread = Math.max(tensor, expert)
      layers += (count * feedForward.experts * feedForward.expertParameters * format.expertBytes) / spread
      layers += count * (feedForward.sharedParameters * (format.linearBytes / tensor) + feedForward.routerParameters * format.otherBytes)
    } else layers += (count * feedForward.parameters * format.linearBytes) / tensor
  }
  const embedding = (model.embeddingParameters * format.otherBytes) / tensor
  const head = (model.headParameters * format.otherBytes) / tensor
  const ends = pipeline === 1 ? embedding + head : Math.max(embedding, head === 0 ? embedding : head)
  const vision = ((model.vision?.approximateParameters ?? 0) * format.otherBytes) / tensor
  // The largest stage holds the rounded-up share of the layers.
  const stageShare = Math.ceil(model.layers / pipeline) / model.layers
  return layers * stageShare + ends + vision + model.finalNormParameters * format.otherBytes
}

/** Bytes of all weights, as they are downloaded. */
export function checkpointBytes(model: ModelSpec): number {
  const format = resolveWeightFormat(model, model.quantization?.weights ?? model.precision)
  const base = bytesOf(model.precision === 'fp8' ? 'bf16' : model.precision)
  let bytes = (model.embeddingParameters + model.headParameters + model.finalNormParameters) * base
  for (const { count, attention, feedForward } of model.layerGroups) {
    bytes += count * attention.parameters * format.linearBytes
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
