/** The suites of engines and predictors pass for small ones, and reject those that break their rules. */
import { describe, expect, test } from 'vitest'
import type { Engine, HardwareProfile, ModelSpec, PredictionInput, Predictor } from '@bud-foundry/core'
import { engineConformance } from '@bud-foundry/core/testing/conformance'
import { predictorConformance } from '@bud-foundry/core/testing/conformance'
import { failedCases } from './failed-cases.ts'

// The engine and the predictor here read these fields only; a whole model or device would say nothing more about the suites.
const model = { id: 'org/model-1' } as ModelSpec
const hardware = { id: 'device-1', memoryBytes: 80e9, memoryBandwidthBytesPerSecond: 3e12 } as HardwareProfile

const engine: Engine<Readonly<Record<string, unknown>>> = {
  contract: 'engine/1',
  id: 'plain-engine',
  versions: ['1.0.0'],
  tunables: () => [
    { name: 'tensorParallel', values: [1, 2, 4] },
    { name: 'kvPrecision', values: ['bf16', 'fp8'] },
  ],
  memory: (_, settings, device) => {
    const weightsBytes = 16e9 / Number(settings['tensorParallel'])
    return { weightsBytes, kvCacheBytes: device.memoryBytes * 0.9 - weightsBytes, activationsBytes: 1e9, overheadBytes: 0 }
  },
  launch: ({ id }, settings) => ({
    image: 'plain/engine:1.0.0',
    command: ['serve'],
    args: ['--model', id, '--tp', String(settings['tensorParallel'])],
    env: {},
    portHttp: 8000,
    probes: { startup: '/health', ready: '/health', live: '/health', startupSecondsMax: 600 },
    metricNames: { running: 'r', waiting: 'w', kvUsage: 'k', timeToFirstToken: 't', timePerOutputToken: 'p' },
    resources: { 'example.com/gpu': Number(settings['tensorParallel']) },
  }),
}

const interval = (mid: number) => ({ low: mid * 0.9, mid, high: mid * 1.2 })
const predictor: Predictor = {
  contract: 'predictor/1',
  id: 'plain-predictor',
  supports: ({ engineId }) => engineId === 'plain-engine',
  predict: (inputs) =>
    inputs.map(({ workload, deviceCount }) => ({
      timeToFirstTokenMs: interval((5 + workload.inputTokens) / deviceCount),
      timePerOutputTokenMs: interval(10 / deviceCount),
      outputTokensPerSecond: interval(100 * deviceCount),
      basis: 'analytical',
    })),
}
const input = (inputTokens: number): PredictionInput => ({
  model,
  hardware,
  workload: { inputTokens, outputTokens: 10 },
  deviceCount: 2,
  engineId: 'plain-engine',
  settings: {},
})
const inputs = [input(100), input(900)]

engineConformance({ describe, test, name: 'a plain engine', create: () => engine, models: [model], hardware: [hardware] })
predictorConformance({
  describe,
  test,
  name: 'a plain predictor',
  create: () => predictor,
  inputs,
  unsupported: { ...input(1), engineId: 'other' },
})

describe('engineConformance', () => {
  let calls = 0
  test.each<[string, Partial<typeof engine>, string]>([
    [
      'runs out of memory below zero',
      { memory: () => ({ weightsBytes: 1, kvCacheBytes: -1, activationsBytes: 0, overheadBytes: 0 }) },
      'answers with memory',
    ],
    [
      'launches without the model',
      { launch: (other, settings, device) => engine.launch({ ...other, id: 'x' }, settings, device) },
      'launches with a valid spec',
    ],
    ['launches on no port', { launch: (...given) => ({ ...engine.launch(...given), portHttp: 0 }) }, 'launches with a valid spec'],
    [
      'changes its mind',
      { launch: (...given) => ({ ...engine.launch(...given), env: { CALL: String((calls += 1)) } }) },
      'answers the same',
    ],
    ['writes to its settings', { memory: (_, settings) => Object.assign(settings, { a: 1 }) as never }, 'answers with memory'],
    [
      'offers a tunable twice',
      { tunables: () => [...engine.tunables(model, hardware), { name: 'tensorParallel', values: [1] }] },
      'offers tunables',
    ],
    ['has no version', { versions: [] }, 'names its contract'],
  ])('rejects an engine that %s', async (_, change, title) => {
    const failed = await failedCases((runner) => {
      engineConformance({
        ...runner,
        name: 'broken',
        create: () => ({ ...engine, ...change }),
        models: [model],
        hardware: [hardware],
      })
    })
    expect(failed.join('\n')).toContain(title)
  })

  test('refuses to run on nothing', () => {
    expect(() => {
      engineConformance({ describe, test, name: 'none', create: () => engine, models: [], hardware: [] })
    }).toThrow('at least one model')
  })
})

describe('predictorConformance', () => {
  let calls = 0
  test.each<[string, Partial<Predictor>, string]>([
    ['loses an answer', { predict: (given) => predictor.predict(given).slice(1) }, 'answers every question'],
    [
      'turns an interval around',
      { predict: (given) => predictor.predict(given).map((one) => ({ ...one, timePerOutputTokenMs: { low: 3, mid: 2, high: 1 } })) },
      'answers every question',
    ],
    [
      'answers by the company of a question',
      { predict: (given) => predictor.predict(given).map((one) => ({ ...one, outputTokensPerSecond: interval(given.length) })) },
      'answers a question alone',
    ],
    [
      'changes its mind',
      { predict: (given) => predictor.predict(given).map((one) => ({ ...one, outputTokensPerSecond: interval((calls += 1)) })) },
      'answers a question alone',
    ],
    [
      'is faster for longer prompts',
      {
        predict: (given) =>
          predictor
            .predict(given)
            .map((one, index) => ({ ...one, timeToFirstTokenMs: interval(1e6 / (given[index]?.workload.inputTokens ?? 1)) })),
      },
      'any sooner',
    ],
    ['supports everything', { supports: () => true }, 'does not support'],
  ])('rejects a predictor that %s', async (_, change, title) => {
    const failed = await failedCases((runner) => {
      predictorConformance({
        ...runner,
        name: 'broken',
        create: () => ({ ...predictor, ...change }),
        inputs,
        unsupported: { ...input(1), engineId: 'other' },
      })
    })
    expect(failed.join('\n')).toContain(title)
  })
})
