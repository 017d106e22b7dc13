/** W3C trace context (https://www.w3.org/TR/trace-context/): read the caller's, write ours. */
import type { Random } from '@bud-foundry/core'
import { randomHex } from '../service/pooled-random.ts'

export interface TraceContext {
  /** 32 lower-case hex characters. */
  readonly traceId: string
  /** 16 hex characters: the span of this request, parent of what the upstream does. */
  readonly spanId: string
  readonly parentSpanId: string | undefined
  /** Two hex characters. */
  readonly flags: string
}

const pattern = /^([0-9a-f]{2})-([0-9a-f]{32})-([0-9a-f]{16})-([0-9a-f]{2})(?:-.*)?$/

/** Continues the caller's trace, or starts one when the header is absent or malformed. */
export function readTraceContext(traceparent: string | undefined, random: Random): TraceContext {
  const spanId = randomHex(random, 8)
  const match = traceparent === undefined ? null : pattern.exec(traceparent)
  const [, version, traceId, parentSpanId, flags] = match ?? []
  const valid = version !== 'ff' && traceId !== '00000000000000000000000000000000' && parentSpanId !== '0000000000000000'
  if (traceId === undefined || parentSpanId === undefined || flags === undefined || !valid)
    return { traceId: randomHex(random, 16), spanId, parentSpanId: undefined, flags: '01' }
  return { traceId, spanId, parentSpanId, flags }
}

export const writeTraceparent = (trace: TraceContext): string => `00-${trace.traceId}-${trace.spanId}-${trace.flags}`
