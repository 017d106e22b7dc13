/** Laws of serving features: speculation, pipeline bubbles, uneven experts, whole prompts, shared prefixes, adapters. */
import {
  acceptedTokens,
  estimateReplica,
  expertImbalance,
  findEngine,
  findHardware,
  findModel,
  fitMemory,
  noCorrections,
  predictReplica,
  prepareReplica,
  resolveSettings,
  resolveSettingsFor,
  weightBytesPerDevice,
  type ServingSettingsInput,
} from '@bud-foundry/sim'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'

const hardware = findHardware('h200-sxm')
const load = { inputTokens: 2000, outputTokens: 200, concurrency: 16 }

function estimate(modelId: string, settings: ServingSettingsInput, workload: object = load) {
  const replica = prepareReplica({
    model: findModel(modelId),
    hardware,
    engineId: 'sglang',
    settings: { maxModelTokens: 8192, ...settings },
  })
  const found = estimateReplica(replica, { ...load, ...workload })
  if (found === undefined) throw new Error('the replica keeps up')
  return found
}

describe('speculative decoding', () => {
  it('yields one token without acceptance and all with certainty', () => {
    expect(acceptedTokens({ method: 'ngram', tokens: 3, acceptance: 0 })).toBe(1)
    expect(acceptedTokens({ method: 'ngram', tokens: 3, acceptance: 0.999 })).toBeCloseTo(4, 1)
    // 1 + 0.8 + 0.64 + 0.512 (arXiv 2211.17192, equation 1).
    expect(acceptedTokens({ method: 'ngram', tokens: 3, acceptance: 0.8 })).toBeCloseTo(2.952, 10)
  })

  it('yields more tokens the more guesses hold and the more are made', () => {
    fc.assert(
      fc.property(fc.double({ min: 0, max: 0.9, noNaN: true }), fc.integer({ min: 1, max: 15 }), (acceptance, tokens) => {
        const at = (chance: number, guesses: number) => acceptedTokens({ method: 'eagle', tokens: guesses, acceptance: chance })
        expect(at(acceptance + 0.05, tokens)).toBeGreaterThanOrEqual(at(acceptance, tokens))
        expect(at(acceptance, tokens + 1)).toBeGreaterThanOrEqual(at(acceptance, tokens))
        expect(at(acceptance, tokens)).toBeLessThanOrEqual(tokens + 1)
      }),
    )
  })

  it('takes less time for each token the more guesses hold', () => {
    fc.assert(
      fc.property(fc.double({ min: 0.05, max: 0.9, noNaN: true }), fc.integer({ min: 1, max: 6 }), (acceptance, tokens) => {
        const at = (chance: number) =>
          estimate('deepseek-ai/DeepSeek-V3', { tensor: 8, speculative: { method: 'mtp', tokens, acceptance: chance } })
        expect(at(acceptance + 0.05).timePerOutputTokenSeconds).toBeLessThan(at(acceptance).timePerOutputTokenSeconds)
      }),
      { numRuns: 20 },
    )
  })

  it('pays at few requests at once, and costs when no guess holds', () => {
    const plain = estimate('Qwen/Qwen3-32B', { tensor: 2 }, { concurrency: 1 }).timePerOutputTokenSeconds
    const guessing = (acceptance: number) =>
      estimate(
        'Qwen/Qwen3-32B',
        { tensor: 2, speculative: { method: 'eagle', tokens: 3, acceptance, draftModel: 'x/y' } },
        { concurrency: 1 },
      ).timePerOutputTokenSeconds
    expect(guessing(0.75)).toBeLessThan(plain * 0.65)
    expect(guessing(0)).toBeGreaterThan(plain)
  })

  it('counts the weights of what guesses', () => {
    const model = findModel('deepseek-ai/DeepSeek-V3')
    const bytes = (speculative?: ServingSettingsInput['speculative']) =>
      weightBytesPerDevice(model, resolveSettings({ tensor: 8, weights: 'fp8', speculative }))
    // The 14 B parameters that DeepSeek-V3's model card gives for its MTP module hold 2.6 B of embedding and head that are shared.
    expect(((bytes({ method: 'mtp', tokens: 1 }) - bytes()) * 8) / 1e9).toBeCloseTo(11.6, 0)
    expect(bytes({ method: 'ngram', tokens: 3 })).toBe(bytes())
  })

  it('is refused where the model has no layers for it', () => {
    const dense = findModel('Qwen/Qwen3-32B')
    const settings = resolveSettingsFor(dense, { speculative: { method: 'mtp', tokens: 1 } })
    const refused = findEngine('sglang').refuse(dense, settings, hardware)
    expect(refused).toContain('no layers for multi-token prediction')
  })
})

