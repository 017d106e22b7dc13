/** The kinds that we read or write, with what their addresses are made of. */
import { clusterErrors } from '../errors.ts'

export interface Kind {
  readonly apiVersion: string
  readonly kind: string
  readonly plural: string
  readonly namespaced: boolean
  /** Brought by an add-on or a newer Kubernetes: a cluster without it has no address for the kind. */
  readonly addOn?: true
}

const kind = (apiVersion: string, name: string, plural: string, namespaced = true): Kind => ({ apiVersion, kind: name, plural, namespaced })

/** Kinds that belong to a deployment, in the order in which they are removed: what serves first, what it stands on last. */
export const ownedKinds: readonly Kind[] = [
  { ...kind('monitoring.coreos.com/v1', 'ServiceMonitor', 'servicemonitors'), addOn: true },
  { ...kind('leaderworkerset.x-k8s.io/v1', 'LeaderWorkerSet', 'leaderworkersets'), addOn: true },
  { ...kind('keda.sh/v1alpha1', 'ScaledObject', 'scaledobjects'), addOn: true },
  { ...kind('scaler.bud.studio/v1alpha1', 'BudAIScaler', 'budaiscalers'), addOn: true },
  kind('autoscaling/v2', 'HorizontalPodAutoscaler', 'horizontalpodautoscalers'),
  { ...kind('route.openshift.io/v1', 'Route', 'routes'), addOn: true },
  kind('apps/v1', 'Deployment', 'deployments'),
  kind('batch/v1', 'Job', 'jobs'),
  kind('v1', 'Service', 'services'),
  kind('policy/v1', 'PodDisruptionBudget', 'poddisruptionbudgets'),
  kind('v1', 'ConfigMap', 'configmaps'),
  kind('v1', 'PersistentVolumeClaim', 'persistentvolumeclaims'),
  kind('rbac.authorization.k8s.io/v1', 'RoleBinding', 'rolebindings'),
  kind('v1', 'ServiceAccount', 'serviceaccounts'),
  kind('networking.k8s.io/v1', 'NetworkPolicy', 'networkpolicies'),
]

/** What controllers make for an owned object: never written by us, and gone before a removal counts as done. */
export const dependentKinds: readonly Kind[] = [
  kind('apps/v1', 'ReplicaSet', 'replicasets'),
  kind('apps/v1', 'StatefulSet', 'statefulsets'),
  kind('v1', 'Pod', 'pods'),
  kind('discovery.k8s.io/v1', 'EndpointSlice', 'endpointslices'),
]

/** What somebody else may keep in a namespace beside kinds of ours: it is looked for before a namespace goes. */
export const neighbourKinds: readonly Kind[] = [
  kind('v1', 'Secret', 'secrets'),
  kind('v1', 'ReplicationController', 'replicationcontrollers'),
  kind('v1', 'ResourceQuota', 'resourcequotas'),
  kind('v1', 'LimitRange', 'limitranges'),
  kind('apps/v1', 'DaemonSet', 'daemonsets'),
  kind('batch/v1', 'CronJob', 'cronjobs'),
  kind('networking.k8s.io/v1', 'Ingress', 'ingresses'),
  kind('rbac.authorization.k8s.io/v1', 'Role', 'roles'),
  kind('coordination.k8s.io/v1', 'Lease', 'leases'),
  { ...kind('resource.k8s.io/v1', 'ResourceClaim', 'resourceclaims'), addOn: true },
  { ...kind('resource.k8s.io/v1', 'ResourceClaimTemplate', 'resourceclaimtemplates'), addOn: true },
]

const otherKinds: readonly Kind[] = [
  kind('v1', 'Namespace', 'namespaces', false),
  kind('v1', 'Node', 'nodes', false),
  kind('v1', 'Event', 'events'),
  kind('resource.k8s.io/v1', 'ResourceSlice', 'resourceslices', false),
  kind('config.openshift.io/v1', 'ClusterVersion', 'clusterversions', false),
  kind('authorization.k8s.io/v1', 'SelfSubjectAccessReview', 'selfsubjectaccessreviews', false),
  kind('storage.k8s.io/v1', 'StorageClass', 'storageclasses', false),
  kind('rbac.authorization.k8s.io/v1', 'ClusterRole', 'clusterroles', false),
  kind('rbac.authorization.k8s.io/v1', 'ClusterRoleBinding', 'clusterrolebindings', false),
  kind('apiextensions.k8s.io/v1', 'CustomResourceDefinition', 'customresourcedefinitions', false),
]

const allKinds = [...ownedKinds, ...dependentKinds, ...neighbourKinds, ...otherKinds]
const byName = new Map(allKinds.map((entry) => [`${entry.apiVersion} ${entry.kind}`, entry]))

/** @throws CLUSTER_KIND_UNKNOWN. */
export function findKind({ apiVersion, kind: name }: { readonly apiVersion: string; readonly kind: string }): Kind {
  const found = byName.get(`${apiVersion} ${name}`)
  if (found === undefined) throw clusterErrors.KIND_UNKNOWN({ apiVersion, kind: name })
  return found
}

/** The group of `apps/v1` is `apps`, that of `v1` is empty. */
export const groupOf = (apiVersion: string): string => (apiVersion.includes('/') ? (apiVersion.split('/')[0] ?? '') : '')

/** `/api/v1` or `/apis/apps/v1`. */
export const groupPath = (apiVersion: string): string => (apiVersion.includes('/') ? `/apis/${apiVersion}` : `/api/${apiVersion}`)

/** What an address is made of: of a collection, or of one object. */
export interface ResourceTarget {
  readonly apiVersion: string
  readonly kind: string
  readonly namespace?: string | undefined
  readonly name?: string | undefined
}

/** Undefined for a kind that only the server can tell about. */
export const findKnownKind = ({ apiVersion, kind: name }: ResourceTarget): Kind | undefined => byName.get(`${apiVersion} ${name}`)

/** The address of a collection, or of one object in it. */
export function resourcePath(target: ResourceTarget, { plural, namespaced }: Kind = findKind(target)): string {
  const scope = namespaced && target.namespace !== undefined ? `/namespaces/${encodeURIComponent(target.namespace)}` : ''
  const object = target.name === undefined ? '' : `/${encodeURIComponent(target.name)}`
  return `${groupPath(target.apiVersion)}${scope}/${plural}${object}`
}
