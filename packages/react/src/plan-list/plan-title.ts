/** Names a plan by what sets it apart. */
import type { DeploymentPlan } from '@bud-foundry/core'
import type { BudStrings } from '../format/strings.ts'

/** Of all replicas; a replica counts its devices over all of its nodes. */
export function devicesOf({ replicas, devicesPerReplica }: DeploymentPlan): number {
  return replicas * devicesPerReplica
}

export function toPlanTitle(plan: DeploymentPlan, { plans }: BudStrings): string {
  return plans.devices(devicesOf(plan), plan.hardwareId)
}

/** Engine, split and precision, e.g. "vllm 0.11", "TP 2", "fp8 weights". */
export function toPlanTraits(plan: DeploymentPlan, { plans }: BudStrings): readonly string[] {
  const { tensor, pipeline, expert, data } = plan.parallelism
  const splits = [
    ['TP', tensor],
    ['PP', pipeline],
    ['EP', expert],
    ['DP', data],
  ] as const
  return [
    `${plan.engine.id} ${plan.engine.version}`,
    plans.replicas(plan.replicas),
    ...splits.filter(([name, size]) => size > 1 || name === 'TP').map(([name, size]) => `${name} ${size}`),
    plan.precision.weights === plan.precision.kvCache ? plan.precision.weights : `${plan.precision.weights} · KV ${plan.precision.kvCache}`,
  ]
}
