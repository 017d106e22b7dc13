/** Reads how a checkpoint's weights are quantized. */
import type { z } from 'zod'
import type { QuantizationConfig } from './model-config.ts'
import type { Layer } from './model-layer.ts'
import type { precisionSchema, WeightQuantization } from './model-spec.ts'
import { readPartBits, type PartBits } from './quantized-modules.ts'

type StoredPrecision = z.infer<typeof precisionSchema>
type Format = Pick<WeightQuantization, 'weights' | 'bitsPerWeight' | 'activations'>

/** Bits of the scale that one block of weights shares, spread over the block. */
const withScale = (bits: number, scaleBits: number, block: number) => bits + scaleBits / block

// Block sizes: NVFP4 16 weights to an fp8 scale (NVIDIA), MXFP4 32 to an 8-bit exponent (OCP MX v1.0), fp8 as in DeepSeek-V3 128 × 128 to an fp32 scale.
function namedFormat(name: string, config: QuantizationConfig): Format | undefined {
  const upper = name.toUpperCase()
  const group = config.group_size != null && config.group_size > 0 ? config.group_size : 128
  if (upper.includes('MXFP8')) return { weights: 'fp8', bitsPerWeight: withScale(8, 8, 32), activations: 'fp8' }
  if (upper.includes('NVFP4')) return { weights: 'fp4', bitsPerWeight: withScale(4, 8, 16), activations: 'fp4' }
  if (upper.includes('MXFP4')) return { weights: 'fp4', bitsPerWeight: withScale(4, 8, 32), activations: 'bf16' }
  if (upper.includes('FP8')) {
    const block = (config.weight_block_size ?? []).reduce((product, side) => product * side, 1)
    return { weights: 'fp8', bitsPerWeight: block > 1 ? withScale(8, 32, block) : 8, activations: 'fp8' }
  }
  // GPTQ and AWQ keep an fp16 scale and a 4-bit zero point for each group.
  if (upper.includes('GPTQ') || upper.includes('AWQ'))
    return config.bits === 8
      ? { weights: 'int8', bitsPerWeight: withScale(8, 24, group), activations: 'bf16' }
      : { weights: 'int4', bitsPerWeight: withScale(config.bits ?? 4, 16 + (config.bits ?? 4), group), activations: 'bf16' }
  // bitsandbytes: one 32-bit scale for 64 weights of NF4, itself in 8 bits where it is quantized again (arXiv 2305.14314); rows of 8 bits.
  if (upper.includes('BITSANDBYTES'))
    return config.load_in_8bit === true
      ? { weights: 'int8', bitsPerWeight: 8, activations: 'bf16' }
      : {
          weights: 'int4',
          bitsPerWeight: config.bnb_4bit_use_double_quant === true ? 4 + 8 / 64 + 32 / (64 * 256) : withScale(4, 32, 64),
          activations: 'bf16',
        }
  return undefined
}

function groupFormat(config: QuantizationConfig): Format | undefined {
  const groups = Object.values(config.config_groups ?? {}).filter((candidate) => candidate.weights?.num_bits != null)
  const group = groups.sort((left, right) => (left.weights?.num_bits ?? 0) - (right.weights?.num_bits ?? 0))[0]
  const bits = group?.weights?.num_bits
  if (bits == null || (bits !== 4 && bits !== 8)) return undefined
  const float = group?.weights?.type === 'float'
  const size = group?.weights?.group_size
  const scaled = size != null && size > 0 ? withScale(bits, float ? 8 : 16, size) : bits
  const weights: StoredPrecision = bits === 8 ? (float ? 'fp8' : 'int8') : float ? 'fp4' : 'int4'
  return { weights, bitsPerWeight: scaled, activations: group?.input_activations == null ? 'bf16' : weights }
}

function kvCacheOf(config: QuantizationConfig): StoredPrecision | undefined {
  const scheme = config.kv_cache_quant_algo ?? config.kv_cache_scheme
  if (scheme == null) return undefined
  if (typeof scheme !== 'string') return scheme.num_bits === 8 ? 'fp8' : undefined
  return scheme.toUpperCase().includes('FP8') ? 'fp8' : undefined
}

/** The quantization, or a sentence that says why it is not understood. */
export function readQuantization(
  config: QuantizationConfig,
  model: { readonly layers: readonly Layer[]; readonly hiddenSize: number; readonly precision: StoredPrecision },
): WeightQuantization | { readonly unmodelled: string } {
  const mixed = Object.values(config.quantized_layers ?? {})
    .map((layer) => layer.quant_algo)
    .find((name) => name != null && /fp4/i.test(name))
  const names = [config.moe_quant_algo, mixed, config.quant_algo, config.quant_method].filter((name) => name != null)
  const format = groupFormat(config) ?? names.map((name) => namedFormat(name, config)).find((found) => found !== undefined)
  const method = names[0] ?? 'unnamed'
  if (format === undefined) return { unmodelled: `quantization '${method}' is not known: the weights are counted unquantized` }
  const kvCache = kvCacheOf(config)
  const kept = model.precision === 'fp32' ? 32 : 16
  const quantized = format.bitsPerWeight
  const parts = readPartBits({
    ...{ config, layers: model.layers, hiddenSize: model.hiddenSize, bits: { quantized, kept } },
    bitsOf: (name) => namedFormat(name, config)?.bitsPerWeight,
  })
  const scope = config.moe_quant_algo != null || onlyExperts(model.layers, parts, (quantized + kept) / 2) ? 'experts' : 'linear'
  const usual = scope === 'experts' ? kept : quantized
  return {
    method,
    ...format,
    scope,
    ...(parts.attention === undefined || parts.attention === usual ? {} : { attentionBitsPerWeight: parts.attention }),
    ...(parts.dense === undefined || parts.dense === usual ? {} : { denseBitsPerWeight: parts.dense }),
    ...(kvCache === undefined ? {} : { kvCache }),
  }
}

/** True when routed experts are quantized and what every token passes mostly is not, as in the checkpoints of gpt-oss and Kimi-K2.5. */
const onlyExperts = (layers: readonly Layer[], { attention }: PartBits, bitsBetween: number): boolean =>
  attention !== undefined && attention > bitsBetween && layers.some(({ feedForward }) => feedForward.kind === 'experts')
