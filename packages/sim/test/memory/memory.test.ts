/** Memory arithmetic: published sizes, and the laws that it keeps. */
import { parseModelConfig } from '@bud-foundry/core'
import {
  bytesOf,
  cacheBytesPerToken,
  checkpointBytes,
  findEngine,
  findHardware,
  findModel,
  fitMemory,
  layerCacheBytes,
  listModels,
  resolveSettings,
  resolveSettingsFor,
  sequenceCacheBytes,
  weightBytesPerDevice,
} from '@bud-foundry/sim'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'

const bf16 = (extra: object = {}) => resolveSettings({ weights: 'bf16', ...extra })

describe('cache', () => {
  // Bytes a token in 16 bits: 2 × layers × key-value heads × head size × 2; DeepSeek-V3: 61 × 576 × 2 (arXiv 2412.19437).
  it.each([
    ['meta-llama/Llama-3.1-8B-Instruct', 131_072],
    ['meta-llama/Llama-3.1-70B-Instruct', 327_680],
    ['Qwen/Qwen3-32B', 262_144],
    ['deepseek-ai/DeepSeek-V3', 70_272],
  ])('of %s takes %i bytes a token', (id, bytes) => {
    expect(cacheBytesPerToken(findModel(id), bf16())).toBe(bytes)
  })

  it('is split by tensor parallelism until heads run out, then copied', () => {
    const model = findModel('Qwen/Qwen3-32B')
    const at = (tensor: number) => cacheBytesPerToken(model, bf16({ tensor }))
    expect([at(2), at(8), at(16)]).toEqual([131_072, 32_768, 32_768])
    const latent = findModel('deepseek-ai/DeepSeek-V3')
    expect(cacheBytesPerToken(latent, bf16({ tensor: 8 }))).toBe(cacheBytesPerToken(latent, bf16()))
  })

  it('stops growing in windowed layers', () => {
    const model = findModel('openai/gpt-oss-120b')
    const grown = sequenceCacheBytes(model, bf16(), 20_000) - sequenceCacheBytes(model, bf16(), 10_000)
    expect(grown).toBe((10_000 * cacheBytesPerToken(model, bf16())) / 2)
  })

  it('has a constant part in recurrent layers', () => {
    const model = findModel('nvidia/NVIDIA-Nemotron-3-Nano-30B-A3B-BF16')
    const none = sequenceCacheBytes(model, bf16(), 0)
    expect(none).toBeGreaterThan(1e6)
    expect(sequenceCacheBytes(model, bf16(), 1000) - none).toBe(1000 * cacheBytesPerToken(model, bf16()))
  })
})

describe('weights', () => {
  it('are two bytes for each parameter in 16 bits', () => {
    const model = findModel('meta-llama/Llama-3.1-8B-Instruct')
    expect(checkpointBytes(model)).toBe(2 * 8_030_261_248)
    expect(weightBytesPerDevice(model, bf16())).toBe(2 * 8_030_261_248)
  })

  it('of a quantized checkpoint include scales and what is left unquantized', () => {
    // gpt-oss-120b is 60.8 GiB on disk (arXiv 2508.10925, table 1).
    expect(checkpointBytes(findModel('openai/gpt-oss-120b')) / 2 ** 30).toBeCloseTo(60.8, 0)
    // DeepSeek-V3 without its prediction module: 671 GB of fp8 and some 16-bit parts.
    expect(checkpointBytes(findModel('deepseek-ai/DeepSeek-V3')) / 1e9).toBeCloseTo(673, 0)
  })

  it('never shrink below an even share when split, whatever the model', () => {
    fc.assert(
      fc.property(fc.constantFrom(...listModels()), fc.constantFrom(1, 2, 4, 8), fc.constantFrom(1, 2), (id, tensor, pipeline) => {
        const model = findModel(id)
        const whole = weightBytesPerDevice(model, bf16())
        const part = weightBytesPerDevice(model, bf16({ tensor, pipeline }))
        const ends = (model.embeddingParameters + model.headParameters) * 2
        expect(part).toBeGreaterThanOrEqual((whole - (pipeline > 1 ? ends : 0)) / (tensor * pipeline) - 1)
        expect(part).toBeLessThanOrEqual(whole + 1)
      }),
    )
  })
})

