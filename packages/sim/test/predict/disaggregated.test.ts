/** Laws of prefill and decode replicas that work apart. */
import {
  estimateDisaggregated,
  findHardware,
  findModel,
  prepareDisaggregated,
  prepareReplica,
  resolveSettingsFor,
  type DisaggregatedEstimate,
} from '@bud-foundry/sim'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'

const model = findModel('Qwen/Qwen3-32B')
const hardware = findHardware('h200-sxm')

const prepare = (tensor: number, maxSequences = 256) =>
  prepareReplica({
    model,
    hardware,
    engineId: 'vllm',
    settings: resolveSettingsFor(model, { tensor, maxSequences, weights: 'fp8', maxModelTokens: 8192 }),
  })

const prefill = prepare(2)
const decode = prepare(4)

function estimate(
  load: { concurrency?: number; requestsPerSecond?: number; inputTokens?: number; outputTokens?: number },
  counts = { prefill: 2, decode: 2 },
  linkBytesPerSecond?: number,
): DisaggregatedEstimate | undefined {
  const workload = { inputTokens: 4000, outputTokens: 500, ...load }
  return estimateDisaggregated(
    prepareDisaggregated({ prefill, decode, workload, hardware: { prefill: hardware, decode: hardware }, linkBytesPerSecond }),
    counts,
  )
}

const surely = (found: DisaggregatedEstimate | undefined): DisaggregatedEstimate => {
  if (found === undefined) throw new Error('it keeps up')
  return found
}

describe('disaggregated serving', () => {
  it("keeps Little's law between the load, the rate and the time of a request", () => {
    fc.assert(
      fc.property(fc.integer({ min: 2, max: 400 }), fc.integer({ min: 1, max: 8 }), fc.integer({ min: 1, max: 8 }), (concurrency, x, y) => {
        const found = surely(estimate({ concurrency }, { prefill: x, decode: y }))
        expect((found.outputTokensPerSecond / 500) * found.endToEndSeconds).toBeGreaterThan(concurrency * 0.9)
        expect((found.outputTokensPerSecond / 500) * found.endToEndSeconds).toBeLessThan(concurrency * 1.02)
      }),
      { numRuns: 40 },
    )
  })

  it('never answers later with more replicas of either kind', () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 200 }), fc.integer({ min: 1, max: 6 }), fc.integer({ min: 1, max: 6 }), (concurrency, x, y) => {
        const at = (prefills: number, decodes: number) => surely(estimate({ concurrency }, { prefill: prefills, decode: decodes }))
        expect(at(x + 1, y).outputTokensPerSecond).toBeGreaterThan(at(x, y).outputTokensPerSecond * 0.98)
        expect(at(x, y + 1).timePerOutputTokenSeconds).toBeLessThan(at(x, y).timePerOutputTokenSeconds * 1.05)
      }),
      { numRuns: 30 },
    )
  })

  it('takes as long for the first token as the cache takes over the link', () => {
    const bytes = 4000 * 64 * (8 / 4) * 256 * 2
    const slow = surely(estimate({ concurrency: 1 }, undefined, 1e9))
    const fast = surely(estimate({ concurrency: 1 }, undefined, 1e15))
    // The sender splits over two devices, the receiver over four: the sender's share is the larger one.
    expect(slow.transferSeconds).toBeCloseTo((2 * bytes) / 1e9 / 0.8, 1)
    expect(slow.timeToFirstTokenSeconds - fast.timeToFirstTokenSeconds).toBeCloseTo(slow.transferSeconds - fast.transferSeconds, 4)
    expect(slow.timePerOutputTokenSeconds).toBe(fast.timePerOutputTokenSeconds)
  })

  it('leaves the time per token alone when prompts get longer, unlike one that does both', () => {
    const short = surely(estimate({ requestsPerSecond: 1, inputTokens: 500 }))
    const long = surely(estimate({ requestsPerSecond: 1, inputTokens: 6000 }))
    expect(long.timePerOutputTokenSeconds).toBeLessThan(short.timePerOutputTokenSeconds * 1.2)
    expect(long.timeToFirstTokenSeconds).toBeGreaterThan(3 * short.timeToFirstTokenSeconds)
  })

  it('says that it cannot keep up, and which kind gives way', () => {
    expect(estimate({ requestsPerSecond: 1000 })).toBeUndefined()
    expect(surely(estimate({ concurrency: 5000, inputTokens: 7000, outputTokens: 20 }, { prefill: 1, decode: 4 })).limit).toBe('prefill')
    expect(surely(estimate({ concurrency: 5000, inputTokens: 100, outputTokens: 4000 }, { prefill: 4, decode: 1 })).limit).toBe('decode')
  })
})
