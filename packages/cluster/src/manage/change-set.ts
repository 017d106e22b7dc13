/** What would change in a cluster for one deployment: data that can be shown, reviewed, stored and applied. */
import { createHash } from 'node:crypto'
import type { Change, ChangeProgress, ChangeSet, DeploymentPlan } from '@bud-foundry/core'
import type { RenderOptionsInput } from '../deploy/render-options.ts'
import type { KubernetesObject, ObjectReference } from '../kubernetes/kubernetes-api.ts'
import type { FieldChange } from './diff-objects.ts'

/** One deployment as it should be. */
export interface DesiredDeployment {
  readonly plan: DeploymentPlan
  readonly options?: RenderOptionsInput | undefined
}

/** One deployment by its name. */
export interface DeploymentReference {
  readonly name: string
  readonly namespace: string
}

/** One change to one object. */
export interface ObjectChange extends Change {
  readonly reference: ObjectReference
  readonly fields: readonly FieldChange[]
  /** What is applied; absent for a deletion. */
  readonly manifest?: KubernetesObject | undefined
  /** Of the object that is deleted: another of the same name stays. */
  readonly uid?: string | undefined
}

/** Changes of one deployment, with what they cost and what to know before. */
export interface ClusterChangeSet extends ChangeSet {
  /** The same changes have the same id. */
  readonly id: string
  readonly deployment: DeploymentReference
  readonly desired: DesiredDeployment
  readonly changes: readonly ObjectChange[]
  /** Of the whole deployment after the changes; absent when no device has a price. */
  readonly costUsdPerHour?: number | undefined
  readonly costUsdPerMonth?: number | undefined
  readonly predicted: DeploymentPlan['predicted']
  /** Takes fields over that someone else has changed. */
  readonly takesOver: boolean
  /** Objects that exist and are not ours become ours. */
  readonly adopts: boolean
  /** For people: one line per object and field. */
  readonly diff: string
}

/** Progress of an operation, with Bud's step ids. */
export interface ClusterProgress extends ChangeProgress {
  readonly step:
    | 'verify_cluster_connection'
    | 'transfer_model_to_cluster'
    | 'deploy_to_engine'
    | 'verify_deployment_status'
    | 'run_performance_benchmark'
    | 'deploy_quantization_job'
    | 'build_image'
    | 'create_cloud_provider_cluster'
    | 'delete_cloud_provider_cluster'
    | 'create_node_pool'
    | 'delete_node_pool'
    | 'delete_namespace'
    | 'results'
  /** What is being waited for. */
  readonly message?: string | undefined
}

const signs = { create: '+', update: '~', delete: '-' } as const
const valueText = (value: unknown) => (value === undefined ? '(none)' : JSON.stringify(value))

/** `+ Deployment team-a/chat`, and below it the fields that change. */
export function renderDiff(changes: readonly ObjectChange[]): string {
  return changes
    .flatMap(({ action, resource, fields }) => [
      `${signs[action]} ${resource}`,
      ...(action === 'update' ? fields.map(({ path, before, after }) => `    ${path}: ${valueText(before)} -> ${valueText(after)}`) : []),
    ])
    .join('\n')
}

export const changeSetId = (content: unknown): string => createHash('sha256').update(JSON.stringify(content)).digest('hex').slice(0, 32)
