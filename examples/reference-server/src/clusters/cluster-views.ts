/** A cluster as the console shows it: nodes with their devices, slices and state, in numbers that need no Kubernetes to read. */
import { toDevices, type KubernetesApi, type KubernetesObject } from '@bud-foundry/cluster'
import { z } from 'zod'

const texts = z.record(z.string(), z.string())
const nodeSchema = z.looseObject({
  metadata: z.looseObject({ name: z.string(), annotations: texts.default({}) }),
  status: z
    .looseObject({
      allocatable: texts.default({}),
      conditions: z.array(z.looseObject({ type: z.string(), status: z.string(), message: z.string().optional() })).default([]),
      nodeInfo: z
        .looseObject({
          architecture: z.string().optional(),
          osImage: z.string().optional(),
          kernelVersion: z.string().optional(),
          kubeletVersion: z.string().optional(),
          containerRuntimeVersion: z.string().optional(),
        })
        .optional(),
    })
    .prefault({}),
})
const podSchema = z.looseObject({ spec: z.looseObject({ nodeName: z.string().optional() }).prefault({}) })

export const nodeViewSchema = z.object({
  name: z.string(),
  isReady: z.boolean(),
  hardwareId: z.string().optional(),
  devices: z.number(),
  available: z.number(),
  /** `hami` and `time-slice`: several pods share one device. */
  sharing: z.enum(['whole', 'mig', 'time-slice', 'hami']).optional(),
  /** Parts of divided devices, by their profile. */
  slices: z.array(z.object({ profile: z.string(), count: z.number() })),
  cpu: z.string(),
  memory: z.string(),
  pods: z.array(z.string()),
  conditions: z.array(z.object({ type: z.string(), isTrue: z.boolean(), message: z.string().optional() })),
  system: z
    .object({
      architecture: z.string().optional(),
      os: z.string().optional(),
      kernel: z.string().optional(),
      kubelet: z.string().optional(),
      runtime: z.string().optional(),
    })
    .optional(),
})
export type NodeView = z.output<typeof nodeViewSchema>

const migPrefix = 'nvidia.com/mig-'
/** What HAMi's device plugin writes beside the devices that it divides. */
const hamiAnnotation = 'hami.io/node-nvidia-register'

function slicesOf(allocatable: Readonly<Record<string, string>>, sharing: NodeView['sharing']): NodeView['slices'] {
  const mig = Object.entries(allocatable)
    .filter(([name]) => name.startsWith(migPrefix))
    .map(([name, amount]) => ({ profile: name.slice(migPrefix.length), count: Number(amount) }))
  if (sharing !== 'time-slice' && sharing !== 'hami') return mig
  const shared = Number(allocatable['nvidia.com/gpu'] ?? allocatable['nvidia.com/gpu.shared'] ?? 0)
  return shared > 0 ? [{ profile: sharing, count: shared }] : mig
}

export async function describeNodes(api: KubernetesApi, signal: AbortSignal): Promise<readonly NodeView[]> {
  const list = async (kind: 'Node' | 'Pod') => (await api.list({ apiVersion: 'v1', kind }, signal)).items
  const [nodes, pods] = await Promise.all([list('Node'), list('Pod')])
  // Sorted out once: a cluster may have thousands of either.
  const podsOf = Map.groupBy(pods, (pod) => podSchema.parse(pod).spec.nodeName)
  return nodes.map((node) => describeNode(node, podsOf.get(node.metadata.name) ?? []))
}

function describeNode(node: KubernetesObject, here: readonly KubernetesObject[]): NodeView {
  const { metadata, status } = nodeSchema.parse(node)
  const { devices } = toDevices({ nodes: [node], pods: here, resourceSlices: [], resourceClaims: [] })
  const [first] = devices
  // A node may have whole devices beside divided ones: its slices are told.
  const divided = (devices.find(({ sharing }) => sharing !== undefined && sharing !== 'whole') ?? first)?.sharing
  const sharing = divided === 'time-slice' && hamiAnnotation in metadata.annotations ? 'hami' : divided
  const { architecture, osImage, kernelVersion, kubeletVersion, containerRuntimeVersion } = status.nodeInfo ?? {}
  return {
    name: metadata.name,
    isReady: status.conditions.some(({ type, status: is }) => type === 'Ready' && is === 'True'),
    hardwareId: first?.hardwareId,
    devices: devices.reduce((sum, { count }) => sum + count, 0),
    available: devices.reduce((sum, { count, available }) => sum + (available ?? count), 0),
    sharing,
    slices: slicesOf(status.allocatable, sharing),
    cpu: status.allocatable['cpu'] ?? '',
    memory: status.allocatable['memory'] ?? '',
    pods: here.map(({ metadata: { name } }) => name),
    conditions: status.conditions.map(({ type, status: is, message }) => ({ type, isTrue: is === 'True', message })),
    ...(status.nodeInfo === undefined
      ? {}
      : { system: { architecture, os: osImage, kernel: kernelVersion, kubelet: kubeletVersion, runtime: containerRuntimeVersion } }),
  }
}
