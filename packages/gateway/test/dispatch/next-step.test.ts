/** The decision after a failed try, as a table. */
import { createSeededRandom } from '@bud-foundry/core'
import { expect, it } from 'vitest'
import { gatewayConfigSchema, gatewayErrors } from '../../src/index.ts'
import { nextStep, type FailedTry } from '../../src/dispatch/next-step.ts'
import { RetryBudget } from '../../src/routing/retry-budget.ts'

const { retry } = gatewayConfigSchema.parse({ models: {} })
const broken = gatewayErrors.UPSTREAM_UNREACHABLE({ targetId: 't', cause: 'x' })
const busy = (retryAfterMs: number) => gatewayErrors.UPSTREAM_UNREACHABLE({ targetId: 't', cause: 'x' }, { retryAfterMs })
const refused = gatewayErrors.UNSUPPORTED_OPERATION({ model: 'm', operation: 'chat' })
const dead = gatewayErrors.UPSTREAM_CREDENTIALS_EXHAUSTED({ model: 'm' })

const base: FailedTry = { error: broken, tries: 1, targetsLeft: true, fallbackLeft: true, retry, random: 0.5, takeBudget: () => true }

it.each([
  ['another target', {}, 'next-target'],
  ['nothing, when the request itself is at fault', { error: refused }, 'give-up'],
  ['the fallback, when all tries are used', { tries: 3 }, 'fallback'],
  ['nothing, when all tries are used and there is no fallback', { tries: 3, fallbackLeft: false }, 'give-up'],
  ['the fallback, when the budget is spent', { takeBudget: () => false }, 'fallback'],
  ['the same target after a pause, when there is no other', { targetsLeft: false }, 'wait'],
  ['the fallback rather than a long pause', { targetsLeft: false, error: busy(4_000) }, 'fallback'],
  ['a long pause, when nobody else can answer', { targetsLeft: false, fallbackLeft: false, error: busy(4_000) }, 'wait'],
  ['nothing, when the pause would be too long', { targetsLeft: false, fallbackLeft: false, error: busy(6_000) }, 'give-up'],
  ['another target, when a credential is dead', { error: dead }, 'next-target'],
  ['the fallback, when the only credential is dead', { error: dead, targetsLeft: false }, 'fallback'],
] satisfies [string, Partial<FailedTry>, string][])('leads to %s', (_name, fields, expected) => {
  expect(nextStep({ ...base, ...fields }).kind).toBe(expected)
})

it('waits at least as long as the upstream asked, and never longer than the bounded backoff otherwise', () => {
  const random = createSeededRandom(1)
  for (let tries = 1; tries < 3; tries += 1) {
    for (let round = 0; round < 100; round += 1) {
      const step = nextStep({ ...base, tries, targetsLeft: false, random: random.next() })
      expect(step.kind).toBe('wait')
      if (step.kind === 'wait') expect(step.waitMs).toBeLessThanOrEqual(retry.backoffMs * 2 ** (tries - 1))
    }
  }
  expect(nextStep({ ...base, targetsLeft: false, error: busy(700) })).toEqual({ kind: 'wait', waitMs: 700 })
})

it('lets retries through as requests earn them, and no more', () => {
  const config = { ...retry, budgetRatio: 0.1, budgetPerSecond: 0 }
  const budget = new RetryBudget(config, 0)
  for (let request = 0; request < 50; request += 1) budget.recordRequest(config)
  let taken = 0
  while (budget.take(config, 0)) taken += 1
  expect(taken).toBe(5)
  expect(budget.take({ ...config, budgetPerSecond: 2 }, 1_000)).toBe(true)
})
