/** One row per administrative operation: who changed what, from what to what, without secrets. */
import { z } from 'zod'
import { eventEnvelope } from './event.ts'

/** Schema of AuditEvent. */
export const auditEventSchema = z.strictObject({
  ...eventEnvelope,
  kind: z.literal('audit'),
  /** Who did it: the id of a key or of an operator's account. */
  actor: z.strictObject({ id: z.string(), name: z.string().optional(), clientIp: z.string().optional() }),
  /** Noun and verb: `key-create`, `price-put`. */
  action: z.string(),
  /** What it was done to. */
  subject: z.strictObject({ kind: z.string(), id: z.string().optional() }),
  outcome: z.enum(['success', 'refused', 'failed']),
  errorCode: z.string().optional(),
  /** What was there before and is there now, as far as it may be shown. */
  before: z.unknown().optional(),
  after: z.unknown().optional(),
  requestId: z.string(),
})

/** One administrative operation. */
export type AuditEvent = Readonly<z.infer<typeof auditEventSchema>>
