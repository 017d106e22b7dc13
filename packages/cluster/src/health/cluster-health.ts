/** How a cluster is: five checks, each with an answer, a reason and the time it took. */
import type { Clock } from '@bud-foundry/core'
import { isBudError } from '@bud-foundry/core'
import { z } from 'zod'
import type { KubernetesApi, KubernetesObject } from '../kubernetes/kubernetes-api.ts'

/** What is checked. */
export const healthChecks = ['nodes', 'api', 'storage', 'network', 'gpu'] as const
export type HealthCheck = (typeof healthChecks)[number]

export interface CheckResult {
  readonly check: HealthCheck
  readonly status: 'healthy' | 'degraded' | 'failed'
  /** Why it is not healthy. */
  readonly reason: string | undefined
  readonly tookMs: number
}

export interface NodeHealth {
  readonly name: string
  readonly ready: boolean
  readonly schedulable: boolean
  /** `MemoryPressure`, `DiskPressure`, … that hold now. */
  readonly pressures: readonly string[]
  readonly kubeletVersion: string
  readonly reason: string | undefined
}

export interface ClusterHealth {
  readonly status: 'available' | 'degraded' | 'not_available'
  readonly checks: readonly CheckResult[]
  readonly nodes: readonly NodeHealth[]
}

type Verdict = Pick<CheckResult, 'status' | 'reason'>

const conditionSchema = z.looseObject({
  type: z.string(),
  status: z.string(),
  reason: z.string().default(''),
  message: z.string().default(''),
})
const nodeSchema = z.looseObject({
  spec: z.looseObject({ unschedulable: z.boolean().default(false) }).prefault({}),
  status: z
    .looseObject({
      conditions: z.array(conditionSchema).default([]),
      nodeInfo: z.looseObject({ kubeletVersion: z.string().default('') }).prefault({}),
      capacity: z.record(z.string(), z.string()).default({}),
      allocatable: z.record(z.string(), z.string()).default({}),
    })
    .prefault({}),
})
const claimSchema = z.looseObject({ phase: z.string().default('') })

export function nodeHealth(node: KubernetesObject): NodeHealth {
  const { spec, status } = nodeSchema.parse(node)
  const ready = status.conditions.find(({ type }) => type === 'Ready')
  const pressures = status.conditions.filter(({ type, status: is }) => type !== 'Ready' && is === 'True').map(({ type }) => type)
  return {
    name: node.metadata.name,
    ready: ready?.status === 'True',
    schedulable: !spec.unschedulable,
    pressures,
    kubeletVersion: status.nodeInfo.kubeletVersion,
    reason: ready === undefined ? 'it has not reported yet' : ready.status === 'True' ? undefined : `${ready.reason}: ${ready.message}`,
  }
}

const healthy: Verdict = { status: 'healthy', reason: undefined }
const some = (names: readonly string[]) =>
  `${names.slice(0, 3).join(', ')}${names.length > 3 ? ` and ${String(names.length - 3)} more` : ''}`

/** Pure: what nodes say of themselves. */
export function judgeNodes(nodes: readonly NodeHealth[]): Verdict {
  if (nodes.length === 0) return { status: 'failed', reason: 'there are no nodes' }
  const down = nodes.filter(({ ready }) => !ready)
  if (down.length === nodes.length) return { status: 'failed', reason: `no node is ready: ${down[0]?.reason ?? ''}` }
  if (down.length > 0) return { status: 'degraded', reason: `not ready: ${some(down.map(({ name }) => name))}` }
  const pressed = nodes.filter(({ pressures }) => pressures.length > 0)
  if (pressed.length === 0) return healthy
  return {
    status: 'degraded',
    reason: `under pressure: ${some(pressed.map(({ name, pressures }) => `${name} (${pressures.join(', ')})`))}`,
  }
}

/** Devices that a node has and does not offer are broken, or their plugin is. */
export function judgeDevices(nodes: readonly KubernetesObject[]): Verdict {
  const lost = nodes.flatMap((node) => {
    const { capacity, allocatable } = nodeSchema.parse(node).status
    return Object.entries(capacity)
      .filter(([resource]) => /^(nvidia\.com\/(gpu|mig-)|amd\.com\/gpu|habana\.ai\/gaudi)/.test(resource))
      .filter(([resource, count]) => Number(allocatable[resource] ?? 0) < Number(count))
      .map(([resource, count]) => `${node.metadata.name} offers ${allocatable[resource] ?? '0'} of ${count} ${resource}`)
  })
  if (lost.length > 0) return { status: 'degraded', reason: some(lost) }
  const driverless = nodes.filter(({ metadata: { labels = {} } }) => labels['nvidia.com/gpu.present'] === 'true')
  const without = driverless.filter(
    (node) => !Object.keys(nodeSchema.parse(node).status.capacity).some((name) => name.startsWith('nvidia.com/')),
  )
  if (without.length === 0) return healthy
  return { status: 'degraded', reason: `have devices that no plugin offers: ${some(without.map(({ metadata }) => metadata.name))}` }
}

