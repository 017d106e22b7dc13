/** What the cluster routes take and answer, for the document that the client's types are made of. */
import { deploymentPlanSchema, intervalSchema } from '@bud-foundry/core'
import { z } from 'zod'
import { nodeViewSchema } from './cluster-views.ts'

export const deploymentNameSchema = z.strictObject({ name: z.string().min(1).max(63), namespace: z.string().min(1).max(63) })

export const planRequestSchema = z.strictObject({ plan: deploymentPlanSchema })
export const operationRequestSchema = z.union([
  z.strictObject({ changes: z.string().min(1) }),
  z.strictObject({ destroy: deploymentNameSchema }),
  z.strictObject({ benchmark: deploymentNameSchema }),
])

const finding = z.object({ severity: z.enum(['info', 'warning', 'blocker']), message: z.string(), field: z.string().optional() })

export const clusterSchema = z.object({
  id: z.string(),
  name: z.string(),
  isDemo: z.boolean(),
  server: z.string(),
  version: z.string(),
  platform: z.string(),
  nodes: z.array(nodeViewSchema),
  findings: z.array(z.object({ severity: z.string(), message: z.string() })),
})

export const clusterDeploymentSchema = z.object({
  deployment: deploymentNameSchema,
  status: z.enum(['absent', 'progressing', 'ready', 'deleting']),
  replicas: z.number(),
  readyReplicas: z.number(),
  pods: z.array(
    z.object({
      name: z.string(),
      nodeName: z.string().optional(),
      phase: z.string(),
      ready: z.boolean(),
      restarts: z.number(),
      reason: z.string().optional(),
    }),
  ),
  problem: z.string().optional(),
  plan: deploymentPlanSchema.optional(),
  costUsdPerHour: z.number().optional(),
})

export const clusterChangesSchema = z.object({
  id: z.string(),
  deployment: deploymentNameSchema,
  changes: z.array(
    z.object({
      action: z.enum(['create', 'update', 'delete']),
      resource: z.string(),
      fields: z.array(z.object({ path: z.string(), before: z.unknown(), after: z.unknown() })),
    }),
  ),
  diff: z.string(),
  costUsdPerHour: z.number().optional(),
  costUsdPerMonth: z.number().optional(),
  findings: z.array(finding),
})

export const clusterOperationSchema = z.object({
  id: z.string(),
  kind: z.enum(['deploy', 'destroy', 'benchmark']),
  deployment: deploymentNameSchema,
  status: z.enum(['running', 'done', 'failed', 'cancelled']),
  startedUnixMs: z.number(),
  endedUnixMs: z.number().optional(),
  done: z.number(),
  total: z.number(),
  etaSeconds: z.number().optional(),
  error: z.string().optional(),
  events: z.array(
    z.object({
      timeUnixMs: z.number(),
      step: z.string(),
      resource: z.string(),
      state: z.enum(['started', 'progress', 'done', 'failed']),
      message: z.string().optional(),
    }),
  ),
})

export const logLineSchema = z.object({ timeUnixMs: z.number(), replica: z.number(), text: z.string() })
export const leftoverSchema = z.object({ kind: z.string(), name: z.string(), namespace: z.string().optional() })
export const scalePreviewAnswerSchema = z.object({
  stepSeconds: z.number(),
  points: z.array(
    z.object({
      seconds: z.number(),
      requests: z.number(),
      replicas: z.number(),
      readyReplicas: z.number(),
      waiting: z.number(),
      reasons: z.array(z.string()),
    }),
  ),
  replicaHours: z.number(),
  usd: z.number().optional(),
  servedShare: z.number(),
})
export const predictionSchema = z.object({
  timeToFirstTokenMs: intervalSchema,
  timePerOutputTokenMs: intervalSchema,
  outputTokensPerSecond: intervalSchema,
  basis: z.enum(['measured', 'fitted', 'analytical']),
})
