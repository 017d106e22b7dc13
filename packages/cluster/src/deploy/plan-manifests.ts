/** A deployment plan in, the Kubernetes manifests that would be applied out. Pure. */
import { deploymentPlanSchema, resolveConfig, type DeploymentPlan, type Finding } from '@bud-foundry/core'
import { stringify } from 'yaml'
import { clusterErrors } from '../errors.ts'
import { replicasMax } from '../limits.ts'
import { autoscalerManifests } from '../scale/autoscaler-manifests.ts'
import { downloadManifests } from './download-job.ts'
import { openshiftManifests } from './openshift.ts'
import { hideSecrets } from './plain-secrets.ts'
import { contradictions } from './plan-contradictions.ts'
import { findings } from './preflight.ts'
import { renderOptionsSchema, type RenderOptionsInput } from './render-options.ts'
import { disruptionBudgets, modelClaims, namespace, networkPolicy, serviceMonitors, services } from './surroundings.ts'
import type { Manifest } from './manifest.ts'
import { workloads } from './workload.ts'

export interface ManifestPlan {
  /** In the order in which they should be applied. */
  readonly manifests: readonly Manifest[]
  /** The same, as one YAML stream for `kubectl apply -f -`. */
  readonly yaml: string
  readonly findings: readonly Finding[]
}

/** The API drops absent fields; removing them here keeps manifests comparable and YAML clean. */
// Safe: JSON turns a manifest into the same manifest without undefined members.
const withoutUndefined = (manifest: Manifest): Manifest => JSON.parse(JSON.stringify(manifest)) as Manifest

/**
 * Renders a plan. Secrets in plain text are blockers, and are not in the manifests.
 * @throws CORE_CONFIG_INVALID listing every problem of the plan or the options; CLUSTER_PLAN_UNDEPLOYABLE for a plan that no manifest can express.
 */
export function planManifests(planInput: DeploymentPlan, optionsInput: RenderOptionsInput = {}): ManifestPlan {
  const { plan, findings: secrets } = hideSecrets(resolveConfig('deployment plan', deploymentPlanSchema, planInput))
  const options = resolveConfig('deployment options', renderOptionsSchema, optionsInput)
  if (plan.replicas > replicasMax) {
    throw clusterErrors.PLAN_UNDEPLOYABLE({
      name: plan.name,
      problem: `it asks for ${String(plan.replicas)} replicas`,
      fix: `use at most ${String(replicasMax)}`,
    })
  }
  const manifests = [
    namespace(options),
    networkPolicy(plan, options),
    ...openshiftManifests(plan, options),
    ...modelClaims(plan, options),
    ...downloadManifests(plan, options),
    ...disruptionBudgets(plan, options),
    ...services(plan, options),
    ...workloads(plan, options),
    ...autoscalerManifests(plan, options),
    ...serviceMonitors(plan, options),
  ].map(withoutUndefined)
  return {
    manifests,
    yaml: manifests.map((manifest) => stringify(manifest)).join('---\n'),
    findings: [...contradictions(plan, options), ...findings(plan, options), ...secrets],
  }
}
