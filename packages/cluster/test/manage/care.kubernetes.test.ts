/** What happens to deployments on a real control plane beside their own operations: drained nodes, other hands, claims on devices, narrow roles. */
import { AppsV1Api, CoreV1Api, ResourceV1Api } from '@kubernetes/client-node'
import { createMemoryStore } from '@bud-foundry/core'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import {
  clusterErrors,
  createClusterManager,
  createHttpKubernetesApi,
  permissionManifests,
  type DesiredDeployment,
} from '../../src/index.ts'
import { samplePlan } from '../deploy/sample-plan.ts'
import { adminApi, adminConfig, configWithToken, freshName, podAddress, startEngine } from '../support/real-cluster.ts'
import { collect } from '../support/sample-manager.ts'
import { startTestKubelet, type TestKubelet } from '../support/test-kubelet.ts'

const never = new AbortController().signal
const admin = adminApi()
const core = adminConfig().makeApiClient(CoreV1Api)
const apps = adminConfig().makeApiClient(AppsV1Api)
let kubelet: TestKubelet
let engine: Awaited<ReturnType<typeof startEngine>>

beforeAll(async () => {
  engine = await startEngine()
  kubelet = await startTestKubelet({
    config: adminConfig(),
    nodeNames: [freshName('care'), freshName('care')],
    labels: { 'nvidia.com/gpu.product': 'NVIDIA-A10', 'nvidia.com/gpu.count': '8' },
    capacity: { cpu: '128', memory: '1Ti', 'ephemeral-storage': '1Ti', pods: '110', 'nvidia.com/gpu': '8' },
    podAddress: podAddress(),
  })
}, 60_000)

afterAll(async () => {
  await kubelet[Symbol.asyncDispose]()
  engine.server.closeAllConnections()
  engine.server.close()
  await admin[Symbol.asyncDispose]()
}, 60_000)

function sample(api = admin) {
  const namespace = freshName('care')
  const manager = createClusterManager({ api, store: createMemoryStore(), clusterName: 'care', operator: freshName('operator') })
  const launch = { ...samplePlan().launch, portHttp: engine.port }
  const desired: DesiredDeployment = {
    plan: samplePlan({ hardwareId: 'a10', launch }),
    options: { namespace, modelStorage: { kind: 'ephemeral' } },
  }
  return { manager, desired, deployment: { name: 'llama-chat', namespace } }
}

