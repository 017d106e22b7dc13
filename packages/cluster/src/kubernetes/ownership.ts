/** The labels by which we know what is ours; nothing without them is ever touched. */
import type { DeploymentPlan } from '@bud-foundry/core'

export const fieldManager = 'bud-foundry'
const deploymentLabel = 'foundry.bud.studio/deployment'

/** Selects the pods of one deployment. Immutable on live objects, so it carries the name and nothing that may change. */
export const selectorLabels = (plan: DeploymentPlan) => ({ [deploymentLabel]: plan.name })

/** Recommended labels (kubernetes.io/docs/concepts/overview/working-with-objects/common-labels) and our own. */
export const ownershipLabels = (plan: DeploymentPlan) => ({
  ...selectorLabels(plan),
  'app.kubernetes.io/name': plan.engine.id,
  'app.kubernetes.io/instance': plan.name,
  'app.kubernetes.io/component': 'engine',
  'app.kubernetes.io/part-of': 'bud-foundry',
  'app.kubernetes.io/managed-by': fieldManager,
})
