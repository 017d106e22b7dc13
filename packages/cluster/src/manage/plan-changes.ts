/** Desired deployment and live cluster in, changes out. Reads and dry runs only. */
import { isBudError, type Finding } from '@bud-foundry/core'
import { acceleratorResources } from '../deploy/node-placement.ts'
import { hideSecrets } from '../deploy/plain-secrets.ts'
import { planManifests } from '../deploy/plan-manifests.ts'
import { renderOptionsSchema, type RenderOptions } from '../deploy/render-options.ts'
import { discoverDevices } from '../discover/discover-devices.ts'
import { clusterErrors } from '../errors.ts'
import { describeObject, referenceOf, type KubernetesApi, type KubernetesObject } from '../kubernetes/kubernetes-api.ts'
import { fieldManager, isOwnedBy } from '../kubernetes/ownership.ts'
import {
  changeSetId,
  renderDiff,
  type ClusterChangeSet,
  type DeploymentReference,
  type DesiredDeployment,
  type ObjectChange,
} from './change-set.ts'
import { diffObjects } from './diff-objects.ts'
import { clusterScope } from './cluster-scope.ts'
import { foreignFields, withoutForeign } from './foreign-fields.ts'
import { keepClaim } from './keep-claim.ts'
import { keepSelector } from './keep-selector.ts'
import { metricsAdapterFindings } from './metrics-adapter.ts'
import { listOwned } from './owned-objects.ts'
import { startReplicas } from './start-replicas.ts'

const hoursPerMonth = 730

export interface PlanRequest {
  readonly api: KubernetesApi
  readonly clusterName: string
  readonly desired: DesiredDeployment
  readonly takesOver: boolean
  readonly adopts: boolean
}

interface Planning extends PlanRequest {
  readonly deployment: DeploymentReference
  readonly namespaceExists: boolean
  readonly options: RenderOptions
  readonly findings: Finding[]
}

const isRefusal = (error: unknown) =>
  clusterErrors.KUBERNETES_REJECTED.is(error) || clusterErrors.KUBERNETES_CONFLICT.is(error) || clusterErrors.KUBERNETES_FORBIDDEN.is(error)

/** What the server would make of a manifest; a refusal becomes a blocker. */
async function dryRun(planning: Planning, manifest: KubernetesObject, signal: AbortSignal): Promise<KubernetesObject | undefined> {
  try {
    return await planning.api.apply(manifest, { fieldManager, force: planning.takesOver || planning.adopts, dryRun: true }, signal)
  } catch (error) {
    if (!isBudError(error) || !isRefusal(error)) throw error
    const advice = clusterErrors.KUBERNETES_CONFLICT.is(error) ? '; repair takes these fields back' : ''
    planning.findings.push({ severity: 'blocker', message: error.message + advice, field: describeObject(referenceOf(manifest)) })
    return undefined
  }
}

/** What cannot be changed of an object that is there stays as it is, where the plan can live with it. */
function keepImmutable(manifest: KubernetesObject, live: KubernetesObject) {
  if (manifest.kind === 'PersistentVolumeClaim') return keepClaim(manifest, live)
  return manifest.kind === 'Deployment' ? keepSelector(manifest, live) : { manifest }
}

const foreignFindings = (live: KubernetesObject, resource: string): readonly Finding[] =>
  foreignFields(live).map(({ manager, path }) => ({
    severity: 'warning',
    field: resource,
    message: `${resource}: '${manager}' has added ${path}, which no plan of ours has; drift shows it, and its repair takes it away`,
  }))

async function planObject(planning: Planning, wanted: KubernetesObject, signal: AbortSignal): Promise<readonly ObjectChange[]> {
  const reference = referenceOf(wanted)
  const resource = describeObject(reference)
  const live = await planning.api.read(reference, signal)
  const rendered = startReplicas(wanted, live, { plan: planning.desired.plan, options: planning.options })
  if (live === undefined) {
    if (planning.namespaceExists) await dryRun(planning, rendered, signal)
    return [{ action: 'create', resource, reference, manifest: rendered, before: undefined, after: rendered, fields: [] }]
  }
  // A namespace that exists is used as it is: it may belong to someone else.
  if (rendered.kind === 'Namespace') return []
  const block = (message: string) => {
    planning.findings.push({ severity: 'blocker', field: resource, message })
    return []
  }
  if (live.metadata.deletionTimestamp !== undefined) return block(`${resource} is being deleted; wait until it is gone`)
  if (!planning.adopts && !isOwnedBy(live, planning.deployment.name)) {
    return block(`${resource} exists and is not ours; choose another name or namespace, or adopt it`)
  }
  const kept = keepImmutable(rendered, live)
  if (kept.problem !== undefined) return block(kept.problem)
  const { manifest } = kept
  const would = await dryRun(planning, manifest, signal)
  const cleans = planning.takesOver || planning.adopts
  const after = would === undefined || !cleans ? would : withoutForeign(would)
  if (!cleans) planning.findings.push(...foreignFindings(live, resource))
  const fields = after === undefined ? [] : diffObjects(live, after)
  return fields.length === 0 ? [] : [{ action: 'update', resource, reference, manifest, before: live, after, fields }]
}

