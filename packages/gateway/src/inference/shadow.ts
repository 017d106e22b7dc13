/** Sends a copy of a request to another model; its answer is recorded and thrown away. */
import { createId } from '@bud-foundry/core'
import { Call } from '../dispatch/call.ts'
import type { CallPlan } from '../dispatch/call-plan.ts'
import { NullExchange } from '../exchange/null-exchange.ts'
import type { RequestContext } from '../pipeline/request-context.ts'
import { startRequestSpan } from '../telemetry/trace-request.ts'

export function castShadow(context: RequestContext, plan: CallPlan, shadow: { readonly model: string; readonly share: number }): void {
  const { services } = context
  const entry = services.snapshot.models.get(shadow.model)
  if (entry === undefined || services.random.next() >= shadow.share) return
  const id = createId(services.clock, services.random)
  const exchange = new NullExchange(context.exchange)
  // Its span is a child of the caller's request.
  const trace = { ...context.trace, parentSpanId: context.trace.spanId }
  const shadowContext: RequestContext = { ...context, id, requestId: id, exchange, trace, span: undefined, stages: undefined }
  startRequestSpan(shadowContext, plan.operation, shadow.model)
  const tags = { shadowOf: context.id }
  new Call({ context: shadowContext, plan, entry, requestedModel: shadow.model, affinityKey: undefined, tags }).start()
}
