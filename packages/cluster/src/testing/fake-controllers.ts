/** What the controllers of Kubernetes make of a Deployment, at once: a ReplicaSet per template, its pods, and a status. */
import { createHash } from 'node:crypto'
import { z } from 'zod'
import type { KubernetesObject } from '../kubernetes/kubernetes-api.ts'

const revisionAnnotation = 'deployment.kubernetes.io/revision'
const deploymentSchema = z.looseObject({
  replicas: z.number().default(1),
  template: z.looseObject({
    metadata: z.looseObject({ labels: z.record(z.string(), z.string()).default({}) }).prefault({}),
    spec: z.unknown().optional(),
  }),
})

export interface ControllerWork {
  readonly make: readonly KubernetesObject[]
  readonly drop: readonly KubernetesObject[]
}

const owner = ({ kind, metadata }: KubernetesObject) => [{ kind, name: metadata.name, uid: metadata.uid ?? '' }]
const revisionOf = ({ metadata }: KubernetesObject) => Number(metadata.annotations?.[revisionAnnotation] ?? 0)
const isPartOf = (deployment: KubernetesObject) => (object: KubernetesObject) =>
  object.metadata.ownerReferences?.some(({ uid }) => uid === deployment.metadata.uid) === true

const jobSchema = z.looseObject({
  template: z.looseObject({
    metadata: z.looseObject({ labels: z.record(z.string(), z.string()).default({}) }).prefault({}),
    spec: z.unknown().optional(),
  }),
})

/** One pod, and done at once; while pods do not become ready it runs. */
function runJob(written: KubernetesObject, ready: boolean): ControllerWork {
  const { template } = jobSchema.parse(written.spec)
  const { name, namespace } = written.metadata
  const place = namespace === undefined ? {} : { namespace }
  const pod: KubernetesObject = {
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: {
      name: `${name}-0`,
      ...place,
      labels: { ...template.metadata.labels, 'batch.kubernetes.io/job-name': name },
      ownerReferences: owner(written),
    },
    spec: { ...(typeof template.spec === 'object' ? template.spec : {}), nodeName: 'node-1' },
    status: { phase: ready ? 'Succeeded' : 'Pending' },
  }
  const status = ready ? { succeeded: 1, conditions: [{ type: 'Complete', status: 'True' }] } : { active: 1 }
  return { make: [pod, { ...written, status }], drop: [] }
}

const serviceSchema = z.looseObject({ selector: z.record(z.string(), z.string()).default({}) })
const podStatusSchema = z.looseObject({ conditions: z.array(z.looseObject({ type: z.string(), status: z.string() })).default([]) })

const isReady = ({ status }: KubernetesObject) =>
  podStatusSchema.parse(status ?? {}).conditions.some(({ type, status: is }) => type === 'Ready' && is === 'True')

/** The pods that a service selects, as the controller of endpoints writes them down, with the labels of the service. */
export function sliceOf(
  service: KubernetesObject,
  objects: readonly KubernetesObject[],
): KubernetesObject & { readonly endpoints: unknown } {
  const { name, namespace, labels } = service.metadata
  const selector = Object.entries(serviceSchema.parse(service.spec ?? {}).selector)
  const selected = objects.filter(
    ({ kind, metadata }) =>
      kind === 'Pod' &&
      metadata.namespace === namespace &&
      selector.length > 0 &&
      selector.every(([key, value]) => metadata.labels?.[key] === value),
  )
  return {
    apiVersion: 'discovery.k8s.io/v1',
    kind: 'EndpointSlice',
    metadata: {
      name: `${name}-1`,
      ...(namespace === undefined ? {} : { namespace }),
      labels: { ...labels, 'kubernetes.io/service-name': name },
      ownerReferences: owner(service),
    },
    endpoints: selected.map((pod) => ({ targetRef: { kind: 'Pod', name: pod.metadata.name }, conditions: { ready: isReady(pod) } })),
  }
}

/** Nothing for other kinds, and nothing when all is as it should be. */
export function runControllers(written: KubernetesObject, objects: readonly KubernetesObject[], ready: boolean): ControllerWork {
  // A status says that it has run, or that a test has decided how it ended.
  if (written.kind === 'Job') return written.status === undefined ? runJob(written, ready) : { make: [], drop: [] }
  if (written.kind !== 'Deployment') return { make: [], drop: [] }
  const { replicas, template } = deploymentSchema.parse(written.spec)
  const hash = createHash('sha256').update(JSON.stringify(template)).digest('hex').slice(0, 10)
  const { namespace } = written.metadata
  const labels = { ...template.metadata.labels, 'pod-template-hash': hash }
  const sets = objects.filter((object) => object.kind === 'ReplicaSet' && isPartOf(written)(object))
  const existing = sets.find(({ metadata }) => metadata.labels?.['pod-template-hash'] === hash)
  const newest = Math.max(0, ...sets.map(revisionOf))
  const revision = String(existing !== undefined && revisionOf(existing) === newest ? newest : newest + 1)
  const place = namespace === undefined ? {} : { namespace }
  const set: KubernetesObject = {
    apiVersion: 'apps/v1',
    kind: 'ReplicaSet',
    metadata: {
      name: `${written.metadata.name}-${hash}`,
      ...place,
      labels,
      annotations: { [revisionAnnotation]: revision },
      ownerReferences: owner(written),
    },
    spec: { replicas },
  }
  const podNames = Array.from({ length: replicas }, (_, index) => `${written.metadata.name}-${hash}-${String(index)}`)
  const is = ready ? 'True' : 'False'
  const pods = podNames.map((name): KubernetesObject => ({
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: { name, ...place, labels, ownerReferences: owner(written) },
    spec: { ...(typeof template.spec === 'object' ? template.spec : {}), nodeName: 'node-1' },
    status: { phase: ready ? 'Running' : 'Pending', conditions: [{ type: 'Ready', status: is }] },
  }))
  const drop = objects.filter((object) => object.kind === 'Pod' && isPartOf(written)(object) && !podNames.includes(object.metadata.name))
  const status = {
    observedGeneration: written.metadata.generation,
    replicas,
    updatedReplicas: replicas,
    readyReplicas: ready ? replicas : 0,
    availableReplicas: ready ? replicas : 0,
  }
  const annotations = { ...written.metadata.annotations, [revisionAnnotation]: revision }
  return { make: [set, ...pods, { ...written, metadata: { ...written.metadata, annotations }, status }], drop }
}