describe('on a real control plane', () => {
  test('a drain moves pods one by one, as the disruption budget says, and the deployment stays', { timeout: 90_000 }, async () => {
    const { manager, desired, deployment } = sample()
    await collect(manager.apply(await manager.plan(desired)))
    const [first, second] = (await manager.observe(deployment)).pods
    if (first === undefined || second === undefined) throw new Error('there must be two pods')
    for (const name of kubelet.nodeNames) {
      const node = await core.readNode({ name })
      if (name === first.nodeName)
        await core.replaceNode({ name, body: Object.assign(node, { spec: Object.assign(node.spec ?? {}, { unschedulable: true }) }) })
    }
    const evict = (name: string) =>
      core
        .createNamespacedPodEviction({
          name,
          namespace: deployment.namespace,
          body: { metadata: { name, namespace: deployment.namespace } },
        })
        .then(
          () => 201,
          (error: unknown) => (error instanceof Error && 'code' in error ? error.code : error),
        )
    await expect.poll(() => evict(first.name), { timeout: 20_000 }).toBe(201)
    // A second one has to wait until the first is replaced.
    expect([429, 201]).toContain(await evict(second.name))
    await expect.poll(async () => (await manager.observe(deployment)).status, { timeout: 60_000 }).toBe('ready')
    const pods = (await manager.observe(deployment)).pods.filter(({ phase }) => phase === 'Running')
    expect(pods.map(({ nodeName }) => nodeName)).not.toContain(first.nodeName)
    const node = await core.readNode({ name: first.nodeName ?? '' })
    await core.replaceNode({
      name: first.nodeName ?? '',
      body: Object.assign(node, { spec: Object.assign(node.spec ?? {}, { unschedulable: false }) }),
    })
    await collect(manager.destroy(deployment))
  })

  test('what another hand has added is shown by drift and taken away by its repair', { timeout: 60_000 }, async () => {
    const { manager, desired, deployment } = sample()
    await collect(manager.apply(await manager.plan(desired)))
    const live = await apps.readNamespacedDeployment(deployment)
    live.spec?.template.spec?.containers[0]?.env?.push({ name: 'HACK', value: '1' })
    await apps.replaceNamespacedDeployment({ ...deployment, body: live })
    const planned = await manager.plan(desired)
    expect(planned.findings.map(({ message }) => message).join()).toContain('has added spec.template.spec.containers[engine].env[HACK]')
    const drift = await manager.drift(desired)
    expect(drift.diff).toContain('env[HACK]')
    await collect(manager.apply(drift))
    expect(JSON.stringify(await apps.readNamespacedDeployment(deployment))).not.toContain('HACK')
    expect((await manager.drift(desired)).diff).toBe('')
    await collect(manager.destroy(deployment))
  })

  test('a deployment of somebody else is adopted, and goes with ours', { timeout: 60_000 }, async () => {
    const { manager, desired, deployment } = sample()
    await admin.create({ apiVersion: 'v1', kind: 'Namespace', metadata: { name: deployment.namespace } }, never)
    const template = { metadata: { labels: { app: 'chat' } }, spec: { containers: [{ name: 'nginx', image: 'nginx:1' }] } }
    await apps.createNamespacedDeployment({
      namespace: deployment.namespace,
      body: { metadata: { name: deployment.name }, spec: { selector: { matchLabels: { app: 'chat' } }, template } },
    })
    const blocked = (await manager.plan(desired)).findings.filter(({ severity }) => severity === 'blocker')
    expect(blocked[0]?.message).toContain('adopt it')
    await collect(manager.apply(await manager.adopt(desired)))
    const live = await apps.readNamespacedDeployment(deployment)
    expect(live.spec?.selector.matchLabels).toEqual({ app: 'chat' })
    expect(live.spec?.template.spec?.containers.map(({ name }) => name)).toEqual(['engine'])
    expect((await manager.plan(desired)).diff).toBe('')
    await collect(manager.destroy(deployment))
    await admin.remove({ apiVersion: 'v1', kind: 'Namespace', name: deployment.namespace }, {}, never)
  })

  test('a role for one namespace deploys and destroys there, sees no secrets, and leaves the namespace', { timeout: 60_000 }, async () => {
    const account = freshName('narrow')
    const place = sample().deployment.namespace
    await admin.create({ apiVersion: 'v1', kind: 'Namespace', metadata: { name: place } }, never)
    const manifests = permissionManifests({ serviceAccount: account, namespace: place, workNamespaces: [place] })
    for (const manifest of manifests.slice(1)) await admin.apply(manifest, { fieldManager: 'administrator' }, never)
    const { status } = await core.createNamespacedServiceAccountToken({
      name: account,
      namespace: place,
      body: { spec: { audiences: [], expirationSeconds: 3600 } },
    })
    await using api = createHttpKubernetesApi(configWithToken(status?.token ?? ''))
    const { manager, desired } = sample(api)
    const mine: DesiredDeployment = { ...desired, options: { ...desired.options, namespace: place } }
    expect((await manager.testConnection([], never, place)).findings).toEqual([])
    await collect(manager.apply(await manager.plan(mine)))
    expect((await manager.discover()).devices.length).toBeGreaterThan(0)
    const secrets = api.list({ apiVersion: 'v1', kind: 'Secret', namespace: place }, never)
    await expect(secrets).rejects.toSatisfy(clusterErrors.KUBERNETES_FORBIDDEN.is)
    await expect(manager.plan(desired).then((changes) => collect(manager.apply(changes)))).rejects.toSatisfy(
      clusterErrors.KUBERNETES_FORBIDDEN.is,
    )
    await collect(manager.destroy({ name: 'llama-chat', namespace: place }))
    expect(await manager.leftovers({ name: 'llama-chat', namespace: place })).toEqual([])
    expect(await admin.read({ apiVersion: 'v1', kind: 'Namespace', name: place }, never)).toBeDefined()
    for (const { apiVersion, kind, metadata } of manifests.slice(1).toReversed())
      await admin.remove({ apiVersion, kind, name: metadata.name, namespace: metadata.namespace }, {}, never)
    await admin.remove({ apiVersion: 'v1', kind: 'Namespace', name: place }, {}, never)
  })

  test('devices that the scheduler has given to a claim are not free', { timeout: 60_000 }, async () => {
    const resources = adminConfig().makeApiClient(ResourceV1Api)
    const nodeName = freshName('dra')
    const driver = `${nodeName}.gpu.nvidia.com`
    const namespace = freshName('care')
    const className = freshName('gpus')
    const dra = await startTestKubelet({
      config: adminConfig(),
      nodeNames: [nodeName],
      labels: {},
      capacity: { cpu: '64', memory: '1Ti', pods: '110' },
      podAddress: podAddress(),
    })
    await admin.create({ apiVersion: 'v1', kind: 'Namespace', metadata: { name: namespace } }, never)
    const attributes = { productName: { string: 'NVIDIA H100 80GB HBM3' }, type: { string: 'gpu' } }
    const devices = ['gpu-0', 'gpu-1', 'gpu-2'].map((name) => ({ name, attributes }))
    const pool = { name: nodeName, generation: 1, resourceSliceCount: 1 }
    await resources.createResourceSlice({ body: { metadata: { name: nodeName }, spec: { driver, nodeName, pool, devices } } })
    await resources.createDeviceClass({
      body: { metadata: { name: className }, spec: { selectors: [{ cel: { expression: `device.driver == "${driver}"` } }] } },
    })
    const requests = [{ name: 'gpu', exactly: { deviceClassName: className, count: 2 } }]
    await resources.createNamespacedResourceClaim({ namespace, body: { metadata: { name: 'two' }, spec: { devices: { requests } } } })
    const container = { name: 'main', image: 'example.invalid/engine:1', resources: { claims: [{ name: 'gpus' }] } }
    const spec = {
      containers: [container],
      resourceClaims: [{ name: 'gpus', resourceClaimName: 'two' }],
      tolerations: [{ operator: 'Exists' }],
    }
    await core.createNamespacedPod({ namespace, body: { metadata: { name: 'holder' }, spec } })
    const { manager } = sample()
    const found = async () => {
      const { devices: all } = await manager.discover()
      return all.filter((device) => device.nodeName === nodeName).map(({ hardwareId, count, available }) => [hardwareId, count, available])
    }
    await expect.poll(found, { timeout: 30_000 }).toEqual([['h100-sxm', 3, 1]])
    await core.deleteNamespacedPod({ name: 'holder', namespace, gracePeriodSeconds: 0 })
    await expect.poll(found, { timeout: 30_000 }).toEqual([['h100-sxm', 3, 3]])
    await admin.remove({ apiVersion: 'v1', kind: 'Namespace', name: namespace }, {}, never)
    await resources.deleteDeviceClass({ name: className })
    await resources.deleteResourceSlice({ name: nodeName })
    await dra[Symbol.asyncDispose]()
  })
})
