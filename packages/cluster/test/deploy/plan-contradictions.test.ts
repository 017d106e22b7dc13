import { describe, expect, test } from 'vitest'
import { planManifests, type RenderOptionsInput } from '../../src/index.ts'
import { createFakeKubernetes } from '../../src/testing.ts'
import { sampleManager } from '../support/sample-manager.ts'
import { samplePlan } from './sample-plan.ts'

const gigabyte = 1e9
const memoryPerDevice = {
  weightsBytes: 16 * gigabyte,
  kvCacheBytes: 50 * gigabyte,
  activationsBytes: gigabyte,
  overheadBytes: gigabyte,
  capacityBytes: 80 * gigabyte,
}
const oneDevice = { devicesPerReplica: 1, parallelism: { tensor: 1, pipeline: 1, expert: 1, data: 1 } }
const messages = (overrides: Parameters<typeof samplePlan>[0], options: RenderOptionsInput = {}) =>
  planManifests(samplePlan({ memoryPerDevice, ...oneDevice, ...overrides }), options)
    .findings.filter(
      ({ severity, field }) =>
        severity !== 'info' && ['deviceSharing', 'parallelism', 'nodesPerReplica', 'loraAdapters'].includes(field ?? ''),
    )
    .map(({ severity, message }) => `${severity}: ${message}`)
const mig = (profile: string): RenderOptionsInput => ({ deviceSharing: { kind: 'mig', profile } })
const adapter = (name: string) => ({ name, repository: 'team/adapter' })

describe('a plan that contradicts itself', () => {
  test.each<[string, Parameters<typeof samplePlan>[0], RenderOptionsInput, RegExp]>([
    ['a slice smaller than the weights', {}, mig('1g.10gb'), /^blocker: a share offers 10.0 GB, and .* need 18.0 GB/],
    ['a share of one mebibyte', {}, { deviceSharing: { kind: 'hami', memoryMiB: 1 } }, /^blocker: a share offers 0.0 GB/],
    [
      'a replica over slices',
      { devicesPerReplica: 2, parallelism: { tensor: 2, pipeline: 1, expert: 1, data: 1 } },
      mig('3g.40gb'),
      /^blocker: .* instances of MIG cannot talk to each other/,
    ],
    ['a slice that is large enough', {}, mig('3g.40gb'), /^warning: .* whole devices: 22.0 GB stay for the cache instead of 50.0 GB/],
    [
      'sliced time',
      {},
      { deviceSharing: { kind: 'timeSlicing', resource: 'nvidia.com/gpu.shared' } },
      /^warning: .* others run on the same devices/,
    ],
    [
      'more ways than devices',
      { parallelism: { tensor: 8, pipeline: 1, expert: 1, data: 1 } },
      {},
      /^blocker: tensor 8 × pipeline 1 needs 8 devices/,
    ],
    ['two adapters of one name', {}, { loraAdapters: [adapter('a'), adapter('a')] }, /^blocker: 'a' names more than one/],
    ['an adapter named like the model', {}, { loraAdapters: [adapter('llama-3.1-8b')] }, /^blocker: 'llama-3.1-8b' names more than one/],
  ])('says so: %s', (_name, overrides, options, message) => {
    expect(messages(overrides, options)).toEqual([expect.stringMatching(message)])
  })

  test('spans no more nodes than it has devices', () => {
    expect(messages({ nodesPerReplica: 2, devicesPerReplica: 1 })).toContainEqual(
      expect.stringMatching(/^blocker: a replica of 1 devices cannot span 2 nodes/),
    )
  })

  test('is not what a sound plan is', () => {
    expect(messages({}, { loraAdapters: [adapter('a'), adapter('b')] })).toEqual([])
  })
})

describe('a plan on processors', () => {
  const launch = { ...samplePlan().launch, resources: { cpu: 32, memory: 46 * gigabyte } }
  const warned = (options: RenderOptionsInput) =>
    planManifests(samplePlan({ hardwareId: 'epyc-9654', launch }), options).findings.filter(({ field }) => field === 'nodeSelector')

  test('says that nothing leads its pods to the processor that it was predicted for', () => {
    expect(warned({}).map(({ message }) => message)).toEqual([
      expect.stringContaining("predicted for 'epyc-9654': pods go to any node with 32 free CPUs"),
    ])
    expect(warned({ nodeSelector: { 'node.kubernetes.io/instance-type': 'm7a.metal' } })).toEqual([])
  })
})

describe('an autoscaler that asks for metrics', () => {
  const warned = async (target: 'hpa' | 'bud', served: readonly string[]) => {
    const api = createFakeKubernetes()
    const servedKinds = api.servedKinds.bind(api)
    Object.assign(api, {
      servedKinds: (apiVersion: string, signal: AbortSignal) =>
        served.includes(apiVersion) ? Promise.resolve(['MetricValueList']) : servedKinds(apiVersion, signal),
    })
    const { manager } = sampleManager({ api })
    const { findings } = await manager.plan({ plan: samplePlan(), options: { autoscaling: { target, maxReplicas: 4 } } })
    return findings.some(({ severity, message }) => severity === 'warning' && message.includes('serves no custom metrics'))
  }

  test('is told when nobody serves them', async () => {
    expect(await warned('hpa', [])).toBe(true)
    expect(await warned('hpa', ['custom.metrics.k8s.io/v1beta1'])).toBe(false)
    expect(await warned('bud', [])).toBe(false)
  })
})
