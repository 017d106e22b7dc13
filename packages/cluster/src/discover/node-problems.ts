/** What is wrong with the devices of one node as its labels and plugins tell of them. */
import type { KubernetesObject } from '../kubernetes/kubernetes-api.ts'
import { devicesPerNodeMax } from '../limits.ts'
import { hamiAnnotation, hamiDevices, isDeviceResource } from './node-devices.ts'
import { parseQuantity, type NodeFields } from './node-schemas.ts'

/** Vendors of accelerators by their PCI id; of AMD's display controllers only classes that no board has for its screen. */
const vendors: readonly (readonly [name: string, label: RegExp])[] = [
  ['NVIDIA', /\/pci-(?:0300_|0302_)?10de[._]/],
  ['AMD', /\/pci-(?:0302|0380|12\d\d)_1002[._]/],
  ['Gaudi', /\/pci-(?:12\d\d_)?1da3[._]/],
]
const resourceOf: Readonly<Record<string, string>> = { NVIDIA: 'nvidia.com/', AMD: 'amd.com/', Gaudi: 'habana.ai/' }

function unoffered(labels: Readonly<Record<string, string>>, { status }: NodeFields): readonly string[] {
  const has = (vendor: string) =>
    Object.entries(status.allocatable).some(([name, amount]) => name.startsWith(resourceOf[vendor] ?? '') && parseQuantity(amount) > 0)
  return vendors.flatMap(([vendor, label]) =>
    Object.entries(labels).some(([name, value]) => value === 'true' && label.test(name)) && !has(vendor)
      ? [`it has ${vendor} devices, and no device plugin offers them: look at the driver and at the plugin's pods`]
      : [],
  )
}

function hamiProblems(annotation: string | undefined): readonly string[] {
  const { healthy, sick } = hamiDevices(annotation)
  if (annotation !== undefined && healthy + sick === 0)
    return [`its annotation ${hamiAnnotation} cannot be read, so that nobody knows how many devices its shares are of`]
  return sick === 0 ? [] : [`HAMi reports ${String(sick)} of its ${String(healthy + sick)} devices as sick`]
}

/** Sentences, each about this node; `isKnownOtherwise` where DRA publishes its devices. */
export function problemsOfNode(object: KubernetesObject, node: NodeFields, isKnownOtherwise: boolean): readonly string[] {
  const { labels = {}, annotations = {} } = object.metadata
  const absurd = Object.entries(node.status.allocatable)
    .filter(([name, amount]) => isDeviceResource(name) && !(parseQuantity(amount) >= 0 && parseQuantity(amount) <= devicesPerNodeMax))
    .map(([name, amount]) => `its quantity of ${name}, '${String(amount)}', is no number of devices`)
  return [...absurd, ...hamiProblems(annotations[hamiAnnotation]), ...(isKnownOtherwise ? [] : unoffered(labels, node))]
}
