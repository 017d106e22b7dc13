/** The pods of deployments as workers: where they run, on what, since when, what they say, and what Kubernetes says of them. */
import { z } from 'zod'
import type { KubernetesApi, KubernetesObject } from '../kubernetes/kubernetes-api.ts'
import { deploymentLabel } from '../kubernetes/ownership.ts'
import { logLinesMax } from '../limits.ts'
import type { DeploymentReference } from '../manage/change-set.ts'
import { podState, type PodState } from '../manage/rollout.ts'
import { parseQuantity } from '../discover/node-schemas.ts'
import { hardwareOfNode } from './worker-hardware.ts'

/** One pod of a deployment, with what it runs on. */
export interface Worker extends PodState {
  readonly namespace: string
  readonly deployment: string
  readonly podIp: string | undefined
  readonly hardwareId: string | undefined
  /** Kubernetes names of devices to amounts. */
  readonly devices: Readonly<Record<string, number>>
  readonly cpuCores: number | undefined
  readonly memoryBytes: number | undefined
  readonly startedAt: string | undefined
  readonly lastRestartAt: string | undefined
}

export interface LogLine {
  /** As the container runtime noted it. */
  readonly at: string | undefined
  readonly text: string
}

export interface ClusterEvent {
  readonly type: string
  readonly reason: string
  readonly message: string
  readonly count: number
  readonly firstAt: string | undefined
  readonly lastAt: string | undefined
  readonly about: string
}

const podSchema = z.looseObject({
  spec: z
    .looseObject({
      containers: z
        .array(z.looseObject({ resources: z.looseObject({ requests: z.record(z.string(), z.string()).default({}) }).prefault({}) }))
        .default([]),
    })
    .prefault({}),
  status: z
    .looseObject({
      podIP: z.string().optional(),
      startTime: z.string().optional(),
      containerStatuses: z
        .array(
          z.looseObject({
            state: z.looseObject({ running: z.looseObject({ startedAt: z.string() }).optional() }).prefault({}),
            restartCount: z.number().default(0),
          }),
        )
        .default([]),
    })
    .prefault({}),
})
const eventSchema = z.looseObject({
  type: z.string().default(''),
  reason: z.string().default(''),
  message: z.string().default(''),
  count: z.number().nullish(),
  firstTimestamp: z.string().nullish(),
  lastTimestamp: z.string().nullish(),
  eventTime: z.string().nullish(),
  involvedObject: z.looseObject({ kind: z.string().default(''), name: z.string().default('') }).prefault({}),
})

function toWorker(pod: KubernetesObject, nodes: ReadonlyMap<string, KubernetesObject>): Worker {
  const { spec, status } = podSchema.parse(pod)
  const state = podState(pod)
  const requests = spec.containers.map(({ resources }) => resources.requests)
  const total = (resource: string) => {
    const amounts = requests.flatMap((request) => (request[resource] === undefined ? [] : [parseQuantity(request[resource])]))
    return amounts.length === 0 ? undefined : amounts.reduce((sum, amount) => sum + amount, 0)
  }
  const names = new Set(requests.flatMap((request) => Object.keys(request)).filter((name) => name.includes('/')))
  const node = state.nodeName === undefined ? undefined : nodes.get(state.nodeName)
  const restarted = status.containerStatuses.find(({ restartCount }) => restartCount > 0)
  return {
    ...state,
    namespace: pod.metadata.namespace ?? '',
    deployment: pod.metadata.labels?.[deploymentLabel] ?? '',
    podIp: status.podIP,
    hardwareId: node === undefined ? undefined : hardwareOfNode(node),
    devices: Object.fromEntries([...names].map((name) => [name, total(name) ?? 0])),
    cpuCores: total('cpu'),
    memoryBytes: total('memory'),
    startedAt: status.startTime,
    lastRestartAt: restarted?.state.running?.startedAt,
  }
}

/** Pods of one deployment, or of all of ours. */
export async function listWorkers(
  api: KubernetesApi,
  deployment: DeploymentReference | undefined,
  signal: AbortSignal,
): Promise<readonly Worker[]> {
  // An empty value of a selector means that the label exists.
  const labels = { [deploymentLabel]: deployment?.name ?? '' }
  const selection = { apiVersion: 'v1', kind: 'Pod', namespace: deployment?.namespace, labels }
  const [pods, nodes] = await Promise.all([api.list(selection, signal), api.list({ apiVersion: 'v1', kind: 'Node' }, signal)])
  const byName = new Map(nodes.items.map((node) => [node.metadata.name, node]))
  return pods.items.map((pod) => toWorker(pod, byName))
}

const timestamp = /^(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d+)?Z) (.*)$/

/** The end of what a worker wrote, line by line. */
export async function readWorkerLog(
  api: KubernetesApi,
  worker: { readonly name: string; readonly namespace: string },
  options: { readonly tailLines?: number; readonly sinceSeconds?: number; readonly previous?: boolean },
  signal: AbortSignal,
): Promise<readonly LogLine[]> {
  const { tailLines = 500, sinceSeconds, previous } = options
  const selection = {
    ...worker,
    container: 'engine',
    tailLines: Math.min(tailLines, logLinesMax),
    sinceSeconds,
    previous,
    timestamps: true,
  }
  const text = await api.readLog(selection, signal)
  return text
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => {
      const [, at, rest] = timestamp.exec(line) ?? []
      return { at, text: rest ?? line }
    })
}

/** What Kubernetes noted about the objects of a namespace, or about one node, newest first. */
export async function listEvents(
  api: KubernetesApi,
  about: { readonly namespace?: string; readonly node?: string; readonly name?: string },
  signal: AbortSignal,
): Promise<readonly ClusterEvent[]> {
  const { items } = await api.list({ apiVersion: 'v1', kind: 'Event', namespace: about.namespace }, signal)
  return items
    .map((item) => eventSchema.parse(item))
    .filter(({ involvedObject: { kind, name } }) => about.node === undefined || (kind === 'Node' && name === about.node))
    .filter(({ involvedObject: { name } }) => about.name === undefined || name === about.name || name.startsWith(`${about.name}-`))
    .map(({ type, reason, message, count, firstTimestamp, lastTimestamp, eventTime, involvedObject }) => ({
      type,
      reason,
      message,
      count: count ?? 1,
      firstAt: firstTimestamp ?? eventTime ?? undefined,
      lastAt: lastTimestamp ?? eventTime ?? undefined,
      about: `${involvedObject.kind} ${involvedObject.name}`,
    }))
    .toSorted((left, right) => (right.lastAt ?? '').localeCompare(left.lastAt ?? ''))
}

/** Lets a worker go; its controller makes another. To have fewer, change the plan. */
export async function restartWorker(
  api: KubernetesApi,
  { name, namespace }: { readonly name: string; readonly namespace: string },
  signal: AbortSignal,
): Promise<void> {
  const reference = { apiVersion: 'v1', kind: 'Pod', name, namespace }
  const pod = await api.read(reference, signal)
  if (pod?.metadata.labels?.[deploymentLabel] === undefined) return
  await api.remove(reference, { uid: pod.metadata.uid }, signal)
}
