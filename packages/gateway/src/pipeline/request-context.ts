/** Who asks what: the facts about one request that do not change while it is answered. */
import { createId } from '@bud-foundry/core'
import type { Exchange } from '../exchange/exchange.ts'
import type { RequestStages } from '../governance/request-stages.ts'
import type { KeyRecord } from '../key/key-record.ts'
import { requestIdLength } from '../limits.ts'
import type { Services } from '../service/services.ts'
import type { RequestSpan } from '../telemetry/request-span.ts'
import { readTraceContext, type TraceContext } from './trace-context.ts'

export interface RequestContext {
  readonly services: Services
  readonly exchange: Exchange
  /** Id of the event; unique even when callers repeat theirs. */
  readonly id: string
  /** As the caller sent it, else the id. */
  readonly requestId: string
  /** That of the span, as soon as there is one. */
  trace: TraceContext
  readonly startUnixMs: number
  readonly startMs: number
  /** Undefined only where no key is asked for. */
  key: KeyRecord | undefined
  /** Set where the gateway has a tracer. */
  span?: RequestSpan | undefined
  /** Set where something governs this request. */
  stages?: RequestStages | undefined
}

const requestIdPattern = /^[\w.:/+=@-]+$/

export function createRequestContext(services: Services, exchange: Exchange): RequestContext {
  const { clock, random } = services
  const id = createId(clock, random)
  const given = exchange.header('x-request-id')
  const requestId = given !== undefined && given.length <= requestIdLength && requestIdPattern.test(given) ? given : id
  exchange.setHeader('x-request-id', requestId)
  return {
    services,
    exchange,
    id,
    requestId,
    trace: readTraceContext(exchange.header('traceparent'), random),
    startUnixMs: clock.nowMs(),
    startMs: clock.monotonicMs(),
    key: undefined,
  }
}
