/** The demo cluster: a Kubernetes API in memory with nodes that nobody owns. What is deployed to it is answered by engine twins. */
import type { Clock } from '@bud-foundry/core'
import type { KubernetesApi, KubernetesObject, PodCall } from '@bud-foundry/cluster'
import { createFakeKubernetes } from '@bud-foundry/cluster/testing'

/** Calls take a moment, as they do over a network, so that progress can be watched. */
const callMs = 120

const never = new AbortController().signal

interface DemoNode {
  readonly name: string
  readonly product: string | undefined
  readonly labels?: Readonly<Record<string, string>>
  readonly annotations?: Readonly<Record<string, string>>
  readonly allocatable: Readonly<Record<string, string>>
}

/** Two devices that HAMi divides into ten each, as its plugin writes it. */
const hamiDevices = JSON.stringify(
  [0, 1].map((index) => ({ id: `GPU-demo-${String(index)}`, count: 10, devmem: 23_034, devcore: 100, type: 'NVIDIA-L4', health: true })),
)

/** A rack as a small company has it: two kinds of inference nodes, one divided by MIG, one by HAMi, one without accelerators. */
const nodes: readonly DemoNode[] = [
  { name: 'node-1', product: 'NVIDIA-H100-80GB-HBM3', labels: { 'nvidia.com/gpu.count': '8' }, allocatable: { 'nvidia.com/gpu': '8' } },
  { name: 'node-2', product: 'NVIDIA-L40S', labels: { 'nvidia.com/gpu.count': '8' }, allocatable: { 'nvidia.com/gpu': '8' } },
  {
    name: 'node-3',
    product: 'NVIDIA-A100-SXM4-80GB',
    labels: { 'nvidia.com/gpu.count': '4' },
    allocatable: { 'nvidia.com/gpu': '2', 'nvidia.com/mig-3g.40gb': '2', 'nvidia.com/mig-1g.10gb': '8' },
  },
  { name: 'node-4', product: undefined, allocatable: {} },
  {
    name: 'node-5',
    product: 'NVIDIA-L4',
    annotations: { 'hami.io/node-nvidia-register': hamiDevices },
    allocatable: { 'nvidia.com/gpu': '20' },
  },
]

const toNode = ({ name, product, labels = {}, annotations = {}, allocatable }: DemoNode): KubernetesObject => ({
  apiVersion: 'v1',
  kind: 'Node',
  metadata: { name, annotations, labels: { ...labels, ...(product === undefined ? {} : { 'nvidia.com/gpu.product': product }) } },
  spec: {},
  status: {
    allocatable: { cpu: '64', memory: '512Gi', ...allocatable },
    capacity: { cpu: '64', memory: '512Gi', ...allocatable },
    conditions: [
      { type: 'MemoryPressure', status: 'False', message: 'kubelet has sufficient memory available' },
      { type: 'DiskPressure', status: 'False', message: 'kubelet has no disk pressure' },
      { type: 'Ready', status: 'True', message: 'kubelet is posting ready status' },
    ],
    nodeInfo: { architecture: 'amd64', osImage: 'a machine in memory', kubeletVersion: 'v1.36.0' },
  },
})

/** The node whose hardware a pod asks for; the cluster in memory puts every pod on the first one. */
function place(pod: KubernetesObject): KubernetesObject {
  const wish = JSON.stringify(pod.spec ?? {})
  const node = nodes.find(({ product }) => product !== undefined && wish.includes(product))
  // Safe: the spec of a pod is an object.
  return node === undefined ? pod : { ...pod, spec: { ...(pod.spec as object), nodeName: node.name } }
}

export interface DemoKubernetesParts {
  readonly clock: Clock
  /** What stands behind the pods. */
  readonly answerPod: (call: PodCall) => Promise<{ readonly status: number; readonly text: string }>
}

export async function createDemoKubernetes({ clock, answerPod }: DemoKubernetesParts): Promise<KubernetesApi> {
  const memory = createFakeKubernetes()
  for (const node of nodes) await memory.create(toNode(node), never)
  const slowly = async (signal: AbortSignal) => clock.sleep(callMs, signal)
  return {
    contract: memory.contract,
    server: 'https://demo.invalid',
    version: (signal) => memory.version(signal),
    servedKinds: (apiVersion, signal) => memory.servedKinds(apiVersion, signal),
    read: (reference, signal) => memory.read(reference, signal),
    list: async (selection, signal) => {
      const found = await memory.list(selection, signal)
      return selection.kind === 'Pod' ? { ...found, items: found.items.map(place) } : found
    },
    apply: async (object, options, signal) => {
      if (options.dryRun !== true) await slowly(signal)
      return memory.apply(object, options, signal)
    },
    create: (object, signal) => memory.create(object, signal),
    replace: (object, signal) => memory.replace(object, signal),
    remove: async (reference, options, signal) => {
      await slowly(signal)
      await memory.remove(reference, options, signal)
    },
    watch: (selection, resourceVersion, signal) => memory.watch(selection, resourceVersion, signal),
    callPod: (call) => answerPod(call),
    readLog: (...asked) => memory.readLog(...asked),
    [Symbol.asyncDispose]: () => memory[Symbol.asyncDispose](),
  }
}
