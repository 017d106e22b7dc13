import { createFakeClock } from '@bud-foundry/core/testing'
import { describe, expect, test } from 'vitest'
import { checkHealth, clusterErrors, watchHealth, type HealthUpdate, type KubernetesObject } from '../../src/index.ts'
import { createFakeKubernetes } from '../../src/testing.ts'

const never = new AbortController().signal

const node = (
  name: string,
  options: { ready?: boolean; pressure?: string; gpus?: readonly [string, string]; labels?: Record<string, string> } = {},
): KubernetesObject => {
  const { ready = true, pressure, gpus, labels = {} } = options
  const conditions = [
    {
      type: 'Ready',
      status: ready ? 'True' : 'False',
      reason: ready ? 'KubeletReady' : 'KubeletNotReady',
      message: ready ? '' : 'PLEG is not healthy',
    },
    ...(pressure === undefined ? [] : [{ type: pressure, status: 'True' }]),
  ]
  const devices = gpus === undefined ? {} : { capacity: { 'nvidia.com/gpu': gpus[0] }, allocatable: { 'nvidia.com/gpu': gpus[1] } }
  return { apiVersion: 'v1', kind: 'Node', metadata: { name, labels }, spec: {}, status: { conditions, ...devices } }
}
const storageClass = {
  apiVersion: 'storage.k8s.io/v1',
  kind: 'StorageClass',
  metadata: { name: 'fast', annotations: { 'storageclass.kubernetes.io/is-default-class': 'true' } },
}
const dns = (ready: boolean): KubernetesObject & { endpoints: unknown } => ({
  apiVersion: 'discovery.k8s.io/v1',
  kind: 'EndpointSlice',
  metadata: { name: 'kube-dns', namespace: 'kube-system', labels: { 'kubernetes.io/service-name': 'kube-dns' } },
  endpoints: [{ conditions: { ready } }],
})

async function cluster(...objects: readonly KubernetesObject[]) {
  const state = { down: false }
  const api = createFakeKubernetes({
    onRequest: () => {
      if (state.down) throw clusterErrors.KUBERNETES_UNREACHABLE({ server: 'fake', problem: 'ECONNREFUSED' })
    },
  })
  for (const object of objects) await api.create(object, never)
  return { api, state, clock: createFakeClock() }
}
const verdicts = async (...objects: readonly KubernetesObject[]) => {
  const { status, checks } = await checkHealth(await cluster(...objects), never)
  return { status, ...Object.fromEntries(checks.map(({ check, status: is, reason }) => [check, reason ?? is])) }
}

describe('health', () => {
  test('of a cluster that has all it needs is good', async () => {
    const labels = { 'nvidia.com/gpu.present': 'true' }
    expect(await verdicts(node('a', { gpus: ['8', '8'], labels }), storageClass, dns(true))).toEqual({
      status: 'available',
      nodes: 'healthy',
      api: 'healthy',
      storage: 'healthy',
      network: 'healthy',
      gpu: 'healthy',
    })
  })

  test('names what is wrong', async () => {
    const labels = { 'nvidia.com/gpu.present': 'true' }
    const bad = [node('a', { gpus: ['8', '7'] }), node('b', { ready: false }), node('c', { pressure: 'DiskPressure' })]
    expect(await verdicts(...bad, dns(false))).toMatchObject({
      status: 'degraded',
      nodes: 'not ready: b',
      storage: 'there is no storage class: claims stay pending',
      network: 'no server of names is ready: nothing in the cluster is found by its name',
      gpu: 'a offers 7 of 8 nvidia.com/gpu',
    })
    expect(await verdicts(node('c', { pressure: 'DiskPressure' }))).toMatchObject({ nodes: 'under pressure: c (DiskPressure)' })
    expect(await verdicts(node('d', { labels }))).toMatchObject({ gpu: 'have devices that no plugin offers: d' })
    expect(await verdicts(node('b', { ready: false }))).toMatchObject({
      status: 'not_available',
      nodes: 'no node is ready: KubeletNotReady: PLEG is not healthy',
    })
    expect(await verdicts()).toMatchObject({ status: 'not_available', nodes: 'there are no nodes' })
  })

  test('of a cluster that does not answer is an answer, not an error', async () => {
    const lab = await cluster(node('a'))
    lab.state.down = true
    const { status, checks } = await checkHealth(lab, never)
    expect(status).toBe('not_available')
    expect(checks.every(({ reason }) => reason?.includes('ECONNREFUSED'))).toBe(true)
  })

  test('asks only what it is asked', async () => {
    const lab = await cluster(node('a'))
    expect((await checkHealth(lab, never, ['api', 'gpu'])).checks.map(({ check }) => check)).toEqual(['api', 'gpu'])
  })
})

describe('health over time', () => {
  test('tells each change once, with how long it had been otherwise', async () => {
    const lab = await cluster(node('a'), node('b'), storageClass, dns(true))
    const { api, clock, state } = lab
    const updates: HealthUpdate[] = []
    const ending = new AbortController()
    const watching = (async () => {
      for await (const update of watchHealth({ ...lab, intervalMs: 1000 }, ending.signal)) updates.push(update)
    })().catch((error: unknown) => error)
    const seen = () =>
      updates.splice(0).flatMap(({ transitions }) => transitions.map(({ what, from, to, heldMs }) => [what, from, to, heldMs]))

    await clock.advance(0)
    expect(seen()).toContainEqual(['node b', undefined, 'ready', undefined])
    await clock.advance(5_000)
    expect(seen()).toEqual([])

    const live = await api.read({ apiVersion: 'v1', kind: 'Node', name: 'b' }, never)
    if (live === undefined) throw new Error('the node is there')
    await api.replace({ ...live, status: node('b', { ready: false }).status }, never)
    await clock.advance(1_000)
    expect(seen()).toEqual([
      ['cluster', 'available', 'degraded', 6_000],
      ['nodes', 'healthy', 'degraded', 6_000],
      ['node b', 'ready', 'not ready', 6_000],
    ])

    state.down = true
    await clock.advance(1_000)
    // Nodes that cannot be seen are not gone.
    expect(seen().map(([what]) => what)).toEqual(['cluster', 'nodes', 'api', 'storage', 'network', 'gpu'])
    state.down = false
    await api.remove({ apiVersion: 'v1', kind: 'Node', name: 'b' }, {}, never)
    await clock.advance(1_000)
    expect(seen()).toContainEqual(['node b', 'not ready', undefined, 2_000])
    ending.abort()
    await clock.advance(1_000)
    await watching
  })
})
