/** What was asked and answered in one sampled request, after redaction: written only where capture is switched on. */
import { z } from 'zod'
import { eventEnvelope } from './event.ts'

/** Schema of PayloadEvent. */
export const payloadEventSchema = z.strictObject({
  ...eventEnvelope,
  kind: z.literal('payload'),
  /** Id of the RequestEvent. */
  requestId: z.string().min(1),
  traceId: z.string(),
  projectId: z.string(),
  requestedModel: z.string(),
  dialect: z.string(),
  /** JSON of the caller's body; empty when it was too large to be redacted safely. */
  request: z.string(),
  requestTruncated: z.boolean(),
  /** JSON of the answer, or the text of a stream. */
  response: z.string(),
  responseTruncated: z.boolean(),
})

/** One sampled request with its answer. */
export type PayloadEvent = Readonly<z.infer<typeof payloadEventSchema>>
