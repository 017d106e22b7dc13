/** Waits until every replica of the new generation is ready and one of them served a token. */
import { coreErrors, isBudError, type Clock, type DeploymentPlan } from '@bud-foundry/core'
import { clusterErrors } from '../errors.ts'
import type { KubernetesApi } from '../kubernetes/kubernetes-api.ts'
import { pollMs, rolloutMarginMs } from '../limits.ts'
import type { DeploymentReference } from './change-set.ts'
import { readRollout } from './rollout.ts'
import { askForToken } from './served-token.ts'

export interface ServingWait {
  readonly api: KubernetesApi
  readonly clock: Clock
  readonly plan: DeploymentPlan
  /** Where requests arrive at a pod that serves. */
  readonly port: number
  readonly startupSecondsMax: number
  readonly deployment: DeploymentReference
  readonly onWait: (problem: string) => void
}

/** Waits that the API itself interrupts are tried again: a control plane that restarts must not fail a rollout. */
const isPassing = (error: unknown) => clusterErrors.KUBERNETES_UNREACHABLE.is(error) || clusterErrors.KUBERNETES_FAILED.is(error)

async function problemNow({ api, deployment, plan, port }: ServingWait, signal: AbortSignal): Promise<string | undefined> {
  try {
    const rollout = await readRollout(api, deployment, signal)
    if (rollout === undefined) return 'its workload does not exist; plan again'
    if (rollout.problem !== undefined) return rollout.problem
    const [name] = rollout.servingPods
    if (name === undefined) return 'no replica is wanted'
    return await askForToken(api, { name, namespace: deployment.namespace }, { plan, port }, signal)
  } catch (error) {
    if (isBudError(error) && isPassing(error)) return error.message
    throw error
  }
}

/** Returns the pods that serve. @throws CLUSTER_DEPLOYMENT_NOT_READY after the plan's start time and a margin for image and weights. */
export async function waitUntilServing(wait: ServingWait, signal: AbortSignal): Promise<void> {
  const { clock, plan } = wait
  const limitMs = wait.startupSecondsMax * 1000 + rolloutMarginMs
  const startMs = clock.monotonicMs()
  let told = ''
  for (;;) {
    if (signal.aborted) throw coreErrors.ABORTED({ what: `waiting for '${plan.name}'` }, { cause: signal.reason })
    const problem = await problemNow(wait, signal)
    if (problem === undefined) return
    if (problem !== told) wait.onWait(problem)
    told = problem
    const waitedMs = clock.monotonicMs() - startMs
    if (waitedMs >= limitMs) {
      throw clusterErrors.DEPLOYMENT_NOT_READY({ deployment: plan.name, waitedSeconds: Math.round(waitedMs / 1000), problem })
    }
    await clock.sleep(pollMs, signal)
  }
}
