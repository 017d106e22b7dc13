/** The time of one engine step, by a roofline over the operators of the model. */
import type { AttentionSpec, HardwareProfile, ModelSpec } from '@bud-foundry/core'
import { simErrors } from '../errors.ts'
import { cacheValuesPerDevice } from '../memory/kv-cache.ts'
import { bytesOf, resolveComputePrecision, resolveWeightFormat } from '../memory/precision.ts'
import { attentionParametersPerDevice } from '../memory/weights.ts'
import type { ServingSettings } from '../settings.ts'
import { findEfficiency, matrixEfficiency } from './efficiency.ts'
import type { EngineTiming } from './engine-timing.ts'

/**
 * Choosing experts, sorting tokens by them and putting the results back, for each such layer.
 * Fitted: 40 µs gives the smallest error of time per output token for the mixture models of the sample that `predictionSpread` names.
 */
const routingSeconds = 40e-6

/** What one step works on, over the whole replica. */
export interface StepBatch {
  /** New prompt tokens, and how many prompts they belong to. */
  readonly promptTokens: number
  readonly prompts: number
  /** Tokens of each prompt that are in the cache already. */
  readonly promptContextTokens: number
  /** Sequences that receive one token each, and the mean length of what they attend to. */
  readonly decodeSequences: number
  readonly decodeContextTokens: number
}

export interface StepCost {
  readonly seconds: number
  readonly matrixSeconds: number
  readonly attentionSeconds: number
  readonly communicationSeconds: number
  readonly overheadSeconds: number
  /** What most of the time goes to. */
  readonly bound: 'compute' | 'memory' | 'communication' | 'overhead'
}

/** The time of a step, from its batch alone. */
export type StepModel = (batch: StepBatch) => StepCost

interface ExpertLayers {
  readonly count: number
  readonly experts: number
  readonly expertsPerToken: number
  readonly parameters: number
}

interface AttentionLayers {
  readonly count: number
  readonly windowTokens: number
  readonly promptFlopsPerPair: number
  readonly decodeFlopsPerToken: number
  readonly cacheBytesPerToken: number
  readonly stateBytes: number
  readonly sparseTokens: number
}

/** Multiplications for one query token against one earlier token, per device. */
function pairFlops(attention: AttentionSpec, tensor: number): { prompt: number; decode: number } {
  switch (attention.kind) {
    case 'grouped': {
      const flops = (2 * attention.heads * (attention.headDim + attention.valueHeadDim)) / tensor
      return { prompt: flops, decode: flops }
    }
    case 'latent':
      // Prompts are attended in the full space, single tokens in the compressed one ("absorbed").
      return {
        prompt: (2 * attention.heads * (attention.nopeDim + attention.ropeDim + attention.valueDim)) / tensor,
        decode: (2 * attention.heads * (2 * attention.keyValueRank + attention.ropeDim)) / tensor,
      }
    case 'recurrent':
    case 'none':
      return { prompt: 0, decode: 0 }
  }
}

function attentionLayers(model: ModelSpec, settings: ServingSettings): readonly AttentionLayers[] {
  const cacheBytes = bytesOf(settings.kvCache)
  return model.layerGroups.map(({ count, attention }) => {
    const flops = pairFlops(attention, settings.tensor)
    const windowed = attention.kind === 'grouped' || attention.kind === 'latent' ? attention.windowTokens : undefined
    return {
      count,
      windowTokens: windowed ?? Number.POSITIVE_INFINITY,
      sparseTokens: (attention.kind === 'latent' ? attention.sparseTokens : undefined) ?? Number.POSITIVE_INFINITY,
      promptFlopsPerPair: flops.prompt,
      decodeFlopsPerToken: flops.decode,
      cacheBytesPerToken: cacheValuesPerDevice(attention, settings.tensor) * cacheBytes,
      // A state is read and written for every token of a decode step.
      stateBytes: attention.kind === 'recurrent' ? (2 * attention.stateValues * 4) / settings.tensor : 0,
    }
  })
}

