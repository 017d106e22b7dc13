/** Bits of number formats, and which matrix unit a format runs on. */
import type { HardwareProfile, ModelSpec, Precision } from '@bud-foundry/core'

const bits: Readonly<Record<Precision, number>> = { fp32: 32, tf32: 32, bf16: 16, fp16: 16, fp8: 8, int8: 8, fp4: 4, int4: 4 }

/** Bytes of one value, without scales. */
export const bytesOf = (precision: Precision): number => bits[precision] / 8

// One 16-bit scale and a zero point for 128 weights (GPTQ, AWQ); an 8-bit scale for 16 (NVFP4); none worth counting for 8 bits.
const quantizedBits: Readonly<Partial<Record<Precision, number>>> = { fp8: 8, int8: 8, int4: 4 + 20 / 128, fp4: 4.5 }

export interface WeightFormat {
  readonly attentionBytes: number
  /** Dense feed-forward parts and shared experts. */
  readonly linearBytes: number
  readonly expertBytes: number
  /** Embeddings, head, norms and router. */
  readonly otherBytes: number
  readonly linearPrecision: Precision
  readonly expertPrecision: Precision
}

/** The precision in which the checkpoint itself is stored. */
export const nativeWeights = (model: ModelSpec): Precision => model.quantization?.weights ?? model.precision

/** How each kind of weight is stored when the model is served with `weights`; undefined for the checkpoint's own precision. */
export function resolveWeightFormat(model: ModelSpec, given: Precision | undefined): WeightFormat {
  const weights = given ?? nativeWeights(model)
  const base = model.precision === 'fp8' ? 'bf16' : model.precision
  const otherBytes = bytesOf(base)
  const own = model.quantization
  if (own?.weights === weights) {
    const usual = own.scope === 'experts' ? otherBytes * 8 : own.bitsPerWeight
    return {
      attentionBytes: (own.attentionBitsPerWeight ?? usual) / 8,
      linearBytes: (own.denseBitsPerWeight ?? usual) / 8,
      expertBytes: own.bitsPerWeight / 8,
      otherBytes,
      linearPrecision: own.scope === 'experts' ? base : weights,
      expertPrecision: weights,
    }
  }
  const bytes = (quantizedBits[weights] ?? bits[weights]) / 8
  const unquantized = quantizedBits[weights] === undefined
  return {
    attentionBytes: bytes,
    linearBytes: bytes,
    expertBytes: bytes,
    otherBytes: unquantized ? bytes : otherBytes,
    linearPrecision: weights,
    expertPrecision: weights,
  }
}

/** The precision in which matrices are multiplied: weight-only formats are widened first, and old chips lack some units. */
export function resolveComputePrecision(weights: Precision, hardware: HardwareProfile): Precision {
  const flops = hardware.flopsPerSecond
  if ((weights === 'fp8' || weights === 'int8' || weights === 'fp4') && flops[weights] !== undefined) return weights
  if (weights === 'fp32') return flops.tf32 === undefined ? 'fp32' : 'tf32'
  if (flops.bf16 !== undefined && weights !== 'fp16') return 'bf16'
  if (flops.fp16 !== undefined) return 'fp16'
  return flops.bf16 === undefined ? 'fp32' : 'bf16'
}
