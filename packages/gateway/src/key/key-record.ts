/** What is stored about a virtual key; never the key itself. */
import { z } from 'zod'
import { limitsPerRecord, overlappingHashes } from '../limits.ts'
import { limitSchema } from '../limit/limit-schema.ts'

const hash = z.string().regex(/^[0-9a-f]{64}$/)
const unixMs = z.number().nonnegative()

export const keyRecordSchema = z.strictObject({
  id: z.string().min(1),
  /** SHA-256 of `bud-` and the key, in hex, as Bud stores it. */
  hash,
  /** First characters of the key, to recognise it by. */
  prefix: z.string(),
  /** Keys from before the last rotations that are still accepted, each until its time. */
  previous: z
    .array(z.strictObject({ hash, prefix: z.string(), validUntilUnixMs: unixMs }))
    .max(overlappingHashes)
    .readonly()
    .optional(),
  name: z.string(),
  projectId: z.string().min(1),
  userId: z.string().min(1).optional(),
  /** What the key may do; calls to models need `inference`. */
  scopes: z.array(z.string().min(1)).readonly(),
  /** Models it may use; absent means all. A closing `*` matches any ending. */
  models: z.array(z.string().min(1)).readonly().optional(),
  limits: z.array(limitSchema).max(limitsPerRecord).readonly().optional(),
  createdUnixMs: unixMs,
  rotatedUnixMs: unixMs.optional(),
  expiresUnixMs: unixMs.optional(),
  revokedUnixMs: unixMs.optional(),
  tags: z.record(z.string(), z.string()).readonly().default({}),
})

export type KeyRecord = Readonly<z.infer<typeof keyRecordSchema>>

/** Whether a name is in a list of names, some of which close with `*`. */
export function matchesName(patterns: readonly string[], name: string): boolean {
  for (const pattern of patterns) {
    if (pattern.endsWith('*') ? name.startsWith(pattern.slice(0, -1)) : pattern === name) return true
  }
  return false
}
