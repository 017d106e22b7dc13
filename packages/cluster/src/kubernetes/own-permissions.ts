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
/** What somebody has added to these is taken away by replacing the whole object. */
const repairedKinds = new Set(['Deployment', 'LeaderWorkerSet', 'Service', 'NetworkPolicy', 'PodDisruptionBudget'])

const ruleFor = ({ apiVersion, plural }: { readonly apiVersion: string; readonly plural: string }, verbs: readonly string[]): Rule => ({
  apiGroups: [groupOf(apiVersion)],
  resources: [plural],
  verbs,
})

/** Within the namespaces of deployments. */
const namespaceRules = (): readonly Rule[] => [
  ...ownedKinds.map((kind) => ruleFor(kind, repairedKinds.has(kind.kind) ? [...write, 'update'] : write)),
  ...dependentKinds.map((kind) => ruleFor(kind, look)),
  // A worker that is restarted is deleted; its controller makes another.
  { apiGroups: [''], resources: ['pods'], verbs: ['delete'] },
  // One token through the API server proves that an engine serves.
  { apiGroups: [''], resources: ['pods/proxy'], verbs: ['create'] },
  { apiGroups: ['coordination.k8s.io'], resources: ['leases'], verbs: ['get', 'create', 'update', 'delete'] },
  { apiGroups: [''], resources: ['pods/log'], verbs: ['get'] },
  { apiGroups: [''], resources: ['events'], verbs: look },
]

/** What has no namespace, or is looked at in all of them: hardware and who holds it, storage, endpoints. Nothing of it is a secret. */
const clusterRules = (): readonly Rule[] => [
  { apiGroups: [''], resources: ['namespaces'], verbs: ['get'] },
  { apiGroups: [''], resources: ['nodes', 'pods', 'persistentvolumeclaims', 'services'], verbs: look },
  { apiGroups: ['discovery.k8s.io'], resources: ['endpointslices'], verbs: look },
  { apiGroups: ['resource.k8s.io'], resources: ['resourceslices', 'resourceclaims'], verbs: look },
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

/** Making namespaces, and removing them when nobody lives there: for that it must be seen who does, secrets included. */
const namespaceOwnerRules = (): readonly Rule[] => [
  { apiGroups: [''], resources: ['namespaces'], verbs: ['create', 'patch', 'delete'] },
  ...neighbourKinds.map((kind) => ruleFor(kind, ['list'])),
  { apiGroups: ['apiextensions.k8s.io'], resources: ['customresourcedefinitions'], verbs: ['list'] },
]

export interface RequiredPermission {
  readonly group: string
  readonly resource: string
  readonly subresource: string | undefined
  readonly verb: string
  readonly name: string | undefined
  /** Absent: in all of them, or for what has none. */
  readonly namespace: string | undefined
}

const rightsOf = (rules: readonly Rule[], namespace?: string): readonly RequiredPermission[] =>
  rules.flatMap(({ apiGroups, resources, verbs, resourceNames }) =>
    apiGroups.flatMap((group) =>
      resources.flatMap((path) => {
        const [resource = '', subresource] = path.split('/')
        return verbs.flatMap((verb) =>
          (resourceNames ?? [undefined]).map((name) => ({ group, resource, subresource, verb, name, namespace })),
        )
      }),
    ),
  )

/**
 * The same rules, one right at a time: for work in one namespace, or in any. What add-ons and OpenShift bring is asked for as well: a role
 * may name what is not there.
 */
export const requiredPermissions = (namespace?: string): readonly RequiredPermission[] =>
  namespace === undefined
    ? rightsOf([...clusterRules(), ...namespaceRules(), ...namespaceOwnerRules()])
    : [...rightsOf(clusterRules()), ...rightsOf(namespaceRules(), namespace)]

export interface PermissionOptions {
  readonly serviceAccount?: string
  /** Where the account lives. */
  readonly namespace?: string
  /**
   * Namespaces that exist, in which it may work; they stay when the last deployment goes. Absent: it may work in all, make namespaces and
   * remove them, and for that list everything, secrets included.
   */
  readonly workNamespaces?: readonly string[]
}

const rbac = 'rbac.authorization.k8s.io'

/** A service account that may do what this package does, and no more. Apply it as an administrator. */
export function permissionManifests(options: PermissionOptions = {}): readonly PermissionManifest[] {
  const { serviceAccount: name = 'bud-cluster', namespace = 'bud-system', workNamespaces } = options
  const labels = namespaceLabels()
  const subjects = [{ kind: 'ServiceAccount', name, namespace }]
  const everywhere = workNamespaces === undefined ? [...namespaceRules(), ...namespaceOwnerRules()] : []
  return [
    { apiVersion: 'v1', kind: 'Namespace', metadata: { name: namespace } },
    { apiVersion: 'v1', kind: 'ServiceAccount', metadata: { name, namespace, labels } },
    { apiVersion: `${rbac}/v1`, kind: 'ClusterRole', metadata: { name, labels }, rules: [...clusterRules(), ...everywhere] },
    {
      apiVersion: `${rbac}/v1`,
      kind: 'ClusterRoleBinding',
      metadata: { name, labels },
      roleRef: { apiGroup: rbac, kind: 'ClusterRole', name },
      subjects,
    },
    ...(workNamespaces ?? []).flatMap((place): readonly PermissionManifest[] => [
      { apiVersion: `${rbac}/v1`, kind: 'Role', metadata: { name, namespace: place, labels }, rules: namespaceRules() },
      {
        apiVersion: `${rbac}/v1`,
        kind: 'RoleBinding',
        metadata: { name, namespace: place, labels },
        roleRef: { apiGroup: rbac, kind: 'Role', name },
        subjects,
      },
    ]),
  ]
}
