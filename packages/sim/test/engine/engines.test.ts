/** What the engines are started with. */
import { launchSpecSchema } from '@bud-foundry/core'
import { findEngine, findHardware, findModel, listEngines, resolveSettings } from '@bud-foundry/sim'
import { describe, expect, it } from 'vitest'

const model = findModel('qwen3-8b')
const h100 = findHardware('h100-sxm')

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
      'Qwen/Qwen3-8B --served-model-name Qwen/Qwen3-8B --host 0.0.0.0 --port 8000 --tensor-parallel-size 2 --max-model-len 4096 --max-num-seqs 128 --max-num-batched-tokens 8192 --gpu-memory-utilization 0.9 --kv-cache-dtype fp8 --quantization fp8 --no-enable-prefix-caching',
    )
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
    ['llama-cpp', 'h100-sxm', { tensor: 2 }, /one device/],
  ])('%s on %s refuses %o', (id, device, settings, reason) => {
    expect(findEngine(id).refuse(model, resolveSettings(settings), findHardware(device))).toMatch(reason)
  })
})
