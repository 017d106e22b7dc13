/** Continuous batching in virtual time. */
import { createFakeClock } from '@bud-foundry/core/testing'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { createBatchScheduler, type SchedulerOptions } from '../../src/twin/batch-scheduler.ts'
import type { StepModel } from '../../src/cost/step-cost.ts'

/** Ten milliseconds, one more for each decoding sequence, and one for each hundred prompt tokens. */
const step: StepModel = (batch) => ({
  seconds: 0.01 + 0.001 * batch.decodeSequences + 0.00001 * batch.promptTokens,
  matrixSeconds: 0,
  expertSeconds: 0,
  attentionSeconds: 0,
  communicationSeconds: 0,
  overheadSeconds: 0,
  bound: 'memory',
})

/** Runs requests that all come at once; yields when each token of each came, in milliseconds. */
async function runAll(requests: readonly { prompt: number; output: number; cached?: number }[], options: Partial<SchedulerOptions> = {}) {
  const clock = createFakeClock()
  await using scheduler = createBatchScheduler({
    step,
    clock,
    maxSequences: 8,
    maxBatchedTokens: 1000,
    cacheTokens: 100_000,
    timeScale: 1,
    ...options,
  })
  const times: number[][] = requests.map(() => [])
  const all = Promise.all(
    requests.map(
      ({ prompt, output, cached }, index) =>
        new Promise<void>((resolve) => {
          scheduler.submit({
            promptTokens: prompt,
            cachedTokens: cached ?? 0,
            outputTokens: output,
            onToken: () => times[index]?.push(clock.monotonicMs()),
            onEnd: resolve,
          })
        }),
    ),
  )
  await clock.run(all)
  return { times, state: scheduler.state() }
}

describe('the scheduler', () => {
  it('takes the prompt first, then one step a token', async () => {
    const { times } = await runAll([{ prompt: 1000, output: 4 }])
    expect(times[0]?.map(Math.round)).toEqual([20, 31, 42, 53])
  })

  it('slows requests down that share steps', async () => {
    const gap = (times: readonly number[] | undefined) => ((times?.at(-1) ?? 0) - (times?.[1] ?? 0)) / ((times?.length ?? 0) - 2)
    const alone = await runAll([{ prompt: 10, output: 20 }])
    const eight = await runAll(Array.from({ length: 8 }, () => ({ prompt: 10, output: 20 })))
    expect(gap(alone.times[0])).toBeCloseTo(11, 0)
    expect(gap(eight.times[0])).toBeCloseTo(18, 0)
  })

  it('lets the ninth of eight places wait for the first to end', async () => {
    const { times } = await runAll([
      ...Array.from({ length: 8 }, (_, index) => ({ prompt: 10, output: index === 0 ? 5 : 30 })),
      { prompt: 10, output: 2 },
    ])
    expect(times[8]?.[0] ?? 0).toBeGreaterThan(times[0]?.at(-1) ?? Number.POSITIVE_INFINITY)
    expect(times[8]?.[0] ?? 0).toBeLessThan(times[1]?.at(-1) ?? 0)
  })

  it('cuts long prompts into chunks that decoding goes on beside', async () => {
    const { times } = await runAll([
      { prompt: 10, output: 10 },
      { prompt: 4000, output: 2 },
    ])
    expect((times[0] ?? []).filter((time) => time < (times[1]?.[0] ?? 0)).length).toBeGreaterThanOrEqual(3)
  })

  it('starts sooner when the prompt is cached', async () => {
    const cold = await runAll([{ prompt: 3000, output: 1 }])
    const warm = await runAll([{ prompt: 3000, output: 1, cached: 2900 }])
    expect(warm.times[0]?.[0] ?? 0).toBeLessThan((cold.times[0]?.[0] ?? 0) / 2)
  })

  it('takes a place back when the cache is full, and still finishes everything', async () => {
    const { times, state } = await runAll(
      Array.from({ length: 3 }, () => ({ prompt: 30, output: 50 })),
      { cacheTokens: 150 },
    )
    expect(state.preemptions).toBeGreaterThan(0)
    expect(times.map((list) => list.length)).toEqual([50, 50, 50])
  })

  it('runs at the scale of time asked for', async () => {
    const { times } = await runAll([{ prompt: 1000, output: 4 }], { timeScale: 0.5 })
    expect(times[0]?.map(Math.round)).toEqual([10, 16, 21, 27])
  })

  it('gives every request exactly its tokens, in order of time, whatever the load', async () => {
    const request = fc.record({ prompt: fc.integer({ min: 1, max: 3000 }), output: fc.integer({ min: 1, max: 30 }) })
    await fc.assert(
      fc.asyncProperty(
        fc.array(request, { minLength: 1, maxLength: 12 }),
        fc.integer({ min: 1, max: 8 }),
        async (requests, maxSequences) => {
          const { times, state } = await runAll(requests, { maxSequences, cacheTokens: 4000 })
          expect(times.map((list) => list.length)).toEqual(requests.map(({ output }) => output))
          for (const list of times) expect(list).toEqual([...list].sort((left, right) => left - right))
          expect(state).toMatchObject({ running: 0, waiting: 0 })
        },
      ),
      { numRuns: 30 },
    )
  })

  it('forgets a request that is cancelled', async () => {
    const clock = createFakeClock()
    await using scheduler = createBatchScheduler({ step, clock, maxSequences: 1, maxBatchedTokens: 1000, cacheTokens: 1000, timeScale: 1 })
    let tokens = 0
    const held = scheduler.submit({
      promptTokens: 10,
      cachedTokens: 0,
      outputTokens: 100,
      onToken: () => (tokens += 1),
      onEnd: () => undefined,
    })
    await clock.advance(100)
    expect(tokens).toBeGreaterThan(3)
    held[Symbol.dispose]()
    const before = tokens
    await clock.advance(200)
    expect(tokens).toBe(before)
    expect(scheduler.state().running).toBe(0)
  })
})