describe('a pipeline', () => {
  it('makes one prompt wait until it is full, as long as GPipe says', () => {
    for (const stages of [2, 4]) {
      const one = estimate('Qwen/Qwen3-32B', { maxBatchedTokens: 65_536, maxModelTokens: 40_960 }, { inputTokens: 32_768, concurrency: 1 })
      const split = estimate(
        'Qwen/Qwen3-32B',
        { pipeline: stages, maxBatchedTokens: 65_536, maxModelTokens: 40_960 },
        { inputTokens: 32_768, concurrency: 1 },
      )
      // One chunk passes all stages: nothing is won, and communication is added.
      expect(split.parts.promptSeconds).toBeGreaterThan(one.parts.promptSeconds * 0.85)
      const many = estimate(
        'Qwen/Qwen3-32B',
        { pipeline: stages, maxBatchedTokens: 2048, maxModelTokens: 40_960 },
        { inputTokens: 32_768, concurrency: 1 },
      )
      expect(many.parts.promptSeconds).toBeLessThan(split.parts.promptSeconds)
    }
  })
})

describe('experts on several devices', () => {
  it('are as uneven as the popularity of experts, and never more than all on one', () => {
    fc.assert(
      fc.property(
        fc.constantFrom(2, 8, 64),
        fc.double({ min: 0, max: 3, noNaN: true }),
        fc.integer({ min: 1, max: 1e6 }),
        (ranks, variation, assigned) => {
          const at = (more: number) => expertImbalance({ ranks, experts: 256, assigned, variation: variation + more })
          expect(at(0)).toBeGreaterThanOrEqual(1)
          expect(at(0)).toBeLessThanOrEqual(ranks)
          expect(at(0.5)).toBeGreaterThanOrEqual(at(0))
          expect(expertImbalance({ ranks, experts: 256, assigned: assigned * 4, variation })).toBeLessThanOrEqual(at(0))
        },
      ),
    )
  })

  it('slow a step down when they are chosen unevenly', () => {
    const at = (expertVariation: number) =>
      estimate('deepseek-ai/DeepSeek-V3', { data: 8, expert: 8, expertVariation }, { concurrency: 256 }).timePerOutputTokenSeconds
    expect(at(1)).toBeGreaterThan(at(0))
    expect(at(2)).toBeGreaterThan(at(1))
  })
})

describe('attention with data parallelism', () => {
  it('holds more latent caches than the same devices by tensor parallelism', () => {
    const cacheTokens = (settings: ServingSettingsInput) => {
      const { fit, settings: resolved } = prepareReplica({
        model: findModel('deepseek-ai/DeepSeek-V3'),
        hardware,
        engineId: 'sglang',
        settings: { maxModelTokens: 8192, ...settings },
      })
      return fit.cacheTokens * resolved.data
    }
    expect(cacheTokens({ data: 8, expert: 8 })).toBeGreaterThan(3 * cacheTokens({ tensor: 8, expert: 8 }))
  })
})

