/** Parameter counts against published figures, and what happens to files that are no model. */
import { modelErrors, modelSpecSchema, parseModelConfig } from '@bud-foundry/core'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'

const llama3 = {
  architectures: ['LlamaForCausalLM'],
  model_type: 'llama',
  num_hidden_layers: 32,
  hidden_size: 4096,
  num_attention_heads: 32,
  num_key_value_heads: 8,
  intermediate_size: 14_336,
  vocab_size: 128_256,
  max_position_embeddings: 8192,
  tie_word_embeddings: false,
  torch_dtype: 'bfloat16',
}
const qwen3Moe = {
  architectures: ['Qwen3MoeForCausalLM'],
  model_type: 'qwen3_moe',
  num_hidden_layers: 48,
  hidden_size: 2048,
  num_attention_heads: 32,
  num_key_value_heads: 4,
  head_dim: 128,
  intermediate_size: 6144,
  moe_intermediate_size: 768,
  num_experts: 128,
  num_experts_per_tok: 8,
  decoder_sparse_step: 1,
  vocab_size: 151_936,
  max_position_embeddings: 40_960,
  tie_word_embeddings: false,
}
const deepseekV3 = {
  architectures: ['DeepseekV3ForCausalLM'],
  model_type: 'deepseek_v3',
  num_hidden_layers: 61,
  hidden_size: 7168,
  num_attention_heads: 128,
  num_key_value_heads: 128,
  q_lora_rank: 1536,
  kv_lora_rank: 512,
  qk_nope_head_dim: 128,
  qk_rope_head_dim: 64,
  v_head_dim: 128,
  intermediate_size: 18_432,
  moe_intermediate_size: 2048,
  n_routed_experts: 256,
  n_shared_experts: 1,
  num_experts_per_tok: 8,
  first_k_dense_replace: 3,
  topk_method: 'noaux_tc',
  vocab_size: 129_280,
  max_position_embeddings: 163_840,
  tie_word_embeddings: false,
  num_nextn_predict_layers: 1,
  quantization_config: { quant_method: 'fp8', weight_block_size: [128, 128] },
}
const gptOss = {
  architectures: ['GptOssForCausalLM'],
  model_type: 'gpt_oss',
  num_hidden_layers: 36,
  hidden_size: 2880,
  num_attention_heads: 64,
  num_key_value_heads: 8,
  head_dim: 64,
  intermediate_size: 2880,
  num_local_experts: 128,
  num_experts_per_tok: 4,
  sliding_window: 128,
  layer_types: Array.from({ length: 36 }, (_, index) => (index % 2 === 0 ? 'sliding_attention' : 'full_attention')),
  vocab_size: 201_088,
  max_position_embeddings: 131_072,
  tie_word_embeddings: false,
  quantization_config: { quant_method: 'mxfp4', modules_to_not_convert: ['model.layers.*.self_attn', 'lm_head'] },
}
const mixtral = {
  ...llama3,
  architectures: ['MixtralForCausalLM'],
  model_type: 'mixtral',
  vocab_size: 32_000,
  num_local_experts: 8,
  num_experts_per_tok: 2,
}
const gemma2 = {
  architectures: ['Gemma2ForCausalLM'],
  model_type: 'gemma2',
  num_hidden_layers: 42,
  hidden_size: 3584,
  num_attention_heads: 16,
  num_key_value_heads: 8,
  head_dim: 256,
  intermediate_size: 14_336,
  vocab_size: 256_000,
  sliding_window: 4096,
  max_position_embeddings: 8192,
}
const qwen2 = {
  architectures: ['Qwen2ForCausalLM'],
  model_type: 'qwen2',
  num_hidden_layers: 28,
  hidden_size: 3584,
  num_attention_heads: 28,
  num_key_value_heads: 4,
  intermediate_size: 18_944,
  vocab_size: 152_064,
  max_position_embeddings: 32_768,
  tie_word_embeddings: false,
}

