/** An answer as the cache keeps it, and its form in a Store. */
import { z } from 'zod'
import { toBuffer } from '../dialect/sse-frame.ts'

const count = z.int().nonnegative()
const headSchema = z.strictObject({
  /** A stream is kept as the events that were sent. */
  kind: z.literal(['whole', 'stream']),
  /** Whether the stream told its usage. */
  includeUsage: z.boolean(),
  model: z.string(),
  scope: z.string(),
  createdUnixMs: z.number().nonnegative(),
  expiresUnixMs: z.number().nonnegative(),
  usage: z
    .strictObject({
      inputTokens: count,
      cachedInputTokens: count,
      cacheWriteInputTokens: count,
      outputTokens: count,
      reasoningTokens: count,
    })
    .optional(),
  /** What the upstream charged for it. */
  costUsd: z.number().nonnegative().optional(),
  finishReason: z.string().optional(),
})

export type CachedHead = Readonly<z.output<typeof headSchema>>
export interface CachedAnswer {
  readonly head: CachedHead
  readonly body: Uint8Array
}

const lineFeed = 0x0a

/** A line of JSON, then the body as it is. */
export const encodeCachedAnswer = ({ head, body }: CachedAnswer): Uint8Array =>
  Buffer.concat([Buffer.from(`${JSON.stringify(head)}\n`), body])

/** Undefined for bytes of another version: they count as a miss and expire. */
export function decodeCachedAnswer(bytes: Uint8Array): CachedAnswer | undefined {
  const buffer = toBuffer(bytes)
  const end = buffer.indexOf(lineFeed)
  if (end < 0) return undefined
  try {
    const head = headSchema.safeParse(JSON.parse(buffer.toString('utf8', 0, end)))
    return head.success ? { head: head.data, body: buffer.subarray(end + 1) } : undefined
  } catch {
    return undefined
  }
}
