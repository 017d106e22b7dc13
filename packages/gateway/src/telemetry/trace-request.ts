/** Tells the tracer about a request and its attempts; a tracer that fails is logged and never the request's fault. */
import type { Attempt, RequestEvent, Target } from '@bud-foundry/core'
import type { RequestContext } from '../pipeline/request-context.ts'
import type { AttemptSpan, RequestSpanStart } from './request-span.ts'

const noTrace = '00000000000000000000000000000000'

function guarded<Result>(context: RequestContext, act: () => Result): Result | undefined {
  try {
    return act()
  } catch (error) {
    context.services.logger.warn('the tracer failed', { error })
    return undefined
  }
}

function parentOf({ trace }: RequestContext): RequestSpanStart['parent'] {
  return trace.parentSpanId === undefined ? undefined : { traceId: trace.traceId, spanId: trace.parentSpanId, flags: trace.flags }
}

/** Begins the request's span, unless it has one, and makes the request's trace that of the span. */
export function startRequestSpan(context: RequestContext, operation: RequestEvent['operation'], model: string | undefined): void {
  const { tracer } = context.services
  if (tracer === undefined || context.span !== undefined) return
  const { startUnixMs, exchange, trace } = context
  const start = { operation, model, startUnixMs, parent: parentOf(context), traceState: exchange.header('tracestate') }
  const span = guarded(context, () => tracer.startRequest(start))
  if (span === undefined) return
  context.span = span
  // A tracer without an SDK behind it has no ids to give.
  if (span.identity.traceId !== noTrace) context.trace = { ...trace, ...span.identity }
}

export function endRequestSpan(context: RequestContext, event: RequestEvent): void {
  const { span } = context
  if (span !== undefined) guarded(context, () => span.end(event))
}

export function startAttemptSpan(context: RequestContext, target: Target, startMs: number): AttemptSpan | undefined {
  const { span } = context
  if (span === undefined) return undefined
  return guarded(context, () => span.startAttempt(target, context.startUnixMs + startMs - context.startMs))
}

export function endAttemptSpan(context: RequestContext, span: AttemptSpan | undefined, record: Attempt): void {
  if (span !== undefined) guarded(context, () => span.end(record, context.startUnixMs))
}