async function judgeStorage(api: KubernetesApi, signal: AbortSignal): Promise<Verdict> {
  const [classes, claims] = await Promise.all([
    api.list({ apiVersion: 'storage.k8s.io/v1', kind: 'StorageClass' }, signal),
    api.list({ apiVersion: 'v1', kind: 'PersistentVolumeClaim', labels: { 'app.kubernetes.io/managed-by': 'bud-foundry' } }, signal),
  ])
  const lost = claims.items.filter(({ status }) => claimSchema.parse(status ?? {}).phase === 'Lost')
  if (lost.length > 0)
    return { status: 'failed', reason: `claims have lost their volume: ${some(lost.map(({ metadata }) => metadata.name))}` }
  if (classes.items.length === 0) return { status: 'degraded', reason: 'there is no storage class: claims stay pending' }
  const isDefault = ({ metadata }: KubernetesObject) => metadata.annotations?.['storageclass.kubernetes.io/is-default-class'] === 'true'
  return classes.items.some(isDefault)
    ? healthy
    : { status: 'degraded', reason: 'no storage class is the default: name one in modelStorage' }
}

/** Names are what everything in a cluster is reached by: without their server nothing finds anything. */
async function judgeNetwork(api: KubernetesApi, signal: AbortSignal): Promise<Verdict> {
  const sliceSchema = z.looseObject({
    endpoints: z.array(z.looseObject({ conditions: z.looseObject({ ready: z.boolean().nullish() }).prefault({}) })).nullish(),
  })
  const service = async (namespace: string, name: string) => {
    const selection = {
      apiVersion: 'discovery.k8s.io/v1',
      kind: 'EndpointSlice',
      namespace,
      labels: { 'kubernetes.io/service-name': name },
    }
    const { items } = await api.list(selection, signal)
    return items.flatMap((slice) => sliceSchema.parse(slice).endpoints ?? [])
  }
  // OpenShift keeps its server of names in a namespace of its own.
  const endpoints = [...(await service('kube-system', 'kube-dns')), ...(await service('openshift-dns', 'dns-default'))]
  if (endpoints.length === 0) return { status: 'degraded', reason: 'no server of names is known (kube-dns): names may not be found' }
  const ready = endpoints.filter(({ conditions }) => conditions.ready !== false)
  return ready.length > 0
    ? healthy
    : { status: 'failed', reason: 'no server of names is ready: nothing in the cluster is found by its name' }
}

interface HealthParts {
  readonly api: KubernetesApi
  readonly clock: Clock
}

async function timed({ clock }: HealthParts, check: HealthCheck, judge: () => Promise<Verdict>): Promise<CheckResult> {
  const startMs = clock.monotonicMs()
  const verdict = await judge().catch((error: unknown): Verdict => {
    if (isBudError(error) && error.code.startsWith('CLUSTER_')) return { status: 'failed', reason: error.message }
    throw error
  })
  return { check, ...verdict, tookMs: clock.monotonicMs() - startMs }
}

/** Asks a cluster how it is. Only what is asked for is read. A check that cannot be made has failed, with the reason. */
export async function checkHealth(
  parts: HealthParts,
  signal: AbortSignal,
  wanted: readonly HealthCheck[] = healthChecks,
): Promise<ClusterHealth> {
  const { api } = parts
  let nodes: readonly KubernetesObject[] = []
  const judges: Readonly<Record<HealthCheck, () => Promise<Verdict>>> = {
    api: async () => {
      await api.version(signal)
      return healthy
    },
    nodes: async () => {
      nodes = (await api.list({ apiVersion: 'v1', kind: 'Node' }, signal)).items
      return judgeNodes(nodes.map(nodeHealth))
    },
    gpu: async () => judgeDevices(nodes.length > 0 ? nodes : (await api.list({ apiVersion: 'v1', kind: 'Node' }, signal)).items),
    storage: () => judgeStorage(api, signal),
    network: () => judgeNetwork(api, signal),
  }
  const checks: CheckResult[] = []
  for (const check of healthChecks) if (wanted.includes(check)) checks.push(await timed(parts, check, judges[check]))
  const failed = (check: HealthCheck) => checks.some((result) => result.check === check && result.status === 'failed')
  const gone = failed('api') || failed('nodes')
  const status = gone ? 'not_available' : checks.every((result) => result.status === 'healthy') ? 'available' : 'degraded'
  return { status, checks, nodes: nodes.map(nodeHealth) }
}
