/** Minimum hardware for a load, what breaks first as it grows, and the Pareto front. */
import { findLoadLimit, findMinimumHardware, nonDominated, optimize, simErrors } from '@bud-foundry/sim'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'

const workload = { inputTokens: 1000, outputTokens: 300, concurrency: 32 }
const base = {
  model: 'meta-llama/Llama-3.1-8B-Instruct',
  workload,
  objective: { timeToFirstTokenMs: 2000, timePerOutputTokenMs: 30 },
  engines: ['vllm'],
  precisions: ['bf16' as const],
}

describe('findMinimumHardware', () => {
  it('finds the fewest devices of each kind: one less does not carry the load', { timeout: 30_000 }, async () => {
    const heavy = { ...base, workload: { ...workload, concurrency: 400 } }
    const { enough } = await findMinimumHardware({ ...heavy, hardwareIds: ['l40s', 'h100-sxm'], devicesMax: 16 })
    expect(enough.length).toBeGreaterThan(0)
    for (const { hardwareId, devices, plan } of enough) {
      expect(devices).toBe(plan.replicas * plan.devicesPerReplica)
      expect(devices).toBeGreaterThan(1)
      const fewer = await optimize({ ...heavy, devices: [{ hardwareId, count: devices - 1 }] })
      expect(fewer.plans[0]?.predicted.meetsObjective).toBe(false)
    }
  })

  it('puts the cheapest first, and says why the others are not enough', async () => {
    const { enough, notEnough } = await findMinimumHardware({
      ...base,
      hardwareIds: ['h100-sxm', 'l40s', 't4'],
      devicesMax: 2,
      usdPerHour: { 'h100-sxm': 1, l40s: 5, t4: 0.1 },
    })
    expect(enough[0]).toMatchObject({ hardwareId: 'h100-sxm', devices: 1, plan: { cost: { usdPerHour: 1 } } })
    expect(notEnough.find(({ hardwareId }) => hardwareId === 't4')?.reason).toMatch(/T4|t4/)
  })

  it('refuses what is wrong for every kind', async () => {
    await expect(findMinimumHardware({ ...base, model: 'nobody/nothing', hardwareIds: ['t4'] })).rejects.toSatisfy(
      simErrors.MODEL_UNKNOWN.is,
    )
    await expect(findMinimumHardware({ ...base, hardwareIds: ['t5'] })).rejects.toSatisfy(simErrors.HARDWARE_UNKNOWN.is)
  })
})

describe('findLoadLimit', () => {
  const one = { ...base, devices: [{ hardwareId: 'h100-sxm', count: 1 }] }

  it('finds the load beyond which a bound of the objective is missed, and names it', async () => {
    const { holdsUpTo, breaksFirst, points, unit } = await findLoadLimit({
      ...one,
      workload: { ...workload, concurrency: 200 },
      objective: { timePerOutputTokenMs: 14 },
    })
    expect(unit).toBe('requests in flight')
    expect(breaksFirst).toMatch(/^time per output token of .* misses by/)
    expect(points.find(({ load }) => load === holdsUpTo)?.broken).toBeUndefined()
    expect(points.find(({ load }) => load === holdsUpTo + 1)?.broken).toBe(breaksFirst)
    expect(points.map(({ load }) => load)).toEqual(points.map(({ load }) => load).sort((left, right) => left - right))
  })

  it('names the queue without end when requests arrive too fast, and the batch when it is full', async () => {
    const rate = { inputTokens: 1000, outputTokens: 300, requestsPerSecond: 1 }
    const arriving = await findLoadLimit({ ...one, workload: rate, objective: { endToEndMs: 1e9 } })
    expect(arriving.unit).toBe('requests a second')
    expect(arriving.holdsUpTo).toBeGreaterThan(1)
    expect(arriving.breaksFirst).toMatch(/queue grows without end|KV cache is full|batch limit/)
    const full = await findLoadLimit({ ...one, objective: { endToEndMs: 1e9 } })
    expect(full.breaksFirst).toMatch(/^The (KV cache is full|batch limit is reached)/)
  })
})

describe('the Pareto front', () => {
  it('holds exactly what nothing else beats', () => {
    const item = fc.array(fc.integer({ min: 0, max: 4 }), { minLength: 3, maxLength: 3 })
    const beats = (left: readonly number[], right: readonly number[]) =>
      left.every((value, index) => value <= (right[index] ?? 0)) && left.some((value, index) => value < (right[index] ?? 0))
    fc.assert(
      fc.property(fc.array(item, { maxLength: 30 }), (items) => {
        const front = nonDominated(items, (goals) => goals)
        for (const goals of items) expect(front.some((one) => one.join() === goals.join() || beats(one, goals))).toBe(true)
        for (const one of front) expect(items.some((goals) => beats(goals, one))).toBe(false)
        expect(new Set(front.map(String)).size).toBe(front.length)
      }),
    )
  })

  it('comes with every answer, cheapest first, each faster or of more throughput than the one before', async () => {
    const { front, summary } = await optimize({
      ...base,
      devices: [
        { hardwareId: 'h100-sxm', count: 4, usdPerHour: 3 },
        { hardwareId: 'l40s', count: 4, usdPerHour: 1 },
      ],
    })
    expect(front.length).toBeGreaterThan(1)
    for (const [index, point] of front.slice(1).entries()) {
      const before = front[index]
      expect(point.usdPerHour).toBeGreaterThanOrEqual(before?.usdPerHour ?? Infinity)
      expect(point.endToEndMs < (before?.endToEndMs ?? 0) || point.outputTokensPerSecond > (before?.outputTokensPerSecond ?? 0)).toBe(true)
    }
    expect(summary.filter((line) => line.startsWith('Next: ')).length).toBeGreaterThan(0)
    expect(summary.some((line) => line.includes('beaten by none'))).toBe(true)
  })
})
