/** Work that runs to its end in the cluster: a job with what it needs, under one name. */
import { createHash } from 'node:crypto'
import type { V1Container, V1JobSpec, V1PodSpec, V1Volume } from '@kubernetes/client-node'
import { namespaceLabels, runLabels } from '../kubernetes/ownership.ts'
import type { ClusterProgress } from '../manage/change-set.ts'
import type { Manifest } from './manifest.ts'

/** On a job: what it was told to do, so that one of another time is not taken for it. */
export const jobDigestAnnotation = 'foundry.bud.studio/job-digest'

/** A job as it is run: applied, awaited, read and removed. */
export interface ClusterJob {
  readonly name: string
  readonly namespace: string
  /** As progress names it. */
  readonly step: ClusterProgress['step']
  /** The job comes last. */
  readonly manifests: readonly Manifest[]
  readonly timeoutMs: number
}

const jobOwnerLabels = (name: string) => ({
  ...runLabels(name),
  'app.kubernetes.io/instance': name,
  'app.kubernetes.io/component': 'job',
  ...namespaceLabels(),
})

export interface JobParts {
  readonly name: string
  readonly namespace: string
  readonly container: Omit<V1Container, 'name'>
  readonly volumes?: readonly V1Volume[]
  readonly pod?: Partial<V1PodSpec>
  readonly podAnnotations?: Readonly<Record<string, string>>
  /** Files below `/job`. */
  readonly files?: Readonly<Record<string, string>>
  readonly timeoutSeconds: number
  readonly backoffLimit?: number
}

/** A job with its files; its pods have no access to the API. */
export function jobManifests(parts: JobParts): readonly Manifest[] {
  const { name, namespace, container, volumes = [], pod = {}, podAnnotations, files, timeoutSeconds, backoffLimit = 0 } = parts
  const metadata = { name, namespace, labels: jobOwnerLabels(name) }
  const mounts = [...(container.volumeMounts ?? []), ...(files === undefined ? [] : [{ name: 'job', mountPath: '/job', readOnly: true }])]
  const spec: V1JobSpec = {
    backoffLimit,
    activeDeadlineSeconds: timeoutSeconds,
    template: {
      metadata: {
        labels: { 'foundry.bud.studio/job-of': name, ...namespaceLabels() },
        ...(podAnnotations === undefined ? {} : { annotations: { ...podAnnotations } }),
      },
      spec: {
        restartPolicy: 'Never',
        automountServiceAccountToken: false,
        enableServiceLinks: false,
        ...pod,
        containers: [{ name: 'main', ...container, ...(mounts.length === 0 ? {} : { volumeMounts: mounts }) }],
        volumes: [...volumes, ...(files === undefined ? [] : [{ name: 'job', configMap: { name } }])],
      },
    },
  }
  const config: Manifest[] = files === undefined ? [] : [{ apiVersion: 'v1', kind: 'ConfigMap', metadata, data: files }]
  const digest = createHash('sha256')
    .update(JSON.stringify([spec, files]))
    .digest('hex')
    .slice(0, 16)
  const job = { ...metadata, annotations: { [jobDigestAnnotation]: digest } }
  return [...config, { apiVersion: 'batch/v1', kind: 'Job', metadata: job, spec }]
}
