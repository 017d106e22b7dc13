/** Carries a change set out: journaled steps under a lease, so that any of them may be the last before a crash. */
import { invariant, type Clock, type JournalRunner, type Step, type Store } from '@bud-foundry/core'
import { servingPort } from '../deploy/engine-start.ts'
import { planManifests } from '../deploy/plan-manifests.ts'
import { startupSeconds } from '../deploy/pod-template.ts'
import { renderOptionsSchema } from '../deploy/render-options.ts'
import { clusterErrors } from '../errors.ts'
import { jobTimeoutMs, replaceAttempts, replacePauseMs } from '../limits.ts'
import { referenceOf, type KubernetesApi, type KubernetesObject } from '../kubernetes/kubernetes-api.ts'
import { fieldManager, isOwnedBy } from '../kubernetes/ownership.ts'
import type { ClusterChangeSet, DeploymentReference, DesiredDeployment, ObjectChange } from './change-set.ts'
import { clusterScope } from './cluster-scope.ts'
import { rememberServed } from './deployment-history.ts'
import { diffObjects } from './diff-objects.ts'
import { withoutForeign } from './foreign-fields.ts'
import type { Outline, Reporter, StepId } from './operation.ts'
import { acquireOperatorLease } from './operator-lease.ts'
import { waitForJob } from './wait-for-job.ts'
import { waitUntilServing } from './wait-until-serving.ts'

/** Under which the steps of an application are journaled. */
export const applicationId = (scope: string, { namespace, name }: DeploymentReference) => `cluster/${scope}/apply/${namespace}/${name}`

/** What operations work with. */
export interface OperationParts {
  readonly api: KubernetesApi
  readonly store: Store
  readonly runner: JournalRunner
  readonly clock: Clock
  readonly operator: string
  readonly clusterName: string
}

/** Object writes answer within a second; loading 1 GB of weights takes some seconds on common disks and networks. */
const secondsPerObject = 1
const secondsPerWeightsByte = 5 / 1e9

/** The job that brings the model, if a deployment has one. */
const downloadsOf = ({ plan, options }: DesiredDeployment): readonly KubernetesObject[] =>
  planManifests(plan, options).manifests.filter(({ kind }) => kind === 'Job')

export function outlineOf({ changes, desired }: ClusterChangeSet): Outline {
  const downloads = downloadsOf(desired).length
  const servingSeconds = Math.min(
    desired.plan.launch.probes.startupSecondsMax,
    20 + desired.plan.model.downloadBytes * secondsPerWeightsByte,
  )
  const slow = new Set<StepId>(['verify_deployment_status', 'transfer_model_to_cluster'])
  const secondsOf = (step: StepId) => (slow.has(step) ? servingSeconds : secondsPerObject)
  return {
    parts: changes.length + downloads + 3,
    secondsOf,
    totalSeconds: servingSeconds * (1 + downloads) + (changes.length + 2) * secondsPerObject,
  }
}

/** Between plan and now somebody may have made an object of the same name: it is theirs. */
async function assertStillOurs(parts: OperationParts, changes: ClusterChangeSet, change: ObjectChange, signal: AbortSignal) {
  const live = await parts.api.read(change.reference, signal)
  if (live === undefined || changes.adopts || isOwnedBy(live, changes.deployment.name)) return
  throw clusterErrors.KUBERNETES_CONFLICT({ what: change.resource, problem: 'it was made by someone else since the plan; plan again' })
}

/** What controllers and autoscalers write at any time says nothing about the plan. */
const isPassing = (path: string, { manifest }: ObjectChange) => {
  const spec = manifest?.spec
  const ownsReplicas = typeof spec === 'object' && spec !== null && 'replicas' in spec
  return path.startsWith('metadata.') || (path === 'spec.replicas' && !ownsReplicas)
}

/** What is done must be the difference that was shown: what has changed since has to be planned again. */
async function assertAsPlanned({ api }: OperationParts, { changes }: ClusterChangeSet, signal: AbortSignal): Promise<void> {
  for (const change of changes) {
    if (isNamespace(change) || change.action === 'delete') continue
    const live = await api.read(change.reference, signal)
    const changed = (problem: string) =>
      clusterErrors.KUBERNETES_CONFLICT({ what: change.resource, problem: `${problem} since the changes were planned; plan again` })
    if (change.action === 'create' && live !== undefined) throw changed('it was made')
    if (change.action !== 'update') continue
    if (live === undefined) throw changed('it was removed')
    const isJudged = judgedKinds.has(change.reference.kind)
    const [field] = isJudged ? diffObjects(change.before, live).filter(({ path }) => !isPassing(path, change)) : []
    if (field !== undefined) throw changed(`${field.path} was changed`)
  }
}

/** Of others, such as claims and jobs, controllers write the specification too. */
const judgedKinds: ReadonlySet<string> = new Set([
  'Deployment',
  'LeaderWorkerSet',
  'Service',
  'NetworkPolicy',
  'PodDisruptionBudget',
  'ConfigMap',
])

async function applyChange(parts: OperationParts, changes: ClusterChangeSet, change: ObjectChange, signal: AbortSignal): Promise<void> {
  const { api } = parts
  if (change.manifest === undefined) {
    await api.remove(change.reference, { uid: change.uid }, signal)
    return
  }
  if (change.reference.kind === 'Namespace') {
    // Made by someone else since the plan: theirs, and used as it is.
    if ((await api.read(change.reference, signal)) !== undefined) return
  } else await assertStillOurs(parts, changes, change, signal)
  const cleans = changes.takesOver || changes.adopts
  const applied = await api.apply(change.manifest, { fieldManager, force: cleans }, signal)
  if (!cleans) return
  await removeForeign(parts, applied, signal)
}