describe('prompts', () => {
  it('that are not cut hold up what decodes, and need more memory for their step', () => {
    const at = (chunkedPrefill: boolean) => estimate('Qwen/Qwen3-32B', { tensor: 2, chunkedPrefill }, { concurrency: 32 })
    expect(at(false).timePerOutputTokenSeconds).toBeGreaterThan(at(true).timePerOutputTokenSeconds)
    const bytes = (chunkedPrefill: boolean) =>
      fitMemory({
        model: findModel('Qwen/Qwen3-32B'),
        hardware,
        settings: resolveSettings({ tensor: 2, maxBatchedTokens: 2048, maxModelTokens: 32_768, chunkedPrefill }),
        overhead: findEngine('vllm').overhead(findModel('Qwen/Qwen3-32B'), hardware),
      }).activationsBytes
    expect(bytes(false)).toBeGreaterThan(4 * bytes(true))
  })

  it('that share a prefix start sooner, and leave room for more sequences', () => {
    const at = (sharedPrefixTokens: number, prefixCaching = true) =>
      estimate('Qwen/Qwen3-32B', { tensor: 1, prefixCaching, maxSequences: 1024 }, { sharedPrefixTokens, concurrency: 1000 })
    expect(at(1500).timeToFirstTokenSeconds).toBeLessThan(at(0).timeToFirstTokenSeconds)
    expect(at(1500).running).toBeGreaterThan(1.5 * at(0).running)
    expect(at(1500, false)).toEqual(at(0, false))
  })
})

describe('memory', () => {
  it('grows with adapters and their rank alike', () => {
    const model = findModel('meta-llama/Llama-3.1-8B-Instruct')
    const extra = (adapters: number, rank: number) =>
      weightBytesPerDevice(model, resolveSettings({ lora: { adapters, rank } })) - weightBytesPerDevice(model, resolveSettings({}))
    expect(extra(4, 16)).toBe(4 * extra(1, 16))
    expect(extra(1, 64)).toBe(4 * extra(1, 16))
    // 41,943,040 trainable parameters at rank 16 on all linear layers, as PEFT prints them for Llama-3-8B.
    expect(extra(1, 16)).toBe(41_943_040 * 2)
  })

  it('loses half a block of cache for each sequence', () => {
    const running = (blockTokens: 16 | 128) =>
      estimate(
        'Qwen/Qwen3-32B',
        { blockTokens, maxSequences: 4096, maxBatchedTokens: 4096 },
        { inputTokens: 100, outputTokens: 100, concurrency: 4000 },
      ).running
    expect(running(128)).toBeLessThan(running(16))
  })
})

describe('room in the cache', () => {
  it('is kept for whole answers by engines that never put a request back', () => {
    const wide = { inputTokens: 1000, outputTokens: 7000, concurrency: 256 }
    const running = (engineId: string) => {
      const settings = { maxModelTokens: 8192, weights: 'bf16', maxSequences: 512 } as const
      const replica = prepareReplica({ model: findModel('Qwen/Qwen3-32B'), hardware, engineId, settings })
      return { found: estimateReplica(replica, wide), cache: replica.fit.kvCacheBytes }
    }
    const [whole, half] = [running('tensorrt-llm'), running('vllm')]
    expect(whole.found?.batchLimit).toBe('kv-cache')
    const perByte = ({ found, cache }: typeof whole) => (found?.running ?? 0) / cache
    // 1000 + 7000 tokens against 1000 + 3500.
    expect(perByte(whole) / perByte(half)).toBeCloseTo(4507.5 / 8007.5, 2)
  })
})

describe('intervals', () => {
  it('are wider where neither the kernels of the device nor the engine were measured', () => {
    const widthOf = (hardwareId: string, engineId: string) => {
      const settings = { maxModelTokens: 8192, weights: 'bf16', maxSequences: 32 } as const
      const replica = prepareReplica({ model: findModel('Qwen/Qwen3-8B'), hardware: findHardware(hardwareId), engineId, settings })
      const interval = predictReplica(replica, load, noCorrections)?.prediction.timePerOutputTokenMs
      return (interval?.high ?? 0) / (interval?.low ?? 1)
    }
    expect(widthOf('h200-sxm', 'vllm')).toBeLessThan(2)
    expect(widthOf('l40s', 'vllm')).toBeCloseTo(widthOf('h200-sxm', 'vllm'), 9)
    expect(widthOf('mi300x', 'vllm')).toBeGreaterThan(5)
    expect(widthOf('h200-sxm', 'llama-cpp')).toBeGreaterThan(5)
  })
})
