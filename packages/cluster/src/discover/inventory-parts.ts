/** The parts of nodes and pods that discovery reads: of a large cluster everything else would fill the memory. */
import type { KubernetesObject } from '../kubernetes/kubernetes-api.ts'

type Fields = Readonly<Record<string, unknown>>

const isRecord = (value: unknown): value is Fields => typeof value === 'object' && value !== null && !Array.isArray(value)
const listOf = (value: unknown): readonly unknown[] => (Array.isArray(value) ? value : [])

function pick(value: unknown, names: readonly string[]): unknown {
  if (!isRecord(value)) return value
  return Object.fromEntries(names.flatMap((name) => (value[name] === undefined ? [] : [[name, value[name]]])))
}

const metadataOf = ({ metadata }: KubernetesObject, names: readonly (keyof KubernetesObject['metadata'])[]) => ({
  name: metadata.name,
  ...Object.fromEntries(names.flatMap((name) => (metadata[name] === undefined ? [] : [[name, metadata[name]]]))),
})

/** Feature discovery writes a label for each instruction of a processor, and the list of all its labels beside them. */
const isOfInstructions = (name: string) => name.startsWith('feature.node.kubernetes.io/cpu-cpuid.')
const without = (values: Fields | undefined, unneeded: (name: string) => boolean) =>
  values === undefined ? undefined : Object.fromEntries(Object.entries(values).filter(([name]) => !unneeded(name)))

/** Without the list of images, which is half of a node, and without who wrote which field. */
export function slimNode(node: KubernetesObject): KubernetesObject {
  const { apiVersion, kind, spec, status } = node
  const { labels, annotations } = node.metadata
  return {
    apiVersion,
    kind,
    metadata: {
      ...metadataOf(node, ['uid', 'resourceVersion']),
      // Safe: what is left of texts are texts.
      labels: without(labels, isOfInstructions) as typeof labels,
      annotations: without(annotations, (name) => name.startsWith('nfd.node.kubernetes.io/')) as typeof annotations,
    },
    spec: pick(spec, ['unschedulable', 'taints']),
    status: pick(status, ['allocatable', 'capacity', 'conditions']),
  }
}

const slimContainer = (container: unknown) => pick(container, ['restartPolicy', 'resources'])

const cpuOf = (container: unknown): unknown => {
  const resources = isRecord(container) && isRecord(container['resources']) ? container['resources'] : {}
  const requests = isRecord(resources['requests']) ? resources['requests'] : {}
  const limits = isRecord(resources['limits']) ? resources['limits'] : {}
  return requests['cpu'] ?? limits['cpu']
}

/** Where it runs and what it holds; of a pod that holds no devices, as most, only the processors of its containers. */
export function slimPod(pod: KubernetesObject): KubernetesObject {
  const { apiVersion, kind, spec, status } = pod
  const fields = isRecord(spec) ? spec : {}
  if (!asksForDevices(pod)) {
    const containers = listOf(fields['containers']).flatMap((container) => {
      const cpu = cpuOf(container)
      return cpu === undefined ? [] : [{ resources: { requests: { cpu } } }]
    })
    const metadata = metadataOf(pod, ['namespace', 'resourceVersion'])
    if (containers.length === 0 || fields['nodeName'] === undefined) return { apiVersion, kind, metadata }
    return { apiVersion, kind, metadata, spec: { nodeName: fields['nodeName'], containers }, status: pick(status, ['phase']) }
  }
  return {
    apiVersion,
    kind,
    metadata: metadataOf(pod, ['namespace', 'resourceVersion']),
    spec: {
      ...(fields['nodeName'] === undefined ? {} : { nodeName: fields['nodeName'] }),
      containers: listOf(fields['containers']).map(slimContainer),
      ...(fields['initContainers'] === undefined ? {} : { initContainers: listOf(fields['initContainers']).map(slimContainer) }),
    },
    status: pick(status, ['phase']),
  }
}

/** Devices have names with a slash, processors and memory have not; most pods ask for none. */
export function asksForDevices({ spec }: KubernetesObject): boolean {
  if (!isRecord(spec)) return false
  return [...listOf(spec['containers']), ...listOf(spec['initContainers'])].some((container) => {
    const resources = isRecord(container) && isRecord(container['resources']) ? container['resources'] : {}
    return [resources['requests'], resources['limits']].some(
      (amounts) => isRecord(amounts) && Object.keys(amounts).some((name) => name.includes('/')),
    )
  })
}
