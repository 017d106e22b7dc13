import { systemClock } from '@bud-foundry/core'
import { createFakeClock } from '@bud-foundry/core/testing'
import { describe, expect, test } from 'vitest'
import { clusterErrors, watchDevices, watchObjects, type KubernetesApi, type KubernetesObject, type ObjectNews } from '../../src/index.ts'
import { createFakeKubernetes } from '../../src/testing.ts'

const never = new AbortController().signal
const node = (name: string, count: string): KubernetesObject => ({
  apiVersion: 'v1',
  kind: 'Node',
  metadata: { name, labels: { 'nvidia.com/gpu.product': 'NVIDIA-L4' } },
  spec: {},
  status: { allocatable: { 'nvidia.com/gpu': count }, conditions: [{ type: 'Ready', status: 'True' }] },
})
const pod: KubernetesObject = {
  apiVersion: 'v1',
  kind: 'Pod',
  metadata: { name: 'p', namespace: 'default' },
  spec: { nodeName: 'n1', containers: [{ resources: { limits: { 'nvidia.com/gpu': '1' } } }] },
  status: { phase: 'Running' },
}

describe('watchDevices', () => {
  test('tells what there is, and then each change', async () => {
    const api = createFakeKubernetes()
    await api.create(node('n1', '4'), never)
    const steps = [
      () => api.create(pod, never),
      () => api.create(node('n2', '2'), never),
      () => api.remove({ apiVersion: 'v1', kind: 'Node', name: 'n1' }, {}, never),
    ]
    const seen: (readonly (number | undefined)[])[] = []
    for await (const { devices } of watchDevices({ api, clock: systemClock }, never)) {
      seen.push(devices.map(({ available }) => available))
      const next = steps.shift()
      if (next === undefined) break
      await next()
    }
    expect(seen).toEqual([[4], [3], [3, 2], [2]])
  })
})

describe('watchObjects', () => {
  test('follows custom resources, and keeps of each object what it is told to', async () => {
    const api = createFakeKubernetes()
    const versions = [{ name: 'v1', served: true, storage: true }]
    const spec = { group: 'example.test', scope: 'Namespaced', names: { kind: 'Widget', plural: 'widgets' }, versions }
    const definition = {
      apiVersion: 'apiextensions.k8s.io/v1',
      kind: 'CustomResourceDefinition',
      metadata: { name: 'widgets.example.test' },
    }
    await api.create({ ...definition, spec }, never)
    const widget = (name: string) => ({ apiVersion: 'example.test/v1', kind: 'Widget', metadata: { name, namespace: 'default' }, spec: {} })
    await api.create(widget('a'), never)
    const seen: string[] = []
    const parts = { api, clock: systemClock, keep: ({ spec: _, ...rest }: KubernetesObject) => rest }
    for await (const news of watchObjects(parts, { apiVersion: 'example.test/v1', kind: 'Widget' }, never)) {
      seen.push(news.type === 'synced' ? 'synced' : `${news.type} ${news.object.metadata.name} ${String('spec' in news.object)}`)
      if (news.type === 'synced') await api.create(widget('b'), never)
      if (seen.length === 3) break
    }
    expect(seen).toEqual(['added a false', 'synced', 'added b false'])
  })

  test('lists again after 410 and tells what it missed, deletions included', async () => {
    const api = createFakeKubernetes()
    const clock = createFakeClock()
    await api.create(node('n1', '1'), never)
    await api.create(node('n2', '1'), never)
    // A connection that breaks while the cluster changes and forgets.
    const interrupted: KubernetesApi = {
      contract: api.contract,
      server: api.server,
      version: (...args) => api.version(...args),
      servedKinds: (...args) => api.servedKinds(...args),
      read: (...args) => api.read(...args),
      list: (...args) => api.list(...args),
      apply: (...args) => api.apply(...args),
      create: (...args) => api.create(...args),
      replace: (...args) => api.replace(...args),
      remove: (...args) => api.remove(...args),
      callPod: (...args) => api.callPod(...args),
      readLog: (...args) => api.readLog(...args),
      [Symbol.asyncDispose]: () => api[Symbol.asyncDispose](),
      async *watch() {
        await api.remove({ apiVersion: 'v1', kind: 'Node', name: 'n1' }, {}, never)
        yield { type: 'added', object: await api.create(node('n3', '1'), never) }
        await api.remove({ apiVersion: 'v1', kind: 'Node', name: 'n2' }, {}, never)
        throw clusterErrors.KUBERNETES_EXPIRED({ what: 'watching Node' })
      },
    }
    const news: ObjectNews[] = []
    const watching = (async () => {
      for await (const item of watchObjects({ api: interrupted, clock }, { apiVersion: 'v1', kind: 'Node' }, never)) {
        news.push(item)
        if (item.type === 'synced' && item.relisted) break
      }
    })()
    await clock.run(watching)
    expect(news.map((item) => (item.type === 'synced' ? 'synced' : `${item.type} ${item.object.metadata.name}`))).toEqual([
      ...['added n1', 'added n2', 'synced'],
      ...['added n3', 'deleted n1', 'deleted n2', 'synced'],
    ])
  })
})
