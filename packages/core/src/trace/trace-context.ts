/** W3C trace context (https://www.w3.org/TR/trace-context/, level 1): the `traceparent` header, read and made. */
import type { Random } from '../random/random.ts'

/** The position of a request in its trace. */
export interface TraceContext {
  /** 32 lower-case hex characters, not all zero. */
  readonly traceId: string
  /** 16 lower-case hex characters, not all zero: of the caller's span when parsed, of one's own when created. */
  readonly spanId: string
  readonly sampled: boolean
}

const traceparent = /^([0-9a-f]{2})-([0-9a-f]{32})-([0-9a-f]{16})-([0-9a-f]{2})(-.*)?$/
const traceparentCharsMax = 512
const zeros = /^0+$/

/** Undefined for a header that is absent or malformed: the caller then starts a trace of its own. Newer versions are read as the standard asks, by their first four fields. */
export function parseTraceparent(header: string | undefined): TraceContext | undefined {
  if (header === undefined || header.length > traceparentCharsMax) return undefined
  const [, version, traceId, spanId, flags, more] = traceparent.exec(header) ?? []
  if (version === undefined || traceId === undefined || spanId === undefined || flags === undefined) return undefined
  if (version === 'ff' || (version === '00' && more !== undefined)) return undefined
  if (zeros.test(traceId) || zeros.test(spanId)) return undefined
  return { traceId, spanId, sampled: (Number.parseInt(flags, 16) & 1) === 1 }
}

function randomHex(random: Random, length: number): string {
  const bytes = random.bytes(length)
  // All zeros mean "none"; one set bit makes them an id like any other.
  if (bytes.every((byte) => byte === 0)) bytes[length - 1] = 1
  let text = ''
  for (const byte of bytes) text += byte.toString(16).padStart(2, '0')
  return text
}

/** A new span: in the parent's trace, sampled as the parent is; without a parent in a new, sampled trace. */
export function createTraceContext(random: Random, parent?: TraceContext): TraceContext {
  return { traceId: parent?.traceId ?? randomHex(random, 16), spanId: randomHex(random, 8), sampled: parent?.sampled ?? true }
}

/** The header's value, version 00. */
export function encodeTraceparent(context: TraceContext): string {
  return `00-${context.traceId}-${context.spanId}-${context.sampled ? '01' : '00'}`
}