async function planDeletions(planning: Planning, manifests: readonly KubernetesObject[], signal: AbortSignal) {
  const wanted = new Set(manifests.map((manifest) => describeObject(referenceOf(manifest))))
  const live = planning.namespaceExists ? await listOwned(planning.api, planning.deployment, signal) : []
  return live.flatMap((object): readonly ObjectChange[] => {
    const reference = referenceOf(object)
    const resource = describeObject(reference)
    if (wanted.has(resource)) return []
    if (object.kind === 'PersistentVolumeClaim') {
      planning.findings.push({ severity: 'warning', field: resource, message: `${resource} is deleted with the weights on it` })
    }
    return [{ action: 'delete', resource, reference, uid: object.metadata.uid, before: object, after: undefined, fields: [] }]
  })
}

/** Kinds that only an add-on brings: without it the server has no address for them. */
async function checkServedKinds(
  planning: Planning,
  manifests: readonly KubernetesObject[],
  signal: AbortSignal,
): Promise<readonly KubernetesObject[]> {
  const served = new Map<string, readonly string[]>()
  const present: KubernetesObject[] = []
  for (const manifest of manifests) {
    const kinds = served.get(manifest.apiVersion) ?? (await planning.api.servedKinds(manifest.apiVersion, signal))
    served.set(manifest.apiVersion, kinds)
    if (kinds.includes(manifest.kind)) present.push(manifest)
    else {
      const message = `the cluster does not know kind ${manifest.kind} of ${manifest.apiVersion}; install what brings it first`
      planning.findings.push({ severity: 'blocker', field: describeObject(referenceOf(manifest)), message })
    }
  }
  return present
}

/** Pods that can never be placed are better known now than after minutes of waiting. */
async function capacityFindings(
  { api, desired: { plan } }: PlanRequest,
  newReplicas: number,
  signal: AbortSignal,
): Promise<readonly Finding[]> {
  if (newReplicas <= 0 || acceleratorResources(plan).length === 0) return []
  const { devices } = await discoverDevices(api, signal)
  const free = devices.filter(({ hardwareId, sharing }) => hardwareId === plan.hardwareId && sharing === 'whole')
  const available = free.reduce((sum, device) => sum + (device.available ?? device.count), 0)
  const needed = newReplicas * plan.devicesPerReplica
  if (available >= needed) return []
  const message = `the changes need ${String(needed)} × ${plan.hardwareId}, and ${String(available)} are free: pods will wait until there are more`
  return [{ severity: 'warning', field: 'replicas', message }]
}

/** Replicas of the live workload, so that a change of scale shows its price. */
function replicasBefore(changes: readonly ObjectChange[], after: number): number {
  const workload = changes.find(({ reference }) => reference.kind === 'Deployment' || reference.kind === 'LeaderWorkerSet')
  if (workload === undefined) return after
  const spec: unknown =
    workload.before !== undefined && workload.action === 'update' ? (workload.before as KubernetesObject).spec : undefined
  return typeof spec === 'object' && spec !== null && 'replicas' in spec && typeof spec.replicas === 'number' ? spec.replicas : 0
}

/** @throws CORE_CONFIG_INVALID or CLUSTER_PLAN_UNDEPLOYABLE for a bad plan; what the API answers otherwise. Refusals of single objects are findings. */
export async function planChanges(request: PlanRequest, signal: AbortSignal): Promise<ClusterChangeSet> {
  const { api, clusterName } = request
  const { manifests, findings } = planManifests(request.desired.plan, request.desired.options)
  // What a change set carries is shown, stored and journaled; a plan with a secret is blocked in any case.
  const desired = { ...request.desired, plan: hideSecrets(request.desired.plan).plan }
  const options = renderOptionsSchema.parse(desired.options ?? {})
  const { namespace } = options
  const deployment = { name: desired.plan.name, namespace }
  const namespaceExists = (await api.read({ apiVersion: 'v1', kind: 'Namespace', name: namespace }, signal)) !== undefined
  const planning: Planning = { ...request, options, deployment, namespaceExists, findings: [...findings] }
  planning.findings.push(...(await metricsAdapterFindings(api, options, signal)))
  const changes: ObjectChange[] = []
  for (const manifest of await checkServedKinds(planning, manifests, signal))
    changes.push(...(await planObject(planning, manifest, signal)))
  changes.push(...(await planDeletions(planning, manifests, signal)))
  const usdPerHour = desired.plan.cost?.usdPerHour
  const { replicas } = desired.plan
  const newReplicas = replicas - replicasBefore(changes, replicas)
  planning.findings.push(...(await capacityFindings(request, newReplicas, signal)))
  return {
    id: changeSetId([
      await clusterScope(request, signal),
      ...changes.map(({ action, resource, manifest, uid, fields }) => ({ action, resource, manifest, uid, fields })),
    ]),
    clusterName,
    deployment,
    desired,
    changes,
    findings: planning.findings,
    costUsdPerHourDelta: usdPerHour === undefined ? 0 : (usdPerHour * newReplicas) / replicas,
    ...(usdPerHour === undefined ? {} : { costUsdPerHour: usdPerHour, costUsdPerMonth: usdPerHour * hoursPerMonth }),
    predicted: desired.plan.predicted,
    takesOver: request.takesOver,
    adopts: request.adopts,
    diff: renderDiff(changes),
  }
}
