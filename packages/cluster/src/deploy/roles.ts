/** The parts that a deployment's pods play: one engine, or leader and worker, or prefill, decode and a router. */
import type { DeploymentPlan } from '@bud-foundry/core'
import { selectorLabels } from '../kubernetes/ownership.ts'

export type Role = 'engine' | 'prefill' | 'decode' | 'router'

export const roleLabel = 'foundry.bud.studio/role'

/** A workload of one role is a name of its own; a deployment in one piece, and the router of a split one, have the plan's. */
export const workloadName = (plan: Pick<DeploymentPlan, 'name'>, role: Role): string =>
  role === 'engine' || role === 'router' ? plan.name : `${plan.name}-${role}`

/** Selects the pods of one role. A deployment in one piece has no role label, as before there were roles. */
export const roleLabels = (plan: Pick<DeploymentPlan, 'name'>, role: Role) => ({
  ...selectorLabels(plan),
  ...(role === 'engine' ? {} : { [roleLabel]: role }),
})
