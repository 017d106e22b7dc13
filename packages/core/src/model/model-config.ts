/** Reads the loose fields of a Hugging Face config.json under one name each. */
import { z } from 'zod'
import { toConfigIssues } from '../config/resolve-config.ts'
import { modelErrors } from './model-errors.ts'

// Bounds keep an absurd file from producing absurd loops: no real model comes within a factor of ten of them.
const size = z.int().positive().max(100_000_000).nullish()
const amount = z.int().nonnegative().max(100_000_000).nullish()
const layerList = <Item extends z.ZodType>(item: Item) => z.array(item).max(4096).nullish()
const flag = z.boolean().nullish()

const quantizationSchema = z.looseObject({
  quant_method: z.string().nullish(),
  quant_algo: z.string().nullish(),
  moe_quant_algo: z.string().nullish(),
  bits: z.int().positive().max(32).nullish(),
  load_in_8bit: flag,
  bnb_4bit_use_double_quant: flag,
  group_size: z.int().nullish(),
  weight_block_size: z.array(z.int().positive()).nullish(),
  ignore: z.array(z.string()).nullish(),
  modules_to_not_convert: z.array(z.string()).nullish(),
  exclude_modules: z.array(z.string()).nullish(),
  kv_cache_scheme: z.union([z.string(), z.looseObject({ num_bits: z.int().nullish() })]).nullish(),
  kv_cache_quant_algo: z.string().nullish(),
  quantized_layers: z.record(z.string(), z.looseObject({ quant_algo: z.string().nullish() })).nullish(),
  config_groups: z
    .record(
      z.string(),
      z.looseObject({
        weights: z
          .looseObject({ num_bits: z.int().positive().nullish(), type: z.string().nullish(), group_size: z.int().nullish() })
          .nullish(),
        input_activations: z.looseObject({ num_bits: z.int().positive().nullish(), type: z.string().nullish() }).nullish(),
      }),
    )
    .nullish(),
})
export type QuantizationConfig = z.infer<typeof quantizationSchema>

const blockSchema = z.looseObject({
  attention: z.looseObject({ n_heads_in_group: size, no_op: flag, replace_with_linear: flag, window_length: size }).nullish(),
  ffn: z.looseObject({ ffn_mult: z.number().positive().nullish(), no_op: flag, replace_with_linear: flag }).nullish(),
})

const ropeSchema = z
  .looseObject({
    type: z.string().nullish(),
    rope_type: z.string().nullish(),
    factor: z.number().positive().max(10_000).nullish(),
    original_max_position_embeddings: size,
  })
  .nullish()
  .catch(undefined)

const textSchema = z.looseObject({
  architectures: z.array(z.string()).nullish(),
  model_type: z.string().nullish(),
  is_encoder_decoder: flag,
  num_hidden_layers: size,
  n_layer: size,
  hidden_size: size,
  n_embd: size,
  n_embed: size,
  d_model: size,
  num_attention_heads: size,
  n_head: size,
  num_key_value_heads: size,
  multi_query: flag,
  num_kv_heads: size,
  new_decoder_architecture: flag,
  head_dim: size,
  attention_head_dim: size,
  v_head_dim: size,
  intermediate_size: z.union([z.int().positive(), z.array(z.int().positive())]).nullish(),
  n_inner: size,
  ffn_dim: size,
  ffn_hidden_size: size,
  vocab_size: size,
  max_position_embeddings: size,
  type_vocab_size: amount,
  n_positions: size,
  rope_scaling: ropeSchema,
  rope_parameters: ropeSchema,
  tie_word_embeddings: flag,
  torch_dtype: z.string().nullish(),
  dtype: z.string().nullish(),
  attention_bias: flag,
  mlp_bias: flag,
  bias: z.unknown().optional(),
  use_qk_norm: flag,
  hidden_act: z.string().nullish(),
  // windows
  sliding_window: amount,
  use_sliding_window: flag,
  max_window_layers: amount,
  sliding_window_pattern: size,
  layer_types: layerList(z.string()),
  no_rope_layers: layerList(z.int()),
  attention_chunk_size: size,
  hybrid_layer_pattern: layerList(z.int()),
  swa_num_attention_heads: size,
  swa_num_key_value_heads: size,
  swa_head_dim: size,
  swa_v_head_dim: size,
  global_head_dim: size,
  num_global_key_value_heads: size,
  attention_k_eq_v: flag,
  hidden_size_per_layer_input: amount,
  num_kv_shared_layers: amount,
  // experts
  num_local_experts: size,
  num_experts: size,
  n_routed_experts: size,
  num_experts_per_tok: size,
  experts_per_token: size,
  num_experts_per_token: size,
  top_k_experts: size,
  moe_intermediate_size: size,
  expert_intermediate_size: size,
  n_shared_experts: amount,
  num_shared_experts: amount,
  shared_expert_intermediate_size: amount,
  moe_shared_expert_intermediate_size: amount,
  shared_intermediate_size: amount,
  share_expert_dim: amount,
  dense_intermediate_size: size,
  intermediate_size_mlp: size,
  first_k_dense_replace: amount,
  moe_layer_freq: z.union([z.int().positive(), z.array(z.int())]).nullish(),
  decoder_sparse_step: size,
  interleave_moe_layer_step: size,
  mlp_only_layers: layerList(z.int()),
  mlp_layer_types: layerList(z.string()),
  enable_moe_block: flag,
  topk_method: z.string().nullish(),
  use_routing_bias: flag,
  use_moe_router_bias: flag,
  moe_latent_size: size,
  routed_expert_hidden_size: size,
  num_hash_layers: amount,
  // latent attention
  q_lora_rank: size,
  kv_lora_rank: size,
  qk_nope_head_dim: size,
  qk_rope_head_dim: amount,
  index_head_dim: size,
  index_n_heads: size,
  index_topk: size,
  indexer_types: layerList(z.string()),
  o_groups: size,
  o_lora_rank: size,
  compress_ratios: layerList(z.int().nonnegative()),
  hc_mult: size,
  // recurrent layers
  hybrid_override_pattern: z.string().max(4096).nullish(),
  layers_block_type: layerList(z.string()),
  state_size: size,
  expand: size,
  time_step_rank: z.union([z.int().positive(), z.literal('auto')]).nullish(),
  mamba_num_heads: size,
  mamba_head_dim: size,
  ssm_state_size: size,
  n_groups: size,
  conv_kernel: size,
  full_attention_interval: size,
  linear_num_key_heads: size,
  linear_num_value_heads: size,
  linear_key_head_dim: size,
  linear_value_head_dim: size,
  linear_conv_kernel_dim: size,
  linear_attn_config: z
    .looseObject({
      full_attn_layers: layerList(z.int()),
      kda_layers: layerList(z.int()),
      head_dim: size,
      num_heads: size,
      short_conv_kernel_size: size,
      use_full_rank_gate: flag,
    })
    .nullish(),
  mla_use_output_gate: flag,
  // the rest
  block_configs: layerList(blockSchema),
  num_nextn_predict_layers: amount,
  mtp_num_hidden_layers: amount,
  num_mtp_modules: amount,
  sparse_attention_config: z.looseObject({ use_sparse_attention: flag }).nullish(),
  quantization_config: quantizationSchema.nullish(),
})