/** Pairs of tokens that causal attention compares, for `tokens` new ones after `context` old ones, in a window. */
function causalPairs(tokens: number, context: number, window: number): number {
  const end = context + tokens
  if (end <= window) return (end * end - context * context) / 2
  if (context >= window) return tokens * window
  return (window * window - context * context) / 2 + (end - window) * window
}

/** Distinct experts that so many tokens reach, when each picks some at random. */
const touchedExperts = (experts: number, perToken: number, tokens: number) => experts * (1 - (1 - perToken / experts) ** tokens)

/**
 * Prepares the time of a step for one model, device, engine and settings; the result is a function of the batch alone and costs microseconds.
 * Sources of the formulas: LLM-Viewer and GenZ (operators), AIConfigurator (attention and latent attention), the ring all-reduce.
 * @throws SIM_PREDICTION_UNSUPPORTED when the devices have no known link and more than one is to be used.
 */
export function createStepModel(options: {
  readonly model: ModelSpec
  readonly hardware: HardwareProfile
  readonly settings: ServingSettings
  readonly timing: EngineTiming
}): StepModel {
  const { model, hardware, settings, timing } = options
  const { tensor, pipeline, data, expert } = settings
  const efficiency = findEfficiency(hardware)
  const format = resolveWeightFormat(model, settings.weights)
  const linearPrecision = resolveComputePrecision(format.linearPrecision, hardware)
  const expertPrecision = resolveComputePrecision(format.expertPrecision, hardware)
  const basePrecision = resolveComputePrecision('bf16', hardware)
  const rate = (precision: typeof linearPrecision) => (hardware.flopsPerSecond[precision] ?? 0) * matrixEfficiency(efficiency, precision)
  const linearRate = rate(linearPrecision)
  const expertRate = rate(expertPrecision)
  const headRate = rate(basePrecision)
  const attentionRate = (hardware.flopsPerSecond[basePrecision] ?? 0) * efficiency.promptAttention
  const streamRate = hardware.memoryBandwidthBytesPerSecond * efficiency.stream
  const cacheRate = hardware.memoryBandwidthBytesPerSecond * efficiency.cacheRead
  if (linearRate <= 0 || expertRate <= 0 || headRate <= 0 || streamRate <= 0)
    throw simErrors.PREDICTION_UNSUPPORTED({ reason: `${hardware.id} has no matrix rate or memory bandwidth for ${settings.weights}` })
  const link = hardware.link
  if (link === undefined && tensor * pipeline * data > 1)
    throw simErrors.PREDICTION_UNSUPPORTED({
      reason: `the link between ${hardware.id} devices is not known, so they can only be used one by one`,
    })
  // A group larger than a node talks over the network: 400 Gb/s for each device is usual (ConnectX-7).
  const crossesNodes = tensor > hardware.devicesPerNode
  const linkRate = crossesNodes ? 50e9 * 0.8 : (link?.bandwidthBytesPerSecond ?? 1) * efficiency.link
  const linkLatency = (link?.latencySeconds ?? 0) * (crossesNodes ? 3 : 1)

  let linearParameters = 0
  let activeLayers = 0
  const expertLayers: ExpertLayers[] = []
  const spread = Math.max(tensor, expert)
  for (const { count, attention, feedForward } of model.layerGroups) {
    linearParameters += count * attentionParametersPerDevice(attention, model.hiddenSize, tensor)
    activeLayers += count * (attention.kind === 'none' || feedForward.kind === 'none' ? 0.5 : 1)
    if (feedForward.kind === 'experts') {
      linearParameters += (count * (feedForward.sharedParameters + feedForward.routerParameters)) / tensor
      expertLayers.push({
        count,
        experts: feedForward.experts,
        expertsPerToken: feedForward.expertsPerToken,
        parameters: feedForward.expertParameters,
      })
    } else linearParameters += (count * feedForward.parameters) / tensor
  }
  const layers = attentionLayers(model, settings)
  const headParameters = model.embeddingParameters / tensor
  const routedLayers = expertLayers.reduce((sum, layer) => sum + layer.count, 0)
  const communicationLayers = tensor > 1 || expert > 1 ? activeLayers : 0

  return (batch) => {
    // A pipeline works on as many smaller batches as it has stages; each passes all layers one after the other.
    const share = 1 / (data * pipeline)
    const decode = batch.decodeSequences * share
    const prompt = batch.promptTokens * share
    const tokens = decode + prompt
    const sampled = Math.min(tokens, decode + batch.prompts * share)
    let computeSeconds = (2 * linearParameters * tokens) / linearRate
    let memorySeconds = (linearParameters * format.linearBytes) / streamRate
    let matrixSeconds = Math.max(computeSeconds, memorySeconds)
    for (const layer of expertLayers) {
      const all = tokens * data
      const compute = (2 * layer.count * layer.parameters * layer.expertsPerToken * all) / spread / expertRate
      const touched = touchedExperts(layer.experts, layer.expertsPerToken, all)
      const memory = (layer.count * layer.parameters * touched * format.expertBytes) / spread / streamRate
      computeSeconds += compute
      memorySeconds += memory
      matrixSeconds += Math.max(compute, memory)
    }
    const headCompute = (2 * headParameters * sampled) / headRate
    const headMemory = (headParameters * format.otherBytes) / streamRate
    computeSeconds += headCompute
    memorySeconds += headMemory
    matrixSeconds += Math.max(headCompute, headMemory)

    let attentionSeconds = 0
    for (const layer of layers) {
      const reach = Math.min(layer.windowTokens, layer.sparseTokens)
      const context = Math.min(batch.decodeContextTokens, reach)
      const decodeCompute = (layer.count * decode * layer.decodeFlopsPerToken * context) / attentionRate
      const decodeMemory = (layer.count * decode * (layer.cacheBytesPerToken * context + layer.stateBytes)) / cacheRate
      const prompts = Math.max(batch.prompts * share, Number.MIN_VALUE)
      const pairs = prompt === 0 ? 0 : prompts * causalPairs(prompt / prompts, batch.promptContextTokens, reach)
      const promptCompute = (layer.count * layer.promptFlopsPerPair * pairs) / attentionRate
      const promptMemory =
        prompt === 0 ? 0 : (layer.count * (prompts * batch.promptContextTokens + 2 * prompt) * layer.cacheBytesPerToken) / cacheRate
      computeSeconds += decodeCompute + promptCompute
      memorySeconds += decodeMemory + promptMemory
      attentionSeconds += Math.max(decodeCompute, decodeMemory) + Math.max(promptCompute, promptMemory)
    }

    const message = tokens * model.hiddenSize * 2
    const allReduce = tensor === 1 ? 0 : linkLatency + (2 * (tensor - 1) * message) / tensor / linkRate
    const exchange =
      expert <= 1
        ? 0
        : expertLayers.reduce(
            (sum, layer) =>
              sum + layer.count * 2 * (linkLatency + (layer.expertsPerToken * message * (expert - 1)) / expert / linkRate / tensor),
            0,
          )
    const handOver = pipeline === 1 ? 0 : (pipeline - 1) * (2 * linkLatency + message / linkRate)
    const communicationSeconds = communicationLayers * 2 * allReduce + exchange + handOver
    const overheadSeconds =
      routedLayers * routingSeconds +
      activeLayers * efficiency.layerSeconds +
      timing.stepSeconds +
      timing.sequenceSeconds * (batch.decodeSequences + batch.prompts)
    const parts = {
      compute: computeSeconds,
      memory: memorySeconds,
      communication: communicationSeconds,
      overhead: overheadSeconds,
    } as const
    let bound: StepCost['bound'] = 'memory'
    for (const part of ['compute', 'communication', 'overhead'] as const) if (parts[part] > parts[bound]) bound = part
    return {
      seconds: matrixSeconds + attentionSeconds + communicationSeconds + overheadSeconds,
      matrixSeconds,
      attentionSeconds,
      communicationSeconds,
      overheadSeconds,
      bound,
    }
  }
}
