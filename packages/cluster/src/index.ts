/** The public list of cluster. */
export { handleClusterPlan } from './cluster-handler.ts'
export { planManifests, type ManifestPlan } from './deploy/plan-manifests.ts'
export { renderOptionsSchema, type RenderOptions, type RenderOptionsInput } from './deploy/render-options.ts'
export type { Manifest } from './deploy/workload.ts'
export { clusterErrors } from './errors.ts'
