/** Which plans no other beats in both speed for each reader and throughput of each device. */
import type { DeploymentPlan } from '@bud-foundry/core'
import { devicesOf } from '../plan-list/plan-title.ts'

export interface ParetoPoint {
  readonly plan: DeploymentPlan
  /** Tokens a second that one reader sees. */
  readonly x: number
  /** Output tokens a second of each device. */
  readonly y: number
  readonly isFrontier: boolean
}

/** From slow to fast for a reader; plans without a prediction of both are left out. */
export function toParetoPoints(plans: readonly DeploymentPlan[]): readonly ParetoPoint[] {
  const points = plans.flatMap((plan) => {
    const tpotMs = plan.predicted.timePerOutputTokenMs.mid
    const y = plan.predicted.outputTokensPerSecond.mid / devicesOf(plan)
    return tpotMs > 0 && Number.isFinite(y) ? [{ plan, x: 1000 / tpotMs, y }] : []
  })
  return points
    .map((point) => ({
      ...point,
      isFrontier: !points.some((other) => other.x >= point.x && other.y >= point.y && (other.x > point.x || other.y > point.y)),
    }))
    .sort((left, right) => left.x - right.x || left.y - right.y)
}

/** A round number at or above the value, for the end of an axis. */
export function toRoundAbove(value: number): number {
  if (!(value > 0)) return 1
  const power = 10 ** Math.floor(Math.log10(value))
  return ([1, 2, 2.5, 5, 10].find((step) => step * power >= value) ?? 10) * power
}
