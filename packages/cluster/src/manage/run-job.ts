/** Runs a job of the cluster to its end, returns what it wrote, and removes it. */
import { clusterErrors } from '../errors.ts'
import type { ClusterJob } from '../deploy/cluster-job.ts'
import { describeObject, referenceOf, type KubernetesObject } from '../kubernetes/kubernetes-api.ts'
import { fieldManager, isOwnedBy } from '../kubernetes/ownership.ts'
import { logLinesMax } from '../limits.ts'
import type { OperationParts } from './apply-changes.ts'
import type { Outline, Reporter } from './operation.ts'
import { removeOwned, waitUntilGone } from './remove-deployment.ts'
import { logOfJob, waitForJob } from './wait-for-job.ts'

export const jobOutline = (job: ClusterJob): Outline => {
  const seconds = Math.min(600, job.timeoutMs / 2000)
  return { parts: 3, secondsOf: (step) => (step === job.step ? seconds : 1), totalSeconds: seconds + 2 }
}

async function applyJob({ api }: OperationParts, job: ClusterJob, signal: AbortSignal): Promise<void> {
  for (const manifest of job.manifests) {
    const object: KubernetesObject = manifest
    const live = await api.read(referenceOf(object), signal)
    if (live !== undefined && !isOwnedBy(live, job.name)) {
      throw clusterErrors.KUBERNETES_CONFLICT({
        what: describeObject(referenceOf(object)),
        problem: 'it exists and is not ours; choose another name',
      })
    }
    // A job that runs since before a crash goes on: its own text cannot be changed anyway.
    if (live === undefined || manifest.kind !== 'Job') await api.apply(object, { fieldManager }, signal)
  }
}

/** Run again after a crash, it finds the job that runs and goes on waiting. What it leaves when it fails is removed too. */
export async function runJob(parts: OperationParts, job: ClusterJob, report: Reporter, signal: AbortSignal): Promise<string> {
  const { name, namespace } = job
  const manifest = job.manifests.find(({ kind }) => kind === 'Job')
  if (manifest === undefined) throw clusterErrors.KUBERNETES_REJECTED({ what: `running ${name}`, problem: 'it has no job' })
  const onWait = (message: string) => {
    report.progress(job.step, name, message)
  }
  const removal = { ...parts, deployment: { name, namespace }, onWait }
  await report.track('verify_cluster_connection', parts.api.server, () => parts.api.version(signal))
  const remove = async () => {
    await removeOwned(removal, signal)
    await waitUntilGone(removal, signal)
  }
  try {
    const log = await report.track(job.step, name, async () => {
      await applyJob(parts, job, signal)
      await waitForJob({ ...parts, manifest, timeoutMs: job.timeoutMs, onWait }, signal)
      return logOfJob(parts.api, referenceOf(manifest), logLinesMax, signal)
    })
    await report.track('results', name, remove)
    return log
  } catch (error) {
    if (clusterErrors.JOB_FAILED.is(error) || clusterErrors.JOB_TOO_SLOW.is(error)) await remove()
    throw error
  }
}
