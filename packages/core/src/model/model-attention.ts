/** Attention and state-space layers: shapes, exact parameter counts and cache sizes. */
import type { TextConfig } from './model-config.ts'
import type { AttentionSpec } from './model-spec.ts'
import type { ModelTraits } from './model-traits.ts'

/** The shape of one layer's heads, after every family's own field names were resolved. */
export interface HeadShape {
  readonly heads: number
  readonly keyValueHeads: number
  readonly headDim: number
  readonly valueHeadDim: number
  readonly windowTokens: number | undefined
  /** Gemma 4 projects keys once and uses them as values too. */
  readonly keysAreValues?: boolean
  readonly sinks?: boolean
}

export function groupedAttention(shape: HeadShape, text: TextConfig, traits: ModelTraits, hiddenSize: number): AttentionSpec {
  const { heads, keyValueHeads, headDim, valueHeadDim, windowTokens } = shape
  const query = heads * headDim * (traits.outputGate ? 2 : 1)
  const key = keyValueHeads * headDim
  const value = shape.keysAreValues === true ? 0 : keyValueHeads * valueHeadDim
  const output = heads * valueHeadDim
  const asked = text.attention_bias === true ? traits.biasWhenAsked : 'none'
  const biases = traits.bias === 'none' ? asked : traits.bias
  const biasParameters = (biases === 'none' ? 0 : query + key + value) + (biases === 'all' ? hiddenSize : 0)
  const normed = traits.queryKeyNorm !== 'none' && text.use_qk_norm !== false
  const normParameters = !normed ? 0 : traits.queryKeyNorm === 'head' ? 2 * headDim : heads * headDim + key
  const sinks = (shape.sinks ?? traits.sinks) ? heads : 0
  return {
    kind: 'grouped',
    heads,
    keyValueHeads,
    headDim,
    valueHeadDim,
    ...(windowTokens === undefined ? {} : { windowTokens }),
    parameters: hiddenSize * (query + key + value + output) + biasParameters + normParameters + sinks,
    cacheValuesPerToken: keyValueHeads * (headDim + valueHeadDim),
  }
}

/** DeepSeek's sparse attention scores tokens with a small extra head, unless the layer shares another layer's choice. */
function indexerParameters(text: TextConfig, hiddenSize: number, layer: number): number {
  if (text.index_head_dim == null || text.index_n_heads == null || text.q_lora_rank == null) return 0
  if (text.indexer_types?.[layer] === 'shared') return 0
  const { index_head_dim: dim, index_n_heads: heads } = text
  return text.q_lora_rank * heads * dim + hiddenSize * dim + 2 * dim + hiddenSize * heads
}

export interface LatentRanks {
  readonly heads: number
  readonly keyValueRank: number
  readonly ropeDim: number
  readonly nopeDim: number
  readonly valueDim: number
}

export function latentAttention(ranks: LatentRanks, text: TextConfig, hiddenSize: number, layer: number): AttentionSpec {
  const { heads, keyValueRank, ropeDim, nopeDim, valueDim } = ranks
  const queryRank = text.q_lora_rank ?? undefined
  const queryWidth = heads * (nopeDim + ropeDim)
  const query = queryRank === undefined ? hiddenSize * queryWidth : hiddenSize * queryRank + queryRank + queryRank * queryWidth
  const keyValue = hiddenSize * (keyValueRank + ropeDim) + keyValueRank + keyValueRank * heads * (nopeDim + valueDim)
  const gate = text.mla_use_output_gate === true ? hiddenSize * heads * valueDim : 0
  const indexer = indexerParameters(text, hiddenSize, layer)
  return {
    kind: 'latent',
    heads,
    ...(queryRank === undefined ? {} : { queryRank }),
    keyValueRank,
    ropeDim,
    nopeDim,
    valueDim,
    ...(text.index_topk == null ? {} : { sparseTokens: text.index_topk }),
    parameters: query + keyValue + heads * valueDim * hiddenSize + gate + indexer,
    // The indexer keeps one 8-bit key a token: half a value each where the cache has 16 bits.
    cacheValuesPerToken: keyValueRank + ropeDim + (indexer > 0 ? (text.index_head_dim ?? 0) / 2 : 0),
  }
}

