/** Turns a Hugging Face config.json into a ModelSpec. */
import type { z } from 'zod'
import type { ConfigIssue } from '../error/core-errors.ts'
import { readModelConfig, type ModelConfig, type TextConfig } from './model-config.ts'
import { modelErrors } from './model-errors.ts'
import { denseWidth, ordinaryLayer, patternLayer, searchedLayer, type Dimensions, type Layer, type LayerContext } from './model-layer.ts'
import { readQuantization } from './model-quantization.ts'
import type { AttentionSpec, FeedForwardSpec, LayerGroup, ModelSpec, precisionSchema } from './model-spec.ts'
import { rewriteFamily } from './model-families.ts'
import { defaultModelTraits, findModelTraits, type ModelTraits } from './model-traits.ts'
import { isVisionExact, readVision } from './model-vision.ts'

const layerLimit = 4096

const dtypes: Readonly<Record<string, z.infer<typeof precisionSchema>>> = {
  float32: 'fp32',
  float16: 'fp16',
  bfloat16: 'bf16',
  float8_e4m3fn: 'fp8',
}

/** All parameters of a feed-forward part, or those that one token uses. */
export function feedForwardParameters(part: FeedForwardSpec, which: 'all' | 'active'): number {
  if (part.kind !== 'experts') return part.parameters
  const experts = which === 'all' ? part.experts : part.expertsPerToken
  return experts * part.expertParameters + part.sharedParameters + part.routerParameters
}

function readDimensions(id: string, text: TextConfig): Dimensions & { readonly vocabularySize: number } {
  const issues: ConfigIssue[] = []
  const need = (value: number | null | undefined, path: string): number => {
    if (value != null) return value
    issues.push({ path, message: 'is missing', fix: 'a whole number above 0 belongs here' })
    return 1
  }
  const layers = need(
    text.num_hidden_layers ?? text.n_layer ?? text.hybrid_override_pattern?.length ?? text.layers_block_type?.length,
    'num_hidden_layers',
  )
  const hiddenSize = need(text.hidden_size ?? text.n_embd, 'hidden_size')
  const heads = need(text.num_attention_heads ?? text.n_head, 'num_attention_heads')
  const vocabularySize = need(text.vocab_size, 'vocab_size')
  const stated = text.head_dim ?? text.attention_head_dim ?? undefined
  if (layers > layerLimit)
    issues.push({ path: 'num_hidden_layers', message: `is ${String(layers)}`, fix: `use at most ${String(layerLimit)}` })
  if (stated === undefined && text.kv_lora_rank == null && hiddenSize % heads !== 0)
    issues.push({
      path: 'hidden_size',
      message: `${String(hiddenSize)} is not a multiple of ${String(heads)} attention heads`,
      fix: 'give head_dim',
    })
  const keyValueHeads = text.num_key_value_heads ?? (text.multi_query === true ? 1 : heads)
  if (text.kv_lora_rank == null && heads % keyValueHeads !== 0)
    issues.push({
      path: 'num_key_value_heads',
      message: `${String(heads)} attention heads cannot share ${String(keyValueHeads)} key-value heads evenly`,
      fix: 'use a divisor of num_attention_heads',
    })
  const hasFeedForward = denseWidth(text, 0) ?? text.moe_intermediate_size ?? text.block_configs?.length
  if (hasFeedForward == null) issues.push({ path: 'intermediate_size', message: 'is missing', fix: 'a whole number above 0 belongs here' })
  const unknown = issues.length > 0 && text.model_type != null && findModelTraits(text.model_type) === undefined
  if (unknown)
    issues.unshift({
      path: 'model_type',
      message: `'${text.model_type ?? ''}' is an architecture that is not modelled, and it is no Llama-like one either`,
      fix: 'its fields may have other names than those below',
    })
  if (issues.length > 0) throw modelErrors.MODEL_CONFIG_INVALID({ id, issues })
  return { layers, hiddenSize, heads, keyValueHeads, headDim: stated ?? Math.floor(hiddenSize / heads), vocabularySize }
}

