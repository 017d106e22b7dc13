/** Public list of the cluster widgets. */
export { ClusterCard, ClusterList, type ClusterCardProps, type ClusterListProps } from '../cluster/cluster-list.tsx'
export { FleetMap } from '../cluster/fleet-map.tsx'
export { LeftoverList } from '../cluster/leftover-list.tsx'
export {
  createClusterClient,
  type ClusterBenchmark,
  type ClusterChanges,
  type ClusterClient,
  type ClusterDeployment,
  type ClusterInfo,
  type ClusterNode,
  type ClusterOperation,
  type ClusterPod,
  type DeploymentName,
  type LeftoverObject,
  type LogLine,
  type Percentiles,
  type ScalePreview,
  type ScaleRules,
} from '../client/cluster-client.ts'
export {
  useClusterBenchmarks,
  useClusterClient,
  useClusterDeployments,
  useClusterLeftovers,
  useClusterLogs,
  useClusterOperation,
  useClusterOperations,
  useClusters,
} from '../hook/use-clusters.ts'
