/** A call of one of the gateway's own models by the gateway itself: routed, retried and recorded like any other, with no caller's connection. */
import type { CanonicalOperation } from '@bud-foundry/core'
import { Call } from '../dispatch/call.ts'
import { CallPlan } from '../dispatch/call-plan.ts'
import { gatewayErrors } from '../errors.ts'
import type { BodyListener, Exchange, ExchangeListener, HeaderList } from '../exchange/exchange.ts'
import type { KeyRecord } from '../key/key-record.ts'
import { createRequestContext } from '../pipeline/request-context.ts'
import type { Services } from '../service/services.ts'
import { startRequestSpan } from '../telemetry/trace-request.ts'

export interface InternalCall {
  readonly operation: CanonicalOperation
  readonly dialectId: string
  /** In that dialect; must not ask for a stream. */
  readonly body: Uint8Array
  /** Whose request it serves: it is charged like one of theirs. */
  readonly key: KeyRecord | undefined
  readonly tags: Readonly<Record<string, string>>
  readonly signal: AbortSignal
}

export interface InternalAnswer {
  readonly status: number
  readonly body: Uint8Array
}

class InternalExchange implements Exchange {
  readonly method = 'POST'
  readonly path = ''
  readonly query = ''
  readonly remoteAddress = undefined
  started = false
  readonly #resolve: (answer: InternalAnswer) => void
  #listener: ExchangeListener | undefined

  constructor(resolve: (answer: InternalAnswer) => void) {
    this.#resolve = resolve
  }

  abandon(): void {
    if (!this.started) this.#listener?.onCallerGone()
    this.#answer({ status: 499, body: new Uint8Array(0) })
  }
  header(): undefined {
    return undefined
  }
  headerNames(): Iterable<string> {
    return []
  }
  readBody(_limitBytes: number, listener: BodyListener): void {
    listener.onBody({ kind: 'closed' })
  }
  listen(listener: ExchangeListener): void {
    this.#listener = listener
  }
  setHeader(): void {
    // Nobody reads it.
  }
  respond(status: number, _headers: HeaderList, body: Uint8Array): void {
    this.#answer({ status, body })
  }
  start(): void {
    this.started = true
  }
  write(): boolean {
    return true
  }
  end(): void {
    this.started = true
  }
  destroy(): void {
    this.#answer({ status: 502, body: new Uint8Array(0) })
  }

  #answer(answer: InternalAnswer): void {
    this.started = true
    this.#resolve(answer)
  }
}

/** Never rejects for what an upstream does: errors are answers. @throws BudError 404 for an unknown model, 400 for a body that cannot be read. */
export function callModel(services: Services, call: InternalCall): Promise<InternalAnswer> {
  const { promise, resolve } = Promise.withResolvers<InternalAnswer>()
  const dialect = services.dialects.get(call.dialectId)
  if (dialect === undefined) throw gatewayErrors.INTERNAL()
  const head = dialect.readHead(call.body)
  const entry = services.snapshot.models.get(head.model)
  if (entry === undefined) throw gatewayErrors.MODEL_NOT_FOUND({ model: head.model })
  const exchange = new InternalExchange(resolve)
  const context = createRequestContext(services, exchange)
  context.key = call.key
  const plan = new CallPlan({ operation: call.operation, dialect, body: call.body, head })
  startRequestSpan(context, call.operation, head.model)
  new Call({ context, plan, entry, requestedModel: head.model, affinityKey: undefined, tags: call.tags }).start()
  const abandon = () => {
    exchange.abandon()
  }
  if (call.signal.aborted) abandon()
  else call.signal.addEventListener('abort', abandon, { once: true })
  return promise
}
