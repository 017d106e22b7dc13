/** What autoscaling rules would do under a load: the scaler's own decisions, step by step, over a load that is described in a few numbers. */
import { decideReplicas, type ScaleWish } from '@bud-foundry/cluster'
import { z } from 'zod'

const stepMs = 30_000
const steps = 120

export const scalePreviewSchema = z.strictObject({
  minReplicas: z.int().min(0).max(64),
  maxReplicas: z.int().min(1).max(64),
  /** Requests that a replica serves at once at its target. */
  targetPerReplica: z.number().positive().max(10_000),
  /** Requests in flight at the height of the load. */
  peakRequests: z.number().nonnegative().max(1_000_000),
  shape: z.enum(['steady', 'spike', 'day']),
  /** How long a new replica takes until it serves. */
  startSeconds: z.number().nonnegative().max(3_600).default(120),
  usdPerReplicaHour: z.number().nonnegative().max(10_000).optional(),
  usdPerHourMax: z.number().positive().max(1_000_000).optional(),
})
export type ScalePreviewInput = z.output<typeof scalePreviewSchema>

const shapes: Readonly<Record<ScalePreviewInput['shape'], (share: number) => number>> = {
  steady: () => 1,
  spike: (share) => (share > 0.35 && share < 0.55 ? 1 : 0.2),
  day: (share) => 0.15 + 0.85 * Math.max(0, Math.sin(share * Math.PI)) ** 2,
}

export interface ScalePreview {
  readonly stepSeconds: number
  readonly points: readonly {
    readonly seconds: number
    readonly requests: number
    readonly replicas: number
    readonly readyReplicas: number
    /** Requests beyond what the ready replicas serve at their target. */
    readonly waiting: number
    readonly reasons: readonly string[]
  }[]
  readonly replicaHours: number
  readonly usd?: number | undefined
  /** Share of steps in which everything was served at the target. */
  readonly servedShare: number
}

/** Pure: the same rules and load give the same course. */
export function previewScaling(input: ScalePreviewInput): ScalePreview {
  const startSteps = Math.ceil((input.startSeconds * 1_000) / stepMs)
  let replicas = Math.max(input.minReplicas, 1)
  let wishes: readonly ScaleWish[] = []
  // Ready at the step; those that are there from the start are ready at once.
  let readyAt: readonly number[] = Array.from({ length: replicas }, () => 0)
  const points = Array.from({ length: steps }, (_, step) => {
    const requests = input.peakRequests * shapes[input.shape](step / (steps - 1))
    const readyReplicas = readyAt.filter((at) => at <= step).length
    const decision = decideReplicas(
      {
        nowMs: step * stepMs,
        replicas,
        readyReplicas,
        signals: [{ name: 'running', value: requests / Math.max(readyReplicas, 1), target: input.targetPerReplica }],
        requestsOpen: Math.round(requests),
        ...(requests > 0 ? { lastRequestMs: step * stepMs } : {}),
      },
      {
        minReplicas: input.minReplicas,
        maxReplicas: Math.max(input.maxReplicas, input.minReplicas),
        usdPerReplicaHour: input.usdPerReplicaHour,
        usdPerHourMax: input.usdPerHourMax,
      },
      wishes,
    )
    wishes = decision.wishes
    const added = Math.max(decision.replicas - replicas, 0)
    readyAt = [...readyAt.slice(0, decision.replicas), ...Array.from({ length: added }, () => step + startSteps)].slice(
      0,
      decision.replicas,
    )
    replicas = decision.replicas
    const waiting = Math.max(0, requests - readyReplicas * input.targetPerReplica)
    return { seconds: (step * stepMs) / 1_000, requests, replicas, readyReplicas, waiting, reasons: decision.reasons }
  })
  const replicaHours = (points.reduce((sum, point) => sum + point.replicas, 0) * stepMs) / 3_600_000
  return {
    stepSeconds: stepMs / 1_000,
    points,
    replicaHours,
    ...(input.usdPerReplicaHour === undefined ? {} : { usd: replicaHours * input.usdPerReplicaHour }),
    servedShare: points.filter(({ waiting }) => waiting < 0.5).length / points.length,
  }
}
