/** Which autoscaler a deployment is handed to, and by what it scales. */
import { z } from 'zod'
import { plainUrlSchema } from '../deploy/plain-url.ts'

const replicaCount = z.int().positive().max(512)

export const scheduleSchema = z.strictObject({
  name: z.string().regex(/^[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?$/, 'a lower-case DNS label'),
  /** 0 is Sunday. */
  weekdays: z.array(z.int().min(0).max(6)).min(1).max(7).readonly(),
  /** When it begins, `08:30`. */
  from: z.string().regex(/^([01]\d|2[0-3]):[0-5]\d$/, 'a time of day such as 08:30'),
  minutes: z
    .int()
    .positive()
    .max(24 * 60 - 1),
  /** At least so many while it lasts. */
  replicas: replicaCount,
})

/** At least so many replicas on these days from then on for so long. */
export type ScaleSchedule = Readonly<z.output<typeof scheduleSchema>>

/** What to watch: a metric by the engine's own name, and its value per replica that is wanted. */
const signalSchema = z.strictObject({ metric: z.enum(['waiting', 'running', 'kvUsage']), target: z.number().positive() })

const shared = {
  minReplicas: z.int().min(0).default(1),
  maxReplicas: replicaCount,
  signals: z
    .array(signalSchema)
    .min(1)
    .max(8)
    .readonly()
    .default([{ metric: 'waiting', target: 4 }]),
  stabilizationSeconds: z.strictObject({ up: z.int().min(0).max(3600), down: z.int().min(0).max(3600) }).default({ up: 0, down: 300 }),
}
const schedules = z.array(scheduleSchema).max(16).readonly().default([])

export const autoscalingSchema = z
  .discriminatedUnion('target', [
    /** `HorizontalPodAutoscaler`; its metrics come from an adapter of the custom metrics API. */
    z.strictObject({ target: z.literal('hpa'), ...shared, minReplicas: z.int().positive().default(1) }),
    /** KEDA: goes to zero, and has schedules. */
    z.strictObject({
      target: z.literal('keda'),
      ...shared,
      prometheusUrl: plainUrlSchema,
      idleSeconds: z.int().positive().default(300),
      /** What tells of waiting requests while there is no replica, in PromQL: without one nothing would wake it. */
      activationQuery: z.string().min(1).optional(),
      schedules,
      timeZone: z.string().min(1).default('UTC'),
    }),
    /** Bud's own scaler, `scaler.bud.studio/v1alpha1`. */
    z.strictObject({
      target: z.literal('bud'),
      ...shared,
      schedules,
      prediction: z
        .strictObject({ lookAheadMinutes: z.int().min(1).max(60).default(15), historyDays: z.int().min(1).max(90).default(7) })
        .optional(),
      usdPerHourMax: z.number().positive().optional(),
    }),
  ])
  .refine(({ minReplicas, maxReplicas }) => minReplicas <= maxReplicas, {
    message: 'minReplicas must be at most maxReplicas',
    path: ['minReplicas'],
  })
  .refine((options) => options.target !== 'keda' || options.minReplicas > 0 || options.activationQuery !== undefined, {
    message: 'scaling to zero needs activationQuery, or nothing would wake the deployment',
    path: ['activationQuery'],
  })

export type AutoscalingOptions = Readonly<z.output<typeof autoscalingSchema>>
