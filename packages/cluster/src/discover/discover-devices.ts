/** What hardware a cluster has and how much of it is free, as the devices that `sim` takes. */
import { deviceSchema, type Device, type Finding } from '@bud-foundry/core'
import type { KubernetesApi, KubernetesObject } from '../kubernetes/kubernetes-api.ts'
import { devicesOfSlices, type DraDevices } from './dra-devices.ts'
import { devicesOfNode, type FoundDevices } from './node-devices.ts'
import { asksForDevices, slimNode, slimPod } from './inventory-parts.ts'
import { nodeSchema, podSchema, type NodeFields, type PodFields } from './node-schemas.ts'
import { requestedOn } from './pod-requests.ts'
import { whyUnschedulable, type Toleration } from './schedulability.ts'

/** What discovery looks at, as the API lists it. */
export interface ClusterInventory {
  readonly nodes: readonly KubernetesObject[]
  readonly pods: readonly KubernetesObject[]
  readonly resourceSlices: readonly KubernetesObject[]
  readonly resourceClaims: readonly KubernetesObject[]
}

export interface DiscoveredDevices {
  /** Known hardware. Shared devices have `sharing`; on nodes that take no pods of ours nothing is available. */
  readonly devices: readonly Device[]
  /** Hardware without a profile, nodes that cannot be used, labels that are missing. */
  readonly findings: readonly Finding[]
}

/** Taints that guard accelerators: our deployments tolerate them by the name of the resource. */
export const acceleratorTolerations: readonly Toleration[] = ['nvidia.com/gpu', 'amd.com/gpu', 'habana.ai/gaudi'].map((key) => ({
  key,
  operator: 'Exists',
}))

/**
 * Devices that no pod touches: of a divided device one unit in use makes the whole device used, and nobody tells which units are on which
 * device, so each unit in use counts for a device of its own.
 */
function freeDevices(found: FoundDevices, pods: readonly PodFields[]): number {
  const used = found.resources.reduce((sum, { name }) => sum + requestedOn(pods, name), 0)
  return Math.max(0, found.count - Math.ceil(used))
}

interface Sighting {
  readonly nodeName: string
  readonly product: string
  readonly hardwareId: string | undefined
  readonly count: number
  readonly available: number
  readonly sharing: Device['sharing']
}

/** Drivers in transition publish a device both ways: the device plugin's view counts then. */
const onlyThroughDra = (dra: readonly DraDevices[], nodeName: string, plugin: readonly FoundDevices[]): readonly Sighting[] =>
  dra
    .filter(
      (group) =>
        group.nodeName === nodeName &&
        !plugin.some(
          ({ product, hardwareId }) => product === group.product || (hardwareId !== undefined && hardwareId === group.hardwareId),
        ),
    )
    .map((group) => ({ ...group, sharing: 'whole' }))

/** Watches change some objects of many: what the others say is read once. */
const knownPods = new WeakMap<KubernetesObject, PodFields | 'unreadable'>()
const knownNodes = new WeakMap<KubernetesObject, NodeFields | 'unreadable'>()

function readOnce<Fields>(
  known: WeakMap<KubernetesObject, Fields | 'unreadable'>,
  object: KubernetesObject,
  read: () => Fields | undefined,
) {
  const found = known.get(object) ?? read() ?? 'unreadable'
  known.set(object, found)
  return found === 'unreadable' ? undefined : found
}

/** Pods that hold devices, by their node. */
function holdersByNode(pods: readonly KubernetesObject[]): ReadonlyMap<string, readonly PodFields[]> {
  const holders = new Map<string, PodFields[]>()
  for (const pod of pods) {
    const fields = readOnce(knownPods, pod, () => (asksForDevices(pod) ? podSchema.safeParse(pod).data : undefined))
    if (fields?.spec.nodeName === undefined) continue
    const onNode = holders.get(fields.spec.nodeName)
    if (onNode === undefined) holders.set(fields.spec.nodeName, [fields])
    else onNode.push(fields)
  }
  return holders
}

/** Pure: the same inventory gives the same devices. */
export function toDevices(inventory: ClusterInventory, tolerations: readonly Toleration[] = acceleratorTolerations): DiscoveredDevices {
  const holders = holdersByNode(inventory.pods)
  const dra = devicesOfSlices(inventory.resourceSlices, inventory.resourceClaims)
  const devices: Device[] = []
  const findings: Finding[] = []
  for (const object of inventory.nodes) {
    const nodeName = object.metadata.name
    const node = readOnce(knownNodes, object, () => nodeSchema.safeParse(object).data)
    if (node === undefined) {
      findings.push({
        severity: 'warning',
        field: nodeName,
        message: `node ${nodeName} cannot be read: its fields have other types than Kubernetes defines`,
      })
      continue
    }
    const plugin = devicesOfNode(object, node)
    const sightings: readonly Sighting[] = [
      ...plugin.map((found) => ({ ...found, nodeName, available: freeDevices(found, holders.get(nodeName) ?? []) })),
      ...onlyThroughDra(dra, nodeName, plugin),
    ]
    const reason = sightings.length === 0 ? undefined : whyUnschedulable(node, tolerations)
    if (reason !== undefined) findings.push({ severity: 'warning', field: nodeName, message: `node ${nodeName} takes no pods: ${reason}` })
    for (const sighting of sightings) {
      const { hardwareId, product, count, sharing } = sighting
      if (hardwareId === undefined) {
        const message = `${String(count)} × '${product}' on node ${nodeName} have no hardware profile: install node feature discovery, or name the hardware to sim yourself`
        findings.push({ severity: 'warning', field: nodeName, message })
        continue
      }
      devices.push(deviceSchema.parse({ hardwareId, count, available: reason === undefined ? sighting.available : 0, nodeName, sharing }))
    }
  }
  return { devices, findings }
}

/** Lists nodes, pods and, where the cluster has them, ResourceSlices and claims. */
export async function readInventory(api: KubernetesApi, signal: AbortSignal): Promise<ClusterInventory> {
  const dra = (await api.servedKinds('resource.k8s.io/v1', signal)).includes('ResourceSlice')
  const list = async (apiVersion: string, kind: string, keep?: (object: KubernetesObject) => KubernetesObject) =>
    (await api.list({ apiVersion, kind }, signal, keep)).items
  return {
    nodes: await list('v1', 'Node', slimNode),
    pods: await list('v1', 'Pod', slimPod),
    resourceSlices: dra ? await list('resource.k8s.io/v1', 'ResourceSlice') : [],
    resourceClaims: dra ? await list('resource.k8s.io/v1', 'ResourceClaim') : [],
  }
}

export async function discoverDevices(api: KubernetesApi, signal: AbortSignal): Promise<DiscoveredDevices> {
  return toDevices(await readInventory(api, signal))
}
