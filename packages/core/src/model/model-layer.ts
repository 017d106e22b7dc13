/** Decides, layer by layer, which attention and which feed-forward part a configuration describes. */
import {
  compressedAttention,
  deltaNet,
  groupedAttention,
  kimiDelta,
  latentAttention,
  mambaMixer,
  selectiveState,
  type HeadShape,
} from './model-attention.ts'
import type { TextConfig } from './model-config.ts'
import type { AttentionSpec, FeedForwardSpec } from './model-spec.ts'
import type { ModelTraits } from './model-traits.ts'

/** The sizes that every layer needs, already checked. */
export interface Dimensions {
  readonly layers: number
  readonly hiddenSize: number
  readonly heads: number
  readonly keyValueHeads: number
  readonly headDim: number
}

export interface LayerContext {
  readonly text: TextConfig
  readonly traits: ModelTraits
  readonly modelType: string
  readonly size: Dimensions
}

export interface Layer {
  readonly attention: AttentionSpec
  readonly feedForward: FeedForwardSpec
}

function windowOf({ text, traits, modelType }: LayerContext, layer: number): number | undefined {
  const window = text.sliding_window != null && text.sliding_window > 0 ? text.sliding_window : undefined
  if (modelType === 'llama4_text') {
    // Every fourth layer has no position encoding and sees everything, the others see their own chunk.
    const chunked =
      text.no_rope_layers == null || text.no_rope_layers.length === 0 ? (layer + 1) % 4 !== 0 : text.no_rope_layers[layer] !== 0
    return chunked ? (text.attention_chunk_size ?? undefined) : undefined
  }
  if (window === undefined || text.use_sliding_window === false) return undefined
  const kind = text.layer_types?.[layer]
  if (kind !== undefined) return kind === 'sliding_attention' || kind === 'chunked_attention' ? window : undefined
  if (text.hybrid_layer_pattern != null) return text.hybrid_layer_pattern[layer] === 1 ? window : undefined
  const pattern = text.sliding_window_pattern ?? traits.windowPattern
  if (pattern !== undefined) return (layer + 1) % pattern === 0 ? undefined : window
  // Qwen2 and Qwen3 window the layers from max_window_layers on.
  if (text.use_sliding_window === true && text.max_window_layers != null) return layer >= text.max_window_layers ? window : undefined
  return window
}

function headShape(context: LayerContext, layer: number): HeadShape {
  const { text, modelType, size } = context
  const windowTokens = windowOf(context, layer)
  const plain = { heads: size.heads, keyValueHeads: size.keyValueHeads, headDim: size.headDim, windowTokens }
  if (modelType === 'mimo_v2_flash' && windowTokens !== undefined)
    return {
      heads: text.swa_num_attention_heads ?? size.heads,
      keyValueHeads: text.swa_num_key_value_heads ?? size.keyValueHeads,
      headDim: text.swa_head_dim ?? size.headDim,
      valueHeadDim: text.swa_v_head_dim ?? text.v_head_dim ?? size.headDim,
      windowTokens,
      sinks: true,
    }
  if (modelType === 'gemma4_text' && windowTokens === undefined) {
    const headDim = text.global_head_dim ?? size.headDim
    return {
      ...plain,
      headDim,
      valueHeadDim: headDim,
      keyValueHeads: text.num_global_key_value_heads ?? size.keyValueHeads,
      keysAreValues: text.attention_k_eq_v === true,
    }
  }
  return { ...plain, valueHeadDim: text.v_head_dim ?? size.headDim }
}

function isRecurrent({ text }: LayerContext, layer: number): boolean {
  if (text.layer_types != null) return text.layer_types[layer] === 'linear_attention'
  return text.full_attention_interval != null && (layer + 1) % text.full_attention_interval !== 0
}

