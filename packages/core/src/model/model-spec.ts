/** The schema of a model: its layers, exact parameter counts, cache sizes and stored precision. */
import { z } from 'zod'

const count = z.int().positive()
const amount = z.int().nonnegative()

/** Number formats that weights and caches are stored in. */
export const precisionSchema = z.enum(['fp32', 'tf32', 'bf16', 'fp16', 'fp8', 'int8', 'fp4', 'int4'])

/** How one layer mixes tokens. `parameters` counts everything of that half of the layer, norms and biases included. */
export const attentionSpecSchema = z.discriminatedUnion('kind', [
  /** Multi-head, grouped-query and multi-query attention. */
  z.strictObject({
    kind: z.literal('grouped'),
    heads: count,
    keyValueHeads: count,
    headDim: count,
    valueHeadDim: count,
    /** Sliding window or chunk; absent when every earlier token is seen. */
    windowTokens: count.optional(),
    parameters: amount,
    /** Values that one token adds to the cache of this layer, before any split or replication. */
    cacheValuesPerToken: amount,
  }),
  /** Multi-head latent attention (DeepSeek-V2, arXiv 2405.04434): one compressed key-value vector for all heads. */
  z.strictObject({
    kind: z.literal('latent'),
    heads: count,
    queryRank: count.optional(),
    keyValueRank: count,
    ropeDim: amount,
    nopeDim: count,
    valueDim: count,
    /** Tokens that sparse attention picks at most; absent when every earlier token is read. */
    sparseTokens: count.optional(),
    windowTokens: count.optional(),
    parameters: amount,
    cacheValuesPerToken: z.number().nonnegative(),
  }),
  /** State-space and linear attention: a state of constant size for each sequence. */
  z.strictObject({
    kind: z.literal('recurrent'),
    heads: count,
    parameters: amount,
    /** Values of the state of one sequence; kept in 32 bits by the engines. */
    stateValues: amount,
    convolutionValues: amount,
  }),
  z.strictObject({ kind: z.literal('none'), parameters: amount }),
])

/** How one layer transforms each token. */
export const feedForwardSpecSchema = z.discriminatedUnion('kind', [
  z.strictObject({ kind: z.literal('dense'), intermediateSize: count, parameters: amount }),
  z.strictObject({
    kind: z.literal('experts'),
    experts: count,
    expertsPerToken: count,
    expertIntermediateSize: count,
    /** Of one routed expert. */
    expertParameters: amount,
    /** Weights that every token uses: shared experts, parallel dense layers, projections around the experts. */
    sharedParameters: amount,
    /** Router, its biases, and norms. */
    routerParameters: amount,
  }),
  z.strictObject({ kind: z.literal('none'), parameters: amount }),
])

/** Layers that are alike. */
export const layerGroupSchema = z.strictObject({ count, attention: attentionSpecSchema, feedForward: feedForwardSpecSchema })

export const weightQuantizationSchema = z.strictObject({
  /** As the configuration names it, e.g. `fp8`, `compressed-tensors`, `NVFP4`. */
  method: z.string().min(1),
  weights: precisionSchema,
  /** Stored bits for each weight, block scales included. */
  bitsPerWeight: z.number().positive(),
  /** Which matrices are quantized; the rest keeps `precision`. */
  scope: z.enum(['linear', 'experts']),
  /** Mean stored bits of the attention layers' weights, where the checkpoint names modules that differ from the scope. */
  attentionBitsPerWeight: z.number().positive().optional(),
  /** The same of dense feed-forward parts and shared experts. */
  denseBitsPerWeight: z.number().positive().optional(),
  activations: precisionSchema,
  kvCache: precisionSchema.optional(),
})

export const modelSpecSchema = z.strictObject({
  id: z.string().min(1),
  architecture: z.string().min(1),
  modelType: z.string().min(1),
  layers: count,
  hiddenSize: count,
  vocabularySize: count,
  /** Of the language model: without vision or audio towers and without multi-token-prediction layers. */
  parameters: count,
  /** Those that one token uses: everything but the experts it is not routed to. */
  activeParameters: count,
  contextLength: count,
  tiedEmbeddings: z.boolean(),
  /** Format of the weights that are not quantized. */
  precision: precisionSchema,
  quantization: weightQuantizationSchema.optional(),
  layerGroups: z.array(layerGroupSchema).nonempty().readonly(),
  embeddingParameters: amount,
  /** Absent weights of a tied head are 0. */
  headParameters: amount,
  finalNormParameters: amount,
  /** With its projector; exact for SigLIP beside Gemma 3, Llama 4 and Qwen3-VL, else patch embedding, blocks and a two-layer projector. */
  vision: z.strictObject({ layers: count, hiddenSize: count, approximateParameters: amount }).optional(),
  /** Layers for multi-token prediction that the checkpoint carries; their weights are not counted. */
  predictionLayers: amount,
  /** What the configuration contains and this description leaves out or approximates: sentences. */
  unmodelled: z.array(z.string()).readonly(),
})

export type AttentionSpec = Readonly<z.infer<typeof attentionSpecSchema>>
export type FeedForwardSpec = Readonly<z.infer<typeof feedForwardSpecSchema>>
export type LayerGroup = Readonly<z.infer<typeof layerGroupSchema>>
export type WeightQuantization = Readonly<z.infer<typeof weightQuantizationSchema>>
export type ModelSpec = Readonly<z.infer<typeof modelSpecSchema>>
