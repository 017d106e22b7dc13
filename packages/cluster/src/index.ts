/** The public list of cluster. */
export { handleClusterPlan } from './cluster-handler.ts'
export { createClusterManager, type ClusterManager, type ClusterManagerParts } from './create-cluster-manager.ts'
export { planManifests, type ManifestPlan } from './deploy/plan-manifests.ts'
export { renderOptionsSchema, type RenderOptions, type RenderOptionsInput } from './deploy/render-options.ts'
export type { Manifest } from './deploy/manifest.ts'
export { launchServedModel, type ServedModelRequest } from './deploy/engines/launch-served-model.ts'
export { routeHostFor } from './deploy/openshift.ts'
export { clusterErrors } from './errors.ts'

// what is in a cluster
export { devicesOfDcgm, parseDcgmPage, type DcgmDevice } from './discover/dcgm-devices.ts'
export { readInventory, toDevices, type ClusterInventory, type DiscoveredDevices } from './discover/discover-devices.ts'
export { watchDevices } from './discover/watch-devices.ts'
export type { Toleration } from './discover/schedulability.ts'
export type { ClusterIdentity, DeploymentState } from './manage/observe.ts'
export type { PodState } from './manage/rollout.ts'

// jobs
export type { ClusterJob } from './deploy/cluster-job.ts'
export { benchmarkJob, type BenchmarkOptions } from './deploy/benchmark-job.ts'
export {
  benchmarkEvents,
  readBenchmarkResult,
  type BenchmarkRequest,
  type BenchmarkResult,
  type BenchmarkRun,
} from './deploy/benchmark-result.ts'
export { imageBuildJob, type ImageBuildInput } from './deploy/image-build-job.ts'
export { quantizationJob, type QuantizationInput } from './deploy/quantization-job.ts'

// GitOps
export { renderFolder, type GitOpsOptions, type RenderedFile } from './deploy/gitops.ts'

// health
export {
  checkHealth,
  healthChecks,
  type CheckResult,
  type ClusterHealth,
  type HealthCheck,
  type NodeHealth,
} from './health/cluster-health.ts'
export { watchHealth, type HealthTransition, type HealthUpdate } from './health/watch-health.ts'
export { listEvents, listWorkers, readWorkerLog, restartWorker, type ClusterEvent, type LogLine, type Worker } from './health/workers.ts'
export type { ConnectionTest, KnownCluster } from './manage/test-connection.ts'

// for gateways
export { followEndpoints, type FollowedEndpoints, type FollowOptions } from './gateway/follow-endpoints.ts'
export { endpointPrefix, mirrorEndpoints, watchEndpoints, type DeployedEndpoint, type EndpointChange } from './gateway/endpoints.ts'

// add-ons
export {
  createAddOnManager,
  type AddOnChange,
  type AddOnManager,
  type AddOnManagerParts,
  type AddOnPlan,
  type AddOnStatus,
} from './add-on/add-on-manager.ts'
export { addOnSchema, type AddOn, type AddOnInput, type ChartSource } from './add-on/add-on.ts'
export { deviceConflicts, type DeviceSoftware } from './add-on/device-conflicts.ts'
export { createHelmRenderer, type ChartRenderer, type HelmOptions } from './add-on/helm.ts'
export { knownAddOns } from './add-on/known-add-ons.ts'

// changes
export type { ClusterChangeSet, ClusterProgress, DeploymentReference, DesiredDeployment, ObjectChange } from './manage/change-set.ts'
export type { FieldChange } from './manage/diff-objects.ts'

// Kubernetes
export { connectKubernetes, type KubeconfigOptions } from './kubernetes/kubeconfig.ts'
export { createHttpKubernetesApi } from './kubernetes/http-kubernetes-api.ts'
export type {
  ApplyOptions,
  KubernetesApi,
  KubernetesObject,
  LogSelection,
  ObjectList,
  ObjectMetadata,
  ObjectReference,
  ObjectSelection,
  OwnerReference,
  PodCall,
  RemoveOptions,
  WatchEvent,
} from './kubernetes/kubernetes-api.ts'
export { permissionManifests, type PermissionManifest, type PermissionOptions } from './kubernetes/own-permissions.ts'
export { watchObjects, type ObjectNews, type WatchParts } from './kubernetes/watch-objects.ts'

// scale
export type { ScaleSchedule } from './scale/autoscaling-options.ts'
export { scheduledReplicas } from './scale/schedules.ts'
export {
  decideReplicas,
  type ScaleDecision,
  type ScaleInput,
  type ScaleRules,
  type ScaleSignal,
  type ScaleWish,
} from './scale/decide-replicas.ts'
