/** What a deployment owns in a cluster, found by label among the kinds that we make and those that controllers make from them. */
import { clusterErrors } from '../errors.ts'
import { dependentKinds, ownedKinds, type Kind } from '../kubernetes/kinds.ts'
import type { KubernetesApi, KubernetesObject } from '../kubernetes/kubernetes-api.ts'
import { isOwnedBy, selectorLabels } from '../kubernetes/ownership.ts'
import type { DeploymentReference } from './change-set.ts'

/** Custom resources whose definition is not installed cannot exist. */
async function listKind(api: KubernetesApi, kind: Kind, deployment: DeploymentReference, signal: AbortSignal) {
  try {
    const { items } = await api.list(
      { apiVersion: kind.apiVersion, kind: kind.kind, namespace: deployment.namespace, labels: selectorLabels(deployment) },
      signal,
    )
    return items
  } catch (error) {
    if (kind.addOn === true && clusterErrors.KUBERNETES_REJECTED.is(error)) return []
    throw error
  }
}

async function listKinds(api: KubernetesApi, kinds: readonly Kind[], deployment: DeploymentReference, signal: AbortSignal) {
  const found: KubernetesObject[] = []
  for (const kind of kinds) found.push(...(await listKind(api, kind, deployment, signal)))
  return found
}

/** Objects that we made, in the order of removal. */
export async function listOwned(api: KubernetesApi, deployment: DeploymentReference, signal: AbortSignal) {
  return (await listKinds(api, ownedKinds, deployment, signal)).filter((object) => isOwnedBy(object, deployment.name))
}

/** The same, and what controllers made from them. */
export async function listEverything(api: KubernetesApi, deployment: DeploymentReference, signal: AbortSignal) {
  const dependents = await listKinds(api, dependentKinds, deployment, signal)
  return [...(await listOwned(api, deployment, signal)), ...dependents]
}
