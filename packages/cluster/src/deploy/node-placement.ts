/** Which nodes a replica may run on: by accelerator product, tolerating the taints that guard accelerators. */
import type { DeploymentPlan } from '@bud-foundry/core'
import { nvidiaProducts } from '../discover/hardware-names.ts'

/** Resources that accelerators are requested by; their nodes usually carry a taint of the same name. */
export function acceleratorResources(plan: DeploymentPlan): readonly string[] {
  return Object.keys(plan.launch.resources).filter((name) => name.includes('/'))
}

/** Expressions on node labels, empty when the resource request alone decides. */
export function nodeExpressions(plan: DeploymentPlan): readonly { key: string; operator: 'In'; values: string[] }[] {
  const products = nvidiaProducts[plan.hardwareId]
  return products === undefined ? [] : [{ key: 'nvidia.com/gpu.product', operator: 'In', values: [...products] }]
}

export function tolerations(plan: DeploymentPlan) {
  return acceleratorResources(plan).map((key) => ({ key, operator: 'Exists', effect: 'NoSchedule' }))
}
