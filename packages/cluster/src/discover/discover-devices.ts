/** What hardware a cluster has and how much of it is free, as the devices that `sim` takes. */
import { deviceSchema, type Device, type Finding } from '@bud-foundry/core'
import type { KubernetesApi, KubernetesObject } from '../kubernetes/kubernetes-api.ts'
import { freeSockets, processorsOfNode, type FoundProcessors } from './cpu-devices.ts'
import { parseDcgmPage, type DcgmDevice } from './dcgm-devices.ts'
import { devicesOfSlices, type DraDevices } from './dra-devices.ts'
import { devicesOfNode, type FoundDevices } from './node-devices.ts'
import { asksForDevices, slimNode, slimPod } from './inventory-parts.ts'
import { problemsOfNode } from './node-problems.ts'
import { nodeSchema, podSchema, type NodeFields, type PodFields } from './node-schemas.ts'
import { requestedOn } from './pod-requests.ts'
import { whyUnschedulable, type Toleration } from './schedulability.ts'

/** What discovery looks at, as the API lists it. */
export interface ClusterInventory {
  readonly nodes: readonly KubernetesObject[]
  readonly pods: readonly KubernetesObject[]
  readonly resourceSlices: readonly KubernetesObject[]
  readonly resourceClaims: readonly KubernetesObject[]
  /** Pages of DCGM exporters, whoever fetched them: they name the devices of nodes without labels. */
  readonly dcgmPages?: readonly string[] | undefined
}

export interface DiscoveredDevices {
  /** Known hardware. Shared devices have `sharing`; on nodes that take no pods of ours nothing is available. */
  readonly devices: readonly Device[]
  /** Hardware without a profile, nodes that cannot be used, labels that are missing. */
  readonly findings: readonly Finding[]
}

/** Taints that guard accelerators: our deployments tolerate them by the name of the resource. */
export const acceleratorTolerations: readonly Toleration[] = [
  'nvidia.com/gpu',
  'amd.com/gpu',
  'habana.ai/gaudi',
  'google.com/tpu',
  'aws.amazon.com/neuron',
].map((key) => ({ key, operator: 'Exists' }))

/**
 * Devices that no pod touches: of a divided device one unit in use makes the whole device used, and nobody tells which units are on which
 * device, so each unit in use counts for a device of its own.
 */
function freeDevices(found: FoundDevices, pods: readonly PodFields[]): number {
  const used = found.resources.reduce((sum, { name }) => sum + requestedOn(pods, name), 0)
  return Math.max(0, found.count - Math.ceil(used))
}

interface Sighting {
  readonly product: string
  readonly hardwareId: string | undefined
  readonly count: number
  readonly available: number
  readonly sharing: Device['sharing']
}

