/** Which nodes a replica may run on: by accelerator product, tolerating the taints that guard accelerators. */
import type { DeploymentPlan } from '@bud-foundry/core'
import { nvidiaProducts } from '../discover/hardware-names.ts'
import type { RenderOptions } from './render-options.ts'

/** Resources that accelerators are requested by; their nodes usually carry a taint of the same name. */
export function acceleratorResources(plan: DeploymentPlan): readonly string[] {
  return Object.keys(plan.launch.resources).filter((name) => name.includes('/'))
}

/** Expressions on node labels, empty when the resource request alone decides. */
export function nodeExpressions(
  plan: DeploymentPlan,
  { deviceSharing }: Pick<RenderOptions, 'deviceSharing'>,
): readonly { key: string; operator: 'In'; values: string[] }[] {
  const products = nvidiaProducts[plan.hardwareId]
  if (products === undefined) return []
  // Time slicing marks the product of its nodes, under either resource name.
  const values = deviceSharing?.kind === 'timeSlicing' ? products.flatMap((name) => [name, `${name}-SHARED`]) : [...products]
  return [{ key: 'nvidia.com/gpu.product', operator: 'In', values }]
}

export function tolerations(plan: DeploymentPlan) {
  return acceleratorResources(plan).map((key) => ({ key, operator: 'Exists', effect: 'NoSchedule' }))
}
