/** Which limits count a call. */
import { expect, test } from 'vitest'
import { planLimits } from '../../src/limit/limit-plan.ts'

test('a limit on a model counts what is asked for by that name, whichever variant serves it', () => {
  const rules = [
    { kind: 'requests', limit: 1, window: 'minute', models: ['chat'] },
    { kind: 'requests', limit: 2, window: 'hour', models: ['chat-b'] },
    { kind: 'requests', limit: 3, window: 'day', models: ['chat-c'] },
  ] as const
  const nobody = { key: undefined, project: undefined, user: undefined }
  const limits = planLimits(rules, nobody, { model: 'chat-b', requestedModel: 'chat' })
  expect(limits.map(({ limit }) => limit)).toEqual([1, 2])
})