describe('pipeline stages that are not equally full', () => {
  it('hold the cache of whole layers: 6 of 36 over 7 stages', () => {
    const model = findModel('Qwen/Qwen3-8B')
    // 8 heads of 128 keys and 128 values in 16 bits: 4,096 bytes a layer.
    expect(cacheBytesPerToken(model, bf16({ pipeline: 7 }))).toBe(6 * 4096)
    expect(sequenceCacheBytes(model, bf16({ pipeline: 7 }), 100)).toBe(100 * 6 * 4096)
    const hardware = findHardware('h100-sxm')
    const fit = fitMemory({ model, hardware, settings: bf16({ pipeline: 7 }), overhead: findEngine('vllm').overhead(model, hardware) })
    expect(fit.cacheTokens).toBeLessThanOrEqual(fit.kvCacheBytes / (6 * 4096))
  })

  it('never take less than the mean, nor more than one layer of each kind beyond it', () => {
    fc.assert(
      fc.property(fc.constantFrom(...listModels()), fc.integer({ min: 1, max: 9 }), (id, pipeline) => {
        const model = findModel(id)
        const whole = cacheBytesPerToken(model, bf16())
        const layers = model.layerGroups.map((group) => layerCacheBytes({ ...group, count: 1 }, 1, 1, 'bf16'))
        const stage = cacheBytesPerToken(model, bf16({ pipeline }))
        expect(stage).toBeGreaterThanOrEqual(whole / pipeline - 1e-6)
        expect(stage).toBeLessThanOrEqual(whole / pipeline + (1 + layers.length) * Math.max(...layers))
      }),
    )
  })
})

describe('fit', () => {
  it('adds up: weights, activations, overhead and cache are what may be used', () => {
    fc.assert(
      fc.property(
        fc.constantFrom(...listModels()),
        fc.constantFrom('h100-sxm', 'h200-sxm', 'mi300x', 'l40s'),
        fc.constantFrom(1, 2, 4, 8),
        (id, device, tensor) => {
          const model = findModel(id)
          const hardware = findHardware(device)
          const fit = fitMemory({ model, hardware, settings: bf16({ tensor }), overhead: findEngine('vllm').overhead(model, hardware) })
          const sum = fit.weightsBytes + fit.activationsBytes + fit.overheadBytes + fit.kvCacheBytes
          if (fit.fits) expect(sum).toBeCloseTo(fit.usableBytes, -2)
          else expect(fit.fullSequences).toBeLessThan(1)
        },
      ),
    )
  })

  it('says no to 70B in 16 bits on one H100, and yes on two devices', () => {
    const model = findModel('meta-llama/Llama-3.1-70B-Instruct')
    const hardware = findHardware('h100-sxm')
    const fits = (tensor: number) =>
      fitMemory({ model, hardware, settings: bf16({ tensor }), overhead: findEngine('vllm').overhead(model, hardware) }).fits
    expect([fits(1), fits(2)]).toEqual([false, true])
  })

  it('takes the checkpoint for what it is where no precision is given', () => {
    const hardware = findHardware('h200-sxm')
    const fit = (id: string, settings: object) => {
      const model = findModel(id)
      return fitMemory({ model, hardware, settings: resolveSettings(settings), overhead: findEngine('vllm').overhead(model, hardware) })
    }
    const deepseek = fit('deepseek-ai/DeepSeek-V3', { tensor: 8 })
    expect(deepseek).toEqual(fit('deepseek-ai/DeepSeek-V3', { tensor: 8, weights: 'fp8' }))
    expect([deepseek.fits, fit('deepseek-ai/DeepSeek-V3', { tensor: 8, weights: 'bf16' }).fits]).toEqual([true, false])
    const model = findModel('openai/gpt-oss-120b')
    expect(weightBytesPerDevice(model, resolveSettings({ tensor: 4 })) / 1e9).toBeCloseTo(16.3, 0)
    expect(resolveSettingsFor(model, resolveSettings({ tensor: 4 })).weights).toBe('fp4')
  })

  it('knows that half a byte is half a byte', () => {
    expect([bytesOf('fp32'), bytesOf('bf16'), bytesOf('fp8'), bytesOf('int4')]).toEqual([4, 2, 1, 0.5])
  })
})

describe('encoders', () => {
  const config = (fields: object) => ({
    architectures: ['BertModel'],
    model_type: 'bert',
    vocab_size: 30_522,
    max_position_embeddings: 512,
    type_vocab_size: 2,
    torch_dtype: 'float32',
    ...fields,
  })
  // Parameters as transformers counts them for BertModel and XLMRobertaModel, pooler included.
  it.each([
    [
      'bert-base-uncased',
      config({ hidden_size: 768, num_hidden_layers: 12, num_attention_heads: 12, intermediate_size: 3072 }),
      109_482_240,
    ],
    [
      'bert-large-uncased',
      config({ hidden_size: 1024, num_hidden_layers: 24, num_attention_heads: 16, intermediate_size: 4096 }),
      335_141_888,
    ],
    [
      'BAAI/bge-m3',
      config({
        architectures: ['XLMRobertaModel'],
        model_type: 'xlm-roberta',
        vocab_size: 250_002,
        max_position_embeddings: 8194,
        type_vocab_size: 1,
        hidden_size: 1024,
        num_hidden_layers: 24,
        num_attention_heads: 16,
        intermediate_size: 4096,
      }),
      567_754_752,
    ],
  ])('%s is counted exactly, and keeps no cache', (id, given, parameters) => {
    const model = parseModelConfig(id, given)
    expect(model.parameters).toBe(parameters)
    expect(model.unmodelled).toEqual([])
    expect(cacheBytesPerToken(model, resolveSettings({}))).toBe(0)
    expect(checkpointBytes(model)).toBe(parameters * 4)
  })
})