const gpt2 = {
  architectures: ['GPT2LMHeadModel'],
  model_type: 'gpt2',
  n_layer: 12,
  n_embd: 768,
  n_head: 12,
  n_positions: 1024,
  vocab_size: 50_257,
}
const falcon = {
  architectures: ['FalconForCausalLM'],
  model_type: 'falcon',
  num_hidden_layers: 32,
  hidden_size: 4544,
  num_attention_heads: 71,
  multi_query: true,
  new_decoder_architecture: false,
  bias: false,
  vocab_size: 65_024,
}
const bloom = {
  architectures: ['BloomForCausalLM'],
  model_type: 'bloom',
  n_layer: 30,
  n_embed: 4096,
  num_attention_heads: 32,
  vocab_size: 250_880,
}
const opt = {
  architectures: ['OPTForCausalLM'],
  model_type: 'opt',
  num_hidden_layers: 32,
  hidden_size: 4096,
  num_attention_heads: 32,
  ffn_dim: 16_384,
  max_position_embeddings: 2048,
  vocab_size: 50_272,
}
const neox = {
  architectures: ['GPTNeoXForCausalLM'],
  model_type: 'gpt_neox',
  num_hidden_layers: 32,
  hidden_size: 4096,
  num_attention_heads: 32,
  intermediate_size: 16_384,
  vocab_size: 50_432,
  tie_word_embeddings: false,
}
const gptj = {
  architectures: ['GPTJForCausalLM'],
  model_type: 'gptj',
  n_layer: 28,
  n_embd: 4096,
  n_head: 16,
  n_inner: null,
  vocab_size: 50_400,
  tie_word_embeddings: false,
}
const mamba = {
  architectures: ['MambaForCausalLM'],
  model_type: 'mamba',
  num_hidden_layers: 64,
  hidden_size: 2560,
  intermediate_size: 5120,
  state_size: 16,
  conv_kernel: 4,
  time_step_rank: 160,
  vocab_size: 50_280,
}

const published: readonly (readonly [name: string, config: object, parameters: number, source: string])[] = [
  ['Llama-3-8B', llama3, 8_030_261_248, 'Hugging Face safetensors index of meta-llama/Meta-Llama-3-8B'],
  ['Qwen2.5-7B', qwen2, 7_615_616_512, 'Hugging Face safetensors index of Qwen/Qwen2.5-7B-Instruct'],
  ['Qwen3-30B-A3B', qwen3Moe, 30_532_122_624, 'Hugging Face safetensors index of Qwen/Qwen3-30B-A3B (30.5B in the model card)'],
  ['DeepSeek-V3', deepseekV3, 671_026_419_200, 'arXiv 2412.19437: 671B without the 14B multi-token-prediction module'],
  ['gpt-oss-120b', gptOss, 116_829_156_672, 'arXiv 2508.10925, table 1: 116.83B'],
  ['Mixtral-8x7B', mixtral, 46_702_792_704, 'Hugging Face safetensors index of mistralai/Mixtral-8x7B-v0.1'],
  ['GPT-2', gpt2, 124_439_808, 'Hugging Face safetensors index of openai-community/gpt2'],
  ['Falcon-7B', falcon, 6_921_720_704, 'Hugging Face safetensors index of tiiuae/falcon-7b'],
  ['BLOOM-7B1', bloom, 7_069_016_064, 'model card of bigscience/bloom-7b1'],
  ['OPT-6.7B', opt, 6_658_473_984, 'Hugging Face transformers, OPT-6.7B'],
  ['Pythia-6.9B', neox, 6_857_302_016, 'model card of EleutherAI/pythia-6.9b'],
  ['GPT-J-6B', gptj, 6_050_882_784, 'model card of EleutherAI/gpt-j-6b'],
  ['Mamba-2.8B', mamba, 2_768_345_600, 'Hugging Face safetensors index of state-spaces/mamba-2.8b-hf'],
  ['Gemma-2-9B', gemma2, 9_241_705_984, 'Hugging Face safetensors index of google/gemma-2-9b'],
]

