/** Brings configurations of families with field names of their own (GPT-2, Falcon, BLOOM, OPT, Mamba) to the usual names. */
import type { TextConfig } from './model-config.ts'

type Rewrite = (text: TextConfig) => Partial<TextConfig>

const hiddenOf = (text: TextConfig): number | undefined => text.hidden_size ?? text.n_embd ?? text.n_embed ?? text.d_model ?? undefined
const fourTimes = (text: TextConfig): number | undefined => {
  const hidden = hiddenOf(text)
  return hidden === undefined ? undefined : 4 * hidden
}

/** Families whose feed-forward part is four times as wide unless its own field says otherwise. */
const fourWide: Rewrite = (text) => ({
  hidden_size: hiddenOf(text),
  intermediate_size: text.intermediate_size ?? text.n_inner ?? text.ffn_hidden_size ?? fourTimes(text),
})

const rewrites: Readonly<Record<string, Rewrite>> = {
  gpt2: (text) => ({ ...fourWide(text), mlp_bias: true }),
  gptj: (text) => ({ ...fourWide(text), mlp_bias: true }),
  gpt_neox: () => ({ mlp_bias: true }),
  bloom: (text) => ({ ...fourWide(text), mlp_bias: true }),
  falcon: (text) => ({
    ...fourWide(text),
    // Before the second architecture, all query heads share one key and value unless it says otherwise.
    num_key_value_heads:
      text.new_decoder_architecture === true
        ? (text.num_kv_heads ?? text.num_key_value_heads)
        : text.multi_query === false
          ? text.num_attention_heads
          : 1,
    attention_bias: text.bias === true,
    mlp_bias: text.bias === true,
  }),
  opt: (text) => ({ intermediate_size: text.ffn_dim ?? text.intermediate_size, mlp_bias: true }),
  mamba: (text) => {
    const layers = text.num_hidden_layers ?? text.n_layer ?? undefined
    const hidden = hiddenOf(text)
    return {
      hidden_size: hidden,
      num_hidden_layers: layers,
      // It has no heads: one stands for the whole width.
      num_attention_heads: 1,
      intermediate_size: text.intermediate_size ?? (hidden === undefined ? undefined : (text.expand ?? 2) * hidden),
      layers_block_type: layers === undefined ? undefined : Array.from({ length: layers }, () => 'mamba1'),
    }
  },
}

/** The same configuration under the usual names. */
export function rewriteFamily(text: TextConfig): TextConfig {
  const rewrite = Object.hasOwn(rewrites, text.model_type ?? '') ? rewrites[text.model_type ?? ''] : undefined
  if (rewrite === undefined) return text
  const given = Object.entries(rewrite(text)).filter(([, value]) => value !== undefined)
  return { ...text, ...Object.fromEntries(given) }
}
