/** Plans of two kinds of replicas: prefill and decode apart, and one load on two kinds of hardware. */
import { deploymentPlanSchema } from '@bud-foundry/core'
import { optimize, type CombinedPlan, type OptimizeRequest } from '@bud-foundry/sim'
import { describe, expect, it } from 'vitest'

const apart = {
  model: 'Qwen/Qwen3-32B',
  precisions: ['fp8'],
  devices: [{ hardwareId: 'h200-sxm', count: 16, usdPerHour: 3.5 }],
  workload: { inputTokens: 4000, outputTokens: 500, concurrency: 64 },
  objective: { timeToFirstTokenMs: 2000, timePerOutputTokenMs: 25 },
  engines: ['vllm', 'sglang'],
} as const satisfies OptimizeRequest

const first = (plans: readonly CombinedPlan[]): CombinedPlan => {
  const [plan] = plans
  if (plan === undefined) throw new Error('there is a combined plan')
  return plan
}

describe('prefill and decode apart', () => {
  it('is offered beside plans that do both, as two plans that cluster can carry out', async () => {
    const { combined, plans, summary } = await optimize(apart)
    const best = first(combined)
    expect(best.kind).toBe('disaggregated')
    expect(best.parts.map(({ role }) => role)).toEqual(['prefill', 'decode'])
    for (const { plan, role } of best.parts) {
      expect(deploymentPlanSchema.parse(plan)).toEqual(plan)
      expect(plan.launch.args.join(' ')).toMatch(
        role === 'prefill' ? /NixlConnector|disaggregation-mode prefill/ : /NixlConnector|disaggregation-mode decode/,
      )
      expect(plan.predicted).toEqual(best.predicted)
    }
    expect(new Set([...plans, ...best.parts.map(({ plan }) => plan)].map(({ name }) => name)).size).toBe(plans.length + 2)
    expect(best.devices).toBeLessThanOrEqual(16)
    expect(best.transfer?.milliseconds).toBeGreaterThan(1)
    expect(summary.some((line) => line.startsWith('Prefill and decode apart: '))).toBe(true)
  })

  it('costs the first token more over a slow link, and is left out where it is not wanted', async () => {
    const slow = first((await optimize({ ...apart, serving: 'disaggregated', linkBytesPerSecond: 1e9 })).combined)
    const fast = first((await optimize({ ...apart, serving: 'disaggregated', linkBytesPerSecond: 1e12 })).combined)
    expect(slow.transfer?.milliseconds).toBeGreaterThan(100 * (fast.transfer?.milliseconds ?? 0))
    expect((await optimize({ ...apart, serving: 'aggregated' })).combined).toEqual([])
  })

  it('never uses a device twice', async () => {
    for (const count of [2, 3, 5, 9]) {
      const { combined } = await optimize({
        ...apart,
        objective: undefined,
        goal: 'throughput',
        devices: [{ hardwareId: 'h200-sxm', count }],
      })
      for (const plan of combined) expect(plan.devices).toBeLessThanOrEqual(count)
      expect(combined.length).toBeGreaterThan(0)
    }
  })
})

describe('two kinds of hardware', () => {
  it('share a load that neither carries alone', async () => {
    const { combined, plans, summary } = await optimize({
      model: 'meta-llama/Llama-3.1-8B-Instruct',
      devices: [
        { hardwareId: 'l40s', count: 2, usdPerHour: 1 },
        { hardwareId: 'a100-sxm-80gb', count: 1, usdPerHour: 1.5 },
      ],
      workload: { inputTokens: 1000, outputTokens: 200, concurrency: 110 },
      objective: { timePerOutputTokenMs: 33, timeToFirstTokenMs: 4000 },
      precisions: ['bf16'],
      serving: 'both',
    })
    expect(plans[0]?.predicted.meetsObjective).toBe(false)
    const best = first(combined.filter(({ kind }) => kind === 'mixed'))
    expect(best.predicted.meetsObjective).toBe(true)
    expect(best.parts.reduce((sum, { share }) => sum + share, 0)).toBeCloseTo(1)
    expect(best.parts.map(({ plan }) => plan.hardwareId).sort()).toEqual(['a100-sxm-80gb', 'l40s'])
    expect(best.cost?.usdPerHour).toBeGreaterThan(2)
    expect(summary.some((line) => line.startsWith('Two kinds of hardware together: '))).toBe(true)
  })
})

describe('an objective for each user', () => {
  it('is a bound on the time per token', async () => {
    const { plans } = await optimize({ ...apart, serving: 'aggregated', objective: { outputTokensPerSecondPerUser: 50 } })
    expect(plans[0]?.predicted.timePerOutputTokenMs.mid).toBeLessThanOrEqual(20)
    expect(plans[0]?.objective).toEqual({ timePerOutputTokenMs: 20 })
  })
})

describe('layers for multi-token prediction', () => {
  const deepseek = {
    model: 'deepseek-ai/DeepSeek-V3',
    devices: [{ hardwareId: 'h200-sxm', count: 8 }],
    workload: { inputTokens: 2000, outputTokens: 500, concurrency: 8 },
    engines: ['sglang'],
    serving: 'aggregated',
  } as const satisfies OptimizeRequest

  it('are spoken of where they are not used, and used where that is allowed and pays', async () => {
    const without = await optimize(deepseek)
    expect(without.summary.some((line) => /multi-token prediction, which are not used: where 85 % .* \d+ % less time/.test(line))).toBe(
      true,
    )
    const { plans, summary } = await optimize({ ...deepseek, goal: 'latency', speculation: [{ method: 'mtp', tokens: 1 }] })
    expect(plans[0]?.launch.args.join(' ')).toContain('--speculative-algorithm NEXTN')
    expect(plans[0]?.predicted.basis).toBe('analytical')
    expect(summary.some((line) => line.includes('which are not used'))).toBe(false)
  })
})

describe('settings that are not searched', () => {
  it('hold for every configuration', async () => {
    const { plans, combined } = await optimize({ ...apart, settings: { lora: { adapters: 4, rank: 32 }, memoryUtilization: 0.8 } })
    const all = [...plans, ...combined.flatMap(({ parts }) => parts.map(({ plan }) => plan))]
    for (const { launch } of all)
      expect(launch.args.join(' ')).toMatch(
        /(gpu-memory-utilization|mem-fraction-static) 0\.8 .*--enable-lora --max-loras(-per-batch)? 4 --max-lora-rank 32/,
      )
  })

  it('slow experts down that are chosen unevenly', async () => {
    const ask = async (expertVariation: number) => {
      const { plans } = await optimize({
        model: 'deepseek-ai/DeepSeek-V3',
        devices: [{ hardwareId: 'h200-sxm', count: 8 }],
        workload: { inputTokens: 1000, outputTokens: 500, concurrency: 256 },
        engines: ['sglang'],
        serving: 'aggregated',
        plans: 100,
        settings: { expertVariation },
      })
      return plans.find(({ parallelism }) => parallelism.data === 8)?.predicted.timePerOutputTokenMs.mid ?? 0
    }
    expect(await ask(2)).toBeGreaterThan((await ask(0)) * 1.1)
  })
})
