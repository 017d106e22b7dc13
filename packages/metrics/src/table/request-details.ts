/** What some producers know of a request beyond core's event; the gateway's event is one without any of it. */
import { requestEventSchema } from '@bud-foundry/core'
import { z } from 'zod'

const ms = z.number().nonnegative()
const usd = z.number().nonnegative()

/** A request as metrics stores it. */
export const storedRequestSchema = requestEventSchema.extend({
  sessionId: z.string().optional(),
  promptId: z.string().optional(),
  promptVersion: z.string().optional(),
  method: z.string().optional(),
  route: z.string().optional(),
  latitude: z.number().min(-90).max(90).optional(),
  longitude: z.number().min(-180).max(180).optional(),
  /** Waiting before the engine began. */
  queueMs: ms.optional(),
  providerCostUsd: usd.optional(),
  /** The convention that the event was translated from; absent: the gateway wrote it. */
  source: z.string().optional(),
})

/** A request with all that may be known of it. */
export type StoredRequest = Readonly<z.infer<typeof storedRequestSchema>>