describe('parseModelConfig', () => {
  it.each(published)('counts the parameters of %s exactly', (name, config, parameters) => {
    expect(parseModelConfig(name, config).parameters).toBe(parameters)
  })

  it('counts the parameters that one token uses', () => {
    expect(parseModelConfig('Qwen3-30B-A3B', qwen3Moe).activeParameters / 1e9).toBeCloseTo(3.35, 1)
    expect(parseModelConfig('DeepSeek-V3', deepseekV3).activeParameters / 1e9).toBeCloseTo(37.5, 0)
  })

  it('describes grouped, latent, windowed and routed layers', () => {
    const [dense, routed] = parseModelConfig('d', deepseekV3).layerGroups
    expect(dense).toMatchObject({ count: 3, attention: { kind: 'latent', cacheValuesPerToken: 576 }, feedForward: { kind: 'dense' } })
    expect(routed).toMatchObject({ count: 58, feedForward: { kind: 'experts', experts: 256, expertsPerToken: 8 } })
    const gpt = parseModelConfig('g', gptOss)
    expect(gpt.layerGroups.map((group) => [group.count, group.attention.kind === 'grouped' ? group.attention.windowTokens : 0])).toEqual([
      [18, 128],
      [18, undefined],
    ])
    expect(gpt.quantization).toMatchObject({ weights: 'fp4', bitsPerWeight: 4.25, scope: 'experts' })
    expect(parseModelConfig('l', llama3).layerGroups).toMatchObject([
      { count: 32, attention: { kind: 'grouped', cacheValuesPerToken: 2048 } },
    ])
  })

  it('says that an architecture is not modelled before it names fields that may not belong to it', () => {
    const error = catching(() =>
      parseModelConfig('r', { model_type: 'rwkv', hidden_size: 2048, num_hidden_layers: 24, vocab_size: 50_277 }),
    )
    expect(error).toMatchObject({ message: expect.stringMatching(/^.*\n {2}model_type: 'rwkv' is an architecture that is not modelled/) })
    const known = catching(() => parseModelConfig('l', { ...llama3, intermediate_size: undefined }))
    expect(known).toMatchObject({ message: expect.not.stringContaining('not modelled') })
  })

  it('knows how long a context is: as stated, stretched by YaRN, or without an end', () => {
    const context = (fields: object) => parseModelConfig('c', { ...llama3, ...fields }).contextLength
    const yarn = { rope_type: 'yarn', factor: 4, original_max_position_embeddings: 32_768 }
    expect(context({})).toBe(8192)
    expect(context({ max_position_embeddings: 32_768, rope_scaling: yarn })).toBe(131_072)
    expect(context({ max_position_embeddings: 131_072, rope_parameters: yarn })).toBe(131_072)
    expect(context({ max_position_embeddings: 131_072, rope_scaling: { ...yarn, rope_type: 'llama3', factor: 8 } })).toBe(131_072)
    const mamba = { model_type: 'mamba', hidden_size: 2560, num_hidden_layers: 64, vocab_size: 50_280, state_size: 16 }
    expect(parseModelConfig('m', mamba).contextLength).toBe(1_048_576)
  })

  it('takes the quantization from the file beside the configuration, where that has none', () => {
    const file = (quantization: object) => ({ producer: { name: 'modelopt' }, quantization })
    const fp8 = parseModelConfig('l', llama3, JSON.stringify(file({ quant_algo: 'FP8', kv_cache_quant_algo: 'FP8' })))
    expect(fp8.quantization).toEqual({
      ...{ method: 'FP8', weights: 'fp8', bitsPerWeight: 8, scope: 'linear', activations: 'fp8', kvCache: 'fp8' },
    })
    const own = parseModelConfig('d', deepseekV3, file({ quant_algo: 'NVFP4' }))
    expect(own.quantization?.weights).toBe('fp8')
    expect(catching(() => parseModelConfig('l', llama3, '{}'))).toMatchObject({
      message: expect.stringMatching(/hf_quant_config\.json: quantization/),
    })
  })

  it.each([
    [
      'attention, layer by layer',
      { exclude_modules: Array.from({ length: 32 }, (_, layer) => `model.layers.${String(layer)}.self_attn*`) },
      16,
    ],
    ['attention everywhere', { ignore: ['re:.*self_attn.*', 'lm_head'] }, 16],
    ['attention of every fourth layer', { ignore: [0, 4, 8, 12, 16, 20, 24, 28].map((layer) => `model.layers.${String(layer)}.*`) }, 7.375],
    ['the output projections', { ignore: ['*.self_attn.o_proj'] }, 9.1],
    ['the tower for images', { ignore: ['vision_model.model.layers.0.self_attn*', 'lm_head'] }, undefined],
    ['what lies in 8 bits', { quantized_layers: { '*.self_attn.*': { quant_algo: 'FP8' }, '*.mlp.*': { quant_algo: 'NVFP4' } } }, 8],
  ])('counts the bits of what a 4-bit checkpoint keeps: %s', (_, modules, bits) => {
    const { quantization } = parseModelConfig('l', { ...llama3, quantization_config: { quant_algo: 'NVFP4', group_size: 16, ...modules } })
    expect(quantization).toMatchObject({ weights: 'fp4', bitsPerWeight: 4.5, scope: 'linear' })
    if (bits === undefined) expect(quantization?.attentionBitsPerWeight).toBeUndefined()
    else expect(quantization?.attentionBitsPerWeight).toBeCloseTo(bits, 2)
  })

  it('yields what its schema accepts, and says what it leaves out', () => {
    const spec = parseModelConfig('d', deepseekV3)
    expect(modelSpecSchema.parse(spec)).toEqual(spec)
    expect(spec.unmodelled.join()).toContain('multi-token prediction')
    expect(parseModelConfig('x', { ...llama3, model_type: 'brand_new' }).unmodelled.join()).toContain("'brand_new' is not known")
    expect(parseModelConfig('l', llama3).unmodelled).toEqual([])
  })

  it('notices a vision tower and reads the language model beside it', () => {
    const spec = parseModelConfig('v', {
      architectures: ['SomeVLForConditionalGeneration'],
      model_type: 'qwen3_vl',
      text_config: { ...llama3, model_type: 'llama' },
      vision_config: { depth: 27, hidden_size: 1152, intermediate_size: 4304, patch_size: 16 },
    })
    expect(spec.parameters).toBe(8_030_261_248)
    expect(spec.vision).toMatchObject({ layers: 27, hiddenSize: 1152 })
    expect(spec.unmodelled.join()).toContain('vision')
  })

  it('reads the text of a file, with the infinities that Python writes', () => {
    const text = JSON.stringify({ ...llama3, note: 'an Infinity in a string' }).replace(/}$/, ',"limit":[0.0,Infinity]}')
    expect(parseModelConfig('l', text).parameters).toBe(8_030_261_248)
  })

  it('counts embeddings once when they are tied', () => {
    const untied = parseModelConfig('l', llama3)
    const tied = parseModelConfig('l', { ...llama3, tie_word_embeddings: true })
    expect(untied.parameters - tied.parameters).toBe(128_256 * 4096)
  })

  it.each([
    [{ quant_method: 'gptq', bits: 4, group_size: 128 }, 'int4', 4 + 20 / 128],
    [{ quant_method: 'gptq', bits: 3, group_size: 128 }, 'int4', 3 + 19 / 128],
    [{ quant_method: 'bitsandbytes', load_in_4bit: true }, 'int4', 4.5],
    [{ quant_method: 'bitsandbytes', load_in_4bit: true, bnb_4bit_use_double_quant: true }, 'int4', 4.126953125],
    [{ quant_method: 'bitsandbytes', load_in_8bit: true }, 'int8', 8],
  ])('counts the bits of %o with their scales', (quantization_config, weights, bits) => {
    expect(parseModelConfig('q', { ...llama3, quantization_config }).quantization).toMatchObject({ weights, bitsPerWeight: bits })
  })

  it('names every field that is missing or wrong', () => {
    const error = catching(() =>
      parseModelConfig('broken', { model_type: 'llama', hidden_size: 4097, num_attention_heads: 32, num_key_value_heads: 5 }),
    )
    expect(modelErrors.MODEL_CONFIG_INVALID.is(error)).toBe(true)
    for (const path of ['num_hidden_layers', 'vocab_size', 'hidden_size', 'num_key_value_heads', 'intermediate_size'])
      expect(String(error)).toContain(path)
  })

  it.each([
    ['no object', 42],
    ['a list', []],
    ['broken text', '{"hidden_size": '],
    ['a field of the wrong type', { ...llama3, hidden_size: 'large' }],
    ['absurd layers', { ...llama3, num_hidden_layers: 90_000_000 }],
  ])('refuses %s with a clear error', (_, config) => {
    expect(modelErrors.MODEL_CONFIG_INVALID.is(catching(() => parseModelConfig('broken', config)))).toBe(true)
  })

  it('says that encoder-decoder models are not described', () => {
    expect(modelErrors.MODEL_KIND_UNSUPPORTED.is(catching(() => parseModelConfig('t5', { ...llama3, is_encoder_decoder: true })))).toBe(
      true,
    )
  })

  it('grows with every size, and never loses a parameter between parts and total', () => {
    const sizes = fc.record({
      layers: fc.integer({ min: 1, max: 64 }),
      heads: fc.integer({ min: 1, max: 32 }),
      width: fc.integer({ min: 1, max: 64 }),
    })
    fc.assert(
      fc.property(sizes, ({ layers, heads, width }) => {
        const make = (extra: number) =>
          parseModelConfig('p', {
            ...llama3,
            num_hidden_layers: layers + extra,
            num_attention_heads: heads,
            num_key_value_heads: heads,
            hidden_size: heads * 64,
            intermediate_size: width * 128,
          })
        const spec = make(0)
        const layersSum = spec.layerGroups.reduce((sum, { count, attention, feedForward }) => {
          return sum + count * (attention.parameters + (feedForward.kind === 'experts' ? 0 : feedForward.parameters))
        }, 0)
        expect(spec.parameters).toBe(layersSum + spec.embeddingParameters + spec.headParameters + spec.finalNormParameters)
        expect(make(1).parameters).toBeGreaterThan(spec.parameters)
      }),
    )
  })
})

function catching(action: () => unknown): unknown {
  try {
    action()
  } catch (error) {
    return error
  }
  throw new Error('nothing was thrown')
}
