/** The messages between a process that holds a Store and those that use it: plain JSON, so that every way of forking carries them. */
import { z } from 'zod'
import { BudError, isBudError } from '../error/bud-error.ts'
import { storeErrors } from './store-errors.ts'

/** One end of a process channel: `process`, a ChildProcess and a cluster Worker all have this shape. */
export interface IpcEndpoint {
  send?: ((message: object, sent: (error: Error | null) => void) => boolean) | undefined
  on(event: 'message', listener: (message: unknown) => void): unknown
  on(event: 'disconnect', listener: () => void): unknown
  off(event: 'message', listener: (message: unknown) => void): unknown
  off(event: 'disconnect', listener: () => void): unknown
}

const base64 = z.string()
const duration = z.number().optional()
const claim = z.object({
  key: z.string(),
  amount: z.number(),
  limit: z.number(),
  windowMs: z.union([z.number(), z.literal(['calendar', 'lease'])]),
  boundariesUnixMs: z.array(z.number()).optional(),
  leaseMs: duration,
})
const amounts = z.array(z.object({ key: z.string(), amount: z.number() }))

export const callSchema = z.discriminatedUnion('op', [
  z.object({ op: z.literal('get'), key: z.string() }),
  z.object({ op: z.literal('set'), key: z.string(), value: base64, ttlMs: duration, ifAbsent: z.boolean().optional() }),
  z.object({ op: z.literal('compareAndSet'), key: z.string(), expected: base64.optional(), value: base64.optional(), ttlMs: duration }),
  z.object({ op: z.literal('delete'), key: z.string() }),
  z.object({ op: z.literal('list'), prefix: z.string() }),
  z.object({ op: z.literal('reserve'), claims: z.array(claim) }),
  z.object({ op: z.literal('settle'), id: z.string(), actual: amounts }),
  z.object({ op: z.literal('renew'), ids: z.array(z.string()), leaseMs: z.number() }),
  z.object({ op: z.literal('subscribe'), subscription: z.number(), prefix: z.string() }),
  z.object({ op: z.literal('unsubscribe'), subscription: z.number() }),
])
export type Call = z.infer<typeof callSchema>

const errorSchema = z.object({
  code: z.string(),
  status: z.number(),
  retryable: z.boolean(),
  scope: z.enum(['request', 'credential', 'target']),
  retryAfterMs: z.number().optional(),
  message: z.string(),
  details: z.unknown(),
})

const usage = z.array(z.object({ used: z.number(), resetMs: z.number() }))

export const settledSchema = z.array(
  z.object({ key: z.string(), windowMs: z.union([z.number(), z.literal('calendar')]), used: z.number() }),
)

/** JSON has no Infinity, so `null` stands for it. */
export const reservationSchema = z.union([
  z.object({ admitted: z.literal(true), id: z.string(), usage }),
  z.object({
    admitted: z.literal(false),
    key: z.string(),
    retryAfterMs: z
      .number()
      .nullable()
      .transform((ms) => ms ?? Number.POSITIVE_INFINITY),
    usage,
  }),
])

const changeSchema = z.union([z.object({ kind: z.enum(['set', 'delete']), key: z.string() }), z.object({ kind: z.literal('resync') })])

export const requestsSchema = z.object({
  budStore: z.literal('requests/1'),
  requests: z.array(z.object({ id: z.number(), call: callSchema })),
})
/** `more` says that another page of a listing follows. */
export const answersSchema = z.object({
  budStore: z.literal('answers/1'),
  answers: z.array(z.object({ id: z.number(), result: z.unknown(), more: z.boolean().optional(), error: errorSchema.optional() })),
  changes: z.array(z.object({ subscription: z.number(), change: changeSchema })),
})
export type Requests = z.infer<typeof requestsSchema>
export type Answers = z.infer<typeof answersSchema>
export type Answer = Answers['answers'][number]
export type ErrorOnWire = z.infer<typeof errorSchema>

/** True for messages that are ours to read; everything else on the channel belongs to somebody else. */
export function isStoreMessage(message: unknown, kind: 'requests/1' | 'answers/1'): boolean {
  return typeof message === 'object' && message !== null && 'budStore' in message && message.budStore === kind
}

export function encodeBytes(bytes: Uint8Array): string {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString('base64')
}

export function decodeBytes(text: string): Uint8Array {
  return new Uint8Array(Buffer.from(text, 'base64'))
}

export function encodeError(error: unknown): ErrorOnWire {
  const known = isBudError(error) ? error : storeErrors.STORE_FAILED({ what: error instanceof Error ? error.message : String(error) })
  const { code, status, retryable, scope, retryAfterMs, message, details } = known
  return { code, status, retryable, scope, retryAfterMs, message, details }
}

export function decodeError(error: ErrorOnWire): BudError {
  return new BudError(error)
}
