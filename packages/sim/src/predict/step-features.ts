/** What serving features make of a step's time: experts that are loaded unevenly, prompts in steps of their own, and guessed tokens. */
import type { HardwareProfile, ModelSpec } from '@bud-foundry/core'
import type { EngineTiming } from '../cost/engine-timing.ts'
import { findEfficiency } from '../cost/efficiency.ts'
import { describeLayers } from '../cost/layer-work.ts'
import { createStepModel, type StepBatch, type StepCost, type StepModel } from '../cost/step-cost.ts'
import { resolveComputePrecision } from '../memory/precision.ts'
import type { ServingSettings } from '../settings.ts'
import { acceptedTokens, describeDraft } from './speculation.ts'

export interface StepFeatureOptions {
  readonly model: ModelSpec
  readonly hardware: HardwareProfile
  readonly settings: ServingSettings
  readonly timing: EngineTiming
}

/**
 * How much more the fullest of `ranks` devices has to do than the mean one, when `assigned` pairs of token and expert fall on `experts`
 * experts whose popularity varies by `variation`. The largest of n normal values lies about σ·√(2 ln n) above their mean; σ² is that of
 * the tokens' chance (1/mean, Poisson) and of the popularity of the rank's experts (variation² / experts of the rank).
 */
export function expertImbalance(load: {
  readonly ranks: number
  readonly experts: number
  readonly assigned: number
  readonly variation: number
}): number {
  const { ranks, experts, assigned, variation } = load
  if (ranks <= 1 || assigned <= 0) return 1
  const perRank = assigned / ranks
  const sigma = Math.sqrt(1 / perRank + variation ** 2 / Math.max(1, experts / ranks))
  // No rank can have more than everything.
  return Math.min(ranks, 1 + sigma * Math.sqrt(2 * Math.log(ranks)))
}

type Seconds = Omit<StepCost, 'bound'>

/** Part by part: `left` + `share` × `right`. */
const add = (left: Seconds, right: Seconds, share: number): Seconds => ({
  seconds: left.seconds + share * right.seconds,
  matrixSeconds: left.matrixSeconds + share * right.matrixSeconds,
  expertSeconds: left.expertSeconds + share * right.expertSeconds,
  attentionSeconds: left.attentionSeconds + share * right.attentionSeconds,
  communicationSeconds: left.communicationSeconds + share * right.communicationSeconds,
  overheadSeconds: left.overheadSeconds + share * right.overheadSeconds,
})

const decodeOnly = (batch: StepBatch, tokensEach = 1): StepBatch => ({
  ...batch,
  promptTokens: 0,
  prompts: 0,
  promptContextTokens: 0,
  decodeSequences: batch.decodeSequences * tokensEach,
})

/** The fullest rank holds up all others. */
function withImbalance(step: StepModel, { model, settings }: StepFeatureOptions): StepModel {
  const ranks = settings.expert
  const experts = model.layerGroups.map(({ feedForward }) => feedForward).find(({ kind }) => kind === 'experts')
  if (ranks <= 1 || settings.expertVariation === 0 || experts?.kind !== 'experts') return step
  return (batch) => {
    const cost = step(batch)
    const assigned = ((batch.decodeSequences + batch.promptTokens) / settings.pipeline) * experts.expertsPerToken
    const excess = expertImbalance({ ranks, experts: experts.experts, assigned, variation: settings.expertVariation }) - 1
    const more = cost.expertSeconds * excess
    return {
      ...cost,
      seconds: cost.seconds + more,
      matrixSeconds: cost.matrixSeconds + more,
      expertSeconds: cost.expertSeconds + more,
    }
  }
}

/** Without chunked prefill no step holds both prompts and sequences that decode: the latter wait for a step of their own. */
function withSeparatePrompts(step: StepModel, { settings }: StepFeatureOptions): StepModel {
  if (settings.chunkedPrefill) return step
  return (batch) => {
    if (batch.prompts === 0 || batch.decodeSequences === 0) return step(batch)
    const decode = step(decodeOnly(batch))
    return { ...add(decode, step({ ...batch, decodeSequences: 0, decodeContextTokens: 0 }), 1), bound: decode.bound }
  }
}

