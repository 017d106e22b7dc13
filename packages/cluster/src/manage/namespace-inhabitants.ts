/** Who lives in a namespace: it may be deleted only when nobody does. */
import { z } from 'zod'
import { clusterErrors } from '../errors.ts'
import { dependentKinds, neighbourKinds, ownedKinds, type Kind } from '../kubernetes/kinds.ts'
import type { KubernetesApi, KubernetesObject, ObjectSelection } from '../kubernetes/kubernetes-api.ts'

/** What Kubernetes and OpenShift themselves put into every namespace. */
const automatic: Readonly<Record<string, RegExp>> = {
  ConfigMap: /^(kube-root-ca\.crt|openshift-service-ca\.crt)$/,
  ServiceAccount: /^(default|builder|deployer)$/,
  Secret: /^(default|builder|deployer)-(dockercfg|token)-/,
  RoleBinding: /^system:(deployers|image-builders|image-pullers)$/,
}
const isAutomatic = ({ kind, metadata }: KubernetesObject) => automatic[kind]?.test(metadata.name) === true

const definitionSchema = z.looseObject({
  group: z.string(),
  scope: z.string(),
  names: z.looseObject({ kind: z.string() }),
  versions: z.array(z.looseObject({ name: z.string(), served: z.boolean().default(true), storage: z.boolean().default(true) })),
})

/** Kinds of whatever else is installed, as the server stores them. */
async function customKinds(api: KubernetesApi, signal: AbortSignal): Promise<readonly Pick<Kind, 'apiVersion' | 'kind'>[]> {
  const { items } = await api.list({ apiVersion: 'apiextensions.k8s.io/v1', kind: 'CustomResourceDefinition' }, signal)
  return items.flatMap(({ spec }) => {
    const { group, scope, names, versions } = definitionSchema.parse(spec)
    const stored = versions.find(({ served, storage }) => served && storage) ?? versions.find(({ served }) => served)
    return scope !== 'Namespaced' || stored === undefined ? [] : [{ apiVersion: `${group}/${stored.name}`, kind: names.kind }]
  })
}

/** What lives in a namespace, and which kinds the role of the kubeconfig may not look for. */
export interface Inhabitants {
  /** The first that was found; undefined when nobody is there. */
  readonly found: KubernetesObject | undefined
  readonly unseenKinds: readonly string[]
}

/** Looks for anything that deleting a namespace would take along. */
export async function findInhabitants(
  api: KubernetesApi,
  namespace: string,
  signal: AbortSignal,
  isOfNobody: (object: KubernetesObject) => boolean = () => false,
): Promise<Inhabitants> {
  const firstOf = async (selection: ObjectSelection) =>
    (await api.list(selection, signal)).items.find((object) => !isAutomatic(object) && !isOfNobody(object))
  for (const { apiVersion, kind, addOn } of [...ownedKinds, ...dependentKinds, ...neighbourKinds]) {
    if (addOn === true && !(await api.servedKinds(apiVersion, signal)).includes(kind)) continue
    const found = await firstOf({ apiVersion, kind, namespace })
    if (found !== undefined) return { found, unseenKinds: [] }
  }
  const unseenKinds: string[] = []
  for (const { apiVersion, kind } of await customKinds(api, signal)) {
    try {
      const found = await firstOf({ apiVersion, kind, namespace })
      if (found !== undefined) return { found, unseenKinds }
    } catch (error) {
      // A definition that is going, or one that the role of the kubeconfig may not look at.
      if (clusterErrors.KUBERNETES_FORBIDDEN.is(error)) unseenKinds.push(kind)
      else if (!clusterErrors.KUBERNETES_REJECTED.is(error) && !clusterErrors.KIND_UNKNOWN.is(error)) throw error
    }
  }
  return { found: undefined, unseenKinds }
}
