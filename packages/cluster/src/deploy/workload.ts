/** The object that keeps the replicas running: a Deployment, or a LeaderWorkerSet when a replica spans nodes. */
import type { V1Deployment } from '@kubernetes/client-node'
import type { DeploymentPlan } from '@bud-foundry/core'
import { clusterErrors } from '../errors.ts'
import { ownershipLabels, selectorLabels } from '../kubernetes/ownership.ts'
import { podTemplate } from './pod-template.ts'
import type { RenderOptions } from './render-options.ts'

export interface Manifest {
  readonly apiVersion: string
  readonly kind: string
  readonly metadata: { readonly name: string; readonly namespace?: string; readonly labels?: Readonly<Record<string, string>> }
  readonly spec?: unknown
}

// A surge pod would wait for devices that the old pods still hold, and the rollout with it: replace in place instead.
const replaceInPlace = (replicas: number): NonNullable<V1Deployment['spec']>['strategy'] =>
  replicas === 1 ? { type: 'Recreate' } : { type: 'RollingUpdate', rollingUpdate: { maxSurge: 0, maxUnavailable: 1 } }

function deployment(plan: DeploymentPlan, options: RenderOptions): Manifest {
  const spec: NonNullable<V1Deployment['spec']> = {
    replicas: plan.replicas,
    revisionHistoryLimit: 5,
    progressDeadlineSeconds: plan.launch.probes.startupSecondsMax + 600,
    selector: { matchLabels: selectorLabels(plan) },
    strategy: replaceInPlace(plan.replicas) ?? {},
    template: podTemplate({ plan, options, extraArgs: [], serves: true }),
  }
  return {
    apiVersion: 'apps/v1',
    kind: 'Deployment',
    metadata: { name: plan.name, namespace: options.namespace, labels: ownershipLabels(plan) },
    spec,
  }
}

function leaderWorkerSet(plan: DeploymentPlan, options: RenderOptions): Manifest {
  const multiNode = plan.launch.multiNode
  if (multiNode === undefined) {
    throw clusterErrors.PLAN_UNDEPLOYABLE({
      name: plan.name,
      problem: `a replica spans ${String(plan.nodesPerReplica)} nodes, but the launch spec of '${plan.engine.id}' says nothing about leaders and workers`,
      fix: 'choose a plan with nodesPerReplica 1, or an engine whose launch spec has multiNode',
    })
  }
  return {
    apiVersion: 'leaderworkerset.x-k8s.io/v1',
    kind: 'LeaderWorkerSet',
    metadata: { name: plan.name, namespace: options.namespace, labels: ownershipLabels(plan) },
    spec: {
      replicas: plan.replicas,
      startupPolicy: 'LeaderCreated',
      rolloutStrategy: { type: 'RollingUpdate', rollingUpdateConfiguration: { maxSurge: 0, maxUnavailable: 1 } },
      leaderWorkerTemplate: {
        size: plan.nodesPerReplica,
        // A replica with one dead node serves nothing: start the whole group again.
        restartPolicy: 'RecreateGroupOnPodRestart',
        leaderTemplate: podTemplate({ plan, options, extraArgs: multiNode.leaderArgs, serves: true }),
        workerTemplate: podTemplate({ plan, options, extraArgs: multiNode.workerArgs, serves: false }),
      },
    },
  }
}

export function workload(plan: DeploymentPlan, options: RenderOptions): Manifest {
  return plan.nodesPerReplica === 1 ? deployment(plan, options) : leaderWorkerSet(plan, options)
}