function attentionOf(context: LayerContext, layer: number): AttentionSpec {
  const { text, traits, size } = context
  if (text.compress_ratios != null) return compressedAttention(text, size.heads, size.hiddenSize, layer)
  if (text.linear_attn_config?.kda_layers?.includes(layer + 1) === true) return kimiDelta(text, size.hiddenSize)
  if (text.kv_lora_rank != null && text.qk_nope_head_dim != null && text.v_head_dim != null)
    return latentAttention(
      {
        heads: size.heads,
        keyValueRank: text.kv_lora_rank,
        ropeDim: text.qk_rope_head_dim ?? 0,
        nopeDim: text.qk_nope_head_dim,
        valueDim: text.v_head_dim,
      },
      text,
      size.hiddenSize,
      layer,
    )
  if (text.linear_num_value_heads != null && isRecurrent(context, layer)) return deltaNet(text, size.hiddenSize)
  return groupedAttention(headShape(context, layer), text, traits, size.hiddenSize)
}

function isExpertLayer({ text, modelType }: LayerContext, layer: number): boolean {
  if (text.mlp_layer_types != null) return text.mlp_layer_types[layer] === 'sparse'
  if (text.mlp_only_layers?.includes(layer) === true) return false
  if (Array.isArray(text.moe_layer_freq)) return text.moe_layer_freq[layer] === 1
  if (layer < (text.first_k_dense_replace ?? 0)) return false
  if (modelType === 'llama4_text') return (layer + 1) % (text.interleave_moe_layer_step ?? 1) === 0
  if (text.decoder_sparse_step != null) return (layer + 1) % text.decoder_sparse_step === 0
  return layer % (text.moe_layer_freq ?? 1) === 0
}

const expertCount = (text: TextConfig) => text.n_routed_experts ?? text.num_local_experts ?? text.num_experts ?? undefined

function sharedWidth(text: TextConfig, modelType: string, expertWidth: number): number {
  if (modelType === 'llama4_text') return expertWidth
  const stated =
    text.shared_expert_intermediate_size ??
    text.moe_shared_expert_intermediate_size ??
    text.share_expert_dim ??
    text.shared_intermediate_size
  if (stated != null) return stated
  return (text.n_shared_experts ?? text.num_shared_experts ?? 0) * expertWidth
}

function expertsOf({ text, traits, modelType, size }: LayerContext, experts: number, denseWidth: number): FeedForwardSpec {
  const { hiddenSize } = size
  const expertWidth = text.moe_intermediate_size ?? text.expert_intermediate_size ?? denseWidth
  const shared = sharedWidth(text, modelType, expertWidth)
  // Experts of some models work in a narrower space, with one projection into it and one back.
  const latent = text.moe_latent_size ?? text.routed_expert_hidden_size ?? undefined
  const width = latent ?? hiddenSize
  const bias = traits.expertBias ? 2 * expertWidth + hiddenSize : 0
  const corrected = text.topk_method === 'noaux_tc' || text.use_routing_bias === true || text.use_moe_router_bias === true
  const parallelDense = modelType === 'gemma4_text' ? traits.matrices * hiddenSize * denseWidth : 0
  const gemmaNorms = modelType === 'gemma4_text' ? 3 * hiddenSize + hiddenSize + experts : 0
  return {
    kind: 'experts',
    experts,
    expertsPerToken: Math.min(
      experts,
      text.num_experts_per_tok ?? text.experts_per_token ?? text.num_experts_per_token ?? text.top_k_experts ?? 1,
    ),
    expertIntermediateSize: expertWidth,
    expertParameters: traits.matrices * width * expertWidth + bias,
    sharedParameters:
      traits.matrices * hiddenSize * shared +
      (shared > 0 && traits.sharedGate ? hiddenSize : 0) +
      (latent === undefined ? 0 : 2 * hiddenSize * latent) +
      parallelDense,
    routerParameters: hiddenSize * experts + (corrected || traits.routerBias ? experts : 0) + gemmaNorms,
  }
}

