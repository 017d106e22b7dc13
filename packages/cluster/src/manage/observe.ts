/** A cluster and a deployment as they are now. */
import { referenceOf, type KubernetesApi, type ObjectReference } from '../kubernetes/kubernetes-api.ts'
import type { DeploymentReference } from './change-set.ts'
import { listOwned } from './owned-objects.ts'
import { readRollout, type PodState } from './rollout.ts'

/** A cluster, told apart from others by what no copy of its kubeconfig changes. */
export interface ClusterIdentity {
  readonly server: string
  /** `v1.36.3`. */
  readonly version: string
  readonly platform: 'kubernetes' | 'openshift'
  /** Uid of the namespace `kube-system`: two addresses with the same uid are one cluster. */
  readonly uid: string | undefined
}

/** One deployment as it is. */
export interface DeploymentState {
  readonly deployment: DeploymentReference
  readonly status: 'absent' | 'progressing' | 'ready' | 'deleting'
  readonly replicas: number
  readonly readyReplicas: number
  readonly pods: readonly PodState[]
  /** Why it is not ready. */
  readonly problem: string | undefined
  /** Everything that we made for it. */
  readonly objects: readonly ObjectReference[]
}

export async function identifyCluster(api: KubernetesApi, signal: AbortSignal): Promise<ClusterIdentity> {
  const version = await api.version(signal)
  const openshift = (await api.servedKinds('config.openshift.io/v1', signal)).includes('ClusterVersion')
  const system = await api.read({ apiVersion: 'v1', kind: 'Namespace', name: 'kube-system' }, signal)
  return { server: api.server, version, platform: openshift ? 'openshift' : 'kubernetes', uid: system?.metadata.uid }
}

export async function observeDeployment(
  api: KubernetesApi,
  deployment: DeploymentReference,
  signal: AbortSignal,
): Promise<DeploymentState> {
  const owned = await listOwned(api, deployment, signal)
  const rollout = await readRollout(api, deployment, signal)
  const deleting = owned.some(({ metadata }) => metadata.deletionTimestamp !== undefined)
  const absent = rollout === undefined && owned.length === 0
  return {
    deployment,
    status: absent ? 'absent' : deleting ? 'deleting' : rollout?.problem === undefined && rollout !== undefined ? 'ready' : 'progressing',
    replicas: rollout?.replicas ?? 0,
    readyReplicas: rollout?.readyReplicas ?? 0,
    pods: rollout?.pods ?? [],
    problem: rollout === undefined && !absent ? 'its workload does not exist' : rollout?.problem,
    objects: owned.map(referenceOf),
  }
}
