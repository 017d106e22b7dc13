/** One row per step of a deployment. */
import { z } from 'zod'
import { eventEnvelope } from './event.ts'

/** Schema of DeploymentEvent. */
export const deploymentEventSchema = z.strictObject({
  ...eventEnvelope,
  kind: z.literal('deployment-step'),
  operationId: z.string(),
  deploymentName: z.string(),
  step: z.string(),
  state: z.enum(['started', 'progress', 'done', 'failed']),
  errorCode: z.string().optional(),
})

/** One step of a deployment. */
export type DeploymentEvent = Readonly<z.infer<typeof deploymentEventSchema>>
