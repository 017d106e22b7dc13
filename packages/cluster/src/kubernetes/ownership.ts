/** The labels by which we know what is ours; nothing without them is ever touched. */
import type { DeploymentPlan } from '@bud-foundry/core'
import type { KubernetesObject } from './kubernetes-api.ts'

export const fieldManager = 'bud-foundry'
export const deploymentLabel = 'foundry.bud.studio/deployment'
const managedByLabel = 'app.kubernetes.io/managed-by'

/** Selects the pods of one deployment. Immutable on live objects, so it carries the name and nothing that may change. */
export const selectorLabels = (plan: Pick<DeploymentPlan, 'name'>) => ({ [deploymentLabel]: plan.name })

/** Recommended labels (kubernetes.io/docs/concepts/overview/working-with-objects/common-labels) and our own. */
export const ownershipLabels = (plan: DeploymentPlan) => ({
  ...selectorLabels(plan),
  'app.kubernetes.io/name': plan.engine.id,
  'app.kubernetes.io/instance': plan.name,
  'app.kubernetes.io/component': 'engine',
  'app.kubernetes.io/part-of': 'bud-foundry',
  [managedByLabel]: fieldManager,
})

/** On a Service that takes requests: the name by which requests ask for the model. */
export const modelAnnotation = 'foundry.bud.studio/model'

/** Beside it: the names of its adapters, with commas between. */
export const adaptersAnnotation = 'foundry.bud.studio/adapters'

/** Pods of jobs: not the deployment's label, by which its Service and its policy select the engine's pods. */
export const jobLabels = (deployment: string) => ({ 'foundry.bud.studio/job-of': deployment, [managedByLabel]: fieldManager })

/** On every object of a job that is run by itself: not the deployment's label, or a job named like a deployment would take it along when it goes. */
const runLabel = 'foundry.bud.studio/job'
export const runLabels = (name: string) => ({ [runLabel]: name })

/** Ours, and of this job. */
export const isOfRun = ({ metadata }: KubernetesObject, name: string): boolean =>
  metadata.labels?.[managedByLabel] === fieldManager && metadata.labels[runLabel] === name

/** On every object of an add-on. Charts bring recommended labels of their own, which stay theirs. */
export const addOnLabel = 'foundry.bud.studio/add-on'
export const addOnLabels = (name: string) => ({ [addOnLabel]: name })

/** On a namespace that we made, which therefore goes with its last deployment. */
export const namespaceLabels = () => ({ 'app.kubernetes.io/part-of': 'bud-foundry', [managedByLabel]: fieldManager })

/** Ours, and of this deployment. */
export const isOwnedBy = ({ metadata }: KubernetesObject, deployment: string): boolean =>
  metadata.labels?.[managedByLabel] === fieldManager && metadata.labels[deploymentLabel] === deployment

/** Made by us: what every deployment in it shares. */
export const isOurNamespace = ({ metadata }: KubernetesObject): boolean =>
  metadata.labels?.[managedByLabel] === fieldManager && metadata.labels['app.kubernetes.io/part-of'] === 'bud-foundry'
