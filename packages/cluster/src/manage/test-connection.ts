/** Whether a cluster can be used before it is taken on: reached, known by another name already, and with the rights that are needed. */
import { isBudError, type Finding } from '@bud-foundry/core'
import { z } from 'zod'
import type { KubernetesApi } from '../kubernetes/kubernetes-api.ts'
import { requiredPermissions, type RequiredPermission } from '../kubernetes/own-permissions.ts'
import { identifyCluster, type ClusterIdentity } from './observe.ts'

export interface ConnectionTest {
  /** Undefined when it cannot be reached. */
  readonly identity: ClusterIdentity | undefined
  /** A `blocker` means that the cluster must not be used as it is. */
  readonly findings: readonly Finding[]
}

/** The oldest and the newest that manifests are checked against. */
const supportedMinor = { oldest: 26, newest: 36 } as const

function versionFindings(version: string): readonly Finding[] {
  const [, major = '', minor = ''] = /^v?(\d+)\.(\d+)/.exec(version) ?? []
  const number = Number(minor)
  if (major === '1' && number >= supportedMinor.oldest && number <= supportedMinor.newest) return []
  const range = `1.${String(supportedMinor.oldest)} to 1.${String(supportedMinor.newest)}`
  if (major === '1' && number > supportedMinor.newest) {
    return [{ severity: 'info', field: 'version', message: `Kubernetes ${version} is newer than what this was tested with (${range})` }]
  }
  return [{ severity: 'blocker', field: 'version', message: `Kubernetes ${version} is not supported; ${range} is` }]
}

/** Two kubeconfigs may name one cluster by different addresses; its uid tells. */
function duplicateFindings({ uid, server }: ClusterIdentity, known: readonly KnownCluster[]): readonly Finding[] {
  const same = known.find((cluster) => (uid === undefined ? cluster.server === server : cluster.uid === uid))
  return same === undefined
    ? []
    : [{ severity: 'blocker', field: 'cluster', message: `this cluster is known already as '${same.name}' at ${same.server}` }]
}

export interface KnownCluster {
  readonly name: string
  readonly server: string
  readonly uid?: string | undefined
}

export interface ConnectionTestOptions {
  readonly known?: readonly KnownCluster[] | undefined
  /** The one to work in, which exists; absent: any, and they are made and removed. */
  readonly namespace?: string | undefined
}

const reviewSchema = z.looseObject({ status: z.looseObject({ allowed: z.boolean().default(false) }).prefault({}) })

const asked = 16

async function isAllowed(api: KubernetesApi, right: RequiredPermission, signal: AbortSignal): Promise<boolean> {
  const review = {
    apiVersion: 'authorization.k8s.io/v1',
    kind: 'SelfSubjectAccessReview',
    metadata: { name: '' },
    spec: { resourceAttributes: right },
  }
  return reviewSchema.parse(await api.create(review, signal)).status.allowed
}

/** Asks the server for each right that `bud-cluster render --rbac` would grant, some at a time. */
async function missingRights(api: KubernetesApi, namespace: string | undefined, signal: AbortSignal): Promise<readonly string[]> {
  const rights = requiredPermissions(namespace)
  const missing: string[] = []
  for (let at = 0; at < rights.length; at += asked) {
    const some = rights.slice(at, at + asked)
    const allowed = await Promise.all(some.map((right) => isAllowed(api, right, signal)))
    missing.push(...some.filter((_, index) => allowed[index] !== true).map(describeRight))
  }
  return missing
}

const describeRight = ({ group, resource, subresource, verb }: RequiredPermission) =>
  `${verb} ${resource}${subresource === undefined ? '' : `/${subresource}`}${group === '' ? '' : `.${group}`}`

function rightsFindings(missing: readonly string[]): readonly Finding[] {
  if (missing.length === 0) return []
  const shown = `${missing.slice(0, 5).join(', ')}${missing.length > 5 ? ` and ${String(missing.length - 5)} more` : ''}`
  const message = `the user of the kubeconfig may not: ${shown}; grant the rules of 'bud-cluster render --rbac'`
  return [{ severity: 'blocker', field: 'permissions', message }]
}

/** Reads only. A cluster that cannot be reached is a finding, not an error. */
export async function testConnection(
  api: KubernetesApi,
  { known = [], namespace }: ConnectionTestOptions,
  signal: AbortSignal,
): Promise<ConnectionTest> {
  try {
    const identity = await identifyCluster(api, signal)
    const findings = [...versionFindings(identity.version), ...duplicateFindings(identity, known)]
    return { identity, findings: [...findings, ...rightsFindings(await missingRights(api, namespace, signal))] }
  } catch (error) {
    if (!isBudError(error) || !error.code.startsWith('CLUSTER_')) throw error
    return { identity: undefined, findings: [{ severity: 'blocker', field: 'server', message: error.message }] }
  }
}
