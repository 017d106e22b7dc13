/** What tells one cluster from another in a Store: two clusters of one name must not share journals and histories. */
import type { KubernetesApi } from '../kubernetes/kubernetes-api.ts'

/** The name, and the uid of the namespace `kube-system`, which no copy of a kubeconfig changes. */
export async function clusterScope(
  { api, clusterName }: { readonly api: KubernetesApi; readonly clusterName: string },
  signal: AbortSignal,
): Promise<string> {
  const system = await api.read({ apiVersion: 'v1', kind: 'Namespace', name: 'kube-system' }, signal)
  return `${clusterName}@${system?.metadata.uid ?? api.server}`
}
