/** Where an autoscaler is to own the number of replicas, it takes over a number that is there: a field that nobody sets becomes 1. */
import type { DeploymentPlan } from '@bud-foundry/core'
import { z } from 'zod'
import type { RenderOptions } from '../deploy/render-options.ts'
import type { KubernetesObject } from '../kubernetes/kubernetes-api.ts'
import { isOwnedAlone } from './foreign-fields.ts'

const specSchema = z.looseObject({ replicas: z.number().optional() })

const withReplicas = (manifest: KubernetesObject, replicas: number): KubernetesObject => ({
  ...manifest,
  spec: { ...specSchema.parse(manifest.spec), replicas },
})

/** A new workload starts with what the plan asks for, within bounds; one that is there keeps its number until the autoscaler has set one. */
export function startReplicas(
  manifest: KubernetesObject,
  live: KubernetesObject | undefined,
  { plan, options }: { readonly plan: DeploymentPlan; readonly options: RenderOptions },
): KubernetesObject {
  const { autoscaling, disaggregation } = options
  const isWorkload = manifest.kind === 'Deployment' || manifest.kind === 'LeaderWorkerSet'
  if (autoscaling === undefined || !isWorkload || specSchema.parse(manifest.spec).replicas !== undefined) return manifest
  if (live === undefined) {
    const wanted = disaggregation?.decodeReplicas ?? plan.replicas
    return withReplicas(manifest, Math.min(autoscaling.maxReplicas, Math.max(autoscaling.minReplicas, wanted)))
  }
  const { replicas } = specSchema.parse(live.spec)
  return replicas !== undefined && isOwnedAlone(live, ['f:spec', 'f:replicas']) ? withReplicas(manifest, replicas) : manifest
}
