/** The accelerators of one node by what its device plugins and labels say: each physical device once, however it is shared. */
import { z } from 'zod'
import type { KubernetesObject } from '../kubernetes/kubernetes-api.ts'
import { devicesPerNodeMax } from '../limits.ts'
import { amdHardwareId, gaudiHardwareId, neuronHardwareId, nvidiaHardwareId, nvidiaProductName, tpuHardwareId } from './hardware-names.ts'
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

export const hamiAnnotation = 'hami.io/node-nvidia-register'

const units = ({ status }: NodeFields, resource: string): number => {
  const amount = parseQuantity(status.allocatable[resource] ?? 0)
  return amount >= 0 && amount <= devicesPerNodeMax ? Math.floor(amount) : 0
}

/** What device plugins of accelerators count. */
export const isDeviceResource = (name: string): boolean =>
  /^(nvidia\.com\/(gpu|mig-)|amd\.com\/gpu$|habana\.ai\/gaudi$|google\.com\/tpu$|aws\.amazon\.com\/neuron$|gpu\.intel\.com\/(i915|xe)$)/.test(
    name,
  )

const positive = (text: string | undefined): number | undefined => {
  const value = Number(text)
  return Number.isInteger(value) && value > 0 ? value : undefined
}

const hamiEntriesSchema = z.array(z.looseObject({ id: z.string(), health: z.boolean().default(true) }))

/** HAMi registers one entry per physical GPU, JSON in newer releases and `id,split,memory,cores,type,numa,health:` in older ones. */
export function hamiDevices(annotation: string | undefined): { readonly healthy: number; readonly sick: number } {
  if (annotation === undefined) return { healthy: 0, sick: 0 }
  let health: readonly boolean[]
  try {
    health = (hamiEntriesSchema.safeParse(JSON.parse(annotation)).data ?? []).map((entry) => entry.health)
  } catch {
    const entries = annotation.split(':').map((entry) => entry.split(','))
    health = entries.filter(({ length }) => length >= 5).map((fields) => fields[6] !== 'false')
  }
  const healthy = health.filter(Boolean).length
  return { healthy, sick: health.length - healthy }
}

/** Compute slices of a device that MIG can cut: four of an A30, seven of all others (NVIDIA's MIG user guide, "Supported profiles"). */
const migSlicesOf = (product: string) => (/A30$/i.test(product) ? 4 : 7)

/** Instances of a profile that fit on one device: `3g.40gb` takes three compute slices and 40 GB of memory. */
function instancesPerDevice(product: string, profile: string): number {
  const [, slices = '', memory = ''] = /(\d+)g\.(\d+)gb/.exec(profile) ?? []
  const bySlices = Math.floor(migSlicesOf(product) / Math.max(1, Number(slices)))
  const deviceMemory = Number(/(\d+)GB/i.exec(product)?.[1] ?? Number.NaN)
  const byMemory = memory === '' || Number.isNaN(deviceMemory) ? bySlices : Math.floor(deviceMemory / Number(memory))
  return Math.max(1, Math.min(bySlices, byMemory))
}

type Units = FoundDevices['resources'][number]

/** As few devices as the instances fit on; feature discovery tells their number only where some are whole. */
const cutDevices = (product: string, resources: readonly Units[]) =>
  Math.max(1, Math.ceil(resources.reduce((sum, { name, units: amount }) => sum + amount / instancesPerDevice(product, name), 0) - 1e-9))

/** With the strategy `mixed` some devices are whole and others cut; with `single` all are cut alike, and asked for as whole ones. */
function migDevices(label: string, resources: readonly Units[], physical: number | undefined): readonly FoundDevices[] {
  const product = nvidiaProductName(label)
  const base = { product: product || 'NVIDIA GPU', hardwareId: nvidiaHardwareId(label) }
  const profile = /-MIG-(.+)$/.exec(label)?.[1]
  if (profile !== undefined) {
    // Feature discovery overrides nvidia.com/gpu.count with the number of instances here.
    const units = resources.reduce((sum, { units: amount }) => sum + amount, 0)
    return [{ ...base, count: Math.ceil(units / instancesPerDevice(product, profile)), sharing: 'mig', resources }]
  }
  const whole = resources.filter(({ name }) => name === 'nvidia.com/gpu')
  const cut = resources.filter(({ name }) => name !== 'nvidia.com/gpu')
  const wholeCount = whole.reduce((sum, { units: amount }) => sum + amount, 0)
  const count = physical !== undefined && physical > wholeCount ? physical - wholeCount : cutDevices(product, cut)
  const cutGroup: FoundDevices = { ...base, count, sharing: 'mig', resources: cut }
  return wholeCount === 0 ? [cutGroup] : [{ ...base, count: wholeCount, sharing: 'whole', resources: whole }, cutGroup]
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
  const hami = annotations[hamiAnnotation]
  const total = resources.reduce((sum, { units: amount }) => sum + amount, 0)
  if (mig.length > 0 || label.includes('-MIG-')) return migDevices(label, resources, physical)
  if (hami !== undefined) {
    const { healthy, sick } = hamiDevices(hami)
    // One that cannot be read leaves only what feature discovery counts; the shares are no devices.
    const count = healthy + sick === 0 ? (physical ?? 0) : healthy
    return count === 0 ? [] : [{ ...base, count, sharing: 'time-slice', resources }]
  }
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
  const tpu = labels['cloud.google.com/gke-tpu-accelerator'] ?? 'TPU'
  const instance = labels['node.kubernetes.io/instance-type'] ?? 'Neuron device'
  return [
    ...nvidia(labels, annotations, node),
    ...single('amd.com/gpu', amd, amdHardwareId(amd), node),
    ...single('habana.ai/gaudi', gaudi === '' ? 'Gaudi' : `Gaudi ${gaudi}`, gaudiHardwareId(gaudi), node),
    ...single('google.com/tpu', tpu, tpuHardwareId(tpu), node),
    ...single('aws.amazon.com/neuron', instance, neuronHardwareId(instance), node),
    ...['gpu.intel.com/i915', 'gpu.intel.com/xe'].flatMap((name) =>
      single(name, labels['gpu.intel.com/product'] ?? 'Intel GPU', undefined, node),
    ),
  ]
}
