/** The pod of one engine: container, probes, resources, volumes, placement. */
import type { V1Container, V1EnvVar, V1PodSpec, V1PodTemplateSpec, V1Probe, V1Volume } from '@kubernetes/client-node'
import type { DeploymentPlan } from '@bud-foundry/core'
import { ownershipLabels } from '../kubernetes/ownership.ts'
import { containerResources, schedulerName, type ContainerResources } from './device-sharing.ts'
import { modelPath } from './engine-start.ts'
import type { Start } from './engines/engine-deployment.ts'
import { mirrored } from './image-reference.ts'
import { nodeExpressions, tolerations } from './node-placement.ts'
import type { RenderOptions } from './render-options.ts'
import { roleLabels, type Role } from './roles.ts'
import { serviceAccountName } from './openshift.ts'

const startupPeriodSeconds = 10

/** Requests in flight get this long to finish when a pod is asked to stop. */
const terminationGraceSeconds = 120

export interface PodInput {
  readonly plan: DeploymentPlan
  readonly options: RenderOptions
  readonly role: Role
  readonly start: Start
  readonly image: string
  /** Where requests arrive; absent for workers of a multi-node replica: they answer none, so only the leader is probed. */
  readonly http?:
    { readonly port: number; readonly paths: { readonly startup: string; readonly ready: string; readonly live: string } } | undefined
}

const httpProbe = (path: string, probe: Partial<V1Probe>): V1Probe => ({ httpGet: { path, port: 'http' }, timeoutSeconds: 5, ...probe })

/** As long as the engine asks for, or longer when the weights come slowly: a probe that kills a download never ends. */
export function startupSeconds({ launch, model }: DeploymentPlan, options: RenderOptions): number {
  const arrives = options.modelSource.kind === 'engine' && options.modelStorage.kind !== 'existingClaim'
  const downloadSeconds = arrives ? model.downloadBytes / options.weightsBytesPerSecondMin : 0
  return Math.ceil(launch.probes.startupSecondsMax + downloadSeconds)
}

function probes({ plan, options, http }: PodInput): Pick<V1Container, 'ports' | 'startupProbe' | 'readinessProbe' | 'livenessProbe'> {
  if (http === undefined) return {}
  const { paths } = http
  return {
    ports: [{ name: 'http', containerPort: http.port, protocol: 'TCP' }],
    // Loading weights takes as long as it takes: the startup probe alone waits for it, and liveness starts only after.
    startupProbe: httpProbe(paths.startup, {
      periodSeconds: startupPeriodSeconds,
      failureThreshold: Math.ceil(startupSeconds(plan, options) / startupPeriodSeconds),
    }),
    readinessProbe: httpProbe(paths.ready, { periodSeconds: 5, failureThreshold: 3 }),
    livenessProbe: httpProbe(paths.live, { periodSeconds: 15, failureThreshold: 4 }),
  }
}

function environment({ options, start }: PodInput): V1EnvVar[] {
  const values = { HF_HOME: modelPath, ...start.env }
  const entries: V1EnvVar[] = Object.entries(values).map(([name, value]) => ({ name, value }))
  // Before the variables that refer to it.
  if (entries.some(({ value }) => value?.includes('$(POD_IP)') === true)) {
    entries.unshift({ name: 'POD_IP', valueFrom: { fieldRef: { fieldPath: 'status.podIP' } } })
  }
  const token = options.huggingFaceToken
  if (token !== undefined) {
    entries.push({ name: 'HF_TOKEN', valueFrom: { secretKeyRef: { name: token.secretName, key: token.key } } })
  }
  return entries
}

/** A router computes nothing; everything else needs the plan's devices. */
const routerResources: ContainerResources = { requests: { cpu: '1', memory: '2Gi' }, limits: { memory: '2Gi' } }

const usesModel = ({ role }: PodInput) => role !== 'router'
const usesSsh = ({ plan, options }: PodInput) => options.sshKey !== undefined && plan.nodesPerReplica > 1

