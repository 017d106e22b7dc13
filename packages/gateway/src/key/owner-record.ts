/** What is stored about a project or a user: who stands above virtual keys, with limits and a switch that stops all of their keys. */
import { z } from 'zod'
import { limitSchema } from '../limit/limit-schema.ts'
import { limitsPerRecord } from '../limits.ts'

export const ownerRecordSchema = z.strictObject({
  /** What `projectId` or `userId` of its keys name. */
  id: z.string().min(1).max(256),
  name: z.string(),
  /** Keys of a disabled project or user are refused, as long as it is. */
  disabled: z.boolean().default(false),
  limits: z.array(limitSchema).max(limitsPerRecord).readonly().optional(),
  createdUnixMs: z.number().nonnegative(),
  tags: z.record(z.string(), z.string()).readonly().default({}),
})

/** A project or a user; both have the same fields. */
export type OwnerRecord = Readonly<z.infer<typeof ownerRecordSchema>>
