/** Which matrices, caches and experts each layer of a model works with on one device. */
import type { AttentionSpec, FeedForwardSpec, ModelSpec } from '@bud-foundry/core'
import { cacheValuesPerDevice } from '../memory/kv-cache.ts'
import { attentionParametersPerDevice } from '../memory/weights.ts'
import type { ServingSettings } from '../settings.ts'

/** Layers that are alike, as one device sees them. */
export interface LayerWork {
  readonly count: number
  /** Weights of the matrices that every token passes, one after the other. */
  readonly matrices: readonly number[]
  readonly experts: ExpertWork | undefined
  readonly attention: AttentionWork | undefined
  /** Bytes of constant state that each sequence reads and writes in a decode step. */
  readonly stateBytes: number
  /** 1 for attention and feed-forward, ½ where one is missing. */
  readonly weight: number
}

export interface ExpertWork {
  readonly count: number
  readonly perToken: number
  /** Weights of all experts of the layer on the device. */
  readonly parameters: number
}

export interface AttentionWork {
  readonly kind: 'grouped' | 'latent'
  /** Most earlier tokens that one token sees. */
  readonly reachTokens: number
  readonly queryHeads: number
  readonly keyValueHeads: number
  readonly headDim: number
  /** Multiplications and additions for one query against one key, per head, and their values. */
  readonly decodeFlopsPerPair: number
  readonly cacheValuesPerToken: number
}

function attentionMatrices(attention: AttentionSpec, hiddenSize: number, tensor: number): readonly number[] {
  const all = attentionParametersPerDevice(attention, hiddenSize, tensor)
  switch (attention.kind) {
    case 'grouped': {
      const output = Math.min((attention.heads * attention.valueHeadDim * hiddenSize) / tensor, all / 2)
      return [all - output, output]
    }
    case 'latent': {
      const down = Math.min(hiddenSize * ((attention.queryRank ?? 0) + attention.keyValueRank + attention.ropeDim), all / 2)
      const output = Math.min((attention.heads * attention.valueDim * hiddenSize) / tensor, all - down)
      return [down, (all - down - output) / 2, (all - down - output) / 2, output]
    }
    case 'recurrent':
      return [(all * 2) / 3, all / 3]
    case 'none':
      return []
  }
}

function feedForwardMatrices(feedForward: FeedForwardSpec, tensor: number): readonly number[] {
  switch (feedForward.kind) {
    case 'dense':
      return [(feedForward.parameters * 2) / 3 / tensor, feedForward.parameters / 3 / tensor]
    case 'experts':
      return feedForward.sharedParameters > 0
        ? [feedForward.routerParameters, (feedForward.sharedParameters * 2) / 3 / tensor, feedForward.sharedParameters / 3 / tensor]
        : [feedForward.routerParameters]
    case 'none':
      return []
  }
}

function attentionWork(attention: AttentionSpec, tensor: number): AttentionWork | undefined {
  const cacheValuesPerToken = cacheValuesPerDevice(attention, tensor)
  const queryHeads = 'heads' in attention ? Math.max(1, attention.heads / tensor) : 1
  const everything = Number.POSITIVE_INFINITY
  switch (attention.kind) {
    case 'grouped':
      return {
        kind: 'grouped',
        reachTokens: attention.windowTokens ?? everything,
        queryHeads,
        keyValueHeads: Math.ceil(attention.keyValueHeads / tensor),
        headDim: (attention.headDim + attention.valueHeadDim) / 2,
        decodeFlopsPerPair: 2 * (attention.headDim + attention.valueHeadDim),
        cacheValuesPerToken,
      }
    case 'latent':
      return {
        kind: 'latent',
        reachTokens: Math.min(attention.windowTokens ?? everything, attention.sparseTokens ?? everything),
        queryHeads,
        keyValueHeads: 1,
        headDim: (attention.nopeDim + attention.ropeDim + attention.valueDim) / 2,
        // Single tokens are attended in the compressed space ("absorbed").
        decodeFlopsPerPair: 2 * (2 * attention.keyValueRank + attention.ropeDim),
        cacheValuesPerToken,
      }
    case 'recurrent':
    case 'none':
      return undefined
  }
}

/** The layers of a model on one device of a replica. */
export function describeLayers(model: ModelSpec, settings: ServingSettings): readonly LayerWork[] {
  const { tensor, expert } = settings
  return model.layerGroups.map(({ count, attention, feedForward }) => ({
    count,
    matrices: [...attentionMatrices(attention, model.hiddenSize, tensor), ...feedForwardMatrices(feedForward, tensor)].filter(
      (parameters) => parameters > 0,
    ),
    experts:
      feedForward.kind === 'experts'
        ? {
            count: feedForward.experts,
            perToken: feedForward.expertsPerToken,
            parameters: (feedForward.experts * feedForward.expertParameters) / Math.max(tensor, expert),
          }
        : undefined,
    attention: attentionWork(attention, tensor),
    stateBytes: attention.kind === 'recurrent' ? (2 * attention.stateValues * 4) / tensor : 0,
    weight: attention.kind === 'none' || feedForward.kind === 'none' ? 0.5 : 1,
  }))
}
