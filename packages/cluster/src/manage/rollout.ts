/** How far a rollout is: whether the newest generation of a workload, and nothing older, is up. */
import { z } from 'zod'
import type { KubernetesApi, KubernetesObject } from '../kubernetes/kubernetes-api.ts'
import { roleLabel, workloadName } from '../deploy/roles.ts'
import { selectorLabels } from '../kubernetes/ownership.ts'
import type { DeploymentReference } from './change-set.ts'

const revisionAnnotation = 'deployment.kubernetes.io/revision'
const templateHashLabel = 'pod-template-hash'
const groupRevisionLabel = 'leaderworkerset.sigs.k8s.io/template-revision-hash'
const groupIndexLabel = 'leaderworkerset.sigs.k8s.io/worker-index'

const workloadSchema = z.looseObject({
  spec: z.looseObject({ replicas: z.number().default(1) }).prefault({}),
  status: z
    .looseObject({
      observedGeneration: z.number().default(0),
      replicas: z.number().default(0),
      updatedReplicas: z.number().default(0),
      readyReplicas: z.number().default(0),
      availableReplicas: z.number().optional(),
      conditions: z
        .array(z.looseObject({ type: z.string(), status: z.string(), reason: z.string().default(''), message: z.string().default('') }))
        .default([]),
    })
    .prefault({}),
})
const podStatusSchema = z.looseObject({
  phase: z.string().default('Unknown'),
  conditions: z
    .array(z.looseObject({ type: z.string(), status: z.string(), reason: z.string().default(''), message: z.string().default('') }))
    .default([]),
  containerStatuses: z
    .array(
      z.looseObject({
        restartCount: z.number().default(0),
        state: z
          .looseObject({ waiting: z.looseObject({ reason: z.string().default(''), message: z.string().default('') }).optional() })
          .prefault({}),
      }),
    )
    .default([]),
})
const podSpecSchema = z.looseObject({ nodeName: z.string().optional() })

/** One pod of a deployment. */
export interface PodState {
  readonly name: string
  readonly nodeName: string | undefined
  readonly phase: string
  readonly ready: boolean
  readonly restarts: number
  /** Why it does not run: `ImagePullBackOff`, `Unschedulable: 0/3 nodes are available`. */
  readonly reason: string | undefined
}

/** A workload as it is. */
export interface RolloutState {
  readonly replicas: number
  readonly readyReplicas: number
  /** The controller has seen the newest generation and every replica is of it. */
  readonly upToDate: boolean
  readonly pods: readonly PodState[]
  /** Ready pods of the newest generation that take requests. */
  readonly servingPods: readonly string[]
  /** What keeps it from being up; undefined when it is. */
  readonly problem: string | undefined
}

export function podState({ metadata, spec, status }: KubernetesObject): PodState {
  const { phase, conditions, containerStatuses } = podStatusSchema.parse(status ?? {})
  const waiting = containerStatuses
    .map(({ state }) => state.waiting)
    .find((state) => state !== undefined && state.reason !== 'ContainerCreating')
  const unscheduled = conditions.find(({ type, status: is }) => type === 'PodScheduled' && is === 'False')
  const reason = waiting?.reason ?? (unscheduled === undefined ? undefined : `${unscheduled.reason}: ${unscheduled.message}`)
  return {
    name: metadata.name,
    nodeName: podSpecSchema.parse(spec ?? {}).nodeName,
    phase: metadata.deletionTimestamp === undefined ? phase : 'Deleting',
    ready: metadata.deletionTimestamp === undefined && conditions.some(({ type, status: is }) => type === 'Ready' && is === 'True'),
    restarts: containerStatuses.reduce((sum, { restartCount }) => sum + restartCount, 0),
    reason,
  }
}

/** Picks pods of the newest template: old ones that still run prove nothing about it. */
async function newestOf(api: KubernetesApi, workload: KubernetesObject, namespace: string, signal: AbortSignal) {
  if (workload.kind === 'LeaderWorkerSet') {
    const { items } = await api.list({ apiVersion: 'apps/v1', kind: 'StatefulSet', namespace }, signal)
    const leader = items.find(({ metadata }) => metadata.name === workload.metadata.name)
    const revision = leader?.metadata.labels?.[groupRevisionLabel]
    return (pod: KubernetesObject) =>
      pod.metadata.labels?.[groupIndexLabel] === '0' && revision !== undefined && pod.metadata.labels[groupRevisionLabel] === revision
  }
  const { items } = await api.list({ apiVersion: 'apps/v1', kind: 'ReplicaSet', namespace }, signal)
  const revision = workload.metadata.annotations?.[revisionAnnotation]
  const newest = items
    .filter(({ metadata }) => metadata.ownerReferences?.some(({ uid }) => uid === workload.metadata.uid) === true)
    .find(({ metadata }) => revision !== undefined && metadata.annotations?.[revisionAnnotation] === revision)
  const hash = newest?.metadata.labels?.[templateHashLabel]
  // Templates of different roles have different hashes; the role itself may be one that an adopted selector keeps.
  return (pod: KubernetesObject) => hash !== undefined && pod.metadata.labels?.[templateHashLabel] === hash
}

