/** What the primary process and its workers tell each other, beside the messages of the shared store. */
import { z } from 'zod'

export const toWorkerSchema = z.discriminatedUnion('budGateway', [
  /** The data of the configuration file: as the worker's first, or in place of the one it has. */
  z.object({ budGateway: z.literal('config/1'), data: z.unknown() }),
  z.object({ budGateway: z.literal('stop/1'), graceMs: z.number().nonnegative() }),
])
export type ToWorker = z.infer<typeof toWorkerSchema>

export const toPrimarySchema = z.discriminatedUnion('budGateway', [
  /** The worker listens for messages now. */
  z.object({ budGateway: z.literal('hello/1') }),
  /** The worker accepts connections. */
  z.object({ budGateway: z.literal('ready/1'), url: z.string() }),
  /** The worker cannot start, and ends. */
  z.object({ budGateway: z.literal('failed/1'), reason: z.string() }),
])
export type ToPrimary = z.infer<typeof toPrimarySchema>
