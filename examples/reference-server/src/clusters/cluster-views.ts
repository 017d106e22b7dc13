/** A cluster as the console shows it: nodes with their devices and slices, in numbers that need no Kubernetes to read. */
import { toDevices, type KubernetesApi, type KubernetesObject } from '@bud-foundry/cluster'
import { z } from 'zod'

const nodeSchema = z.looseObject({
  metadata: z.looseObject({ name: z.string(), labels: z.record(z.string(), z.string()).default({}) }),
  status: z
    .looseObject({
      allocatable: z.record(z.string(), z.string()).default({}),
      conditions: z.array(z.looseObject({ type: z.string(), status: z.string() })).default([]),
    })
    .prefault({}),
})
const podSchema = z.looseObject({ spec: z.looseObject({ nodeName: z.string().optional() }).prefault({}) })

export interface NodeView {
  readonly name: string
  readonly isReady: boolean
  readonly hardwareId?: string | undefined
  readonly devices: number
  readonly available: number
  readonly sharing?: 'whole' | 'mig' | 'time-slice' | undefined
  /** Parts of divided devices, by their profile. */
  readonly slices: readonly { readonly profile: string; readonly count: number }[]
  readonly cpu: string
  readonly memory: string
  readonly pods: readonly string[]
}

const migPrefix = 'nvidia.com/mig-'

function slicesOf(allocatable: Readonly<Record<string, string>>): NodeView['slices'] {
  return Object.entries(allocatable)
    .filter(([name]) => name.startsWith(migPrefix))
    .map(([name, amount]) => ({ profile: name.slice(migPrefix.length), count: Number(amount) }))
}

export async function describeNodes(api: KubernetesApi, signal: AbortSignal): Promise<readonly NodeView[]> {
  const list = async (kind: 'Node' | 'Pod') => (await api.list({ apiVersion: 'v1', kind }, signal)).items
  const [nodes, pods] = await Promise.all([list('Node'), list('Pod')])
  return nodes.map((node) => describeNode(node, pods))
}

function describeNode(node: KubernetesObject, pods: readonly KubernetesObject[]): NodeView {
  const { metadata, status } = nodeSchema.parse(node)
  const here = pods.filter((pod) => podSchema.parse(pod).spec.nodeName === metadata.name)
  const { devices } = toDevices({ nodes: [node], pods: here, resourceSlices: [], resourceClaims: [] })
  const [first] = devices
  return {
    name: metadata.name,
    isReady: status.conditions.some(({ type, status: is }) => type === 'Ready' && is === 'True'),
    hardwareId: first?.hardwareId,
    devices: devices.reduce((sum, { count }) => sum + count, 0),
    available: devices.reduce((sum, { count, available }) => sum + (available ?? count), 0),
    sharing: first?.sharing,
    slices: slicesOf(status.allocatable),
    cpu: status.allocatable['cpu'] ?? '',
    memory: status.allocatable['memory'] ?? '',
    pods: here.map(({ metadata: { name } }) => name),
  }
}
