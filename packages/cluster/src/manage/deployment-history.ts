/** The deployments that served, newest first, kept in the Store: what a rollback goes back to. */
import { deploymentPlanSchema, type Store } from '@bud-foundry/core'
import { z } from 'zod'
import { renderOptionsSchema } from '../deploy/render-options.ts'
import type { DeploymentReference, DesiredDeployment } from './change-set.ts'

const versionsMax = 5
const historySchema = z.array(z.strictObject({ plan: deploymentPlanSchema, options: renderOptionsSchema.optional() }))

const keyOf = (scope: string, { namespace, name }: DeploymentReference) => `cluster/${scope}/history/${namespace}/${name}`

export async function readHistory(store: Store, scope: string, deployment: DeploymentReference): Promise<readonly DesiredDeployment[]> {
  const bytes = await store.get(keyOf(scope, deployment))
  return bytes === undefined ? [] : historySchema.parse(JSON.parse(new TextDecoder().decode(bytes)))
}

/** Adds a version in front, unless it is there already. Plans hold no secrets: those with one are refused before they are applied. */
export async function rememberServed(store: Store, scope: string, deployment: DeploymentReference, desired: DesiredDeployment) {
  const entry = { plan: desired.plan, ...(desired.options === undefined ? {} : { options: renderOptionsSchema.parse(desired.options) }) }
  const text = JSON.stringify(entry)
  const older = (await readHistory(store, scope, deployment)).filter((version) => JSON.stringify(version) !== text)
  await store.set(keyOf(scope, deployment), new TextEncoder().encode(JSON.stringify([entry, ...older].slice(0, versionsMax))))
}

export async function forgetHistory(store: Store, scope: string, deployment: DeploymentReference): Promise<void> {
  await store.delete(keyOf(scope, deployment))
}
