/** The envelope that every event shares. */
import { z } from 'zod'

/** Fields of every event schema. */
export const eventEnvelope = {
  /** Unique; sinks are idempotent by it. */
  id: z.string().min(1),
  timeUnixMs: z.number().nonnegative(),
}

/** What sinks know of any event. */
export interface BudEvent {
  readonly id: string
  readonly kind: string
  readonly timeUnixMs: number
}