const isGoing = ({ metadata }: KubernetesObject) => metadata.deletionTimestamp !== undefined

/** One workload in most cases; a router with prefill and decode servers when these are apart. The one that takes requests comes first. */
export async function findWorkloads(
  api: KubernetesApi,
  deployment: DeploymentReference,
  signal: AbortSignal,
): Promise<readonly KubernetesObject[]> {
  const { name, namespace } = deployment
  const deployed = await api.read({ apiVersion: 'apps/v1', kind: 'Deployment', name, namespace }, signal)
  const groups = { apiVersion: 'leaderworkerset.x-k8s.io/v1', kind: 'LeaderWorkerSet', name, namespace }
  // After a change of shape the old workload is there until its pods have gone; what serves is judged by the new one.
  const first = deployed !== undefined && !isGoing(deployed) ? deployed : ((await api.read(groups, signal)) ?? deployed)
  if (first?.metadata.labels?.[roleLabel] !== 'router') return first === undefined ? [] : [first]
  const others = await Promise.all(
    (['prefill', 'decode'] as const).map((role) =>
      api.read({ apiVersion: 'apps/v1', kind: 'Deployment', name: workloadName(deployment, role), namespace }, signal),
    ),
  )
  return [first, ...others.filter((workload) => workload !== undefined)]
}

/** One workload and the pods that could be its own. */
async function readWorkload(
  api: KubernetesApi,
  workload: KubernetesObject,
  items: readonly KubernetesObject[],
  signal: AbortSignal,
): Promise<RolloutState> {
  const { spec, status } = workloadSchema.parse(workload)
  const isNewest = await newestOf(api, workload, workload.metadata.namespace ?? '', signal)
  const pods = items.map(podState)
  const servingPods = isGoing(workload)
    ? []
    : items.filter((pod) => isNewest(pod) && podState(pod).ready).map(({ metadata }) => metadata.name)
  // LeaderWorkerSet keeps no observedGeneration in its status.
  const seen = workload.kind === 'LeaderWorkerSet' || status.observedGeneration >= (workload.metadata.generation ?? 0)
  const upToDate = seen && status.updatedReplicas === spec.replicas && status.replicas === spec.replicas
  return {
    replicas: spec.replicas,
    readyReplicas: status.readyReplicas,
    upToDate,
    pods,
    servingPods,
    problem: isGoing(workload)
      ? 'its workload is being deleted'
      : describeProblem({ refusal: refusalOf(status.conditions), seen, upToDate, wanted: spec.replicas, ready: servingPods.length, pods }),
  }
}

/** Undefined when there is no workload of this name. */
export async function readRollout(
  api: KubernetesApi,
  deployment: DeploymentReference,
  signal: AbortSignal,
): Promise<RolloutState | undefined> {
  const workloads = await findWorkloads(api, deployment, signal)
  const selection = { apiVersion: 'v1', kind: 'Pod', namespace: deployment.namespace, labels: selectorLabels(deployment) }
  if (workloads.length === 0) return undefined
  const { items } = await api.list(selection, signal)
  const states = []
  for (const workload of workloads) states.push(await readWorkload(api, workload, items, signal))
  const [serving] = states
  return {
    replicas: states.reduce((sum, { replicas }) => sum + replicas, 0),
    readyReplicas: states.reduce((sum, { readyReplicas }) => sum + readyReplicas, 0),
    upToDate: states.every(({ upToDate }) => upToDate),
    pods: items.map(podState),
    servingPods: serving?.servingPods ?? [],
    problem: states.find(({ problem }) => problem !== undefined)?.problem,
  }
}

/** An admission rule, a quota or a missing class keeps pods from being made at all; only the controller's condition tells. */
const refusalOf = (conditions: readonly { readonly type: string; readonly status: string; readonly message: string }[]) =>
  conditions.find(({ type, status }) => type === 'ReplicaFailure' && status === 'True')?.message

function describeProblem(state: {
  refusal: string | undefined
  seen: boolean
  upToDate: boolean
  wanted: number
  ready: number
  pods: readonly PodState[]
}) {
  if (!state.seen) return 'the controller has not seen the new generation'
  if (state.upToDate && state.ready >= state.wanted) return undefined
  const reasons = new Set(state.pods.flatMap(({ name, reason }) => (reason === undefined ? [] : [`pod ${name}: ${reason}`])))
  const counts = `${String(state.ready)} of ${String(state.wanted)} replicas of the new generation are ready`
  const told = [...(state.refusal === undefined ? [] : [`pods are refused: ${state.refusal}`]), ...[...reasons].slice(0, 3)]
  return [counts, ...told].join('; ')
}
