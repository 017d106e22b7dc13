/** What each family of models does that its config.json does not say: norms, biases and defaults of the published code. */

export interface ModelTraits {
  /** Norms on queries and keys: one per head dimension, or over the full width. */
  readonly queryKeyNorm: 'none' | 'head' | 'full'
  /** Biases that the family always has, whatever `attention_bias` says. */
  readonly bias: 'none' | 'query-key-value' | 'all'
  /** Where `attention_bias: true` puts biases. */
  readonly biasWhenAsked: 'query-key-value' | 'all'
  /** RMS norms of the hidden size in each layer. */
  readonly norms: number
  /** Matrices of the feed-forward part: gate, up and down, or up and down. */
  readonly matrices: 2 | 3
  /** One learned sink for each query head. */
  readonly sinks: boolean
  readonly expertBias: boolean
  readonly routerBias: boolean
  /** A one-column gate on the shared expert. */
  readonly sharedGate: boolean
  /** Queries are projected twice as wide, for an output gate. */
  readonly outputGate: boolean
  readonly tiedByDefault: boolean
  /** Reads in both directions: learned positions, token types, biases everywhere, and a pooler instead of a final norm. */
  readonly encoder: boolean
  /** Layers whose 1-based number is a multiple of this see everything, the others a window; from the family's code. */
  readonly windowPattern: number | undefined
  /** Norms outside of the layers, in hidden sizes: a layer norm has a weight and a bias. */
  readonly outerNorms: number
  /** Learned positions, and how many more than the context has; undefined for none. */
  readonly learnedPositions: number | undefined
  /** One bias for each token of the vocabulary in an untied head. */
  readonly headBias: boolean
}

const plain: ModelTraits = {
  queryKeyNorm: 'none',
  bias: 'none',
  biasWhenAsked: 'all',
  norms: 2,
  matrices: 3,
  sinks: false,
  expertBias: false,
  routerBias: false,
  sharedGate: false,
  outputGate: false,
  tiedByDefault: false,
  encoder: false,
  windowPattern: undefined,
  outerNorms: 1,
  learnedPositions: undefined,
  headBias: false,
}
const headNorm: ModelTraits = { ...plain, queryKeyNorm: 'head' }
const qwenHybrid: ModelTraits = { ...headNorm, outputGate: true, sharedGate: true }
// Layer norms have a weight and a bias each.
const encoder: ModelTraits = { ...plain, bias: 'all', norms: 4, matrices: 2, tiedByDefault: true, encoder: true }
// Two layer norms a layer, each with weight and bias, and one after the last layer.
const layerNormed: ModelTraits = { ...plain, bias: 'all', norms: 4, matrices: 2, outerNorms: 2, tiedByDefault: true }
const gemma: ModelTraits = { ...plain, tiedByDefault: true }

// Read from the modelling code of Hugging Face transformers 4.57 and 5.5 (Apache-2.0), or of the model's own repository.
const traits: Readonly<Record<string, ModelTraits>> = {
  llama: plain,
  'nemotron-nas': plain,
  mistral: plain,
  mixtral: plain,
  phi3: plain,
  llama4_text: plain,
  deepseek_v2: plain,
  deepseek_v3: plain,
  deepseek_v32: plain,
  deepseek_v4: plain,
  deepseek_ref: plain,
  kimi_k2: plain,
  kimi_linear: plain,
  glm_moe_dsa: plain,
  glm4_moe: { ...plain, biasWhenAsked: 'query-key-value' },
  qwen2: { ...plain, bias: 'query-key-value' },
  qwen2_moe: { ...plain, bias: 'query-key-value', sharedGate: true },
  qwen2_vl_text: { ...plain, bias: 'query-key-value' },
  qwen2_5_vl_text: { ...plain, bias: 'query-key-value' },
  qwen3: headNorm,
  qwen3_moe: headNorm,
  qwen3_vl_text: headNorm,
  qwen3_vl_moe_text: headNorm,
  qwen3_next: qwenHybrid,
  qwen3_5_text: qwenHybrid,
  qwen3_5_moe_text: qwenHybrid,
  minimax_m2: { ...plain, queryKeyNorm: 'full' },
  minimax_m3: headNorm,
  minimax_m3_vl: headNorm,
  mimo: { ...plain, biasWhenAsked: 'query-key-value' },
  mimo_v2_flash: plain,
  gpt_oss: { ...plain, bias: 'all', sinks: true, expertBias: true, routerBias: true },
  gemma,
  gemma2: { ...gemma, norms: 4, windowPattern: 2 },
  gemma3_text: { ...gemma, norms: 4, queryKeyNorm: 'head', windowPattern: 6 },
  gemma4_text: { ...gemma, norms: 4, queryKeyNorm: 'head', windowPattern: 6 },
  gpt2: { ...layerNormed, learnedPositions: 0 },
  opt: { ...layerNormed, learnedPositions: 2 },
  gpt_neox: { ...layerNormed, tiedByDefault: false },
  // Its embeddings have a norm too.
  bloom: { ...layerNormed, outerNorms: 4 },
  gptj: { ...layerNormed, bias: 'none', norms: 2, tiedByDefault: false, headBias: true },
  falcon: { ...layerNormed, bias: 'none', norms: 2 },
  mamba: { ...plain, norms: 1, tiedByDefault: true },
  bert: encoder,
  roberta: encoder,
  'xlm-roberta': encoder,
  camembert: encoder,
  nemotron_h: { ...plain, norms: 1, matrices: 2 },
}

/** The traits of a `model_type`, or undefined when the family is not known here. */
export const findModelTraits = (modelType: string): ModelTraits | undefined =>
  Object.hasOwn(traits, modelType) ? traits[modelType] : undefined

/** Llama's habits: what an unknown family is read as. */
export const defaultModelTraits: ModelTraits = plain
