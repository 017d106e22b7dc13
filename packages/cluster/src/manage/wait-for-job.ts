/** Waits until a job of the cluster has done its work. */
import { coreErrors, isBudError, type Clock } from '@bud-foundry/core'
import { z } from 'zod'
import { clusterErrors } from '../errors.ts'
import { referenceOf, type KubernetesApi, type KubernetesObject, type ObjectReference } from '../kubernetes/kubernetes-api.ts'
import { fieldManager } from '../kubernetes/ownership.ts'
import { pollMs } from '../limits.ts'
import { podState } from './rollout.ts'

const jobSchema = z.looseObject({
  succeeded: z.number().default(0),
  conditions: z
    .array(z.looseObject({ type: z.string(), status: z.string(), message: z.string().default(''), reason: z.string().default('') }))
    .default([]),
})

export interface JobWait {
  readonly api: KubernetesApi
  readonly clock: Clock
  /** Applied again when it is gone: a failed one was removed, so that it can be tried again. */
  readonly manifest: KubernetesObject
  readonly timeoutMs: number
  readonly onWait: (message: string) => void
}

type Outcome = { readonly kind: 'complete' } | { readonly kind: 'failed' | 'running'; readonly problem: string }

function outcomeOf(job: KubernetesObject): Outcome {
  const { conditions, succeeded } = jobSchema.parse(job.status ?? {})
  const failed = conditions.find(({ type, status }) => type === 'Failed' && status === 'True')
  if (failed !== undefined) return { kind: 'failed', problem: failed.message === '' ? failed.reason : failed.message }
  const complete = succeeded > 0 && conditions.some(({ type, status }) => type === 'Complete' && status === 'True')
  return complete ? { kind: 'complete' } : { kind: 'running', problem: 'it runs' }
}

/** Pods of a job, newest last. */
export async function podsOfJob(api: KubernetesApi, { name, namespace }: ObjectReference, signal: AbortSignal) {
  const { items } = await api.list({ apiVersion: 'v1', kind: 'Pod', namespace, labels: { 'batch.kubernetes.io/job-name': name } }, signal)
  return items.toSorted((left, right) => (left.metadata.creationTimestamp ?? '').localeCompare(right.metadata.creationTimestamp ?? ''))
}

export async function logOfJob(api: KubernetesApi, job: ObjectReference, tailLines: number, signal: AbortSignal): Promise<string> {
  const pod = (await podsOfJob(api, job, signal)).at(-1)
  if (pod === undefined) return ''
  try {
    return await api.readLog({ namespace: job.namespace ?? '', name: pod.metadata.name, tailLines }, signal)
  } catch (error) {
    // The pod may go while it is asked; what the job says of itself remains.
    if (isBudError(error) && clusterErrors.KUBERNETES_REJECTED.is(error)) return ''
    throw error
  }
}

async function failure({ api, manifest }: JobWait, problem: string, signal: AbortSignal) {
  const reference = referenceOf(manifest)
  const log = (await logOfJob(api, reference, 3, signal)).trim().slice(-500)
  // A failed job never runs again by itself.
  await api.remove(reference, {}, signal)
  return clusterErrors.JOB_FAILED({ job: reference.name, problem, log })
}

async function look(wait: JobWait, signal: AbortSignal): Promise<string | undefined> {
  const { api, manifest } = wait
  const reference = referenceOf(manifest)
  const job = await api.read(reference, signal)
  if (job === undefined) {
    await api.apply(manifest, { fieldManager }, signal)
    return 'it starts'
  }
  const outcome = outcomeOf(job)
  if (outcome.kind === 'complete') return undefined
  if (outcome.kind === 'failed') throw await failure(wait, outcome.problem, signal)
  const [reason] = (await podsOfJob(api, reference, signal)).flatMap((pod) => podState(pod).reason ?? [])
  return reason ?? outcome.problem
}

const isPassing = (error: unknown) => clusterErrors.KUBERNETES_UNREACHABLE.is(error) || clusterErrors.KUBERNETES_FAILED.is(error)

/** @throws CLUSTER_JOB_FAILED with the end of its log, CLUSTER_JOB_TOO_SLOW. */
export async function waitForJob(wait: JobWait, signal: AbortSignal): Promise<void> {
  const { clock, manifest, timeoutMs } = wait
  const startMs = clock.monotonicMs()
  let told = ''
  for (;;) {
    if (signal.aborted) throw coreErrors.ABORTED({ what: `waiting for job '${manifest.metadata.name}'` }, { cause: signal.reason })
    const problem = await look(wait, signal).catch((error: unknown) => {
      if (isBudError(error) && isPassing(error)) return error.message
      throw error
    })
    if (problem === undefined) return
    if (problem !== told) wait.onWait(problem)
    told = problem
    const waitedMs = clock.monotonicMs() - startMs
    if (waitedMs >= timeoutMs) {
      throw clusterErrors.JOB_TOO_SLOW({ job: manifest.metadata.name, waitedSeconds: Math.round(waitedMs / 1000) })
    }
    await clock.sleep(pollMs, signal)
  }
}