/** Drivers in transition publish a device both ways: the device plugin's view counts then. */
const onlyThroughDra = (dra: readonly DraDevices[], plugin: readonly FoundDevices[]): readonly Sighting[] =>
  dra
    .filter(
      (group) =>
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

/** Pods that hold devices, and all of nodes whose processors count, by their node. */
function holdersByNode(pods: readonly KubernetesObject[], processorNodes: ReadonlySet<string>): ReadonlyMap<string, readonly PodFields[]> {
  const counts = (pod: KubernetesObject) => {
    const { spec } = pod
    const isThere = typeof spec === 'object' && spec !== null && 'nodeName' in spec && typeof spec.nodeName === 'string'
    return (isThere && processorNodes.has(String(spec.nodeName))) || asksForDevices(pod)
  }
  const holders = new Map<string, PodFields[]>()
  for (const pod of pods) {
    if (!counts(pod)) continue
    const fields = readOnce(knownPods, pod, () => podSchema.safeParse(pod).data)
    if (fields?.spec.nodeName === undefined) continue
    const onNode = holders.get(fields.spec.nodeName)
    if (onNode === undefined) holders.set(fields.spec.nodeName, [fields])
    else onNode.push(fields)
  }
  return holders
}

/** One node with everything that is known of it. */
interface SeenNode {
  readonly nodeName: string
  readonly node: NodeFields
  readonly plugin: readonly FoundDevices[]
  readonly dra: readonly DraDevices[]
  /** Of nodes without accelerators: on the others the processors feed these. */
  readonly processors: FoundProcessors | undefined
  readonly problems: readonly string[]
}

/** What DCGM calls the devices, where the labels of a node do not say. */
const namedByDcgm = (plugin: readonly FoundDevices[], dcgm: readonly DcgmDevice[]): readonly FoundDevices[] =>
  plugin.map((found) => {
    const [first] = dcgm
    const isOne = first !== undefined && dcgm.every(({ product }) => product === first.product)
    const isNvidia = found.resources.some(({ name }) => name.startsWith('nvidia.com/'))
    return found.hardwareId === undefined && isNvidia && isOne ? { ...found, product: first.product, hardwareId: first.hardwareId } : found
  })

function lookAt(object: KubernetesObject, slices: readonly DraDevices[], dcgm: readonly DcgmDevice[]): SeenNode | undefined {
  const nodeName = object.metadata.name
  const node = readOnce(knownNodes, object, () => nodeSchema.safeParse(object).data)
  if (node === undefined) return undefined
  const dra = slices.filter((group) => group.nodeName === nodeName)
  const plugin = namedByDcgm(
    devicesOfNode(object, node),
    dcgm.filter((device) => device.nodeName === nodeName),
  )
  const accelerates = plugin.length > 0 || dra.length > 0
  return {
    nodeName,
    node,
    plugin,
    dra,
    processors: accelerates ? undefined : processorsOfNode(object, node),
    problems: problemsOfNode(object, node, accelerates),
  }
}

function sightingsOf({ plugin, dra, processors }: SeenNode, pods: readonly PodFields[]): readonly Sighting[] {
  return [
    ...plugin.map((found) => ({ ...found, available: freeDevices(found, pods) })),
    ...onlyThroughDra(dra, plugin),
    ...(processors?.hardwareId === undefined
      ? []
      : [{ ...processors, available: freeSockets(processors, requestedOn(pods, 'cpu')), sharing: 'whole' as const }]),
  ]
}

const warning = (nodeName: string, message: string): Finding => ({ severity: 'warning', field: nodeName, message })

/** Nodes of one kind of processor together: a cluster may have hundreds that nobody means to serve models on. */
function processorFindings(seen: readonly SeenNode[]): readonly Finding[] {
  const unknown = seen.flatMap(({ nodeName, processors }) =>
    processors === undefined || processors.hardwareId !== undefined ? [] : [{ nodeName, product: processors.product }],
  )
  return [...Map.groupBy(unknown, ({ product }) => product)].map(([product, nodes]): Finding => {
    const named = `${nodes
      .slice(0, 3)
      .map(({ nodeName }) => nodeName)
      .join(', ')}${nodes.length > 3 ? ` and ${String(nodes.length - 3)} more` : ''}`
    const message = `the processors '${product}' of ${named} are not whole sockets of one known profile: name the hardware to sim yourself to serve models on them`
    return { severity: 'info', field: 'processors', message }
  })
}

/** Pure: the same inventory gives the same devices. */
export function toDevices(inventory: ClusterInventory, tolerations: readonly Toleration[] = acceleratorTolerations): DiscoveredDevices {
  const slices = devicesOfSlices(inventory.resourceSlices, inventory.resourceClaims)
  const slicesByNode = Map.groupBy(slices, ({ nodeName }) => nodeName)
  const dcgm = (inventory.dcgmPages ?? []).flatMap((page) => parseDcgmPage(page))
  const devices: Device[] = []
  const findings: Finding[] = []
  const seenNodes = inventory.nodes.flatMap((object) => {
    const seen = lookAt(object, slicesByNode.get(object.metadata.name) ?? [], dcgm)
    const { name } = object.metadata
    if (seen === undefined) findings.push(warning(name, `node ${name} cannot be read: its fields have other types than Kubernetes defines`))
    return seen === undefined ? [] : [seen]
  })
  const processorNodes = seenNodes.filter(({ processors }) => processors?.hardwareId !== undefined).map(({ nodeName }) => nodeName)
  const holders = holdersByNode(inventory.pods, new Set(processorNodes))
  for (const seen of seenNodes) {
    const { nodeName, node, dra, problems } = seen
    for (const problem of problems) findings.push(warning(nodeName, `node ${nodeName}: ${problem}`))
    const pools = dra.flatMap(({ incompletePools }) => incompletePools)
    if (pools.length > 0)
      findings.push(
        warning(nodeName, `node ${nodeName}: pool ${pools.join(', ')} of its devices is not published whole; none of it is free`),
      )
    const sightings = sightingsOf(seen, holders.get(nodeName) ?? [])
    const reason = sightings.length === 0 ? undefined : whyUnschedulable(node, tolerations)
    if (reason !== undefined) findings.push(warning(nodeName, `node ${nodeName} takes no pods: ${reason}`))
    for (const { hardwareId, product, count, available, sharing } of sightings) {
      if (hardwareId === undefined) {
        const message = `${String(count)} × '${product}' on node ${nodeName} have no hardware profile: install node feature discovery, or name the hardware to sim yourself`
        findings.push(warning(nodeName, message))
        continue
      }
      devices.push(deviceSchema.parse({ hardwareId, count, available: reason === undefined ? available : 0, nodeName, sharing }))
    }
  }
  return { devices, findings: [...findings, ...processorFindings(seenNodes)] }
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
