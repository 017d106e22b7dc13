/** The least hardware of each kind that carries a load within its objective. */
import type { DeploymentPlan } from '@bud-foundry/core'
import { isBudError } from '@bud-foundry/core'
import { findHardware, listHardware } from '../hardware/hardware-registry.ts'
import type { OptimizeRequest } from './optimize-request.ts'
import { optimize, type OptimizeOptions } from './optimizer.ts'

/** As an OptimizeRequest, but of kinds of hardware instead of devices that are there. */
export interface MinimumHardwareRequest extends Omit<OptimizeRequest, 'devices' | 'plans' | 'goal'> {
  /** Ids to look at; absent: every accelerator that is known. */
  readonly hardwareIds?: readonly string[]
  /** The most devices of one kind that may be used. @default 64 */
  readonly devicesMax?: number
  /** What one device costs in an hour, by hardware id; goes before the table of `market`. */
  readonly usdPerHour?: Readonly<Record<string, number>>
}

/** One kind of hardware that carries the load, with the fewest devices. */
export interface MinimumHardware {
  readonly hardwareId: string
  readonly devices: number
  readonly plan: DeploymentPlan
}

/** One kind that does not, and why. */
export interface UnfitHardware {
  readonly hardwareId: string
  readonly reason: string
}

export interface MinimumHardwareResult {
  /** The cheapest first; those without a price after the others, by devices. */
  readonly enough: readonly MinimumHardware[]
  readonly notEnough: readonly UnfitHardware[]
}

const costOf = ({ plan }: MinimumHardware) => plan.cost?.usdPerHour ?? Infinity

/** @throws as `optimize` for a request that is wrong in itself; CORE_ABORTED. */
export async function findMinimumHardware(request: MinimumHardwareRequest, options: OptimizeOptions = {}): Promise<MinimumHardwareResult> {
  const { hardwareIds, devicesMax = 64, usdPerHour = {}, ...rest } = request
  const ids =
    hardwareIds ??
    listHardware()
      .filter(({ kind }) => kind !== 'cpu')
      .map(({ id }) => id)
  const enough: MinimumHardware[] = []
  const notEnough: UnfitHardware[] = []
  for (const name of ids) {
    // Profiles of one's own go before what is built in.
    const { id } = rest.hardware?.find((own) => own.id === name) ?? findHardware(name)
    const price = usdPerHour[id]
    const device = { hardwareId: id, count: devicesMax, ...(price === undefined ? {} : { usdPerHour: price }) }
    try {
      const { plans, summary } = await optimize({ serving: 'aggregated', ...rest, devices: [device], goal: 'cost', plans: 1 }, options)
      const [plan] = plans
      if (plan?.predicted.meetsObjective === true) enough.push({ hardwareId: id, devices: plan.replicas * plan.devicesPerReplica, plan })
      else notEnough.push({ hardwareId: id, reason: summary.slice(0, 2).join(' ') })
    } catch (error) {
      // Only what this hardware cannot do is an answer; a wrong request is wrong for all.
      if (!isBudError(error) || error.status !== 422) throw error
      notEnough.push({ hardwareId: id, reason: error.message })
    }
  }
  enough.sort((left, right) => costOf(left) - costOf(right) || left.devices - right.devices)
  return { enough, notEnough }
}
