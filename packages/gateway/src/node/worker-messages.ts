/** What the primary process and its workers tell each other, beside the messages of the shared store. */
import { z } from 'zod'

export const toWorkerSchema = z.discriminatedUnion('budGateway', [
  /** The data of the configuration file: as the worker's first, or in place of the one it has. */
  z.object({ budGateway: z.literal('config/1'), revision: z.int(), data: z.unknown() }),
  z.object({ budGateway: z.literal('stop/1'), graceMs: z.number().nonnegative() }),
  /** The primary wants to know this worker's metrics. */
  z.object({ budGateway: z.literal('tell-metrics/1') }),
  /** Those of all workers, which this one asked for. */
  z.object({ budGateway: z.literal('all-metrics/1'), text: z.string() }),
  /** Another worker has revoked this key. */
  z.object({ budGateway: z.literal('revoked/1'), id: z.string() }),
])
export type ToWorker = z.infer<typeof toWorkerSchema>

export const toPrimarySchema = z.discriminatedUnion('budGateway', [
  /** The worker listens for messages now. */
  z.object({ budGateway: z.literal('hello/1') }),
  /** The worker accepts connections. */
  z.object({ budGateway: z.literal('ready/1'), url: z.string(), adminUrl: z.string().optional() }),
  /** The worker has the configuration of that revision in force; or keeps the one from before, for a reason. */
  z.object({ budGateway: z.literal('updated/1'), revision: z.int() }),
  z.object({ budGateway: z.literal('refused/1'), revision: z.int(), reason: z.string() }),
  /** The worker cannot start, and ends. */
  z.object({ budGateway: z.literal('failed/1'), reason: z.string() }),
  /** The worker was asked for `/metrics`, which are those of all workers. */
  z.object({ budGateway: z.literal('want-metrics/1') }),
  /** The worker's own metrics, in the text exposition format. */
  z.object({ budGateway: z.literal('metrics/1'), text: z.string() }),
  /** The worker has been told to revoke this key, and asks the store: the others need not wait for that. */
  z.object({ budGateway: z.literal('revoked/1'), id: z.string() }),
])
export type ToPrimary = z.infer<typeof toPrimarySchema>
