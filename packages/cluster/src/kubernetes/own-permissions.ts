/** The least that this package needs to be allowed: a role made from the same list of kinds that the code works with. */
import type { Manifest } from '../deploy/manifest.ts'
import { dependentKinds, groupOf, neighbourKinds, ownedKinds } from './kinds.ts'
import { namespaceLabels } from './ownership.ts'

interface Rule {
  readonly apiGroups: readonly string[]
  readonly resources: readonly string[]
  readonly verbs: readonly string[]
  readonly resourceNames?: readonly string[]
}

/** Objects without `spec`, such as roles. */
export type PermissionManifest = Manifest & Readonly<Record<string, unknown>>

const write = ['get', 'list', 'watch', 'create', 'patch', 'delete'] as const
const look = ['get', 'list', 'watch'] as const

const ruleFor = ({ apiVersion, plural }: { readonly apiVersion: string; readonly plural: string }, verbs: readonly string[]): Rule => ({
  apiGroups: [groupOf(apiVersion)],
  resources: [plural],
  verbs,
})

const rules = (): readonly Rule[] => [
  ...ownedKinds.map((kind) => ruleFor(kind, write)),
  ...dependentKinds.map((kind) => ruleFor(kind, look)),
  // A worker that is restarted is deleted; its controller makes another.
  { apiGroups: [''], resources: ['pods'], verbs: ['delete'] },
  // One token through the API server proves that an engine serves.
  { apiGroups: [''], resources: ['pods/proxy'], verbs: ['create'] },
  { apiGroups: [''], resources: ['namespaces'], verbs: ['get', 'create', 'patch', 'delete'] },
  { apiGroups: ['coordination.k8s.io'], resources: ['leases'], verbs: ['get', 'create', 'update', 'delete'] },
  // What else might live in a namespace, asked before it is deleted. Secrets are listed for nothing else.
  ...neighbourKinds.map((kind) => ruleFor(kind, ['list'])),
  { apiGroups: ['apiextensions.k8s.io'], resources: ['customresourcedefinitions'], verbs: ['list'] },
  { apiGroups: [''], resources: ['nodes'], verbs: look },
  { apiGroups: ['resource.k8s.io'], resources: ['resourceslices', 'resourceclaims'], verbs: look },
  { apiGroups: [''], resources: ['pods/log'], verbs: ['get'] },
  { apiGroups: [''], resources: ['events'], verbs: look },
  { apiGroups: ['storage.k8s.io'], resources: ['storageclasses'], verbs: look },
  // On OpenShift an engine's account is bound to one of these, and to nothing else.
  {
    apiGroups: ['rbac.authorization.k8s.io'],
    resources: ['clusterroles'],
    verbs: ['bind'],
    resourceNames: ['system:openshift:scc:nonroot-v2', 'system:openshift:scc:anyuid'],
  },
  { apiGroups: ['config.openshift.io'], resources: ['clusterversions'], verbs: ['get'] },
]

export interface RequiredPermission {
  readonly group: string
  readonly resource: string
  readonly subresource: string | undefined
  readonly verb: string
  readonly name: string | undefined
}

/** The same rules, one right at a time. What add-ons and OpenShift bring is asked for as well: a role may name what is not there. */
export function requiredPermissions(): readonly RequiredPermission[] {
  return rules().flatMap(({ apiGroups, resources, verbs, resourceNames }) =>
    apiGroups.flatMap((group) =>
      resources.flatMap((path) => {
        const [resource = '', subresource] = path.split('/')
        return verbs.flatMap((verb) => (resourceNames ?? [undefined]).map((name) => ({ group, resource, subresource, verb, name })))
      }),
    ),
  )
}

/** A service account with a cluster role that allows what this package does, and no more. Apply it as an administrator. */
export function permissionManifests(
  options: { readonly serviceAccount?: string; readonly namespace?: string } = {},
): readonly PermissionManifest[] {
  const { serviceAccount: name = 'bud-cluster', namespace = 'bud-system' } = options
  const labels = namespaceLabels()
  return [
    { apiVersion: 'v1', kind: 'Namespace', metadata: { name: namespace } },
    { apiVersion: 'v1', kind: 'ServiceAccount', metadata: { name, namespace, labels } },
    { apiVersion: 'rbac.authorization.k8s.io/v1', kind: 'ClusterRole', metadata: { name, labels }, rules: rules() },
    {
      apiVersion: 'rbac.authorization.k8s.io/v1',
      kind: 'ClusterRoleBinding',
      metadata: { name, labels },
      roleRef: { apiGroup: 'rbac.authorization.k8s.io', kind: 'ClusterRole', name },
      subjects: [{ kind: 'ServiceAccount', name, namespace }],
    },
  ]
}
