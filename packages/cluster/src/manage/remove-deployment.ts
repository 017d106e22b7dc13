/** Removes what one deployment owns, waits until it is gone, and looks again. */
import { coreErrors, type Clock } from '@bud-foundry/core'
import { clusterErrors } from '../errors.ts'
import { describeObject, referenceOf, type KubernetesApi } from '../kubernetes/kubernetes-api.ts'
import { isOurNamespace } from '../kubernetes/ownership.ts'
import { findKind, ownedKinds } from '../kubernetes/kinds.ts'
import { pollMs, removalTimeoutMs } from '../limits.ts'
import type { DeploymentReference } from './change-set.ts'
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

/** What Kubernetes itself puts into every namespace. */
const isAutomatic = ({ kind, metadata }: { readonly kind: string; readonly metadata: { readonly name: string } }) =>
  (kind === 'ConfigMap' && metadata.name === 'kube-root-ca.crt') || (kind === 'ServiceAccount' && metadata.name === 'default')

const inhabitants = [
  ...ownedKinds,
  ...['Secret', 'Pod'].map((kind) => findKind({ apiVersion: 'v1', kind })),
  findKind({ apiVersion: 'coordination.k8s.io/v1', kind: 'Lease' }),
  findKind({ apiVersion: 'apps/v1', kind: 'DaemonSet' }),
  findKind({ apiVersion: 'apps/v1', kind: 'StatefulSet' }),
]

/** Whether anything lives in a namespace that deleting it would take along. */
async function isEmpty(api: KubernetesApi, namespace: string, signal: AbortSignal): Promise<boolean> {
  for (const { apiVersion, kind, addOn } of inhabitants) {
    if (addOn === true && !(await api.servedKinds(apiVersion, signal)).includes(kind)) continue
    const { items } = await api.list({ apiVersion, kind, namespace }, signal)
    if (items.some((object) => !isAutomatic(object))) return false
  }
  return true
}

/** Removes the namespace if we made it and nothing is left in it. Returns whether it is gone or going. */
export async function removeEmptyNamespace({ api, clock, deployment, onWait }: Removal, signal: AbortSignal): Promise<boolean> {
  const reference = { apiVersion: 'v1', kind: 'Namespace', name: deployment.namespace }
  const live = await api.read(reference, signal)
  if (live === undefined) return true
  if (!isOurNamespace(live) || !(await isEmpty(api, deployment.namespace, signal))) return false
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