/** What others have added is theirs to the server, and stays through any apply of ours. Controllers write at the same time. */
async function removeForeign({ api, clock }: OperationParts, applied: KubernetesObject, signal: AbortSignal): Promise<void> {
  let live: KubernetesObject | undefined = applied
  for (let attempt = 1; live !== undefined; attempt += 1) {
    const clean = withoutForeign(live)
    if (clean === live) return
    try {
      await api.replace(clean, signal)
      return
    } catch (error) {
      if (attempt === replaceAttempts || !clusterErrors.KUBERNETES_CONFLICT.is(error)) throw error
    }
    // A rollout that has just begun is written many times a second.
    await clock.sleep(attempt * replacePauseMs, signal)
    live = await api.read(referenceOf(applied), signal)
  }
}

const isNamespace = ({ reference }: ObjectChange) => reference.kind === 'Namespace'

interface Applying {
  readonly parts: OperationParts
  readonly changes: ClusterChangeSet
  readonly report: Reporter
  readonly step: Step
  readonly scope: string
}

async function applyObjects(
  { parts, changes, report, step }: Applying,
  objects: readonly ObjectChange[],
  signal: AbortSignal,
): Promise<void> {
  for (const change of objects) {
    await report.track('deploy_to_engine', change.resource, async () => {
      let ran = false
      await step(`deploy_to_engine: ${change.action} ${change.resource}`, async (stepSignal) => {
        ran = true
        await applyChange(parts, changes, change, AbortSignal.any([stepSignal, signal]))
        return change.action
      })
      // What an attempt that failed has noted says nothing about now: the object may have been removed since. Applying again is harmless.
      if (!ran && change.manifest !== undefined) await applyChange(parts, changes, change, signal)
    })
  }
}

/** Engines that start before their weights are there would fail again and again. */
async function awaitDownloads({ parts, changes, report }: Applying, signal: AbortSignal): Promise<void> {
  for (const manifest of downloadsOf(changes.desired)) {
    const { name } = manifest.metadata
    await report.track('transfer_model_to_cluster', name, () =>
      waitForJob(
        {
          ...parts,
          manifest,
          timeoutMs: jobTimeoutMs,
          onWait: (message) => {
            report.progress('transfer_model_to_cluster', name, message)
          },
        },
        signal,
      ),
    )
  }
}

const startsEngines = ({ reference, action }: ObjectChange) =>
  action !== 'delete' && (reference.kind === 'Deployment' || reference.kind === 'LeaderWorkerSet')

async function verify({ parts, changes, report }: Applying, signal: AbortSignal): Promise<'serving' | 'asleep'> {
  const { deployment, desired } = changes
  const options = renderOptionsSchema.parse(desired.options ?? {})
  return report.track('verify_deployment_status', deployment.name, () =>
    waitUntilServing(
      {
        ...parts,
        plan: desired.plan,
        port: servingPort(desired.plan, options),
        startupSecondsMax: startupSeconds(desired.plan, options),
        mayBeAsleep: options.autoscaling?.minReplicas === 0,
        deployment,
        onWait: (problem) => {
          report.progress('verify_deployment_status', deployment.name, problem)
        },
      },
      signal,
    ),
  )
}

async function runSteps(applying: Applying, signal: AbortSignal): Promise<void> {
  const { parts, changes, report, step, scope } = applying
  const { deployment } = changes
  await report.track('verify_cluster_connection', parts.api.server, () =>
    step('verify_cluster_connection', (stepSignal) => parts.api.version(stepSignal)),
  )
  // The lease lives in the namespace, which therefore comes first.
  await applyObjects(applying, changes.changes.filter(isNamespace), signal)
  await using lease = await acquireOperatorLease({ ...parts, deployment }, signal)
  const held = AbortSignal.any([signal, lease.signal])
  let outcome: 'serving' | 'asleep'
  try {
    // Noted, so that the same changes continue after a crash although some of them are done.
    await step('as_planned', async () => {
      await assertAsPlanned(parts, changes, held)
      return true
    })
    const objects = changes.changes.filter((change) => !isNamespace(change))
    const engines = objects.findIndex(startsEngines)
    const before = engines < 0 ? objects.length : engines
    await applyObjects(applying, objects.slice(0, before), held)
    await awaitDownloads(applying, held)
    await applyObjects(applying, objects.slice(before), held)
    outcome = await verify(applying, held)
  } catch (error) {
    throw lease.signal.aborted ? lease.signal.reason : error
  }
  await report.track('results', deployment.name, async () => {
    // What slept has proved nothing: a rollback goes back to what served.
    if (outcome === 'serving') await rememberServed(parts.store, scope, deployment, changes.desired)
  })
}

/**
 * Applies, waits until the new generation served a token, and remembers it. After a crash the same change set continues behind its last
 * finished step; a newer one starts over.
 */
export async function applyChanges(parts: OperationParts, changes: ClusterChangeSet, report: Reporter, signal: AbortSignal): Promise<void> {
  const { deployment } = changes
  const scope = await clusterScope(parts, signal)
  const operationId = applicationId(scope, deployment)
  const attempt = () =>
    parts.runner.run(
      operationId,
      async (step) => {
        const journaled = await step('change_set', () => Promise.resolve(changes.id))
        if (journaled !== changes.id) return 'stale'
        await runSteps({ parts, changes, report, step, scope }, signal)
        return 'done'
      },
      signal,
    )
  if ((await attempt()) === 'stale') {
    await parts.runner.forget(operationId)
    const outcome = await attempt()
    invariant(outcome === 'done', 'a forgotten journal holds no change set')
  }
  // A journal that stayed would make the next application of the same changes do nothing.
  await parts.runner.forget(operationId)
}
