/** Ids of events and traces as 16 bytes, whatever text their producer chose. */
import { createHash } from 'node:crypto'

const uuidPattern = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/
const hexPattern = /^[0-9a-f]{32}$/

/** A version 8 UUID (RFC 9562 §5.8) from 122 bits of SHA-256: two texts share one only by breaking the hash. */
function hashToUuid(text: string): string {
  const bytes = createHash('sha256').update(text).digest().subarray(0, 16)
  bytes[6] = 0x80 | ((bytes[6] ?? 0) & 0x0f)
  bytes[8] = 0x80 | ((bytes[8] ?? 0) & 0x3f)
  const hex = bytes.toString('hex')
  return `${hex.slice(0, 8)}-${hex.slice(8, 12)}-${hex.slice(12, 16)}-${hex.slice(16, 20)}-${hex.slice(20)}`
}

/** The key of an event: its id when that is a lower-case UUID, a hash of it otherwise. */
export const toEventKey = (id: string): string => (uuidPattern.test(id) ? id : hashToUuid(id))

/** What a column of texts keeps beside the key: nothing when the key says it all. */
export const toEventIdText = (id: string): string => (uuidPattern.test(id) ? '' : id)

/** The key of a W3C trace id (32 hex characters), or of any other text. */
export const toTraceKey = (traceId: string): string => (hexPattern.test(traceId) ? traceId : hashToUuid(traceId))

export const toTraceText = (traceId: string): string => (hexPattern.test(traceId) ? '' : traceId)
