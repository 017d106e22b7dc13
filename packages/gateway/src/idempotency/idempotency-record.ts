/** What is kept for an idempotency key: that its request is being answered, or the answer. */
import { z } from 'zod'
import { toBuffer } from '../dialect/sse-frame.ts'

const recordSchema = z.discriminatedUnion('state', [
  z.strictObject({
    state: z.literal('in-flight'),
    /** Hash of the request. */
    request: z.string(),
    /** Of the request that is being answered: two that begin at once differ. */
    owner: z.string(),
  }),
  z.strictObject({
    state: z.literal('done'),
    request: z.string(),
    kind: z.literal(['whole', 'stream']),
    finishReason: z.string().optional(),
  }),
  z.strictObject({ state: z.literal('lost'), request: z.string() }),
])

export type IdempotencyRecord = Readonly<z.output<typeof recordSchema>>

const nothing = new Uint8Array(0)

/** A line of JSON, then the answer as it was sent. */
export const encodeRecord = (record: IdempotencyRecord, body: Uint8Array = nothing): Uint8Array =>
  Buffer.concat([Buffer.from(`${JSON.stringify(record)}\n`), body])

/** @throws ZodError or SyntaxError when the bytes hold no record. */
export function decodeRecord(bytes: Uint8Array): { readonly record: IdempotencyRecord; readonly body: Uint8Array } {
  const buffer = toBuffer(bytes)
  const end = buffer.indexOf(0x0a)
  return { record: recordSchema.parse(JSON.parse(buffer.toString('utf8', 0, Math.max(0, end)))), body: buffer.subarray(end + 1) }
}
