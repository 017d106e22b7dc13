/** Nodes with accelerators that run no containers: pods on them become ready at once, answer at one address, and end when they are deleted. */
import { CoreV1Api, type KubeConfig, type V1Node, type V1Pod } from '@kubernetes/client-node'
import { isBudError, systemClock } from '@bud-foundry/core'
import { createHttpKubernetesApi, watchObjects, type KubernetesApi } from '../../src/index.ts'

export interface TestKubelet extends AsyncDisposable {
  readonly nodeNames: readonly string[]
}

export interface KubeletOptions {
  readonly config: KubeConfig
  readonly nodeNames: readonly string[]
  readonly labels: Readonly<Record<string, string>>
  readonly capacity: Readonly<Record<string, string>>
  readonly podAddress: string
  /** Pods of images that this refuses stay pending. */
  readonly startsImage?: (image: string) => boolean
}

const nodeOf = (name: string, { labels, capacity }: KubeletOptions): V1Node => ({
  metadata: { name, labels: { 'kubernetes.io/hostname': name, ...labels } },
  spec: { taints: [{ key: 'nvidia.com/gpu', value: 'present', effect: 'NoSchedule' }] },
  status: {
    capacity: { ...capacity },
    allocatable: { ...capacity },
    conditions: [
      {
        type: 'Ready',
        status: 'True',
        reason: 'KubeletReady',
        message: 'ready',
        lastHeartbeatTime: new Date(),
        lastTransitionTime: new Date(),
      },
    ],
  },
})

const condition = (type: string) => ({ type, status: 'True', lastTransitionTime: new Date() })

async function startPod(core: CoreV1Api, pod: V1Pod, podAddress: string): Promise<void> {
  const now = new Date()
  const status = {
    phase: 'Running',
    podIP: podAddress,
    podIPs: [{ ip: podAddress }],
    startTime: now,
    conditions: ['PodScheduled', 'Initialized', 'ContainersReady', 'Ready'].map(condition),
    containerStatuses: (pod.spec?.containers ?? []).map(({ name, image }) => ({
      name,
      image: image ?? '',
      imageID: image ?? '',
      ready: true,
      started: true,
      restartCount: 0,
      state: { running: { startedAt: now } },
    })),
  }
  await core.replaceNamespacedPodStatus({
    name: pod.metadata?.name ?? '',
    namespace: pod.metadata?.namespace ?? '',
    body: Object.assign(pod, { status }),
  })
}

async function runPods(api: KubernetesApi, options: KubeletOptions, signal: AbortSignal): Promise<void> {
  const core = options.config.makeApiClient(CoreV1Api)
  for await (const news of watchObjects({ api, clock: systemClock }, { apiVersion: 'v1', kind: 'Pod' }, signal)) {
    if (news.type === 'synced' || news.type === 'deleted') continue
    const { name, namespace = '' } = news.object.metadata
    try {
      const pod = await core.readNamespacedPod({ name, namespace })
      if (!options.nodeNames.includes(pod.spec?.nodeName ?? '')) continue
      if (pod.metadata?.deletionTimestamp !== undefined) await core.deleteNamespacedPod({ name, namespace, gracePeriodSeconds: 0 })
      else if (pod.status?.phase === 'Pending' && (options.startsImage?.(pod.spec?.containers[0]?.image ?? '') ?? true))
        await startPod(core, pod, options.podAddress)
    } catch (error) {
      // Changed or gone in between: another event follows.
      if (!(error instanceof Error && 'code' in error && (error.code === 404 || error.code === 409))) throw error
    }
  }
}

/** Writes again what met the write of a controller. */
async function whileOthersWrite(write: () => Promise<void>): Promise<void> {
  for (let attempt = 1; ; attempt += 1) {
    try {
      await write()
      return
    } catch (error) {
      if (attempt === 10 || !(error instanceof Error && 'code' in error && error.code === 409)) throw error
    }
  }
}

/** Puts the nodes into the cluster and starts their pods until it is disposed, which takes the nodes out again. */
export async function startTestKubelet(options: KubeletOptions): Promise<TestKubelet> {
  const core = options.config.makeApiClient(CoreV1Api)
  const api = createHttpKubernetesApi(options.config)
  for (const name of options.nodeNames) {
    const wanted = nodeOf(name, options)
    await core.createNode({ body: wanted })
    await whileOthersWrite(async () => {
      await core.replaceNodeStatus({ name, body: Object.assign(await core.readNode({ name }), { status: wanted.status }) })
    })
    // New nodes carry the taint of those that are not ready; the controller that takes it away needs heartbeats, which these nodes have not.
    await whileOthersWrite(async () => {
      const node = await core.readNode({ name })
      await core.replaceNode({
        name,
        body: Object.assign(node, { spec: Object.assign(node.spec ?? {}, { taints: wanted.spec?.taints ?? [] }) }),
      })
    })
  }
  const ending = new AbortController()
  const running = runPods(api, options, ending.signal).catch((error: unknown) => {
    if (!(isBudError(error) && ending.signal.aborted)) throw error
  })
  return {
    nodeNames: options.nodeNames,
    async [Symbol.asyncDispose]() {
      ending.abort()
      await running
      for (const name of options.nodeNames) await core.deleteNode({ name })
      await api[Symbol.asyncDispose]()
    },
  }
}