/** The language model's part of a configuration. */
export type TextConfig = z.infer<typeof textSchema>

const visionSchema = z.looseObject({
  model_type: z.string().nullish(),
  image_size: z
    .union([z.int().positive(), z.array(z.int().positive())])
    .nullish()
    .transform((value) => (typeof value === 'number' ? value : undefined)),
  out_hidden_size: size,
  spatial_merge_size: size,
  temporal_patch_size: size,
  num_position_embeddings: size,
  deepstack_visual_indexes: layerList(z.int()),
  projector_input_dim: size,
  projector_output_dim: size,
  depth: size,
  num_hidden_layers: size,
  vt_num_hidden_layers: size,
  hidden_size: size,
  vt_hidden_size: size,
  intermediate_size: size,
  vt_intermediate_size: size,
  patch_size: size,
  num_channels: size,
  in_channels: size,
})
export type VisionConfig = z.infer<typeof visionSchema>

const rootSchema = z.looseObject({
  text_config: textSchema.nullish(),
  llm_config: textSchema.nullish(),
  language_config: textSchema.nullish(),
  vision_config: visionSchema.nullish(),
  audio_config: z.looseObject({}).nullish(),
})

export interface ModelConfig {
  readonly architecture: string
  readonly text: TextConfig
  readonly vision: VisionConfig | undefined
  readonly hasAudio: boolean
}

/** Python writes Infinity and NaN, which JSON does not have; outside of strings they become null. */
function parsePythonJson(text: string): unknown {
  return JSON.parse(text.replaceAll(/"(?:[^"\\]|\\.)*"|-?Infinity|NaN/g, (match) => (match.startsWith('"') ? match : 'null')))
}

function toObject(id: string, config: unknown): unknown {
  if (typeof config !== 'string') return config
  try {
    return parsePythonJson(config)
  } catch (cause) {
    const message = cause instanceof Error ? cause.message : 'not JSON'
    throw modelErrors.MODEL_CONFIG_INVALID({ id, issues: [{ path: '(root)', message, fix: 'write JSON' }] }, { cause })
  }
}

const quantizationFileSchema = z.looseObject({ quantization: quantizationSchema })

function readQuantizationFile(id: string, file: unknown): QuantizationConfig | undefined {
  if (file === undefined) return undefined
  const parsed = quantizationFileSchema.safeParse(toObject(id, file))
  if (parsed.success) return parsed.data.quantization
  const issues = toConfigIssues(parsed.error).map((issue) => ({ ...issue, path: `hf_quant_config.json: ${issue.path}` }))
  throw modelErrors.MODEL_CONFIG_INVALID({ id, issues })
}

/** Checks the shape of a config.json (an object, or its text) and finds the language model in it. */
export function readModelConfig(id: string, config: unknown, quantizationFile?: unknown): ModelConfig {
  const value = toObject(id, config)
  const root = rootSchema.safeParse(value)
  const own = textSchema.safeParse(value)
  if (!root.success) throw modelErrors.MODEL_CONFIG_INVALID({ id, issues: toConfigIssues(root.error) })
  const nested = root.data.text_config ?? root.data.llm_config ?? root.data.language_config
  if (!own.success) throw modelErrors.MODEL_CONFIG_INVALID({ id, issues: toConfigIssues(own.error) })
  const outer = own.data
  const quantization = nested?.quantization_config ?? outer.quantization_config ?? readQuantizationFile(id, quantizationFile)
  const text: TextConfig =
    nested == null
      ? { ...outer, quantization_config: quantization }
      : {
          ...nested,
          tie_word_embeddings: nested.tie_word_embeddings ?? outer.tie_word_embeddings,
          quantization_config: quantization,
          torch_dtype: nested.torch_dtype ?? outer.torch_dtype,
          dtype: nested.dtype ?? outer.dtype,
        }
  return {
    architecture: outer.architectures?.[0] ?? nested?.architectures?.[0] ?? text.model_type ?? 'unknown',
    text,
    vision: root.data.vision_config ?? undefined,
    hasAudio: root.data.audio_config != null,
  }
}
