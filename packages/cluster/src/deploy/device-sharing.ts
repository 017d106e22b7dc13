/** Container resources for whole devices, MIG slices, HAMi's shares and time-sliced devices. */
import type { DeploymentPlan } from '@bud-foundry/core'
import { clusterErrors } from '../errors.ts'
import { toQuantity } from '../kubernetes/quantity.ts'
import type { RenderOptions } from './render-options.ts'

export interface ContainerResources {
  readonly requests: Record<string, string>
  readonly limits: Record<string, string>
}

const gpu = 'nvidia.com/gpu'

function sharedResources(plan: DeploymentPlan, sharing: NonNullable<RenderOptions['deviceSharing']>): Record<string, number> {
  const { [gpu]: count, ...others } = plan.launch.resources
  if (count === undefined) {
    throw clusterErrors.PLAN_UNDEPLOYABLE({
      name: plan.name,
      problem: `deviceSharing divides ${gpu}, and the plan asks for ${Object.keys(others).join(', ')}`,
      fix: 'remove deviceSharing, or choose a plan on NVIDIA devices',
    })
  }
  switch (sharing.kind) {
    case 'mig':
      return { ...others, [`nvidia.com/mig-${sharing.profile}`]: count }
    case 'timeSlicing':
      return { ...others, [sharing.resource]: count }
    case 'hami':
      return {
        ...others,
        [gpu]: count,
        'nvidia.com/gpumem': sharing.memoryMiB,
        ...(sharing.corePercent === undefined ? {} : { 'nvidia.com/gpucores': sharing.corePercent }),
      }
  }
}

export function containerResources(plan: DeploymentPlan, { deviceSharing }: RenderOptions): ContainerResources {
  const amounts = deviceSharing === undefined ? plan.launch.resources : sharedResources(plan, deviceSharing)
  const requests = Object.fromEntries(Object.entries(amounts).map(([name, amount]) => [name, toQuantity(name, amount)]))
  // Extended resources need limits equal to requests; a CPU limit would only throttle the engine's scheduler thread.
  return { requests, limits: Object.fromEntries(Object.entries(requests).filter(([name]) => name !== 'cpu')) }
}

/** HAMi places and isolates by its own scheduler; its webhook would set it too, unless it is down. */
export const schedulerName = ({ deviceSharing }: RenderOptions): string | undefined =>
  deviceSharing?.kind === 'hami' ? 'hami-scheduler' : undefined
