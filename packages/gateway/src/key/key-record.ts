/** What is stored about a virtual key; never the key itself. */
import { z } from 'zod'
import { gatewayErrors } from '../errors.ts'

export const keyRecordSchema = z.strictObject({
  id: z.string().min(1),
  /** SHA-256 of `bud-` and the key, in hex, as Bud stores it. */
  hash: z.string().regex(/^[0-9a-f]{64}$/),
  /** First characters of the key, to recognise it by. */
  prefix: z.string(),
  name: z.string(),
  projectId: z.string().min(1),
  userId: z.string().optional(),
  /** What the key may do; calls to models need `inference`. */
  scopes: z.array(z.string().min(1)).readonly(),
  /** Models it may use; absent means all. A closing `*` matches any ending. */
  models: z.array(z.string().min(1)).readonly().optional(),
  createdUnixMs: z.number().nonnegative(),
  expiresUnixMs: z.number().nonnegative().optional(),
  revokedUnixMs: z.number().nonnegative().optional(),
  tags: z.record(z.string(), z.string()).readonly().default({}),
})

export type KeyRecord = Readonly<z.infer<typeof keyRecordSchema>>

const utf8Decoder = new TextDecoder()
const utf8Encoder = new TextEncoder()

/** @throws GATEWAY_KEY_RECORD_INVALID when the bytes hold no key record. */
export function decodeKeyRecord(storeKey: string, bytes: Uint8Array): KeyRecord {
  try {
    return keyRecordSchema.parse(JSON.parse(utf8Decoder.decode(bytes)))
  } catch (error) {
    throw gatewayErrors.KEY_RECORD_INVALID({ key: storeKey }, { cause: error })
  }
}

export const encodeKeyRecord = (record: KeyRecord): Uint8Array => utf8Encoder.encode(JSON.stringify(record))

/** Whether a name is in a list of names, some of which close with `*`. */
export function matchesName(patterns: readonly string[], name: string): boolean {
  for (const pattern of patterns) {
    if (pattern.endsWith('*') ? name.startsWith(pattern.slice(0, -1)) : pattern === name) return true
  }
  return false
}
