import fc from 'fast-check'
import { expect, test } from 'vitest'
import { isWeight, readModels, toConfig, toDryRun } from '../../src/gateway/policy-draft.ts'
import { sampleFailover, sampleRequest } from '../support/sample-data.ts'

const config = {
  telemetry: { flushMs: 10 },
  models: {
    chat: {
      policy: 'priority',
      timeoutMs: 5,
      targets: [
        { id: 'a', provider: 'x', credential: '[secret]', weight: 1 },
        { provider: 'y', model: 'm' },
      ],
    },
  },
}

test('a configuration keeps all that was not edited, in the new order', () => {
  const [model] = readModels(config)
  expect(model).toEqual({
    name: 'chat',
    policy: 'priority',
    targets: [
      { id: 'a', weight: '1' },
      { id: 'y/m', weight: '1' },
    ],
  })
  const next = toConfig(config, {
    name: 'chat',
    policy: 'weighted',
    targets: [
      { id: 'y/m', weight: '3' },
      { id: 'a', weight: '1' },
    ],
  })
  expect(next).toEqual({
    telemetry: { flushMs: 10 },
    models: {
      chat: {
        policy: 'weighted',
        timeoutMs: 5,
        targets: [
          { provider: 'y', model: 'm', weight: 3 },
          { id: 'a', provider: 'x', credential: '[secret]', weight: 1 },
        ],
      },
    },
  })
})

test('a dry run says what was, and what order and weight alone decide', () => {
  const recorded = [sampleRequest(), sampleRequest(), sampleFailover()]
  const targets = [
    { id: 'twin-a', weight: '3' },
    { id: 'twin-b', weight: '1' },
  ]
  expect(toDryRun(recorded, 'weighted', targets).map(({ wouldBe }) => wouldBe)).toEqual([0.75, 0.25])
  const byPriority = toDryRun(recorded, 'priority', targets)
  expect(byPriority.map(({ was }) => was)).toEqual([2 / 3, 1 / 3])
  expect(byPriority[0]?.wouldBe).toBeCloseTo(2 / 3)
  expect(toDryRun(recorded, 'p2c-peak-ewma', targets)[0]?.wouldBe).toBeUndefined()
})

test('whatever the weights and failures, what would be adds up to everything', () => {
  const target = fc.record({ id: fc.constantFrom('twin-a', 'twin-b', 'c', 'd'), weight: fc.integer({ min: 1, max: 9 }).map(String) })
  fc.assert(
    fc.property(
      fc.uniqueArray(target, { minLength: 1, maxLength: 4, selector: ({ id }) => id }),
      fc.constantFrom('weighted', 'priority', 'round-robin'),
      fc.integer({ min: 0, max: 5 }),
      (targets, policy, failures) => {
        const rows = toDryRun([sampleRequest(), ...Array.from({ length: failures }, sampleFailover)], policy, targets)
        expect(rows.reduce((sum, { wouldBe = 0 }) => sum + wouldBe, 0)).toBeCloseTo(1)
      },
    ),
  )
})

test.each([
  ['1', true],
  [' 0.5 ', true],
  ['0', true],
  ['', false],
  ['-1', false],
  ['many', false],
  ['Infinity', false],
])('%j as a weight: %s', (text, is) => {
  expect(isWeight(text)).toBe(is)
})
