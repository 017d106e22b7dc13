/** Runs a job of the cluster to its end, returns what it wrote, and removes it. */
import { coreErrors } from '@bud-foundry/core'
import { clusterErrors } from '../errors.ts'
import { jobDigestAnnotation, type ClusterJob } from '../deploy/cluster-job.ts'
import { describeObject, referenceOf, type KubernetesObject } from '../kubernetes/kubernetes-api.ts'
import { fieldManager, isOfRun } from '../kubernetes/ownership.ts'
import { logLinesMax, pollMs, removalTimeoutMs } from '../limits.ts'
import type { OperationParts } from './apply-changes.ts'
import type { Outline, Reporter } from './operation.ts'
import { acquireOperatorLease } from './operator-lease.ts'
import { logOfJob, waitForJob } from './wait-for-job.ts'

export const jobOutline = (job: ClusterJob): Outline => {
  const seconds = Math.min(600, job.timeoutMs / 2000)
  return { parts: 3, secondsOf: (step) => (step === job.step ? seconds : 1), totalSeconds: seconds + 2 }
}

const digestOf = ({ metadata }: KubernetesObject) => metadata.annotations?.[jobDigestAnnotation]

/** What exists of a job. A name that somebody else uses is left alone. */
async function readOwn({ api }: OperationParts, job: ClusterJob, signal: AbortSignal): Promise<readonly KubernetesObject[]> {
  const found: KubernetesObject[] = []
  for (const manifest of job.manifests) {
    const live = await api.read(referenceOf(manifest), signal)
    if (live === undefined) continue
    if (!isOfRun(live, job.name)) {
      const what = describeObject(referenceOf(manifest))
      throw clusterErrors.KUBERNETES_CONFLICT({ what, problem: 'it exists and is not ours; choose another name' })
    }
    found.push(live)
  }
  return found
}

/** The job goes in the foreground: it stays until its pods are gone. */
async function removeJob(parts: OperationParts, job: ClusterJob, onWait: (message: string) => void, signal: AbortSignal): Promise<void> {
  const endMs = parts.clock.monotonicMs() + removalTimeoutMs
  for (;;) {
    if (signal.aborted) throw coreErrors.ABORTED({ what: `removing job '${job.name}'` }, { cause: signal.reason })
    const left = await readOwn(parts, job, signal)
    for (const object of left.toReversed()) {
      const { uid, deletionTimestamp } = object.metadata
      if (deletionTimestamp === undefined) await parts.api.remove(referenceOf(object), { uid }, signal)
    }
    const still = await readOwn(parts, job, signal)
    if (still.length === 0) return
    const leftovers = still.map((object) => describeObject(referenceOf(object)))
    if (parts.clock.monotonicMs() >= endMs) throw clusterErrors.REMOVAL_INCOMPLETE({ deployment: job.name, leftovers })
    onWait(`${leftovers.join(', ')} still there`)
    await parts.clock.sleep(pollMs, signal)
  }
}

/** A job that runs since before a crash goes on; one that was told something else, and was left behind, goes. */
async function startJob(parts: OperationParts, job: ClusterJob, onWait: (message: string) => void, signal: AbortSignal): Promise<void> {
  const wanted = job.manifests.find(({ kind }) => kind === 'Job')
  const live = (await readOwn(parts, job, signal)).find(({ kind }) => kind === 'Job')
  if (live !== undefined && wanted !== undefined && digestOf(live) === digestOf(wanted) && live.metadata.deletionTimestamp === undefined)
    return
  if (live !== undefined) await removeJob(parts, job, onWait, signal)
  for (const manifest of job.manifests) await parts.api.apply(manifest, { fieldManager }, signal)
}

async function assertNamespace({ api }: OperationParts, { name, namespace }: ClusterJob, signal: AbortSignal): Promise<void> {
  if ((await api.read({ apiVersion: 'v1', kind: 'Namespace', name: namespace }, signal)) !== undefined) return
  throw clusterErrors.KUBERNETES_REJECTED({
    what: `running job '${name}'`,
    problem: `namespace '${namespace}' does not exist; make it first`,
  })
}

/** Run again after a crash, it finds the job that runs and goes on waiting. What it leaves when it fails is removed too. */
export async function runJob(parts: OperationParts, job: ClusterJob, report: Reporter, signal: AbortSignal): Promise<string> {
  const { name, namespace } = job
  const manifest = job.manifests.find(({ kind }) => kind === 'Job')
  if (manifest === undefined) throw clusterErrors.KUBERNETES_REJECTED({ what: `running ${name}`, problem: 'it has no job' })
  const onWait = (message: string) => {
    report.progress(job.step, name, message)
  }
  await report.track('verify_cluster_connection', parts.api.server, () => parts.api.version(signal))
  await assertNamespace(parts, job, signal)
  // Two operators with one job would read and remove each other's.
  await using lease = await acquireOperatorLease({ ...parts, deployment: { name: `job-${name}`, namespace } }, signal)
  const held = AbortSignal.any([signal, lease.signal])
  try {
    const log = await report.track(job.step, name, async () => {
      await startJob(parts, job, onWait, held)
      await waitForJob({ ...parts, manifest, timeoutMs: job.timeoutMs, onWait }, held)
      return logOfJob(parts.api, referenceOf(manifest), logLinesMax, held)
    })
    await report.track('results', name, () => removeJob(parts, job, onWait, held))
    return log
  } catch (error) {
    if (clusterErrors.JOB_FAILED.is(error) || clusterErrors.JOB_TOO_SLOW.is(error)) await removeJob(parts, job, onWait, held)
    throw lease.signal.aborted ? lease.signal.reason : error
  }
}
