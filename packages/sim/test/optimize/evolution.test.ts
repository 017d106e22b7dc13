/** NSGA-II: it finds known fronts, keeps to constraints, and agrees with looking at everything. */
import { createSeededRandom } from '@bud-foundry/core'
import { evolve, nonDominated, optimize, type Fitness, type OptimizeRequest } from '@bud-foundry/sim'
import { describe, expect, it } from 'vitest'

/** Two aims that pull apart, over 32 × 32 × 8 genomes; what lies below the diagonal is forbidden. */
function fitness([x = 0, y = 0, z = 0]: readonly number[]): Fitness {
  return { violation: Math.max(0, 20 - x - y), objectives: [x + (z % 4), y + Math.floor(z / 4)] }
}

// Thousands of predictions each: quick alone, but not within five seconds beside other work on a small machine.
const timeout = 30_000

describe('evolution', { timeout }, () => {
  it('finds the front that looking at everything finds, and nothing forbidden', async () => {
    const front = await evolve({
      cardinalities: [32, 32, 8],
      evaluate: fitness,
      random: createSeededRandom(5),
      generations: 200,
      patience: 60,
    })
    const everything = Array.from({ length: 32 * 32 * 8 }, (_, number) => [
      number % 32,
      Math.floor(number / 32) % 32,
      Math.floor(number / 1024),
    ])
    const exact = nonDominated(
      everything.filter((genome) => fitness(genome).violation === 0),
      (genome) => fitness(genome).objectives,
    )
    expect(front.every((one) => one.fitness.violation === 0)).toBe(true)
    const found = new Set(front.map((one) => one.fitness.objectives.join()))
    const known = new Set(exact.map((genome) => fitness(genome).objectives.join()))
    expect([...known].filter((one) => found.has(one)).length).toBeGreaterThan(known.size * 0.9)
  })

  it('returns the least forbidden where nothing is allowed, and the same for the same seed', async () => {
    const run = () =>
      evolve({
        cardinalities: [64, 64],
        evaluate: ([x = 0, y = 0]) => ({ violation: 1 + Math.abs(x - 40) + y, objectives: [x] }),
        random: createSeededRandom(3),
      })
    const front = await run()
    expect(front[0]?.genome).toEqual([40, 0])
    expect(await run()).toEqual(front)
  })
})

const wide = {
  model: 'Qwen/Qwen3-32B',
  precisions: ['fp8'],
  devices: [{ hardwareId: 'h200-sxm', count: 16, usdPerHour: 3.5 }],
  workload: { inputTokens: 4000, outputTokens: 1000, concurrency: 128, sharedPrefixTokens: 1000 },
  objective: { timeToFirstTokenMs: 2500, timePerOutputTokenMs: 30 },
  engines: ['vllm', 'sglang'],
  speculation: [{ method: 'ngram', tokens: 2, acceptance: 0.4 }],
  space: 'wide',
  serving: 'aggregated',
} as const satisfies OptimizeRequest

describe('a wide space', { timeout }, () => {
  it.each(['cost', 'latency', 'throughput'] as const)('yields by evolution what it yields one by one, for %s', async (goal) => {
    const whole = await optimize({ ...wide, goal, search: 'exhaustive' })
    const evolved = await optimize({ ...wide, goal, search: 'evolutionary' })
    expect([whole.method, evolved.method]).toEqual(['exhaustive', 'evolutionary'])
    expect(evolved.examined).toBeLessThan(whole.examined * 0.75)
    const [best, near] = [whole.plans[0], evolved.plans[0]]
    expect(near?.predicted.meetsObjective).toBe(best?.predicted.meetsObjective)
    const value = { cost: 'usdPerHour', latency: 'endToEndMs', throughput: 'outputTokensPerSecond' }[goal]
    const read = (plan: typeof best) =>
      goal === 'cost'
        ? (plan?.cost?.usdPerHour ?? 0)
        : (goal === 'latency' ? plan?.predicted.endToEndMs : plan?.predicted.outputTokensPerSecond)?.mid
    expect((read(near) ?? 0) / (read(best) ?? 1), value).toBeCloseTo(1, 1)
  })

  it('passes on what was tuned as arguments of the engine', async () => {
    const { plans } = await optimize({ ...wide, engines: ['vllm'] })
    expect(plans[0]?.launch.args.join(' ')).toMatch(
      /--max-num-seqs \d+ --max-num-batched-tokens \d+ .*--enable-prefix-caching .*enable-chunked-prefill/,
    )
    const guessing = plans.find(({ settings }) => settings['speculative-config'] !== undefined)
    expect(guessing?.reasons.join(' ')).toMatch(/guesses 2 tokens a step and so yields 1.56; its acceptance of 0.40 is yours/)
  })
})