/** Norms belong to the half that they precede; two a layer unless the family has more. */
function addNorms(layer: Layer, hiddenSize: number, norms: number): Layer {
  const { attention, feedForward } = layer
  const idle = (part: AttentionSpec | FeedForwardSpec) => part.kind === 'none' && part.parameters === 0
  const attentionNorms = idle(attention) ? 0 : Math.ceil(norms / 2)
  const feedForwardNorms = idle(feedForward) ? 0 : norms === 1 ? 1 : Math.floor(norms / 2)
  return {
    attention: { ...attention, parameters: attention.parameters + attentionNorms * hiddenSize },
    feedForward:
      feedForward.kind === 'experts'
        ? { ...feedForward, routerParameters: feedForward.routerParameters + feedForwardNorms * hiddenSize }
        : { ...feedForward, parameters: feedForward.parameters + feedForwardNorms * hiddenSize },
  }
}

function buildLayers(id: string, context: LayerContext): readonly Layer[] {
  const { text, size, traits } = context
  const pattern = text.layers_block_type ?? text.hybrid_override_pattern?.split('') ?? undefined
  return Array.from({ length: size.layers }, (_, index) => {
    const layer =
      pattern !== undefined
        ? patternLayer(context, pattern[index] ?? '')
        : text.block_configs != null
          ? searchedLayer(context, index)
          : ordinaryLayer(context, index)
    if (layer === undefined)
      throw modelErrors.MODEL_CONFIG_INVALID({
        id,
        issues: [
          {
            path: pattern === undefined ? 'block_configs' : 'layers_block_type',
            message: `says nothing known of layer ${String(index)}`,
            fix: 'describe every layer',
          },
        ],
      })
    return addNorms(layer, size.hiddenSize, traits.norms)
  })
}

function groupLayers(layers: readonly Layer[]): readonly LayerGroup[] {
  const groups = new Map<string, { layer: Layer; count: number }>()
  for (const layer of layers) {
    const key = JSON.stringify(layer)
    const group = groups.get(key)
    if (group === undefined) groups.set(key, { layer, count: 1 })
    else group.count += 1
  }
  return [...groups.values()].map(({ layer, count }) => ({ count, ...layer }))
}

/** Falcon's second architecture has a layer norm each for attention and feed-forward part, its first one for both. */
const normsOf = (text: TextConfig, traits: ModelTraits): ModelTraits =>
  text.model_type === 'falcon' && text.new_decoder_architecture === true ? { ...traits, norms: 4 } : traits

/** Of models that say nothing and have no positions to run out of: more than anybody asks for. */
const endlessContext = 1_048_576

/** What the configuration says, stretched where YaRN does so (arXiv 2309.00071): some files give the length before, some after. */
function readContextLength(text: TextConfig, layers: readonly Layer[]): number {
  const stated = text.max_position_embeddings ?? text.n_positions
  const rope = text.rope_scaling ?? text.rope_parameters
  const stretched =
    (rope?.rope_type ?? rope?.type) === 'yarn' ? Math.round((rope?.original_max_position_embeddings ?? 0) * (rope?.factor ?? 1)) : 0
  if (stated != null) return Math.max(stated, stretched)
  return layers.every(({ attention }) => attention.kind === 'recurrent' || attention.kind === 'none') ? endlessContext : 2048
}

function findUnmodelled(config: ModelConfig, modelType: string, quantization: ReturnType<typeof readQuantization> | undefined): string[] {
  const { text } = config
  const notes: string[] = []
  if (findModelTraits(modelType) === undefined)
    notes.push(`model_type '${modelType}' is not known: read as a Llama-like model, so parameter counts may be a little off`)
  if (config.vision !== undefined)
    notes.push(`the vision tower is counted ${isVisionExact(config.vision) ? 'apart' : 'approximately'}, and images are not simulated`)
  if (config.hasAudio) notes.push('the audio tower is not counted')
  const predicted = text.num_nextn_predict_layers ?? text.mtp_num_hidden_layers ?? text.num_mtp_modules ?? 0
  if (predicted > 0) notes.push('layers for multi-token prediction are only counted where they guess tokens (speculative decoding)')
  if (text.sparse_attention_config?.use_sparse_attention === true) notes.push('block-sparse attention is treated as full attention')
  if (text.hc_mult != null) notes.push('the small mixing weights of hyper-connections are not counted')
  if (text.compress_ratios != null) notes.push('the recent-token window kept beside the compressed history is not counted in the cache')
  if ((text.hidden_size_per_layer_input ?? 0) > 0) notes.push('per-layer input embeddings are not counted')
  if ((text.num_kv_shared_layers ?? 0) > 0) notes.push('layers that share another layer’s cache are counted as if they had their own')
  if (modelType === 'kimi_linear') notes.push('residual attention between layers is not counted')
  if (quantization !== undefined && 'unmodelled' in quantization) notes.push(quantization.unmodelled)
  return notes
}

