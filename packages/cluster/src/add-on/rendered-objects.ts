/** YAML of a chart as objects that are ours: labelled, in a namespace, in the order of application. */
import type { Finding } from '@bud-foundry/core'
import { parseAllDocuments } from 'yaml'
import { z } from 'zod'
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

const hookSchema = z.looseObject({ metadata: z.looseObject({ annotations: z.looseObject({ 'helm.sh/hook': z.string() }) }) })

/** Run by Helm before or after an installation, and by nobody here. */
const isHook = (object: KubernetesObject) => hookSchema.safeParse(object).success
const isOfInstallation = ({ metadata }: KubernetesObject) => /install|upgrade/.test(metadata.annotations?.['helm.sh/hook'] ?? '')

/** A chart without its hooks, and what is told of those that an installation would have run. */
export function withoutHooks(
  addOn: AddOn,
  objects: readonly KubernetesObject[],
): { objects: readonly KubernetesObject[]; findings: readonly Finding[] } {
  const hooks = objects.filter((object) => isHook(object) && object.kind === 'Job' && isOfInstallation(object))
  const names = hooks.map(({ metadata }) => metadata.name).join(', ')
  const message = `${addOn.name} runs jobs as hooks of Helm (${names}), which are not run here: what they make, certificates of webhooks often, will be missing; turn them off by values, or let cert-manager make it`
  return {
    objects: objects.filter((object) => !isHook(object)),
    findings: hooks.length === 0 ? [] : [{ severity: 'warning', field: `addOns.${addOn.name}`, message }],
  }
}

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
