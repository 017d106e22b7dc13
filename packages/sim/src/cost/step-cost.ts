/** The time of one engine step: measured kernel times summed over the operators of the model. */
import type { HardwareProfile, ModelSpec, Precision } from '@bud-foundry/core'
import { simErrors } from '../errors.ts'
import { linkedDevices } from '../hardware/node-links.ts'
import { bytesOf, resolveComputePrecision, resolveWeightFormat } from '../memory/precision.ts'
import type { ServingSettings } from '../settings.ts'
import { findEfficiency } from './efficiency.ts'
import type { EngineTiming } from './engine-timing.ts'
import { referenceHeadDim } from './kernel-grid.ts'
import { findKernelTimes, type KernelTimes } from './kernel-times.ts'
import { describeLayers, type AttentionWork, type LayerWork } from './layer-work.ts'

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
  /** Of `matrixSeconds`, the part of routed experts. */
  readonly expertSeconds: number
  readonly attentionSeconds: number
  readonly communicationSeconds: number
  readonly overheadSeconds: number
  /** What most of the time goes to. */
  readonly bound: 'compute' | 'memory' | 'communication' | 'overhead'
}

/** The time of a step, from its batch alone. */
export type StepModel = (batch: StepBatch) => StepCost

/**
 * Kernels inside a captured step overlap with their neighbours' start and end, experts are less evenly loaded in the kernel tables than by
 * real text, and prompts attend through a paged cache, which the tables do not. Fitted: the least error, every group of engine, device and
 * model counting alike, over the 1,219 measured rows of tier A of AIConfigurator's silicon sample.
 */
const insideStep = { gemm: 0.88, experts: 0.83, collective: 1, decodeAttention: 1.05, promptAttention: 2 } as const

/** Norms, rotary positions, activations and residuals pass the hidden state through memory about this often in each layer. */
const elementwisePasses = 14

/** Pairs of tokens that causal attention compares, for `tokens` new ones after `context` old ones, in a window. */
function causalPairs(tokens: number, context: number, window: number): number {
  const end = context + tokens
  if (end <= window) return (end * end - context * context) / 2
  if (context >= window) return tokens * window
  return (window * window - context * context) / 2 + (end - window) * window
}

type Kernel = ReturnType<KernelTimes['kernel']>

interface AttentionRates {
  readonly decode: Kernel
  readonly latentDecode: Kernel
  readonly prompt: Kernel
  readonly latentPrompt: Kernel
  /** Largest rate that attention's arithmetic reaches. */
  readonly flopsPerSecond: number
}

/** One layer's attention for sequences that decode. */
function decodeSeconds(attention: AttentionWork, rates: AttentionRates, sequences: number, contextTokens: number): number {
  const context = Math.min(contextTokens, attention.reachTokens)
  if (sequences <= 0 || context <= 0) return 0
  const compute = (sequences * attention.queryHeads * attention.decodeFlopsPerPair * context) / rates.flopsPerSecond
  const memory =
    attention.kind === 'latent'
      ? rates.latentDecode(context, sequences)
      : rates.decode(context, (sequences * attention.keyValueHeads * attention.headDim) / referenceHeadDim)
  return Math.max(compute, memory)
}

/** One layer's attention for prompts: the kernel of one square of tokens that has as many pairs. */
function promptSeconds(
  attention: AttentionWork,
  rates: AttentionRates,
  batch: { prompts: number; tokens: number; context: number },
): number {
  if (batch.tokens <= 0) return 0
  const pairs = causalPairs(batch.tokens / batch.prompts, batch.context, attention.reachTokens)
  const side = Math.sqrt(2 * pairs)
  const heads = batch.prompts * attention.queryHeads
  return attention.kind === 'latent'
    ? rates.latentPrompt(side, (heads * attention.headDim) / 160)
    : rates.prompt(side, (heads * attention.headDim) / referenceHeadDim)
}

interface StepParts {
  readonly layers: readonly LayerWork[]
  readonly linear: Precision
  readonly expert: Precision
  readonly head: Precision
}

/** @throws SIM_PREDICTION_UNSUPPORTED when the device cannot compute in these formats, or its link is not known. */
function checkDevice(hardware: HardwareProfile, settings: ServingSettings, precisions: readonly Precision[]): void {
  const able = precisions.every((precision) => (hardware.flopsPerSecond[resolveComputePrecision(precision, hardware)] ?? 0) > 0)
  if (!able || hardware.memoryBandwidthBytesPerSecond <= 0)
    throw simErrors.PREDICTION_UNSUPPORTED({ reason: `${hardware.id} has no matrix rate or memory bandwidth for ${settings.weights}` })
  if (hardware.link === undefined && settings.tensor * settings.pipeline * settings.data > 1)
    throw simErrors.PREDICTION_UNSUPPORTED({
      reason: `the link between ${hardware.id} devices is not known, so they can only be used one by one`,
    })
}

/**
 * Prepares the time of a step for one model, device, engine and settings; the result is a function of the batch alone and costs microseconds.
 * Kernels and collectives: measured curves (see `scripts/distil-kernels.ts`). Formulas: LLM-Viewer and GenZ (operators),
 * AIConfigurator (attention and latent attention).
 * @throws SIM_PREDICTION_UNSUPPORTED when the devices have no known link and more than one is to be used.
 */
