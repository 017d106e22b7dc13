/** What the engines are started with. */
import { launchSpecSchema } from '@bud-foundry/core'
import { findEngine, findHardware, findModel, listEngines, resolveSettings, resolveSettingsFor } from '@bud-foundry/sim'
import { describe, expect, it } from 'vitest'

const model = findModel('qwen3-8b')
const h100 = findHardware('h100-sxm')

const h200 = findHardware('h200-sxm')

describe('engines', () => {
  it.each(listEngines().map((engine) => [engine.id, engine] as const))('%s launches with a valid spec on a pinned image', (_, engine) => {
    const launch = engine.launch(model, resolveSettings({ maxSequences: 16 }), h100)
    expect(launchSpecSchema.parse(launch)).toEqual(launch)
    expect(launch.image).toMatch(/:.*\d/)
    expect(launch.image).not.toContain('latest')
    expect(engine.versions).toContain(engine.versionFor(h100))
    expect(launch.resources).toMatchObject({ 'nvidia.com/gpu': 1 })
  })

  it('vLLM is told what was planned', () => {
    const settings = resolveSettings({
      tensor: 2,
      maxSequences: 128,
      maxModelTokens: 4096,
      weights: 'fp8',
      kvCache: 'fp8',
      prefixCaching: false,
    })
    expect(findEngine('vllm').launch(model, settings, h100).args.join(' ')).toBe(
      'Qwen/Qwen3-8B --served-model-name Qwen/Qwen3-8B --host 0.0.0.0 --port 8000 --tensor-parallel-size 2 --max-model-len 4096 --max-num-seqs 128 --max-num-batched-tokens 8192 --gpu-memory-utilization 0.9 --kv-cache-dtype fp8 --quantization fp8 --no-enable-prefix-caching --enable-chunked-prefill',
    )
  })

  it.each([
    ['vllm', { method: 'mtp', tokens: 2 }, `--speculative-config {"method":"mtp","num_speculative_tokens":2}`],
    [
      'vllm',
      { method: 'ngram', tokens: 4 },
      `--speculative-config {"method":"ngram","num_speculative_tokens":4,"prompt_lookup_max":4,"prompt_lookup_min":2}`,
    ],
    [
      'sglang',
      { method: 'mtp', tokens: 3 },
      '--speculative-algorithm NEXTN --speculative-num-steps 3 --speculative-eagle-topk 1 --speculative-num-draft-tokens 4',
    ],
    ['tgi', { method: 'ngram', tokens: 3 }, '--speculate 3'],
  ] as const)('%s is told to guess tokens with %o', (engineId, speculative, expected) => {
    const { args } = findEngine(engineId).launch(findModel('deepseek-ai/DeepSeek-V3'), resolveSettings({ tensor: 8, speculative }), h200)
    expect(args.join(' ')).toContain(expected)
  })

  it.each(['vllm', 'sglang'] as const)('%s is told not to cut prompts, the block size and the adapters', (engineId) => {
    const settings = resolveSettings({ chunkedPrefill: false, blockTokens: 32, lora: { adapters: 4, rank: 16 } })
    const args = findEngine(engineId).launch(findModel('Qwen/Qwen3-8B'), settings, h200).args.join(' ')
    expect(args).toMatch(/--no-enable-chunked-prefill|--chunked-prefill-size -1/)
    expect(args).toMatch(/--block-size 32|--page-size 32/)
    expect(args).toMatch(/--enable-lora --max-loras(-per-batch)? 4 --max-lora-rank 16/)
  })

  it('vLLM has an image for each kind of device', () => {
    const image = (id: string) => findEngine('vllm').launch(model, resolveSettings({}), findHardware(id)).image
    expect(new Set(['h100-sxm', 'mi300x', 'gaudi-3', 'epyc-9654'].map(image)).size).toBe(4)
    expect(findEngine('vllm').launch(model, resolveSettings({}), findHardware('t4')).args).toContain('half')
  })

  it.each([
    ['tensorrt-llm', 'mi300x', {}, /NVIDIA/],
    ['tensorrt-llm', 'h100-sxm', { weights: 'fp8' }, /own precision/],
    ['sglang', 'epyc-9654', {}, /not offered/],
    ['vllm', 'a100-sxm-80gb', { weights: 'fp8' }, /8-bit floating-point/],
    ['vllm', 'h100-sxm', { tensor: 3 }, /cannot be split/],
    ['vllm', 'h100-sxm', { kvCache: 'int4' }, /not in int4/],
    ['llama-cpp', 'h100-sxm', { tensor: 2 }, /one device/],
  ])('%s on %s refuses %o', (id, device, settings, reason) => {
    expect(findEngine(id).refuse(model, resolveSettingsFor(model, settings), findHardware(device))).toMatch(reason)
  })
})
