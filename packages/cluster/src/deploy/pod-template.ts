/** The pod of one engine: container, probes, resources, volumes, placement. */
import type { V1Container, V1EnvVar, V1PodTemplateSpec, V1Probe, V1Volume } from '@kubernetes/client-node'
import type { DeploymentPlan, LaunchSpec } from '@bud-foundry/core'
import { ownershipLabels, selectorLabels } from '../kubernetes/ownership.ts'
import { toQuantity } from '../kubernetes/quantity.ts'
import { nodeExpressions, tolerations } from './node-placement.ts'
import type { RenderOptions } from './render-options.ts'

const modelPath = '/models'
const startupPeriodSeconds = 10

/** Requests in flight get this long to finish when a pod is asked to stop. */
const terminationGraceSeconds = 120

export interface PodInput {
  readonly plan: DeploymentPlan
  readonly options: RenderOptions
  /** Added to the launch arguments: what tells a leader from a worker. */
  readonly extraArgs: readonly string[]
  /** Workers of a multi-node replica answer no requests, so only the leader is probed. */
  readonly serves: boolean
}

const httpProbe = (path: string, probe: Partial<V1Probe>): V1Probe => ({ httpGet: { path, port: 'http' }, timeoutSeconds: 5, ...probe })

function probes(launch: LaunchSpec): Pick<V1Container, 'startupProbe' | 'readinessProbe' | 'livenessProbe'> {
  return {
    // Loading weights takes as long as it takes: the startup probe alone waits for it, and liveness starts only after.
    startupProbe: httpProbe(launch.probes.startup, {
      periodSeconds: startupPeriodSeconds,
      failureThreshold: Math.ceil(launch.probes.startupSecondsMax / startupPeriodSeconds),
    }),
    readinessProbe: httpProbe(launch.probes.ready, { periodSeconds: 5, failureThreshold: 3 }),
    livenessProbe: httpProbe(launch.probes.live, { periodSeconds: 15, failureThreshold: 4 }),
  }
}

function environment(plan: DeploymentPlan, options: RenderOptions): V1EnvVar[] {
  const entries: V1EnvVar[] = Object.entries({ HF_HOME: modelPath, ...plan.launch.env }).map(([name, value]) => ({ name, value }))
  const token = options.huggingFaceToken
  if (token !== undefined) {
    entries.push({ name: 'HF_TOKEN', valueFrom: { secretKeyRef: { name: token.secretName, key: token.key } } })
  }
  return entries
}

function container({ plan, options, extraArgs, serves }: PodInput): V1Container {
  const { launch } = plan
  const resources = Object.fromEntries(Object.entries(launch.resources).map(([name, amount]) => [name, toQuantity(name, amount)]))
  // Extended resources need limits equal to requests; a CPU limit would only throttle the engine's scheduler thread.
  const limits = Object.fromEntries(Object.entries(resources).filter(([name]) => name !== 'cpu'))
  return {
    name: 'engine',
    image: launch.image,
    imagePullPolicy: 'IfNotPresent',
    ...(launch.command.length === 0 ? {} : { command: [...launch.command] }),
    args: [...launch.args, ...extraArgs],
    env: environment(plan, options),
    ...(serves ? { ports: [{ name: 'http', containerPort: launch.portHttp, protocol: 'TCP' }], ...probes(launch) } : {}),
    resources: { requests: resources, limits },
    securityContext: { allowPrivilegeEscalation: false, capabilities: { drop: ['ALL'] } },
    volumeMounts: [
      { name: 'models', mountPath: modelPath },
      { name: 'shared-memory', mountPath: '/dev/shm' },
    ],
  }
}

function volumes(plan: DeploymentPlan, options: RenderOptions): V1Volume[] {
  return [
    options.modelStorage.kind === 'claim'
      ? { name: 'models', persistentVolumeClaim: { claimName: `${plan.name}-models` } }
      : { name: 'models', emptyDir: {} },
    // NCCL and the engines' worker processes exchange tensors here; the runtime's default of 64 MiB stalls tensor parallelism.
    { name: 'shared-memory', emptyDir: { medium: 'Memory', sizeLimit: plan.devicesPerReplica > 1 ? '16Gi' : '2Gi' } },
  ]
}

/** A pod template that selects its nodes, sizes its probes by the plan, and runs without privileges or API access. */
export function podTemplate(input: PodInput): V1PodTemplateSpec {
  const { plan, options } = input
  const expressions = nodeExpressions(plan)
  const byHardware = options.nodeSelector === undefined && expressions.length > 0
  return {
    metadata: { labels: ownershipLabels(plan) },
    spec: {
      automountServiceAccountToken: false,
      enableServiceLinks: false,
      securityContext: { seccompProfile: { type: 'RuntimeDefault' } },
      terminationGracePeriodSeconds: terminationGraceSeconds,
      ...(options.priorityClassName === undefined ? {} : { priorityClassName: options.priorityClassName }),
      ...(options.imagePullSecretNames.length === 0 ? {} : { imagePullSecrets: options.imagePullSecretNames.map((name) => ({ name })) }),
      ...(options.nodeSelector === undefined ? {} : { nodeSelector: { ...options.nodeSelector } }),
      ...(byHardware
        ? {
            affinity: {
              nodeAffinity: {
                requiredDuringSchedulingIgnoredDuringExecution: { nodeSelectorTerms: [{ matchExpressions: [...expressions] }] },
              },
            },
          }
        : {}),
      tolerations: tolerations(plan),
      topologySpreadConstraints: [
        {
          maxSkew: 1,
          topologyKey: 'kubernetes.io/hostname',
          whenUnsatisfiable: 'ScheduleAnyway',
          labelSelector: { matchLabels: selectorLabels(plan) },
        },
      ],
      containers: [container(input)],
      volumes: volumes(plan, options),
    },
  }
}