export function createStepModel(options: {
  readonly model: ModelSpec
  readonly hardware: HardwareProfile
  readonly settings: ServingSettings
  readonly timing: EngineTiming
  /** Whose kernels count, where engines were measured apart. */
  readonly engineId?: string | undefined
}): StepModel {
  const { model, hardware, settings, timing } = options
  const { tensor, pipeline, data, expert } = settings
  const format = resolveWeightFormat(model, settings.weights)
  const base: Precision = bytesOf(model.precision) === 4 ? model.precision : 'bf16'
  const parts: StepParts = {
    layers: describeLayers(model, settings),
    linear: format.linearPrecision,
    expert: format.expertPrecision,
    head: base,
  }
  checkDevice(hardware, settings, [parts.linear, parts.expert, parts.head])
  const times = findKernelTimes(hardware)
  const efficiency = findEfficiency(hardware)
  const rates: AttentionRates = {
    decode: times.kernel('decode', settings.kvCache),
    latentDecode: times.kernel('latent-decode', settings.kvCache),
    prompt: times.kernel('prompt', settings.kvCache),
    latentPrompt: times.kernel('latent-prompt', settings.kvCache),
    flopsPerSecond: (hardware.flopsPerSecond[resolveComputePrecision('bf16', hardware)] ?? 1) * efficiency.promptAttention,
  }
  const linearKernel = times.kernel('gemm', parts.linear)
  const expertKernel = times.kernel('experts', parts.expert, options.engineId)
  const headKernel = times.kernel('gemm', parts.head)
  const streamRate = hardware.memoryBandwidthBytesPerSecond * efficiency.stream
  const headParameters = model.embeddingParameters / tensor
  const layerCount = parts.layers.reduce((sum, layer) => sum + layer.count * layer.weight, 0)
  const spread = Math.max(tensor, expert)
  const linearRate = hardware.flopsPerSecond[resolveComputePrecision(parts.linear, hardware)] ?? 1

  return (batch) => {
    // A pipeline works on as many smaller batches as it has stages; each passes all layers one after the other.
    const share = 1 / (data * pipeline)
    const decode = batch.decodeSequences * share
    const prompt = batch.promptTokens * share
    const prompts = Math.max(batch.prompts * share, Number.MIN_VALUE)
    const tokens = decode + prompt
    const sampled = Math.min(tokens, decode + batch.prompts * share)
    let matrixSeconds = 0
    let expertSeconds = 0
    let attentionSeconds = 0
    let exchangeSeconds = 0
    let computeSeconds = 0
    for (const { count, matrices, experts, attention, stateBytes } of parts.layers) {
      let layerMatrices = 0
      for (const parameters of matrices) {
        layerMatrices += insideStep.gemm * linearKernel(tokens, parameters)
        computeSeconds += (count * 2 * parameters * tokens) / linearRate
      }
      if (experts !== undefined) {
        const perExpert = (tokens * data * experts.perToken) / experts.count
        const expertLayer = insideStep.experts * expertKernel(perExpert, experts.parameters)
        layerMatrices += expertLayer
        expertSeconds += count * expertLayer
        computeSeconds += (count * 2 * experts.parameters * perExpert) / linearRate
        // Without data-parallel attention every device has all tokens already, and an all-reduce puts the results together.
        if (data > 1) {
          const bytes = (tokens * experts.perToken * model.hiddenSize * 2) / (spread / data)
          exchangeSeconds += count * 2 * times.collective('all-to-all', spread, bytes)
        }
      }
      matrixSeconds += count * layerMatrices
      if (attention === undefined) {
        attentionSeconds += (count * decode * stateBytes) / streamRate
        continue
      }
      const one = { prompts, tokens: prompt, context: batch.promptContextTokens }
      attentionSeconds +=
        count *
        (insideStep.decodeAttention * decodeSeconds(attention, rates, decode, batch.decodeContextTokens) +
          insideStep.promptAttention * promptSeconds(attention, rates, one))
    }
    matrixSeconds += insideStep.gemm * headKernel(sampled, headParameters)
    const message = tokens * model.hiddenSize * 2
    const handOver =
      pipeline === 1 ? 0 : (pipeline - 1) * times.collective('all-gather', Math.min(2 * tensor, linkedDevices(hardware) + 1), message)
    const communicationSeconds =
      insideStep.collective * (layerCount * 2 * times.collective('all-reduce', tensor, message) + exchangeSeconds + handOver)
    const overheadSeconds =
      layerCount * (efficiency.layerSeconds + (elementwisePasses * message) / streamRate) +
      timing.stepSeconds +
      timing.sequenceSeconds * (batch.decodeSequences + batch.prompts)
    const bound = findBound({ computeSeconds, matrixSeconds, attentionSeconds, communicationSeconds, overheadSeconds })
    return {
      seconds: matrixSeconds + attentionSeconds + communicationSeconds + overheadSeconds,
      matrixSeconds,
      expertSeconds,
      attentionSeconds,
      communicationSeconds,
      overheadSeconds,
      bound,
    }
  }
}

/** Matrices are bound by arithmetic when the datasheet's rate alone explains a third of their time, as even good kernels reach no more than 50 to 80 %. */
function findBound(parts: {
  readonly computeSeconds: number
  readonly matrixSeconds: number
  readonly attentionSeconds: number
  readonly communicationSeconds: number
  readonly overheadSeconds: number
}): StepCost['bound'] {
  const { computeSeconds, matrixSeconds, attentionSeconds, communicationSeconds, overheadSeconds } = parts
  const work = matrixSeconds + attentionSeconds
  if (communicationSeconds > work && communicationSeconds > overheadSeconds) return 'communication'
  if (overheadSeconds > work) return 'overhead'
  return computeSeconds > matrixSeconds / 3 && matrixSeconds > attentionSeconds ? 'compute' : 'memory'
}