/**
 * Reads a Hugging Face config.json, given as an object or as its text.
 * What the file contains and the result leaves out is listed in `unmodelled`.
 * `quantizationFile` is the `hf_quant_config.json` that NVIDIA's ModelOpt writes beside it; it counts where the configuration itself says nothing.
 * @throws CORE_MODEL_CONFIG_INVALID listing every field that is missing or wrong; CORE_MODEL_KIND_UNSUPPORTED for encoder-decoder models.
 */
export function parseModelConfig(id: string, config: unknown, quantizationFile?: unknown): ModelSpec {
  const read = readModelConfig(id, config, quantizationFile)
  const text = rewriteFamily(read.text)
  if (text.is_encoder_decoder === true)
    throw modelErrors.MODEL_KIND_UNSUPPORTED({ id, kind: 'an encoder-decoder model', fix: 'give a decoder-only language model' })
  const { vocabularySize, ...size } = readDimensions(id, text)
  const modelType = text.model_type ?? 'unknown'
  const traits = findModelTraits(modelType) ?? defaultModelTraits
  const layers = buildLayers(id, { text, traits: normsOf(text, traits), modelType, size })
  const layerGroups = groupLayers(layers)
  const tiedEmbeddings = text.tie_word_embeddings ?? traits.tiedByDefault
  // Encoders learn positions and token types too; a norm of embeddings and a pooler stand in for the final norm.
  const positions = traits.encoder
    ? (text.max_position_embeddings ?? 512) + (text.type_vocab_size ?? 2)
    : traits.learnedPositions === undefined
      ? 0
      : (text.max_position_embeddings ?? text.n_positions ?? 1024) + traits.learnedPositions
  const embeddingParameters = (vocabularySize + positions) * size.hiddenSize
  const headParameters = tiedEmbeddings ? 0 : vocabularySize * (size.hiddenSize + (traits.headBias ? 1 : 0))
  const finalNormParameters = traits.encoder ? size.hiddenSize * (size.hiddenSize + 3) : traits.outerNorms * size.hiddenSize
  const outside = embeddingParameters + headParameters + finalNormParameters
  const sum = (which: 'all' | 'active') =>
    layerGroups.reduce(
      (total, group) => total + group.count * (group.attention.parameters + feedForwardParameters(group.feedForward, which)),
      outside,
    )
  const precision = dtypes[text.dtype ?? text.torch_dtype ?? 'bfloat16'] ?? 'bf16'
  const quantization =
    text.quantization_config == null
      ? undefined
      : readQuantization(text.quantization_config, { layers, hiddenSize: size.hiddenSize, precision })
  const vision = read.vision === undefined ? undefined : readVision(read.vision, size.hiddenSize)
  const [first, ...rest] = layerGroups
  if (first === undefined)
    throw modelErrors.MODEL_CONFIG_INVALID({ id, issues: [{ path: 'num_hidden_layers', message: 'is 0', fix: 'use at least 1' }] })
  return {
    id,
    architecture: read.architecture,
    modelType,
    layers: size.layers,
    hiddenSize: size.hiddenSize,
    vocabularySize,
    parameters: sum('all'),
    activeParameters: sum('active'),
    contextLength: readContextLength(text, layers),
    tiedEmbeddings,
    precision,
    ...(quantization === undefined || 'unmodelled' in quantization ? {} : { quantization }),
    layerGroups: [first, ...rest],
    embeddingParameters,
    headParameters,
    finalNormParameters,
    ...(vision === undefined ? {} : { vision }),
    predictionLayers: text.num_nextn_predict_layers ?? text.mtp_num_hidden_layers ?? text.num_mtp_modules ?? 0,
    unmodelled: findUnmodelled({ ...read, text }, modelType, quantization),
  }
}
