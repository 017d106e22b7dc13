/** Speculative decoding: how many guessed tokens hold, and which model guesses them. */
import { invariant, type LayerGroup, type ModelSpec } from '@bud-foundry/core'
import { simErrors } from '../errors.ts'
import { findModel } from '../model/model-registry.ts'
import type { ServingSettings, Speculative } from '../settings.ts'

/**
 * Chance that a guess holds when those before it did. MTP: 85 to 90 % (DeepSeek-V3 report, arXiv 2412.19437, section 5.4.3). Draft model: 0.61 to
 * 0.75 (arXiv 2211.17192, table 3). EAGLE: assumed between the two; n-grams: assumed, only texts that repeat their prompt reach more.
 */
export const publishedAcceptance = { mtp: 0.85, eagle: 0.75, 'draft-model': 0.65, ngram: 0.3 } as const satisfies Record<
  Speculative['method'],
  number
>

export const acceptanceOf = ({ method, acceptance }: Speculative): number => acceptance ?? publishedAcceptance[method]

/** Tokens that one step yields in the mean, the one of the large model included: (1 − a^(γ+1)) / (1 − a), arXiv 2211.17192, equation 1. */
export function acceptedTokens(speculative: Speculative): number {
  const acceptance = acceptanceOf(speculative)
  return (1 - acceptance ** (speculative.tokens + 1)) / (1 - acceptance)
}

const widthOf = (group: LayerGroup): number =>
  group.feedForward.kind === 'dense'
    ? group.feedForward.intermediateSize
    : group.feedForward.kind === 'experts'
      ? group.feedForward.expertIntermediateSize * group.feedForward.expertsPerToken
      : 0

/** The layers alone, with the head of the model they belong to: what one guess passes. */
function oneLayer(model: ModelSpec, group: LayerGroup): ModelSpec {
  return { ...model, layers: 1, layerGroups: [{ ...group, count: 1 }] }
}

/** The model that guesses; undefined for n-grams, which nothing computes. @throws SIM_MODEL_UNKNOWN for a draft model that is not built in. */
export function describeDraft(model: ModelSpec, speculative: Speculative): ModelSpec | undefined {
  const last = model.layerGroups.at(-1)
  invariant(last !== undefined, 'a model has layers')
  switch (speculative.method) {
    case 'ngram':
      return undefined
    case 'draft-model':
      if (speculative.draftModel === undefined)
        throw simErrors.REQUEST_INVALID({
          what: 'serving settings',
          issues: [{ path: 'speculative.draftModel', message: 'is missing', fix: "give the draft model's Hugging Face id" }],
        })
      return findModel(speculative.draftModel)
    case 'mtp':
      // A layer like the last one, behind a projection of two hidden states into one (arXiv 2412.19437, section 2.2).
      return oneLayer(model, last)
    case 'eagle': {
      // One dense layer of the model's width (arXiv 2503.01840).
      const width = Math.max(...model.layerGroups.map(widthOf))
      return oneLayer(model, {
        count: 1,
        attention: last.attention,
        feedForward: { kind: 'dense', intermediateSize: width, parameters: 3 * model.hiddenSize * width },
      })
    }
  }
}

/** Parameters that guessing adds to those of the model, head and embedding shared. */
export function draftParameters(model: ModelSpec, speculative: Speculative): number {
  const draft = describeDraft(model, speculative)
  if (draft === undefined) return 0
  if (speculative.method === 'draft-model') return draft.parameters
  const layer = draft.layerGroups[0]
  invariant(layer !== undefined, 'a draft has a layer')
  const feedForward =
    layer.feedForward.kind === 'experts'
      ? layer.feedForward.experts * layer.feedForward.expertParameters +
        layer.feedForward.sharedParameters +
        layer.feedForward.routerParameters
      : layer.feedForward.parameters
  const layers = speculative.method === 'mtp' ? Math.max(1, model.predictionLayers) : 1
  return layers * (layer.attention.parameters + feedForward + 2 * model.hiddenSize ** 2)
}

/** Why this model cannot be served so; undefined when it can. */
export function refuseSpeculation(model: ModelSpec, settings: ServingSettings): string | undefined {
  const { speculative } = settings
  if (speculative === undefined) return undefined
  if (speculative.method === 'mtp' && model.predictionLayers === 0)
    return `${model.id} has no layers for multi-token prediction; use eagle, draft-model or ngram`
  if (speculative.method === 'draft-model' && speculative.draftModel === undefined) return 'speculation with a draft model needs its id'
  if (settings.pipeline > 1) return 'speculative decoding and pipeline stages do not go together'
  return undefined
}
