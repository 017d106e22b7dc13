import { expect, test } from 'vitest'
import { toRules } from '../../src/cluster/autoscale-form.tsx'
import { toSteps } from '../../src/cluster/operation-progress.tsx'
import type { ClusterOperation } from '../../src/client/cluster-client.ts'

const operation = (
  status: ClusterOperation['status'],
  states: readonly (readonly [string, 'started' | 'done' | 'failed'])[],
): ClusterOperation => ({
  id: 'op-1',
  kind: 'deploy',
  deployment: { name: 'chat', namespace: 'x' },
  status,
  startedUnixMs: 0,
  done: 0,
  total: 3,
  events: states.map(([step, state]) => ({ timeUnixMs: 0, step, resource: 'r', state })),
})

test('a step is done once a later one has begun, and a failed one stays failed', () => {
  const begun = operation('running', [
    ['connect', 'done'],
    ['deploy', 'started'],
    ['verify', 'started'],
  ])
  expect(toSteps(begun).map(({ state }) => state)).toEqual(['done', 'done', 'started'])
  const broken = operation('failed', [
    ['connect', 'done'],
    ['deploy', 'failed'],
  ])
  expect(toSteps(broken).map(({ state }) => state)).toEqual(['done', 'failed'])
})

test('rules are numbers, or the first field that is none', () => {
  const draft = {
    minReplicas: '1',
    maxReplicas: '4',
    targetPerReplica: '16',
    peakRequests: '50',
    startSeconds: '30',
    usdPerReplicaHour: '',
    usdPerHourMax: '',
    shape: 'day',
  } as const
  expect(toRules(draft)).toEqual({ minReplicas: 1, maxReplicas: 4, targetPerReplica: 16, peakRequests: 50, startSeconds: 30, shape: 'day' })
  expect(toRules({ ...draft, peakRequests: 'many' })).toBe('peakRequests')
})