/**
 * A step checks γ + 1 tokens of every sequence in one pass, after γ passes of what guesses, and yields `acceptedTokens` of them: its time is
 * given for one token. The cache is read once for all tokens of a sequence, but each attends on its own.
 */
function withSpeculation(step: StepModel, options: StepFeatureOptions): StepModel {
  const { model, hardware, settings, timing } = options
  const { speculative } = settings
  if (speculative === undefined) return step
  const each = speculative.tokens + 1
  const draft = describeDraft(model, speculative)
  const draftStep =
    draft === undefined
      ? undefined
      : createStepModel({
          model: draft,
          hardware,
          settings,
          timing: { ...timing, stepSeconds: timing.stepSeconds / 4, sequenceSeconds: 0 },
        })
  const yielded = acceptedTokens(speculative)
  const attends = attentionFlops(options)
  return (batch) => {
    if (batch.decodeSequences <= 0) return step(batch)
    const single = step(decodeOnly(batch))
    const verify = step(decodeOnly(batch, each))
    const attentionSeconds = Math.min(
      verify.attentionSeconds,
      Math.max(single.attentionSeconds, attends(batch.decodeSequences * each, batch.decodeContextTokens)),
    )
    const overheadSeconds = verify.overheadSeconds - timing.sequenceSeconds * batch.decodeSequences * speculative.tokens
    let decode: Seconds = {
      ...verify,
      seconds: verify.seconds - verify.attentionSeconds + attentionSeconds - verify.overheadSeconds + overheadSeconds,
      attentionSeconds,
      overheadSeconds,
    }
    if (draftStep !== undefined) decode = add(decode, draftStep(decodeOnly(batch)), speculative.tokens)
    const perToken = add({ ...nothing }, decode, 1 / yielded)
    if (batch.prompts === 0) return { ...perToken, bound: verify.bound }
    const together = step({ ...batch, decodeSequences: batch.decodeSequences * each })
    return { ...add(perToken, add(together, verify, -1), 1), bound: verify.bound }
  }
}

const nothing: Seconds = {
  seconds: 0,
  matrixSeconds: 0,
  expertSeconds: 0,
  attentionSeconds: 0,
  communicationSeconds: 0,
  overheadSeconds: 0,
}

/** Seconds that the arithmetic of attention takes at the device's rate for so many queries, all layers. */
function attentionFlops({ model, hardware, settings }: StepFeatureOptions): (queries: number, contextTokens: number) => number {
  const layers = describeLayers(model, settings)
  const rate = (hardware.flopsPerSecond[resolveComputePrecision('bf16', hardware)] ?? 1) * findEfficiency(hardware).promptAttention
  const share = 1 / (settings.data * settings.pipeline)
  return (queries, contextTokens) =>
    layers.reduce((sum, { count, attention }) => {
      if (attention === undefined) return sum
      const context = Math.min(contextTokens, attention.reachTokens)
      return sum + (count * queries * share * attention.queryHeads * attention.decodeFlopsPerPair * context) / rate
    }, 0)
}

/** The step model with all features of the settings; without any, the same function. */
export const withStepFeatures = (step: StepModel, options: StepFeatureOptions): StepModel =>
  withSpeculation(withSeparatePrompts(withImbalance(step, options), options), options)

/**
 * What a prompt waits until a pipeline of `stages` is full: its last chunk passes the other stages while nothing new of it begins. Of `chunks`
 * equal chunks the pipeline so idles (stages − 1) / (chunks + stages − 1) of the time (GPipe, arXiv 1811.06965, section 2.3).
 */
export function pipelineFillSeconds(
  step: StepModel,
  prompt: { readonly tokens: number; readonly cached: number; readonly stages: number; readonly chunkTokens: number },
): number {
  if (prompt.stages <= 1) return 0
  const left = Math.max(1, prompt.tokens - prompt.cached)
  const last = left % prompt.chunkTokens === 0 ? Math.min(left, prompt.chunkTokens) : left % prompt.chunkTokens
  // The step model already spreads a chunk over the stages: this is the time of one of them.
  const { matrixSeconds, attentionSeconds } = step({
    promptTokens: last,
    prompts: 1,
    promptContextTokens: prompt.tokens - last,
    decodeSequences: 0,
    decodeContextTokens: 0,
  })
  return (prompt.stages - 1) * (matrixSeconds + attentionSeconds)
}
