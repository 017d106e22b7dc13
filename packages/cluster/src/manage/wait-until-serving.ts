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
  /** An autoscaler may have taken it to zero: then there is nobody to ask, and it starts with the next request. */
  readonly mayBeAsleep: boolean
  readonly deployment: DeploymentReference
  readonly onWait: (problem: string) => void
}

/** Waits that the API itself interrupts are tried again: a control plane that restarts must not fail a rollout. */
const isPassing = (error: unknown) => clusterErrors.KUBERNETES_UNREACHABLE.is(error) || clusterErrors.KUBERNETES_FAILED.is(error)

/** What a look at the rollout came to. */
type Look = { readonly kind: 'serving' | 'asleep' } | { readonly kind: 'waiting'; readonly problem: string }
const waiting = (problem: string): Look => ({ kind: 'waiting', problem })

async function look({ api, deployment, plan, port, mayBeAsleep }: ServingWait, signal: AbortSignal): Promise<Look> {
  try {
    const rollout = await readRollout(api, deployment, signal)
    if (rollout === undefined) return waiting('its workload does not exist; plan again')
    if (rollout.problem !== undefined) return waiting(rollout.problem)
    const [name] = rollout.servingPods
    if (name === undefined) return mayBeAsleep ? { kind: 'asleep' } : waiting('no replica is wanted')
    const problem = await askForToken(api, { name, namespace: deployment.namespace }, { plan, port }, signal)
    return problem === undefined ? { kind: 'serving' } : waiting(problem)
  } catch (error) {
    if (isBudError(error) && isPassing(error)) return waiting(error.message)
    throw error
  }
}

/**
 * Returns whether a pod served a token, or an autoscaler has sent all of them to sleep.
 * @throws CLUSTER_DEPLOYMENT_NOT_READY after the plan's start time and a margin for image and weights.
 */
export async function waitUntilServing(wait: ServingWait, signal: AbortSignal): Promise<'serving' | 'asleep'> {
  const { clock, plan } = wait
  const limitMs = wait.startupSecondsMax * 1000 + rolloutMarginMs
  const startMs = clock.monotonicMs()
  let told = ''
  for (;;) {
    if (signal.aborted) throw coreErrors.ABORTED({ what: `waiting for '${plan.name}'` }, { cause: signal.reason })
    const seen = await look(wait, signal)
    if (seen.kind !== 'waiting') return seen.kind
    const { problem } = seen
    if (problem !== told) wait.onWait(problem)
    told = problem
    const waitedMs = clock.monotonicMs() - startMs
    if (waitedMs >= limitMs) {
      throw clusterErrors.DEPLOYMENT_NOT_READY({ deployment: plan.name, waitedSeconds: Math.round(waitedMs / 1000), problem })
    }
    await clock.sleep(pollMs, signal)
  }
}
