/** YAML of a chart as objects that are ours: labelled, in a namespace, in the order of application. */
import { parseAllDocuments } from 'yaml'
import { clusterErrors } from '../errors.ts'
import { parseObject } from '../kubernetes/answer-schemas.ts'
import type { KubernetesObject } from '../kubernetes/kubernetes-api.ts'
import { findKnownKind } from '../kubernetes/kinds.ts'
import { addOnLabels } from '../kubernetes/ownership.ts'
import type { AddOn } from './add-on.ts'

/** What others stand on comes first; kinds that are not here come before the last, custom resources and webhooks. */
const order = [
  'Namespace',
  'CustomResourceDefinition',
  'PriorityClass',
  'StorageClass',
  'ServiceAccount',
  'ClusterRole',
  'ClusterRoleBinding',
  'Role',
  'RoleBinding',
  'Secret',
  'ConfigMap',
  'Service',
]

function rank({ kind, apiVersion }: KubernetesObject): number {
  const at = order.indexOf(kind)
  if (at >= 0) return at
  if (kind.endsWith('WebhookConfiguration')) return order.length + 3
  return isBuiltIn(apiVersion) ? order.length : order.length + 2
}

/** Groups of Kubernetes itself: without a dot, or below `k8s.io` of their own. */
export const isBuiltIn = (apiVersion: string): boolean => {
  const group = apiVersion.includes('/') ? (apiVersion.split('/')[0] ?? '') : ''
  return (
    !group.includes('.') ||
    /^(rbac\.authorization|networking|storage|scheduling|policy|apiextensions|admissionregistration|apiregistration|coordination|discovery|resource|node|events|authentication|authorization|certificates|flowcontrol\.apiserver)\.k8s\.io$/.test(
      group,
    )
  )
}

/** Kinds of Kubernetes without a namespace; custom resources say by their `metadata.namespace`. */
const clusterKinds = new Set([
  'Namespace',
  'CustomResourceDefinition',
  'PriorityClass',
  'StorageClass',
  'ClusterRole',
  'ClusterRoleBinding',
  'MutatingWebhookConfiguration',
  'ValidatingWebhookConfiguration',
  'ValidatingAdmissionPolicy',
  'ValidatingAdmissionPolicyBinding',
  'APIService',
  'RuntimeClass',
  'DeviceClass',
  'PersistentVolume',
  'IngressClass',
  'GatewayClass',
])

const isNamespaced = ({ apiVersion, kind }: KubernetesObject) => findKnownKind({ apiVersion, kind })?.namespaced ?? !clusterKinds.has(kind)

export function parseRendered(addOn: AddOn, yaml: string): readonly KubernetesObject[] {
  const objects = parseAllDocuments(yaml).flatMap((document): readonly KubernetesObject[] => {
    if (document.errors.length > 0) {
      throw clusterErrors.ADD_ON_INVALID({ addOn: addOn.name, problem: `a document is not YAML: ${document.errors[0]?.message ?? ''}` })
    }
    const value: unknown = document.toJS()
    return value === null || value === undefined ? [] : [parseObject(value, `reading add-on ${addOn.name}`)]
  })
  if (objects.length === 0) throw clusterErrors.ADD_ON_INVALID({ addOn: addOn.name, problem: 'it renders to nothing' })
  return objects
    .filter(({ kind, metadata }) => !(kind === 'Namespace' && metadata.name === addOn.namespace))
    .map((object): KubernetesObject => ({
      ...object,
      metadata: {
        ...object.metadata,
        ...(isNamespaced(object) ? { namespace: object.metadata.namespace ?? addOn.namespace } : {}),
        labels: { ...object.metadata.labels, ...addOnLabels(addOn.name) },
      },
    }))
    .toSorted((left, right) => rank(left) - rank(right))
}
