/** What one cloud must be able to do with managed Kubernetes; everything else is the same for all of them. */
import type { ClusterSpec, Secret } from '@bud-foundry/core'

export type CloudStatus = 'creating' | 'ready' | 'failed' | 'deleting'

export interface CloudCluster {
  readonly status: CloudStatus
  /** Carries our tags: only then is it changed or deleted. */
  readonly owned: boolean
  /** Why it failed. */
  readonly problem: string | undefined
}

export type PoolSpec = ClusterSpec['pools'][number]

export interface CloudPool extends PoolSpec, CloudCluster {
  /** The cloud has no cluster without this pool: it goes with its cluster, and is not deleted by itself. */
  readonly goesWithCluster?: boolean | undefined
}

/**
 * Calls return when the cloud has accepted them; the provider waits. Creating what exists rejects with CLUSTER_CLOUD_CONFLICT, deleting
 * what does not exist is no error. `token` makes a repeated request the same request.
 */
export interface CloudDriver extends AsyncDisposable {
  readonly id: string
  readonly region: string
  readCluster(name: string, signal: AbortSignal): Promise<CloudCluster | undefined>
  /** May make the first pool with it, where a cloud has no cluster without one. */
  createCluster(spec: ClusterSpec, token: string, signal: AbortSignal): Promise<void>
  deleteCluster(name: string, signal: AbortSignal): Promise<void>
  listPools(clusterName: string, signal: AbortSignal): Promise<readonly CloudPool[]>
  createPool(clusterName: string, pool: PoolSpec, token: string, signal: AbortSignal): Promise<void>
  scalePool(clusterName: string, pool: PoolSpec, signal: AbortSignal): Promise<void>
  deletePool(clusterName: string, poolName: string, signal: AbortSignal): Promise<void>
  kubeconfig(name: string, signal: AbortSignal): Promise<Secret>
}

/** On everything that we make in a cloud. */
export const ownershipTags = { 'managed-by': 'bud-foundry' } as const

export const isOwned = (tags: Readonly<Record<string, string | undefined>> | undefined): boolean =>
  tags?.['managed-by'] === ownershipTags['managed-by']
