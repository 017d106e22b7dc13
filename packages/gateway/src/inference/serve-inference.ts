/** What every endpoint that calls a model does: read the body, find the model, and give the call to its targets. */
import type { BudError, CanonicalOperation, Dialect, RequestHead } from '@bud-foundry/core'
import { isBudError } from '@bud-foundry/core'
import { Call, type CallInit } from '../dispatch/call.ts'
import { CallPlan } from '../dispatch/call-plan.ts'
import { AnsweredCall } from '../governance/answered-call.ts'
import { gatewayErrors } from '../errors.ts'
import type { BodyListener, BodyResult } from '../exchange/exchange.ts'
import { matchesName } from '../key/key-record.ts'
import type { RequestContext } from '../pipeline/request-context.ts'
import { failExchange } from '../pipeline/respond.ts'
import type { RequestStages } from '../governance/request-stages.ts'
import type { ModelEntry } from '../routing/snapshot.ts'
import { recordRequest } from '../telemetry/call-record.ts'
import { startRequestSpan } from '../telemetry/trace-request.ts'
import { affinityKeyOf } from './affinity-key.ts'
import { chooseVariant } from './choose-variant.ts'
import { castShadow } from './shadow.ts'

export interface InferenceKind {
  readonly operation: CanonicalOperation
  readonly dialectId: string
  /** A field that must be there, and the JSON value that it must hold. */
  readonly requiredField: { readonly name: string; readonly isArray: boolean }
}

/** What is known about a request that is turned away. */
interface Rejected {
  readonly error: BudError
  readonly head?: RequestHead | undefined
  readonly requestBytes: number
}

const dialectOf = (context: RequestContext, kind: InferenceKind): Dialect => {
  const dialect = context.services.dialects.get(kind.dialectId)
  if (dialect === undefined) throw new Error(`the dialect '${kind.dialectId}' is not among parts.dialects`)
  return dialect
}

/** Answers with an error, and records it: a rejected request is a request. */
export function rejectInference(context: RequestContext, kind: InferenceKind, rejected: Rejected): void {
  const { error, head } = rejected
  const dialect = dialectOf(context, kind)
  failExchange(context.services.logger, context.exchange, dialect, error)
  recordRequest(context, {
    operation: kind.operation,
    dialectId: kind.dialectId,
    stream: head?.stream ?? false,
    requestedModel: head?.model ?? '',
    status: error.status,
    outcome: gatewayErrors.CLIENT_CLOSED_REQUEST.is(error) ? 'aborted' : 'rejected',
    errorCode: error.code,
    endMs: context.services.clock.monotonicMs(),
    requestBytes: rejected.requestBytes,
    responseBytes: 0,
    attempts: [],
  })
}

function checkRequired(head: RequestHead, { name, isArray }: InferenceKind['requiredField']): void {
  const raw = head.raw(name)
  if (raw === undefined) throw gatewayErrors.INVALID_BODY({ field: name, problem: 'it is missing; add it' })
  if (isArray && raw[0] !== 0x5b) throw gatewayErrors.INVALID_BODY({ field: name, problem: 'it is not an array; send an array' })
}

/** The model's entry as far as this key may see it. */
function findModel(context: RequestContext, model: string): ModelEntry {
  const entry = context.services.snapshot.models.get(model)
  const allowed = context.key?.models
  if (entry === undefined || (allowed !== undefined && !matchesName(allowed, model))) throw gatewayErrors.MODEL_NOT_FOUND({ model })
  return entry
}

function announce(context: RequestContext, kind: InferenceKind, head: RequestHead): void {
  const { live } = context.services
  if (!live.isWatched) return
  live.emit({
    kind: 'request-start',
    id: context.id,
    timeUnixMs: context.startUnixMs,
    traceId: context.trace.traceId,
    projectId: context.key?.projectId ?? 'default',
    keyId: context.key?.id,
    operation: kind.operation,
    dialect: kind.dialectId,
    stream: head.stream,
    requestedModel: head.model,
  })
}

function startCall(context: RequestContext, kind: InferenceKind, body: Buffer): void {
  const dialect = dialectOf(context, kind)
  let head: RequestHead | undefined
  try {
    head = dialect.readHead(body)
    checkRequired(head, kind.requiredField)
    const affinityKey = affinityKeyOf(context, head)
    const entry = chooseVariant(context, findModel(context, head.model), affinityKey)
    const plan = new CallPlan({ operation: kind.operation, dialect, body, head })
    startRequestSpan(context, kind.operation, head.model)
    announce(context, kind, head)
    const call: CallInit = { context, plan, entry, requestedModel: head.model, affinityKey }
    if (context.stages === undefined) launch(call)
    else govern(context.stages, kind, call)
  } catch (error) {
    if (!isBudError(error)) throw error
    rejectInference(context, kind, { error, head, requestBytes: body.byteLength })
  }
}

function launch(call: CallInit): void {
  const { context, plan, entry } = call
  if (entry.config.shadow !== undefined) castShadow(context, plan, entry.config.shadow)
  new Call(call).start()
}

/** Has the stages decide about a call. */
function govern(stages: RequestStages, kind: InferenceKind, call: CallInit): void {
  const { context, entry, requestedModel } = call
  stages.onCall(call, (decision) => {
    switch (decision.kind) {
      case 'go':
        launch({ ...call, plan: decision.plan })
        return
      case 'answer':
        new AnsweredCall({ context, plan: call.plan, requestedModel, model: entry.name, answer: decision.answer }).start()
        return
      case 'refuse': {
        const { head, body } = call.plan
        rejectInference(context, kind, { error: decision.error, head, requestBytes: body.byteLength })
      }
    }
  })
}

function onBody(context: RequestContext, kind: InferenceKind, result: BodyResult): void {
  switch (result.kind) {
    case 'body':
      startCall(context, kind, result.bytes)
      return
    case 'too-large': {
      const { bodyBytes } = context.services.snapshot.config.limits
      rejectInference(context, kind, { error: gatewayErrors.REQUEST_TOO_LARGE({ limitBytes: bodyBytes }), requestBytes: bodyBytes })
      return
    }
    case 'closed':
      rejectInference(context, kind, { error: gatewayErrors.CLIENT_CLOSED_REQUEST(), requestBytes: 0 })
  }
}

/** Serves one call of a model. */
export function serveInference(context: RequestContext, kind: InferenceKind): void {
  const { exchange, services } = context
  const encoding = exchange.header('content-encoding')
  if (encoding !== undefined && encoding !== 'identity') {
    rejectInference(context, kind, { error: gatewayErrors.UNSUPPORTED_ENCODING({ encoding }), requestBytes: 0 })
    return
  }
  exchange.readBody(services.snapshot.config.limits.bodyBytes, new PendingCall(context, kind))
}

/** A call whose body is on its way. */
class PendingCall implements BodyListener {
  readonly #context: RequestContext
  readonly #kind: InferenceKind

  constructor(context: RequestContext, kind: InferenceKind) {
    this.#context = context
    this.#kind = kind
  }

  onBody(result: BodyResult): void {
    const { services, exchange } = this.#context
    try {
      onBody(this.#context, this.#kind, result)
    } catch (error) {
      if (this.#context.stages?.isFinished !== false) failExchange(services.logger, exchange, dialectOf(this.#context, this.#kind), error)
      else {
        // What stages have reserved must be given back.
        services.logger.error('a request failed unexpectedly', { path: exchange.path, error })
        rejectInference(this.#context, this.#kind, { error: gatewayErrors.INTERNAL(undefined, { cause: error }), requestBytes: 0 })
      }
    }
  }
}