function container(input: PodInput): V1Container {
  const { plan, options, start } = input
  return {
    name: 'engine',
    image: mirrored(input.image, options.imageRegistry),
    imagePullPolicy: 'IfNotPresent',
    ...(start.command.length === 0 ? {} : { command: [...start.command] }),
    args: [...start.args],
    env: environment(input),
    ...probes(input),
    resources: usesModel(input) ? containerResources(plan, options) : routerResources,
    securityContext: { allowPrivilegeEscalation: false, capabilities: { drop: ['ALL'] } },
    volumeMounts: [
      ...(usesModel(input) ? [{ name: 'models', mountPath: modelPath }] : []),
      { name: 'shared-memory', mountPath: '/dev/shm' },
      ...(usesSsh(input) ? [{ name: 'ssh', mountPath: '/ssh', readOnly: true }] : []),
    ],
  }
}

export function modelVolume({ name }: Pick<DeploymentPlan, 'name'>, { modelStorage }: RenderOptions): V1Volume {
  switch (modelStorage.kind) {
    case 'claim':
      return { name: 'models', persistentVolumeClaim: { claimName: `${name}-models` } }
    case 'existingClaim':
      return { name: 'models', persistentVolumeClaim: { claimName: modelStorage.claimName } }
    case 'ephemeral':
      return { name: 'models', emptyDir: {} }
  }
}

function volumes(input: PodInput): V1Volume[] {
  const { plan, options } = input
  return [
    ...(usesModel(input) ? [modelVolume(plan, options)] : []),
    // NCCL and the engines' worker processes exchange tensors here; the runtime's default of 64 MiB stalls tensor parallelism.
    { name: 'shared-memory', emptyDir: { medium: 'Memory', sizeLimit: plan.devicesPerReplica > 1 ? '16Gi' : '2Gi' } },
    ...(usesSsh(input) && options.sshKey !== undefined
      ? [{ name: 'ssh', secret: { secretName: options.sshKey.secretName, defaultMode: 0o400 } }]
      : []),
  ]
}

function affinity({ plan, options, role }: PodInput): Pick<V1PodSpec, 'affinity'> {
  const expressions = role === 'router' ? [] : nodeExpressions(plan, options)
  if (options.nodeSelector !== undefined || expressions.length === 0) return {}
  const required = { nodeSelectorTerms: [{ matchExpressions: [...expressions] }] }
  return { affinity: { nodeAffinity: { requiredDuringSchedulingIgnoredDuringExecution: required } } }
}

/** What the pods of a deployment and those of its jobs share: pulling, priority, and no access to the API. */
export function commonPodSpec(
  options: RenderOptions,
): Pick<V1PodSpec, 'automountServiceAccountToken' | 'enableServiceLinks' | 'securityContext' | 'priorityClassName' | 'imagePullSecrets'> {
  return {
    automountServiceAccountToken: false,
    enableServiceLinks: false,
    securityContext: { seccompProfile: { type: 'RuntimeDefault' } },
    ...(options.priorityClassName === undefined ? {} : { priorityClassName: options.priorityClassName }),
    ...(options.imagePullSecretNames.length === 0 ? {} : { imagePullSecrets: options.imagePullSecretNames.map((name) => ({ name })) }),
  }
}

/** A pod template that selects its nodes, sizes its probes by the plan, and runs without privileges or API access. */
export function podTemplate(input: PodInput): V1PodTemplateSpec {
  const { plan, options, role } = input
  const scheduler = schedulerName(options)
  const account = serviceAccountName(plan, options)
  return {
    metadata: { labels: { ...ownershipLabels(plan), ...roleLabels(plan, role) } },
    spec: {
      ...commonPodSpec(options),
      terminationGracePeriodSeconds: terminationGraceSeconds,
      ...(account === undefined ? {} : { serviceAccountName: account }),
      ...(options.runtimeClassName === undefined || role === 'router' ? {} : { runtimeClassName: options.runtimeClassName }),
      ...(scheduler === undefined || role === 'router' ? {} : { schedulerName: scheduler }),
      ...(options.nodeSelector === undefined || role === 'router' ? {} : { nodeSelector: { ...options.nodeSelector } }),
      ...affinity(input),
      ...(role === 'router' ? {} : { tolerations: tolerations(plan) }),
      topologySpreadConstraints: [
        {
          maxSkew: 1,
          topologyKey: 'kubernetes.io/hostname',
          whenUnsatisfiable: 'ScheduleAnyway',
          labelSelector: { matchLabels: roleLabels(plan, role) },
        },
      ],
      containers: [container(input)],
      volumes: volumes(input),
    },
  }
}
