/** Names a plan by what sets it apart. */
import type { DeploymentPlan } from '@bud-foundry/core'
import type { BudStrings } from '../format/strings.ts'

export function toPlanTitle(plan: DeploymentPlan, { plans }: BudStrings): string {
  return plans.devices(plan.replicas * plan.devicesPerReplica * Math.max(plan.nodesPerReplica, 1), plan.hardwareId)
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
