/** Laws that every prediction keeps, whatever its constants. */
import {
  createAnalyticalPredictor,
  createStepModel,
  estimateReplica,
  findEngine,
  findHardware,
  findModel,
  noCorrections,
  predictReplica,
  prepareReplica,
  resolveSettings,
  type HardwareDescription,
} from '@bud-foundry/sim'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'

const modelIds = [
  'meta-llama/Llama-3.1-8B-Instruct',
  'Qwen/Qwen3-30B-A3B',
  'deepseek-ai/DeepSeek-V3',
  'openai/gpt-oss-120b',
  'Qwen/Qwen3.5-35B-A3B',
] as const
const anyModel = fc.constantFrom(...modelIds).map(findModel)
const h100 = findHardware('h100-sxm')
const timing = findEngine('vllm').timing

const stepOn = (model: ReturnType<typeof findModel>, hardware: HardwareDescription, tensor = 1) =>
  createStepModel({ model, hardware, settings: resolveSettings({ tensor, weights: 'bf16' }), timing })

const anyBatch = fc.record({
  promptTokens: fc.integer({ min: 1, max: 8192 }),
  prompts: fc.constant(1),
  promptContextTokens: fc.integer({ min: 0, max: 20_000 }),
  decodeSequences: fc.integer({ min: 0, max: 256 }),
  decodeContextTokens: fc.integer({ min: 1, max: 20_000 }),
})

const scaled = (factor: number, what: 'bandwidth' | 'compute'): HardwareDescription => ({
  ...h100,
  ...(what === 'bandwidth' ? { memoryBandwidthBytesPerSecond: h100.memoryBandwidthBytesPerSecond * factor } : {}),
  ...(what === 'compute'
    ? { flopsPerSecond: Object.fromEntries(Object.entries(h100.flopsPerSecond).map(([precision, flops]) => [precision, flops * factor])) }
    : {}),
})

describe('a step', () => {
  it.each(['bandwidth', 'compute'] as const)('never takes longer with more %s', (what) => {
    fc.assert(
      fc.property(anyModel, anyBatch, fc.double({ min: 1, max: 8, noNaN: true }), (model, batch, factor) => {
        expect(stepOn(model, scaled(factor, what))(batch).seconds).toBeLessThanOrEqual(stepOn(model, h100)(batch).seconds * (1 + 1e-12))
      }),
    )
  })

  it.each(['promptTokens', 'promptContextTokens', 'decodeSequences', 'decodeContextTokens'] as const)(
    'never gets shorter with more %s',
    (field) => {
      fc.assert(
        fc.property(anyModel, anyBatch, fc.integer({ min: 1, max: 4096 }), (model, batch, more) => {
          const step = stepOn(model, h100)
          expect(step({ ...batch, [field]: batch[field] + more }).seconds).toBeGreaterThanOrEqual(step(batch).seconds * (1 - 1e-12))
        }),
      )
    },
  )

  it('is the sum of its parts', () => {
    fc.assert(
      fc.property(anyModel, anyBatch, fc.constantFrom(1, 2, 4, 8), (model, batch, tensor) => {
        const cost = stepOn(model, h100, tensor)(batch)
        expect(cost.matrixSeconds + cost.attentionSeconds + cost.communicationSeconds + cost.overheadSeconds).toBeCloseTo(cost.seconds, 12)
        expect(cost.communicationSeconds > 0).toBe(tensor > 1)
      }),
    )
  })

  it('is bound by memory for one sequence and by arithmetic for a long prompt', () => {
    const step = stepOn(findModel('llama-3.1-70b-instruct'), findHardware('h200-sxm'), 4)
    const one = { promptTokens: 0, prompts: 0, promptContextTokens: 0, decodeSequences: 1, decodeContextTokens: 1000 }
    expect(step(one).bound).toBe('memory')
    expect(step({ ...one, promptTokens: 8192, prompts: 1, decodeSequences: 0 }).bound).toBe('compute')
  })

  it('cannot use several devices whose link is not known', () => {
    expect(() => stepOn(findModel('qwen3-8b'), findHardware('xeon-8480'), 2)).toThrow(/link between xeon-8480 devices is not known/)
  })
})

