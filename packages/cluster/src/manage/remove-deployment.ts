/** Removes what one deployment owns, waits until it is gone, and looks again. */
import { coreErrors, type Clock } from '@bud-foundry/core'
import { clusterErrors } from '../errors.ts'
import { describeObject, referenceOf, type KubernetesApi } from '../kubernetes/kubernetes-api.ts'
import { isOurNamespace } from '../kubernetes/ownership.ts'
import { pollMs, removalTimeoutMs } from '../limits.ts'
import type { DeploymentReference } from './change-set.ts'
import { findInhabitants } from './namespace-inhabitants.ts'
import { listEverything, listOwned } from './owned-objects.ts'

export interface Removal {
  readonly api: KubernetesApi
  readonly clock: Clock
  readonly deployment: DeploymentReference
  readonly onWait: (message: string) => void
}

/** Asks for the removal of every owned object. Repeating it is harmless. */
export async function removeOwned({ api, deployment }: Removal, signal: AbortSignal): Promise<number> {
  const owned = await listOwned(api, deployment, signal)
  for (const object of owned) {
    if (object.metadata.deletionTimestamp === undefined) await api.remove(referenceOf(object), { uid: object.metadata.uid }, signal)
  }
  return owned.length
}

/** @throws CLUSTER_REMOVAL_INCOMPLETE naming what is left. */
export async function waitUntilGone({ api, clock, deployment, onWait }: Removal, signal: AbortSignal): Promise<void> {
  const endMs = clock.monotonicMs() + removalTimeoutMs
  let told = -1
  for (;;) {
    if (signal.aborted) throw coreErrors.ABORTED({ what: `removing '${deployment.name}'` }, { cause: signal.reason })
    const left = await listEverything(api, deployment, signal)
    if (left.length === 0) return
    if (left.length !== told) onWait(`${String(left.length)} objects are still there`)
    told = left.length
    if (clock.monotonicMs() >= endMs) {
      const leftovers = left.map((object) => describeObject(referenceOf(object)))
      throw clusterErrors.REMOVAL_INCOMPLETE({ deployment: deployment.name, leftovers })
    }
    await clock.sleep(pollMs, signal)
  }
}

/** Removes the namespace if we made it and nothing is left in it. Returns whether it is gone or going. */
export async function removeEmptyNamespace(removal: Removal, signal: AbortSignal): Promise<boolean> {
  const { api, clock, deployment, onWait } = removal
  const reference = { apiVersion: 'v1', kind: 'Namespace', name: deployment.namespace }
  const live = await api.read(reference, signal)
  if (live === undefined) return true
  const stays = (why: string) => {
    onWait(`namespace ${deployment.namespace} stays: ${why}`)
    return false
  }
  if (!isOurNamespace(live)) return stays('somebody else has made it')
  const { found, unseenKinds } = await findInhabitants(api, deployment.namespace, signal)
  if (found !== undefined) return stays(`${found.kind} ${found.metadata.name} is in it`)
  if (unseenKinds.length > 0) onWait(`whether ${unseenKinds.join(', ')} are in namespace ${deployment.namespace} cannot be seen`)
  await api.remove(reference, { uid: live.metadata.uid }, signal)
  const endMs = clock.monotonicMs() + removalTimeoutMs
  while ((await api.read(reference, signal)) !== undefined) {
    onWait('the namespace is being emptied')
    if (clock.monotonicMs() >= endMs) {
      throw clusterErrors.REMOVAL_INCOMPLETE({ deployment: deployment.name, leftovers: [describeObject(reference)] })
    }
    await clock.sleep(pollMs, signal)
  }
  return true
}