function denseOf({ traits, text, size }: LayerContext, intermediateSize: number): FeedForwardSpec {
  const bias = text.mlp_bias === true || traits.encoder ? (traits.matrices - 1) * intermediateSize + size.hiddenSize : 0
  return { kind: 'dense', intermediateSize, parameters: traits.matrices * size.hiddenSize * intermediateSize + bias }
}

/** The width of dense layers; models of experts alone have none. */
export function denseWidth(text: TextConfig, layer: number): number | undefined {
  const stated = text.dense_intermediate_size ?? text.intermediate_size_mlp ?? text.intermediate_size ?? undefined
  return Array.isArray(stated) ? stated[layer] : stated
}

/** The full attention layer number `layer`, norms not included. */
export function ordinaryLayer(context: LayerContext, layer: number): Layer {
  const { text, modelType } = context
  const attention = attentionOf(context, layer)
  const experts = text.enable_moe_block === false ? undefined : expertCount(text)
  const dense = denseWidth(text, layer)
  const expertWidth = Array.isArray(text.intermediate_size) ? text.intermediate_size[layer] : (text.intermediate_size ?? undefined)
  if (experts !== undefined && isExpertLayer(context, layer))
    return { attention, feedForward: expertsOf(context, experts, (modelType === 'gemma4_text' ? dense : expertWidth) ?? dense ?? 0) }
  return { attention, feedForward: dense === undefined ? { kind: 'none', parameters: 0 } : denseOf(context, dense) }
}

/** Nemotron-H names its layers by letters or words: mamba, attention, dense, experts; each is one half of a usual layer. */
export function patternLayer(context: LayerContext, name: string): Layer | undefined {
  const nothing = { kind: 'none', parameters: 0 } as const
  const dense = denseWidth(context.text, 0) ?? 0
  switch (name) {
    case 'M':
    case 'mamba':
      return { attention: mambaMixer(context.text, context.size.hiddenSize), feedForward: nothing }
    case 'mamba1':
      return { attention: selectiveState(context.text, context.size.hiddenSize), feedForward: nothing }
    case '*':
    case 'attention':
      return { attention: attentionOf(context, 0), feedForward: nothing }
    case '-':
    case 'mlp':
      return { attention: nothing, feedForward: denseOf(context, dense) }
    case 'E':
    case 'moe':
      return { attention: nothing, feedForward: expertsOf(context, expertCount(context.text) ?? 1, dense) }
    default:
      return undefined
  }
}

/** Nemotron's architecture search gives every layer its own heads and width, or leaves half of it out. */
export function searchedLayer(context: LayerContext, layer: number): Layer | undefined {
  const block = context.text.block_configs?.[layer]
  if (block === undefined) return undefined
  const { hiddenSize, heads } = context.size
  const skips = block.attention?.no_op === true || block.attention?.replace_with_linear === true
  const linear = block.attention?.replace_with_linear === true ? hiddenSize * hiddenSize : 0
  const group = block.attention?.n_heads_in_group ?? 1
  const attention: AttentionSpec = skips
    ? { kind: 'none', parameters: linear }
    : groupedAttention(
        {
          heads,
          keyValueHeads: Math.max(1, Math.floor(heads / group)),
          headDim: context.size.headDim,
          valueHeadDim: context.size.headDim,
          windowTokens: block.attention?.window_length ?? undefined,
        },
        context.text,
        context.traits,
        hiddenSize,
      )
  // As the model's own code rounds: two thirds of the multiple, up to the next 256.
  const width = Math.ceil(Math.floor((2 * (block.ffn?.ffn_mult ?? 4) * hiddenSize) / 3) / 256) * 256
  const feedForward: FeedForwardSpec =
    block.ffn?.no_op === true
      ? { kind: 'none', parameters: 0 }
      : block.ffn?.replace_with_linear === true
        ? { kind: 'none', parameters: hiddenSize * hiddenSize }
        : denseOf(context, width)
  return { attention, feedForward }
}
