import fc from 'fast-check'
import { createSeededRandom } from '@bud-foundry/core'
import { describe, expect, test } from 'vitest'
import { decideReplicas, type ScaleInput, type ScaleRules, type ScaleWish } from '../../src/index.ts'

const rules: ScaleRules = { minReplicas: 1, maxReplicas: 10 }
const input = (overrides: Partial<ScaleInput> = {}): ScaleInput => ({
  nowMs: 0,
  replicas: 2,
  readyReplicas: 2,
  signals: [],
  requestsOpen: 1,
  lastRequestMs: 0,
  ...overrides,
})
const signal = (value: number, target = 1) => [{ name: 'waiting', value, target }]

describe('decideReplicas', () => {
  test('goes most of the way towards a signal when growing, half of it when shrinking', () => {
    expect(decideReplicas(input({ replicas: 5, readyReplicas: 5, signals: signal(1.5) }), rules).replicas).toBe(7)
    const calm = { ...rules, stabilizationMs: { up: 0, down: 0 } }
    expect(decideReplicas(input({ replicas: 8, readyReplicas: 8, signals: signal(0.5) }), calm).replicas).toBe(6)
  })

  test('does not react to a signal near its target', () => {
    for (const value of [0.91, 1, 1.09]) expect(decideReplicas(input({ signals: signal(value) }), rules).replicas).toBe(2)
  })

  test('never takes replicas from the signal in need', () => {
    const signals = [...signal(0.1), { name: 'kvUsage', value: 1.6, target: 0.8 }]
    const { replicas, reasons } = decideReplicas(input({ signals }), rules)
    expect(replicas).toBe(4)
    expect(reasons).toContain('kvUsage asks for 4')
  })

  test('waits for replicas that start before it asks for more', () => {
    expect(decideReplicas(input({ readyReplicas: 1, signals: signal(5) }), rules).replicas).toBe(2)
  })

  test('shrinks only to the highest wish of the last minutes', () => {
    const wishes: ScaleWish[] = [{ atMs: -200_000, replicas: 4 }]
    expect(decideReplicas(input({ replicas: 5, readyReplicas: 5, signals: signal(0.2) }), rules, wishes).replicas).toBe(4)
    const old: ScaleWish[] = [{ atMs: -400_000, replicas: 4 }]
    expect(decideReplicas(input({ replicas: 5, readyReplicas: 5, signals: signal(0.2) }), rules, old).replicas).toBe(3)
  })

  test('takes a schedule as floor and a budget as ceiling', () => {
    expect(decideReplicas(input({ scheduled: 4 }), rules).replicas).toBe(4)
    const budget = { ...rules, usdPerReplicaHour: 3, usdPerHourMax: 10 }
    expect(decideReplicas(input({ signals: signal(9) }), budget).replicas).toBe(3)
  })

  test('blends a confident prediction in, and ignores an unsure one', () => {
    expect(decideReplicas(input({ predicted: { replicas: 6, confidence: 0.9 } }), rules).replicas).toBe(4)
    expect(decideReplicas(input({ predicted: { replicas: 6, confidence: 0.5 } }), rules).replicas).toBe(2)
  })

  test('goes to zero when nobody asks for long enough, and comes back with the first request', () => {
    const toZero = { ...rules, minReplicas: 0, idleMs: 60_000 }
    expect(decideReplicas(input({ nowMs: 59_000, requestsOpen: 0 }), toZero).replicas).toBeGreaterThan(0)
    expect(decideReplicas(input({ nowMs: 60_000, requestsOpen: 0 }), toZero).replicas).toBe(0)
    expect(decideReplicas(input({ nowMs: 60_000, replicas: 0, readyReplicas: 0, requestsOpen: 1 }), toZero).replicas).toBe(1)
  })

  test.each([Number.NaN, Number.POSITIVE_INFINITY, -10])('holds when a measurement is broken: %d', (value) => {
    const { replicas, reasons } = decideReplicas(input({ requestsOpen: 5, signals: signal(value) }), rules)
    expect(replicas).toBe(2)
    expect(reasons[0]).toContain('waiting cannot be read')
    expect(decideReplicas(input({ predicted: { replicas: Number.NaN, confidence: 0.9 } }), rules).replicas).toBe(2)
  })

  test('does not shrink what still starts, and knows nothing of idleness before the first request', () => {
    const calm = { ...rules, stabilizationMs: { up: 0, down: 0 } }
    expect(decideReplicas(input({ replicas: 4, readyReplicas: 0, requestsOpen: 5, signals: signal(0) }), calm).replicas).toBe(4)
    const fresh = input({ nowMs: 1e9, requestsOpen: 0, lastRequestMs: undefined })
    expect(decideReplicas(fresh, { ...rules, minReplicas: 0 }).replicas).toBeGreaterThan(0)
  })

  test('comes down at once to what is allowed', () => {
    expect(decideReplicas(input({ replicas: 50, readyReplicas: 50, signals: signal(1) }), rules).replicas).toBe(10)
    const budget = { ...rules, maxReplicas: 50, usdPerReplicaHour: 3, usdPerHourMax: 30 }
    expect(decideReplicas(input({ replicas: 50, readyReplicas: 50, signals: signal(1) }), budget).replicas).toBe(10)
  })

  test.each([
    [{ minReplicas: 5, maxReplicas: 2 }, {}, /minReplicas is 5/],
    [{ minReplicas: 0, maxReplicas: 0 }, {}, /maxReplicas is 0/],
    [rules, { replicas: Number.NaN }, /replicas is NaN/],
    [rules, { signals: signal(1, 0) }, /signals.waiting.target is 0/],
  ])('says which number makes no sense: %j %j', (wrong, overrides, message) => {
    expect(() => decideReplicas(input(overrides), wrong)).toThrow(message)
  })

  test('keeps every bound, whatever it is told', () => {
    const amounts = fc.double({ min: 0, max: 1e6, noNaN: true })
    fc.assert(
      fc.property(
        fc.record({
          replicas: fc.integer({ min: 0, max: 50 }),
          ready: fc.integer({ min: 0, max: 50 }),
          value: amounts,
          scheduled: fc.option(fc.nat(100), { nil: undefined }),
          open: fc.nat(3),
        }),
        fc.integer({ min: 0, max: 5 }),
        fc.integer({ min: 5, max: 20 }),
        (sample, minReplicas, maxReplicas) => {
          const { replicas, ready, value, scheduled, open } = sample
          const decision = decideReplicas(
            input({ replicas, readyReplicas: Math.min(ready, replicas), signals: signal(value), scheduled, requestsOpen: open }),
            { minReplicas, maxReplicas },
          )
          expect(decision.replicas).toBeGreaterThanOrEqual(minReplicas)
          expect(decision.replicas).toBeLessThanOrEqual(maxReplicas)
          expect(Number.isInteger(decision.replicas)).toBe(true)
        },
      ),
    )
  })

  test('follows a day of traffic in virtual time: enough at the peak, little at night, and no flapping', () => {
    const random = createSeededRandom(7)
    const stepMs = 15_000
    const perReplica = 10
    const started: number[] = []
    let [replicas, wishes, changes, short]: [number, readonly ScaleWish[], number, number] = [1, [], 0, 0]
    let night = 0
    for (let nowMs = 0; nowMs < 24 * 3_600_000; nowMs += stepMs) {
      const hour = nowMs / 3_600_000
      const load = Math.max(0.5, 40 * Math.sin((Math.PI * (hour - 6)) / 12)) * (0.95 + 0.1 * random.next())
      // A replica takes two minutes to start.
      const ready = Math.max(1, replicas - started.filter((atMs) => nowMs - atMs < 120_000).length)
      const decision = decideReplicas(
        {
          nowMs,
          replicas,
          readyReplicas: Math.min(ready, replicas),
          signals: signal(load / (perReplica * replicas), 0.7),
          requestsOpen: 1,
          lastRequestMs: nowMs,
        },
        rules,
        wishes,
      )
      if (decision.replicas !== replicas) changes += 1
      for (let added = replicas; added < decision.replicas; added += 1) started.push(nowMs)
      if (load > ready * perReplica) short += 1
      ;({ replicas, wishes } = decision)
      if (hour > 22) night = Math.max(night, replicas)
    }
    expect(night).toBe(1)
    expect(changes).toBeLessThan(40)
    expect(short / (24 * 240)).toBeLessThan(0.01)
  })
})