describe('serving', () => {
  const replica = prepareReplica({ model: findModel('qwen3-8b'), hardware: h100, engineId: 'vllm', settings: { maxModelTokens: 8192 } })
  const at = (workload: { inputTokens: number; outputTokens: number; concurrency: number }) => {
    const estimate = estimateReplica(replica, workload)
    if (estimate === undefined) throw new Error('a closed loop always has an estimate')
    return estimate
  }
  const anyWorkload = fc.record({
    inputTokens: fc.integer({ min: 16, max: 6000 }),
    outputTokens: fc.integer({ min: 2, max: 2000 }),
    concurrency: fc.integer({ min: 1, max: 300 }),
  })

  it('takes longer, and yields no less in all, when more requests are in flight', () => {
    fc.assert(
      fc.property(anyWorkload, fc.integer({ min: 1, max: 100 }), (workload, more) => {
        const [few, many] = [at(workload), at({ ...workload, concurrency: workload.concurrency + more })]
        expect(many.endToEndSeconds).toBeGreaterThanOrEqual(few.endToEndSeconds * 0.999)
        expect(many.outputTokensPerSecond).toBeGreaterThanOrEqual(few.outputTokensPerSecond * 0.97)
      }),
    )
  })

  it('takes longer for longer prompts and answers', () => {
    fc.assert(
      fc.property(anyWorkload, fc.integer({ min: 64, max: 1000 }), (workload, more) => {
        const base = at(workload)
        expect(at({ ...workload, inputTokens: workload.inputTokens + more }).timeToFirstTokenSeconds).toBeGreaterThan(
          base.timeToFirstTokenSeconds * 0.999,
        )
        expect(at({ ...workload, outputTokens: workload.outputTokens + more }).endToEndSeconds).toBeGreaterThan(base.endToEndSeconds)
      }),
    )
  })

  it('lets requests beyond the batch limit wait, and says so', () => {
    const small = prepareReplica({
      model: findModel('qwen3-8b'),
      hardware: h100,
      engineId: 'vllm',
      settings: { maxSequences: 8, maxModelTokens: 4096 },
    })
    const estimate = estimateReplica(small, { inputTokens: 500, outputTokens: 100, concurrency: 20 })
    expect(estimate).toMatchObject({ running: 8, waiting: 12, batchLimit: 'max-sequences' })
  })

  it('answers faster when the prefix is cached', () => {
    const workload = { inputTokens: 4000, outputTokens: 50, concurrency: 4 }
    const cached = estimateReplica(replica, { ...workload, sharedPrefixTokens: 3500 })
    expect(cached?.timeToFirstTokenSeconds).toBeLessThan(at(workload).timeToFirstTokenSeconds)
  })

  it('has as many requests in flight at a rate as Little’s law says, and none when the rate is too high', () => {
    const estimate = estimateReplica(replica, { inputTokens: 1000, outputTokens: 200, requestsPerSecond: 5 })
    expect(estimate).toBeDefined()
    if (estimate !== undefined) expect(estimate.running / estimate.endToEndSeconds).toBeCloseTo(5, 0)
    expect(estimateReplica(replica, { inputTokens: 1000, outputTokens: 200, requestsPerSecond: 5000 })).toBeUndefined()
  })

  it('orders every interval, and gives milliseconds', () => {
    const predicted = predictReplica(replica, { inputTokens: 1000, outputTokens: 200, concurrency: 1 }, noCorrections)
    if (predicted === undefined) throw new Error('a closed loop always has a prediction')
    const { timeToFirstTokenMs, timePerOutputTokenMs } = predicted.prediction
    for (const { low, mid, high } of [timeToFirstTokenMs, timePerOutputTokenMs]) expect([low < mid, mid < high]).toEqual([true, true])
    // Reading 16.4 GB at 3.35 TB/s takes 4.9 ms; nothing is faster than that, and little is twice as slow.
    expect(timePerOutputTokenMs.mid).toBeGreaterThan(4.9)
    expect(timePerOutputTokenMs.mid).toBeLessThan(10)
  })
})

describe('the predictor', () => {
  const predictor = createAnalyticalPredictor()
  const input = {
    model: findModel('qwen3-8b'),
    workload: { inputTokens: 100, outputTokens: 100, concurrency: 1 },
    hardware: h100,
    deviceCount: 1,
    engineId: 'vllm',
    settings: {},
  }

  it('supports what fits and runs, and predicts it', () => {
    expect(predictor.supports(input)).toBe(true)
    expect(predictor.predict([input, input])).toHaveLength(2)
  })

  it.each([
    ['a device count that the settings do not use', { deviceCount: 2 }],
    ['an unknown engine', { engineId: 'ollama' }],
    ['a model that does not fit', { model: findModel('deepseek-v3') }],
    ['settings that are wrong', { settings: { tensor: 0 } }],
  ])('does not support %s, and says why when asked anyway', (_, change) => {
    expect(predictor.supports({ ...input, ...change })).toBe(false)
    expect(() => predictor.predict([{ ...input, ...change }])).toThrow(/fit|devices|engine|tensor/)
  })
})
