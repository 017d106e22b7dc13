'use client'
/** What is in clusters, followed while anyone looks. */
import { useMemo } from 'react'
import {
  createClusterClient,
  type ClusterBenchmark,
  type ClusterClient,
  type ClusterDeployment,
  type ClusterInfo,
  type ClusterOperation,
  type DeploymentName,
  type LeftoverObject,
  type LogLine,
} from '../client/cluster-client.ts'
import { useBudClient } from './bud-context.ts'
import { useResource, type LoadedResource } from './use-resource.ts'

const slowMs = 10_000
const quickMs = 1_500

/** Quickly while something runs; what has ended changes no more. */
const operationsPace = (operations: readonly ClusterOperation[] | undefined) =>
  operations?.some(({ status }) => status === 'running') === true ? quickMs : slowMs / 2
const operationPace = (operation: ClusterOperation | undefined) =>
  operation === undefined || operation.status === 'running' ? quickMs : undefined

export function useClusterClient(): ClusterClient {
  const client = useBudClient()
  return useMemo(() => createClusterClient(client), [client])
}

export function useClusters(): LoadedResource<readonly ClusterInfo[]> {
  return useResource({ key: 'clusters', refreshMs: slowMs, load: (client, signal) => createClusterClient(client).list({ signal }) })
}

export function useClusterDeployments(id: string): LoadedResource<readonly ClusterDeployment[]> {
  return useResource({
    key: `cluster-deployments:${id}`,
    refreshMs: slowMs / 2,
    load: (client, signal) => createClusterClient(client).deployments(id, { signal }),
  })
}

export function useClusterOperations(id: string): LoadedResource<readonly ClusterOperation[]> {
  return useResource({
    key: `cluster-operations:${id}`,
    refreshMs: operationsPace,
    load: (client, signal) => createClusterClient(client).operations(id, { signal }),
  })
}

export function useClusterOperation(id: string, operation: string): LoadedResource<ClusterOperation> {
  return useResource({
    key: `cluster-operation:${id}:${operation}`,
    refreshMs: operationPace,
    load: (client, signal) => createClusterClient(client).operation(id, operation, { signal }),
  })
}

export function useClusterBenchmarks(id: string): LoadedResource<readonly ClusterBenchmark[]> {
  return useResource({
    key: `cluster-benchmarks:${id}`,
    refreshMs: slowMs / 2,
    load: (client, signal) => createClusterClient(client).benchmarks(id, { signal }),
  })
}

export function useClusterLogs(id: string, deployment: DeploymentName): LoadedResource<readonly LogLine[]> {
  return useResource({
    key: `cluster-logs:${id}:${deployment.namespace}/${deployment.name}`,
    refreshMs: slowMs / 2,
    load: (client, signal) => createClusterClient(client).logs(id, deployment, { signal }),
  })
}

export function useClusterLeftovers(id: string): LoadedResource<readonly LeftoverObject[]> {
  return useResource({
    key: `cluster-leftovers:${id}`,
    refreshMs: slowMs,
    load: (client, signal) => createClusterClient(client).leftovers(id, { signal }),
  })
}
