/** Everything against a real control plane with a real scheduler and real controllers, as the service account that our own role allows. */
import { CoreV1Api } from '@kubernetes/client-node'
import { createMemoryStore, isBudError, systemClock } from '@bud-foundry/core'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import {
  clusterErrors,
  createClusterManager,
  createHttpKubernetesApi,
  permissionManifests,
  watchEndpoints,
  watchObjects,
  type DesiredDeployment,
  type KubernetesApi,
} from '../../src/index.ts'
import { describeKubernetesApi } from '../../src/testing.ts'
import { samplePlan } from '../deploy/sample-plan.ts'
import { adminApi, adminConfig, configWithToken, freshName, inventory, podAddress, startEngine } from '../support/real-cluster.ts'
import { collect } from '../support/sample-manager.ts'
import { startTestKubelet, type TestKubelet } from '../support/test-kubelet.ts'

const never = new AbortController().signal
const admin = adminApi()
const besides = /^(rules|kill|canary|add-ons|care)-/
const core = adminConfig().makeApiClient(CoreV1Api)
let account: KubernetesApi
let kubelet: TestKubelet
let engine: Awaited<ReturnType<typeof startEngine>>

/** Applies our own role as an administrator, and answers a client that is allowed nothing else. */
async function connectAsAccount(): Promise<KubernetesApi> {
  for (const manifest of permissionManifests({ namespace: 'bud-system' })) {
    await admin.apply(manifest, { fieldManager: 'administrator' }, never)
  }
  const { status } = await core.createNamespacedServiceAccountToken({
    name: 'bud-cluster',
    namespace: 'bud-system',
    body: { spec: { audiences: [], expirationSeconds: 3600 } },
  })
  return createHttpKubernetesApi(configWithToken(status?.token ?? ''))
}

beforeAll(async () => {
  account = await connectAsAccount()
  engine = await startEngine()
  kubelet = await startTestKubelet({
    config: adminConfig(),
    nodeNames: [freshName('gpu'), freshName('gpu')],
    labels: { 'nvidia.com/gpu.product': 'NVIDIA-H100-80GB-HBM3', 'nvidia.com/gpu.count': '8' },
    capacity: { cpu: '128', memory: '1Ti', 'ephemeral-storage': '1Ti', pods: '110', 'nvidia.com/gpu': '8' },
    podAddress: podAddress(),
    startsImage: (image) => !image.endsWith('broken'),
  })
}, 60_000)

afterAll(async () => {
  await kubelet[Symbol.asyncDispose]()
  engine.server.closeAllConnections()
  engine.server.close()
  for (const { apiVersion, kind, metadata } of permissionManifests({ namespace: 'bud-system' }).toReversed()) {
    await admin.remove({ apiVersion, kind, name: metadata.name, namespace: metadata.namespace }, {}, never)
  }
  await account[Symbol.asyncDispose]()
  await admin[Symbol.asyncDispose]()
}, 60_000)

async function setFinalizers(service: { readonly name: string; readonly namespace: string }, finalizers: string[]): Promise<void> {
  const body = await core.readNamespacedService(service)
  Object.assign(body.metadata ?? {}, { finalizers })
  await core.replaceNamespacedService({ ...service, body })
}

/** A deployment with a namespace of its own, so that tests do not meet. */
function sample(overrides: Parameters<typeof samplePlan>[0] = {}) {
  const namespace = freshName('team')
  const store = createMemoryStore()
  const manager = createClusterManager({ api: account, store, clusterName: 'real', operator: freshName('operator') })
  const desired = (changes: typeof overrides = {}): DesiredDeployment => ({
    plan: samplePlan({ ...overrides, launch: { ...samplePlan().launch, portHttp: engine.port }, ...changes }),
    options: { namespace, modelStorage: { kind: 'ephemeral' } },
  })
  return { manager, desired, deployment: { name: 'llama-chat', namespace } }
}

describeKubernetesApi({ describe, test }, 'a real server', async () => {
  const namespace = freshName('rules')
  await admin.create({ apiVersion: 'v1', kind: 'Namespace', metadata: { name: namespace } }, never)
  return { api: admin, namespace }
})

