/** A call that a stage answers in place of an upstream: its answer passes the filters of the stages before it, and is recorded like any other. */
import type { BudError, RequestOutcome } from '@bud-foundry/core'
import type { CallPlan } from '../dispatch/call-plan.ts'
import { toNanos } from '../money/nano-usd.ts'
import { gatewayErrors } from '../errors.ts'
import type { ExchangeListener, HeaderList } from '../exchange/exchange.ts'
import type { RequestContext } from '../pipeline/request-context.ts'
import { failExchange, respondError } from '../pipeline/respond.ts'
import type { Stoppable } from '../service/in-flight.ts'
import { recordRequest } from '../telemetry/call-record.ts'
import { FilteredOutput, type FilteredOwner } from './filtered-output.ts'
import type { StageAnswer } from './stage.ts'

export interface AnsweredCallInit {
  readonly context: RequestContext
  readonly plan: CallPlan
  readonly requestedModel: string
  readonly model: string
  readonly answer: StageAnswer
}

export class AnsweredCall implements ExchangeListener, FilteredOwner, Stoppable {
  place = 0
  readonly #init: AnsweredCallInit
  readonly #output: FilteredOutput
  #responseBytes = 0
  #firstContentMs: number | undefined
  #writable = true
  #done = false
  /** Wakes the writer of a stream. */
  #wake: (() => void) | undefined

  constructor(init: AnsweredCallInit) {
    const { context } = init
    this.#init = init
    this.#output = new FilteredOutput(this, context.stages?.filters ?? [], (error) => {
      context.services.logger.error('an output filter failed unexpectedly', { error })
    })
  }

  start(): void {
    const { context, answer } = this.#init
    context.services.inFlight.add(this)
    context.exchange.listen(this)
    if (this.#done) return
    const { status, headers, body } = answer
    if (body instanceof Uint8Array) this.#output.respond({ status, headers }, body, this.#succeed)
    else {
      this.#output.start(status, headers)
      this.#stream(body).catch((error: unknown) => {
        context.services.logger.error('an answer of a stage broke off', { error })
        this.onFilterError(gatewayErrors.INTERNAL(undefined, { cause: error }))
      })
    }
  }

  /** Nobody stands above who could tell the caller what was thrown, or free what the request holds. */
  #guard(act: () => void): void {
    try {
      act()
    } catch (cause) {
      const { exchange, services } = this.#init.context
      const error = gatewayErrors.INTERNAL(undefined, { cause })
      this.#settle(exchange.started ? 200 : error.status, error, exchange.started ? 'partial' : 'error')
      failExchange(services.logger, exchange, this.#init.plan.dialect, cause)
    }
  }

  stop(): void {
    this.onFilterError(gatewayErrors.SHUTTING_DOWN(undefined, { retryAfterMs: 1_000 }))
  }

  onCallerGone(): void {
    this.#settle(499, gatewayErrors.CLIENT_CLOSED_REQUEST(), 'aborted')
  }

  onDrain(): void {
    if (this.#output.drained()) this.#goOn()
  }

  onFilterDrain(): void {
    this.#goOn()
  }

  onFilteredStart(status: number, headers: HeaderList): void {
    this.#firstContentMs = this.#init.context.services.clock.monotonicMs()
    this.#init.context.exchange.start(status, headers)
  }

  onFilteredBytes(bytes: Uint8Array): boolean {
    let more = true
    this.#guard(() => {
      this.#responseBytes += bytes.byteLength
      more = this.#init.context.exchange.write(bytes)
    })
    return more
  }

  onFilteredAnswer(status: number, headers: HeaderList, body: Uint8Array): void {
    this.#guard(() => {
      this.#responseBytes += body.byteLength
      this.#init.context.exchange.respond(status, headers, body)
    })
  }

  onFilterError(error: BudError): void {
    if (this.#done) return
    const { started } = this.#output
    const { context, plan } = this.#init
    this.#settle(started ? 200 : error.status, error, started ? 'partial' : 'rejected')
    this.#guard(() => {
      if (started) context.exchange.end([plan.dialect.encodeError(error, true)])
      else respondError(context.exchange, plan.dialect, error)
    })
  }

  async #stream(pieces: Iterable<Uint8Array> | AsyncIterable<Uint8Array>): Promise<void> {
    for await (const piece of pieces) {
      if (this.#done) return
      if (this.#output.write(piece)) continue
      this.#writable = false
      await this.#drained()
    }
    if (!this.#done) this.#output.end('complete', this.#succeed)
  }

  async #drained(): Promise<void> {
    while (!this.#writable && !this.#done) await new Promise<void>((resolve) => (this.#wake = resolve))
  }

  #goOn(): void {
    this.#writable = true
    this.#wake?.()
  }

  readonly #succeed = (): void => {
    if (this.#done) return
    const { context, answer } = this.#init
    this.#guard(() => {
      context.exchange.end()
      this.#settle(answer.status, undefined, answer.status < 400 ? 'success' : 'error')
    })
  }

  #settle(status: number, error: BudError | undefined, outcome: RequestOutcome): void {
    if (this.#done) return
    this.#done = true
    this.#output.stop()
    this.#wake?.()
    const { context, plan, answer, requestedModel, model } = this.#init
    const { services } = context
    try {
      recordRequest(context, {
        operation: plan.operation,
        dialectId: plan.dialect.id,
        stream: plan.streaming,
        requestedModel,
        model,
        status,
        outcome,
        errorCode: error?.code,
        finishReason: answer.finishReason,
        firstContentMs: this.#firstContentMs,
        endMs: services.clock.monotonicMs(),
        usage: answer.usage,
        bill: answer.usage === undefined ? undefined : { nanos: toNanos(answer.costUsd ?? 0), estimated: false },
        savedUsd: answer.savedUsd,
        requestBytes: plan.body.byteLength,
        responseBytes: this.#responseBytes,
        attempts: [],
      })
    } catch (error) {
      services.logger.error('an answered call could not be recorded', { error })
    }
    services.inFlight.delete(this)
    if (services.inFlight.size === 0) services.onIdle?.()
  }
}