/** DeepSeek-V4: one shared key-value head of `head_dim`, a window of recent tokens and a compressed history. */
export function compressedAttention(text: TextConfig, heads: number, hiddenSize: number, layer: number): AttentionSpec {
  const dim = text.head_dim ?? 512
  const ropeDim = text.qk_rope_head_dim ?? 64
  const queryRank = text.q_lora_rank ?? hiddenSize
  const groups = text.o_groups ?? 1
  const outputRank = text.o_lora_rank ?? hiddenSize
  const ratio = text.compress_ratios?.[layer] ?? 0
  const query = hiddenSize * queryRank + queryRank + queryRank * heads * dim
  const output = ((heads * dim) / groups) * outputRank * groups + groups * outputRank * hiddenSize
  // Overlapping compression by 4 keeps two sets of keys and gates, the coarser one a single set.
  const sets = ratio === 4 ? 2 : 1
  const compressor = ratio === 0 ? 0 : 2 * hiddenSize * dim * sets + ratio * dim * sets + dim
  const indexer = ratio === 4 && text.index_head_dim != null && text.index_n_heads != null
  const indexerWeights = indexer
    ? queryRank * (text.index_n_heads ?? 0) * (text.index_head_dim ?? 0) +
      hiddenSize * (text.index_n_heads ?? 0) +
      2 * hiddenSize * (text.index_head_dim ?? 0) * 2
    : 0
  return {
    kind: 'latent',
    heads,
    queryRank,
    keyValueRank: dim - ropeDim,
    ropeDim,
    nopeDim: dim - ropeDim,
    valueDim: dim,
    ...(ratio === 4 && text.index_topk != null ? { sparseTokens: text.index_topk } : {}),
    ...(ratio === 0 && text.sliding_window ? { windowTokens: text.sliding_window } : {}),
    parameters: query + hiddenSize * dim + dim + output + heads + compressor + indexerWeights,
    cacheValuesPerToken: ratio === 0 ? dim : (dim + (indexer ? (text.index_head_dim ?? 0) / 2 : 0)) / ratio,
  }
}

/** Mamba-2 as Nemotron-H uses it (arXiv 2405.21060). */
export function mambaMixer(text: TextConfig, hiddenSize: number): AttentionSpec {
  const heads = text.mamba_num_heads ?? 0
  const inner = heads * (text.mamba_head_dim ?? 0)
  const state = text.ssm_state_size ?? 0
  const convolved = inner + 2 * (text.n_groups ?? 1) * state
  const kernel = text.conv_kernel ?? 4
  const input = hiddenSize * (inner + convolved + heads)
  return {
    kind: 'recurrent',
    heads,
    // Convolution with bias, dt bias, A and D for each head, gated norm.
    parameters: input + convolved * kernel + convolved + 3 * heads + inner + inner * hiddenSize,
    stateValues: inner * state,
    convolutionValues: convolved * (kernel - 1),
  }
}

/** The first Mamba (arXiv 2312.00752): each channel has a state, and input, output and step size are computed from the token. */
export function selectiveState(text: TextConfig, hiddenSize: number): AttentionSpec {
  const inner = typeof text.intermediate_size === 'number' ? text.intermediate_size : 2 * hiddenSize
  const state = text.state_size ?? 16
  const kernel = text.conv_kernel ?? 4
  const rank = typeof text.time_step_rank === 'number' ? text.time_step_rank : Math.ceil(hiddenSize / 16)
  const selection = inner * (rank + 2 * state) + rank * inner + inner
  return {
    kind: 'recurrent',
    heads: 1,
    // Convolution with bias, A and D for each channel.
    parameters: hiddenSize * 2 * inner + inner * kernel + inner + selection + inner * state + inner + inner * hiddenSize,
    stateValues: inner * state,
    convolutionValues: inner * (kernel - 1),
  }
}

/** Gated delta net of Qwen3-Next and Qwen3.5 (arXiv 2412.06464). */
export function deltaNet(text: TextConfig, hiddenSize: number): AttentionSpec {
  const valueHeads = text.linear_num_value_heads ?? 0
  const keyDim = (text.linear_num_key_heads ?? 0) * (text.linear_key_head_dim ?? 0)
  const valueDim = valueHeads * (text.linear_value_head_dim ?? 0)
  const convolved = 2 * keyDim + valueDim
  const kernel = text.linear_conv_kernel_dim ?? 4
  const input = hiddenSize * (convolved + valueDim + 2 * valueHeads)
  return {
    kind: 'recurrent',
    heads: valueHeads,
    parameters: input + convolved * kernel + 2 * valueHeads + (text.linear_value_head_dim ?? 0) + valueDim * hiddenSize,
    stateValues: valueHeads * (text.linear_key_head_dim ?? 0) * (text.linear_value_head_dim ?? 0),
    convolutionValues: convolved * (kernel - 1),
  }
}

/** Kimi delta attention (arXiv 2510.26692). */
export function kimiDelta(text: TextConfig, hiddenSize: number): AttentionSpec {
  const config = text.linear_attn_config
  const heads = config?.num_heads ?? 0
  const dim = config?.head_dim ?? 0
  const kernel = config?.short_conv_kernel_size ?? 4
  const width = heads * dim
  const decay = hiddenSize * dim + dim * width
  const gate = config?.use_full_rank_gate === true ? hiddenSize * width : decay
  return {
    kind: 'recurrent',
    heads,
    parameters: 4 * hiddenSize * width + 3 * width * kernel + decay + gate + hiddenSize * heads + heads + width + dim,
    stateValues: heads * dim * dim,
    convolutionValues: 3 * width * (kernel - 1),
  }
}
