/** The accelerators of one node by what its device plugins and labels say: each physical device once, however it is shared. */
import type { KubernetesObject } from '../kubernetes/kubernetes-api.ts'
import { amdHardwareId, gaudiHardwareId, nvidiaHardwareId, nvidiaProductName } from './hardware-names.ts'
import { parseQuantity, type NodeFields } from './node-schemas.ts'

/** Devices of one kind on one node. */
export interface FoundDevices {
  /** As drivers and labels name it. */
  readonly product: string
  /** Undefined when no profile is known by that name. */
  readonly hardwareId: string | undefined
  /** Physical devices. */
  readonly count: number
  readonly sharing: 'whole' | 'mig' | 'time-slice'
  /** What pods request, and into how many such units the devices are divided in all. */
  readonly resources: readonly { readonly name: string; readonly units: number }[]
}

type Labels = Readonly<Record<string, string>>

const hamiAnnotation = 'hami.io/node-nvidia-register'

const units = ({ status }: NodeFields, resource: string): number => {
  const amount = parseQuantity(status.allocatable[resource] ?? 0)
  return Number.isFinite(amount) ? Math.floor(amount) : 0
}

const positive = (text: string | undefined): number | undefined => {
  const value = Number(text)
  return Number.isInteger(value) && value > 0 ? value : undefined
}

/** HAMi registers one entry per physical GPU, JSON in newer releases and `id,split,memory,cores,type,numa,health:` in older ones. */
export function hamiDeviceCount(annotation: string | undefined): number {
  if (annotation === undefined) return 0
  try {
    const entries: unknown = JSON.parse(annotation)
    return Array.isArray(entries) ? entries.length : 0
  } catch {
    return annotation.split(':').filter((entry) => entry.split(',').length >= 5).length
  }
}

function nvidia(labels: Labels, annotations: Labels, node: NodeFields): readonly FoundDevices[] {
  const mig = Object.keys(node.status.allocatable).filter((name) => name.startsWith('nvidia.com/mig-'))
  const names = ['nvidia.com/gpu', 'nvidia.com/gpu.shared', ...mig]
  const resources = names.map((name) => ({ name, units: units(node, name) })).filter(({ units: amount }) => amount > 0)
  if (resources.length === 0) return []
  const label = labels['nvidia.com/gpu.product'] ?? ''
  const base = { product: nvidiaProductName(label) || 'NVIDIA GPU', hardwareId: nvidiaHardwareId(label) }
  const physical = positive(labels['nvidia.com/gpu.count'])
  const replicas = positive(labels['nvidia.com/gpu.replicas']) ?? 1
  const hami = hamiDeviceCount(annotations[hamiAnnotation])
  const total = resources.reduce((sum, { units: amount }) => sum + amount, 0)
  if (mig.length > 0 || label.includes('-MIG-')) return [{ ...base, count: physical ?? 1, sharing: 'mig', resources }]
  if (hami > 0) return [{ ...base, count: hami, sharing: 'time-slice', resources }]
  const shared = label.endsWith('-SHARED') || replicas > 1 || resources.some(({ name }) => name === 'nvidia.com/gpu.shared')
  if (shared) return [{ ...base, count: physical ?? Math.max(1, Math.floor(total / replicas)), sharing: 'time-slice', resources }]
  return [{ ...base, count: total, sharing: 'whole', resources }]
}

/** Values of labels like `amd.com/gpu.device-id` and, from older labellers, names like `beta.amd.com/gpu.device-id.74a1`. */
function amdName(labels: Labels): string {
  for (const key of ['amd.com/gpu.product-name', 'amd.com/gpu.device-id', 'beta.amd.com/gpu.device-id']) {
    const value = labels[key]
    if (value !== undefined) return value
  }
  const nfd = Object.keys(labels).map((name) => /(?:gpu\.device-id\.|pci-1002\.device-|pci-12\d\d_1002_)([0-9a-f]{4})/.exec(name)?.[1])
  return nfd.find((id) => id !== undefined) ?? 'AMD GPU'
}

function single(resource: string, product: string, hardwareId: string | undefined, node: NodeFields): readonly FoundDevices[] {
  const count = units(node, resource)
  return count === 0 ? [] : [{ product, hardwareId, count, sharing: 'whole', resources: [{ name: resource, units: count }] }]
}

function gaudiId(labels: Labels): string {
  const found = Object.keys(labels).map((name) => /pci-(?:12\d\d_)?1da3[._](?:device-)?([0-9a-f]{4})/.exec(name)?.[1])
  return found.find((id) => id !== undefined) ?? ''
}

/** Devices that the node offers to pods through device plugins. */
export function devicesOfNode(object: KubernetesObject, node: NodeFields): readonly FoundDevices[] {
  const { labels = {}, annotations = {} } = object.metadata
  const amd = amdName(labels)
  const gaudi = gaudiId(labels)
  return [
    ...nvidia(labels, annotations, node),
    ...single('amd.com/gpu', amd, amdHardwareId(amd), node),
    ...single('habana.ai/gaudi', gaudi === '' ? 'Gaudi' : `Gaudi ${gaudi}`, gaudiHardwareId(gaudi), node),
  ]
}
