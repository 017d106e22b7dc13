/** Removes what one deployment owns, waits until it is gone, and looks again. */
import { coreErrors, type Clock } from '@bud-foundry/core'
import { z } from 'zod'
import { clusterErrors } from '../errors.ts'
import {
  describeObject,
  referenceOf,
  type KubernetesApi,
  type KubernetesObject,
  type ObjectSelection,
} from '../kubernetes/kubernetes-api.ts'
import { isOurNamespace } from '../kubernetes/ownership.ts'
import { dependentKinds, neighbourKinds, ownedKinds, type Kind } from '../kubernetes/kinds.ts'
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

/** What Kubernetes and OpenShift themselves put into every namespace. */
const automatic: Readonly<Record<string, RegExp>> = {
  ConfigMap: /^(kube-root-ca\.crt|openshift-service-ca\.crt)$/,
  ServiceAccount: /^(default|builder|deployer)$/,
  Secret: /^(default|builder|deployer)-(dockercfg|token)-/,
  RoleBinding: /^system:(deployers|image-builders|image-pullers)$/,
}
const isAutomatic = ({ kind, metadata }: KubernetesObject) => automatic[kind]?.test(metadata.name) === true

const definitionSchema = z.looseObject({
  group: z.string(),
  scope: z.string(),
  names: z.looseObject({ kind: z.string() }),
  versions: z.array(z.looseObject({ name: z.string(), served: z.boolean().default(true), storage: z.boolean().default(true) })),
})

/** Kinds of whatever else is installed, as the server stores them. */
async function customKinds(api: KubernetesApi, signal: AbortSignal): Promise<readonly Pick<Kind, 'apiVersion' | 'kind'>[]> {
  const { items } = await api.list({ apiVersion: 'apiextensions.k8s.io/v1', kind: 'CustomResourceDefinition' }, signal)
  return items.flatMap(({ spec }) => {
    const { group, scope, names, versions } = definitionSchema.parse(spec)
    const stored = versions.find(({ served, storage }) => served && storage) ?? versions.find(({ served }) => served)
    return scope !== 'Namespaced' || stored === undefined ? [] : [{ apiVersion: `${group}/${stored.name}`, kind: names.kind }]
  })
}

async function isInhabited(api: KubernetesApi, selection: ObjectSelection, signal: AbortSignal): Promise<boolean> {
  const { items } = await api.list(selection, signal)
  return items.some((object) => !isAutomatic(object))
}

/** Whether anything lives in a namespace that deleting it would take along. */
async function isEmpty({ api, deployment: { namespace }, onWait }: Removal, signal: AbortSignal): Promise<boolean> {
  for (const { apiVersion, kind, addOn } of [...ownedKinds, ...dependentKinds, ...neighbourKinds]) {
    if (addOn === true && !(await api.servedKinds(apiVersion, signal)).includes(kind)) continue
    if (await isInhabited(api, { apiVersion, kind, namespace }, signal)) return false
  }
  for (const { apiVersion, kind } of await customKinds(api, signal)) {
    try {
      if (await isInhabited(api, { apiVersion, kind, namespace }, signal)) return false
    } catch (error) {
      // A definition that is going, or one that the role of the kubeconfig may not look at.
      if (clusterErrors.KUBERNETES_FORBIDDEN.is(error)) onWait(`whether ${kind} objects are in namespace ${namespace} cannot be seen`)
      else if (!clusterErrors.KUBERNETES_REJECTED.is(error) && !clusterErrors.KIND_UNKNOWN.is(error)) throw error
    }
  }
  return true
}

/** Removes the namespace if we made it and nothing is left in it. Returns whether it is gone or going. */
export async function removeEmptyNamespace(removal: Removal, signal: AbortSignal): Promise<boolean> {
  const { api, clock, deployment, onWait } = removal
  const reference = { apiVersion: 'v1', kind: 'Namespace', name: deployment.namespace }
  const live = await api.read(reference, signal)
  if (live === undefined) return true
  if (!isOurNamespace(live) || !(await isEmpty(removal, signal))) return false
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
