/** The objects that keep the replicas running: a Deployment, a LeaderWorkerSet when a replica spans nodes, or three Deployments when prefill and decode are apart. */
import type { V1Deployment } from '@kubernetes/client-node'
import type { DeploymentPlan } from '@bud-foundry/core'
import { ownershipLabels } from '../kubernetes/ownership.ts'
import { engineStart, nodeStarts, splitStarts } from './engine-start.ts'
import type { RouterStart, Start } from './engines/engine-deployment.ts'
import { podTemplate, startupSeconds, type PodInput } from './pod-template.ts'
import type { Manifest } from './manifest.ts'
import type { RenderOptions } from './render-options.ts'
import { roleLabel, roleLabels, workloadName, type Role } from './roles.ts'

// A surge pod would wait for devices that the old pods still hold, and the rollout with it: replace in place instead.
const replaceInPlace = (replicas: number): NonNullable<V1Deployment['spec']>['strategy'] =>
  replicas === 1 ? { type: 'Recreate' } : { type: 'RollingUpdate', rollingUpdate: { maxSurge: 0, maxUnavailable: 1 } }

const metadata = (plan: DeploymentPlan, options: RenderOptions, role: Role) => ({
  name: workloadName(plan, role),
  namespace: options.namespace,
  labels: { ...ownershipLabels(plan), ...(role === 'engine' ? {} : { [roleLabel]: role }) },
})

interface Replicated {
  readonly plan: DeploymentPlan
  readonly options: RenderOptions
  readonly role: Role
  readonly replicas: number
  readonly template: Omit<PodInput, 'plan' | 'options' | 'role'>
}

/** An autoscaler sets the number of replicas; writing it here too would take it back with every apply. */
const ownsReplicas = ({ autoscaling }: RenderOptions, role: Role) => autoscaling === undefined || role === 'prefill' || role === 'router'

function deployment({ plan, options, role, replicas, template }: Replicated): Manifest {
  const spec: NonNullable<V1Deployment['spec']> = {
    ...(ownsReplicas(options, role) ? { replicas } : {}),
    revisionHistoryLimit: 5,
    progressDeadlineSeconds: startupSeconds(plan, options) + 600,
    selector: { matchLabels: roleLabels(plan, role) },
    strategy: replaceInPlace(replicas) ?? {},
    template: podTemplate({ plan, options, role, ...template }),
  }
  return { apiVersion: 'apps/v1', kind: 'Deployment', metadata: metadata(plan, options, role), spec }
}

const engineHttp = ({ launch }: DeploymentPlan) => ({ port: launch.portHttp, paths: launch.probes })
const enginePods = (plan: DeploymentPlan, start: Start) => ({ start, image: plan.launch.image, http: engineHttp(plan) })
const routerPods = (start: RouterStart & { readonly image: string }) => ({
  start,
  image: start.image,
  http: { port: start.portHttp, paths: { startup: start.health, ready: start.health, live: start.health } },
})

function leaderWorkerSet(plan: DeploymentPlan, options: RenderOptions): Manifest {
  const { leader, worker } = nodeStarts(plan, options)
  const { image } = plan.launch
  return {
    apiVersion: 'leaderworkerset.x-k8s.io/v1',
    kind: 'LeaderWorkerSet',
    metadata: metadata(plan, options, 'engine'),
    spec: {
      ...(ownsReplicas(options, 'engine') ? { replicas: plan.replicas } : {}),
      startupPolicy: 'LeaderCreated',
      rolloutStrategy: { type: 'RollingUpdate', rollingUpdateConfiguration: { maxSurge: 0, maxUnavailable: 1 } },
      leaderWorkerTemplate: {
        size: plan.nodesPerReplica,
        // A replica with one dead node serves nothing: start the whole group again.
        restartPolicy: 'RecreateGroupOnPodRestart',
        leaderTemplate: podTemplate({ plan, options, role: 'engine', ...enginePods(plan, leader) }),
        workerTemplate: podTemplate({ plan, options, role: 'engine', start: worker, image }),
      },
    },
  }
}

function splitWorkloads(plan: DeploymentPlan, options: RenderOptions, split: NonNullable<RenderOptions['disaggregation']>) {
  const { prefill, decode, router } = splitStarts(plan, options)
  const shared = { plan, options }
  return [
    deployment({ ...shared, role: 'prefill', replicas: split.prefillReplicas, template: enginePods(plan, prefill) }),
    deployment({ ...shared, role: 'decode', replicas: split.decodeReplicas, template: enginePods(plan, decode) }),
    deployment({ ...shared, role: 'router', replicas: 1, template: routerPods(router) }),
  ]
}

export function workloads(plan: DeploymentPlan, options: RenderOptions): readonly Manifest[] {
  if (options.disaggregation !== undefined) return splitWorkloads(plan, options, options.disaggregation)
  if (plan.nodesPerReplica > 1) return [leaderWorkerSet(plan, options)]
  const template = enginePods(plan, engineStart(plan, options))
  return [deployment({ plan, options, role: 'engine', replicas: plan.replicas, template })]
}