describe('with a real control plane', () => {
  test('works as the account of our own role, and that account may do nothing else', async () => {
    const secret = account.read({ apiVersion: 'v1', kind: 'Secret', name: 'any', namespace: 'kube-system' }, never)
    await expect(secret).rejects.toSatisfy(clusterErrors.KUBERNETES_FORBIDDEN.is)
    const role = { apiVersion: 'rbac.authorization.k8s.io/v1', kind: 'ClusterRole', metadata: { name: freshName('role') } }
    await expect(account.create(role, never)).rejects.toSatisfy(clusterErrors.KUBERNETES_FORBIDDEN.is)
  })

  test('finds in the test of its connection that it may do all it needs, and which rights another account lacks', async () => {
    const mine = createClusterManager({ api: account, store: createMemoryStore(), clusterName: 'real', operator: 'me' })
    const { identity, findings } = await mine.testConnection()
    expect(identity?.uid).toBeDefined()
    expect(findings).toEqual([])
    const [again] = (await mine.testConnection([{ name: 'lab', server: 'https://elsewhere', uid: identity?.uid }])).findings
    expect(again?.message).toContain("known already as 'lab'")

    await admin.apply(
      { apiVersion: 'v1', kind: 'ServiceAccount', metadata: { name: 'nobody', namespace: 'bud-system' } },
      { fieldManager: 'test' },
      never,
    )
    const { status } = await core.createNamespacedServiceAccountToken({
      name: 'nobody',
      namespace: 'bud-system',
      body: { spec: { audiences: [], expirationSeconds: 3600 } },
    })
    await using api = createHttpKubernetesApi(configWithToken(status?.token ?? ''))
    const nobody = createClusterManager({ api, store: createMemoryStore(), clusterName: 'real', operator: 'me' })
    expect((await nobody.testConnection()).findings.map(({ severity }) => severity)).toContain('blocker')
    await admin.remove({ apiVersion: 'v1', kind: 'ServiceAccount', name: 'nobody', namespace: 'bud-system' }, {}, never)
  })

  test(
    'tells a gateway when a deployment takes requests and when it no longer does, and lists its workers',
    { timeout: 90_000 },
    async () => {
      const { manager, desired, deployment } = sample()
      const seen: string[] = []
      const ending = new AbortController()
      const watching = (async () => {
        for await (const { type, endpoint } of watchEndpoints({ api: account, clock: systemClock }, ending.signal)) {
          if (endpoint.namespace === deployment.namespace) seen.push(`${type} ${endpoint.model}`)
        }
      })().catch(() => undefined)
      await collect(manager.apply(await manager.plan(desired())))
      await expect.poll(() => seen, { timeout: 30_000 }).toEqual(['appeared llama-3.1-8b'])
      const workers = await manager.workers(deployment)
      expect(workers.map(({ hardwareId, ready, devices }) => [hardwareId, ready, devices['nvidia.com/gpu']])).toEqual([
        ['h100-sxm', true, 2],
        ['h100-sxm', true, 2],
      ])
      expect((await manager.health()).checks.map(({ check }) => check)).toEqual(['nodes', 'api', 'storage', 'network', 'gpu'])
      await collect(manager.destroy(deployment))
      await expect.poll(() => seen, { timeout: 30_000 }).toEqual(['appeared llama-3.1-8b', 'vanished llama-3.1-8b'])
      ending.abort()
      await watching
    },
  )

  test('goes from nothing to a served token and back to an untouched cluster', { timeout: 60_000 }, async () => {
    const { manager, desired, deployment } = sample()
    const before = await inventory(admin, besides)
    const cluster = await manager.identify()
    expect(cluster).toMatchObject({ version: 'v1.36.3', platform: 'kubernetes' })
    const asked = engine.asked.length
    await collect(manager.apply(await manager.plan(desired())))
    expect(engine.asked.slice(asked)).toEqual(['/v1/chat/completions'])
    expect(await manager.observe(deployment)).toMatchObject({ status: 'ready', replicas: 2, readyReplicas: 2 })
    const { devices } = await manager.discover()
    const ours = devices.filter(({ nodeName }) => kubelet.nodeNames.includes(nodeName ?? ''))
    expect(ours.map(({ hardwareId, count }) => [hardwareId, count])).toEqual([
      ['h100-sxm', 8],
      ['h100-sxm', 8],
    ])
    expect(ours.reduce((sum, { available = 0 }) => sum + available, 0)).toBe(12)
    expect((await manager.plan(desired())).diff).toBe('')
    await collect(manager.destroy(deployment))
    expect(await manager.leftovers(deployment)).toEqual([])
    expect(await inventory(admin, besides)).toEqual(before)
  })

  test('scales, rolls a new image out, goes back from a broken one, and repairs what somebody changed', { timeout: 90_000 }, async () => {
    const { manager, desired, deployment } = sample()
    await collect(manager.apply(await manager.plan(desired())))
    await collect(manager.apply(await manager.plan(desired({ replicas: 3 }))))
    expect(await manager.observe(deployment)).toMatchObject({ status: 'ready', replicas: 3 })
    const live = await admin.read({ apiVersion: 'apps/v1', kind: 'Deployment', ...deployment }, never)
    if (live === undefined) throw new Error('the deployment must exist')
    await admin.replace({ ...live, spec: { ...(live.spec as object), replicas: 1 } }, never)
    const refused = await manager.plan(desired({ replicas: 3 }))
    expect(refused.findings.find(({ severity }) => severity === 'blocker')?.message).toContain('.spec.replicas')
    await collect(manager.apply(await manager.drift(desired({ replicas: 3 }))))
    expect((await manager.drift(desired({ replicas: 3 }))).diff).toBe('')
    const launch = { ...samplePlan().launch, portHttp: engine.port, image: 'example.invalid/engine:broken' }
    const broken = await manager.plan(desired({ replicas: 3, launch }))
    for await (const { message } of manager.apply(broken)) if (message?.includes('of the new generation are ready') === true) break
    expect((await manager.observe(deployment)).status).toBe('progressing')
    const back = await manager.rollback(deployment)
    if (back === undefined) throw new Error('there must be a version to go back to')
    await collect(manager.apply(back))
    expect((await manager.observe(deployment)).status).toBe('ready')
    await collect(manager.destroy(deployment))
  })

  test('says what an admission rule forbids before anything is applied', async () => {
    const { manager, desired, deployment } = sample()
    await admin.create({ apiVersion: 'v1', kind: 'Namespace', metadata: { name: deployment.namespace } }, never)
    await core.createNamespacedResourceQuota({
      namespace: deployment.namespace,
      body: { metadata: { name: 'no-services' }, spec: { hard: { services: '0' } } },
    })
    await expect
      .poll(async () => (await manager.plan(desired())).findings.find(({ severity }) => severity === 'blocker')?.message, {
        timeout: 10_000,
      })
      .toContain('exceeded quota')
    await admin.remove({ apiVersion: 'v1', kind: 'Namespace', name: deployment.namespace }, {}, never)
  })

  test('waits for a finalizer, says so, and ends when it is gone', { timeout: 60_000 }, async () => {
    const { manager, desired, deployment } = sample({ replicas: 1 })
    await collect(manager.apply(await manager.plan(desired())))
    await setFinalizers(deployment, ['example.invalid/hold'])
    let told = false
    for await (const { message } of manager.destroy(deployment)) {
      if (message !== '1 objects are still there' || told) continue
      told = true
      await setFinalizers(deployment, [])
    }
    expect(told).toBe(true)
    expect(await manager.leftovers(deployment)).toEqual([])
  })

  test('lists again when the server has forgotten where a watch stopped', { timeout: 30_000 }, async () => {
    const selection = { apiVersion: 'v1', kind: 'ConfigMap', namespace: 'kube-system' }
    const watchFromStart = async () => {
      const events = admin.watch(selection, '1', AbortSignal.timeout(500))
      try {
        for await (const { type } of events) if (type === 'deleted') return 'an event'
        return 'the end'
      } catch (error) {
        return isBudError(error) ? error.code : error
      }
    }
    await expect.poll(watchFromStart, { timeout: 25_000 }).toBe('CLUSTER_KUBERNETES_EXPIRED')
    let watches = 0
    const forgetful: KubernetesApi = {
      ...bound(admin),
      watch: (which, version, signal) => admin.watch(which, (watches += 1) === 1 ? '1' : version, signal),
    }
    const seen: string[] = []
    for await (const news of watchObjects({ api: forgetful, clock: systemClock }, selection, never)) {
      seen.push(news.type === 'synced' && news.relisted ? 'listed again' : news.type)
      if (seen.at(-1) === 'listed again') break
    }
    expect(new Set(seen)).toEqual(new Set(['added', 'synced', 'listed again']))
    expect(watches).toBe(1)
  })
})

/** The methods of an API as an object that can be spread. */
function bound(api: KubernetesApi): KubernetesApi {
  return {
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
    watch: (...args) => api.watch(...args),
    callPod: (...args) => api.callPod(...args),
    readLog: (...args) => api.readLog(...args),
    [Symbol.asyncDispose]: () => api[Symbol.asyncDispose](),
  }
}
