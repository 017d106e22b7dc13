/** One request's way through targets and models until it has an answer: failover before the first content, a typed end after it. */
import { isBudError, type Attempt as AttemptRecord, type BudError, type RequestOutcome } from '@bud-foundry/core'
import { gatewayErrors } from '../errors.ts'
import type { Exchange, ExchangeListener, HeaderList } from '../exchange/exchange.ts'
import { FilteredOutput, type FilteredOwner } from '../governance/filtered-output.ts'
import { attemptsPerRequest } from '../limits.ts'
import { forwardRequestHeaders, forwardResponseHeaders } from '../pipeline/header-policy.ts'
import type { RequestContext } from '../pipeline/request-context.ts'
import { failExchange, respondError, retryHeaders } from '../pipeline/respond.ts'
import { writeTraceparent } from '../pipeline/trace-context.ts'
import { RequestBill } from '../money/charge.ts'
import { toUsd } from '../money/nano-usd.ts'
import { availableTargets, rankTargets, unavailableForMs, unavailableReasons } from '../routing/candidate-order.ts'
import type { ModelEntry, Snapshot } from '../routing/snapshot.ts'
import type { TargetState } from '../routing/target-state.ts'
import type { RequestStages } from '../governance/request-stages.ts'
import type { Stoppable } from '../service/in-flight.ts'
import type { Services } from '../service/services.ts'
import { recordRequest } from '../telemetry/call-record.ts'
import type { CapturedPayload } from '../telemetry/payload-capture.ts'
import { endAttemptSpan, startAttemptSpan } from '../telemetry/trace-request.ts'
import { Attempt, type AttemptOwner, type Verbatim } from './attempt.ts'
import type { CallPlan } from './call-plan.ts'
import { Continuation } from './continuation/continuation.ts'
import { hedgeDelayMs } from './hedge-delay.ts'
import { nextStep } from './next-step.ts'

export interface CallInit {
  readonly context: RequestContext
  readonly plan: CallPlan
  readonly entry: ModelEntry
  /** As the caller named the model. */
  readonly requestedModel: string
  readonly affinityKey: string | undefined
  readonly tags?: Readonly<Record<string, string>> | undefined
}

const attemptOutcome = (attempt: Attempt, error: BudError | undefined): RequestOutcome => {
  if (error === undefined) return 'success'
  return attempt.firstContentMs === undefined ? 'error' : 'partial'
}

const billFields = ({ bill }: Attempt): Partial<AttemptRecord> => {
  if (bill === undefined) return {}
  return {
    costUsd: bill.nanos === undefined ? undefined : toUsd(bill.nanos),
    costEstimated: bill.estimated,
    priceVersion: bill.price?.version,
    inputTokens: bill.usage.inputTokens,
    outputTokens: bill.usage.outputTokens,
  }
}

export class Call implements ExchangeListener, AttemptOwner, FilteredOwner, Stoppable {
  place = 0
  readonly #context: RequestContext
  readonly #services: Services
  readonly #exchange: Exchange
  readonly #plan: CallPlan
  readonly #requestedModel: string
  readonly #affinityKey: string | undefined
  readonly #tags: Readonly<Record<string, string>> | undefined
  /** The configuration that was in force when the request came: it keeps it to the end. */
  readonly #snapshot: Snapshot
  /** Of a sampled request. */
  readonly #payload: CapturedPayload | undefined
  /** Between the answer and the caller, where stages want that. */
  readonly #output: FilteredOutput | undefined
  readonly #upstreamHeaders: Record<string, string> = {}
  readonly #records: AttemptRecord[] = []
  readonly #bill = new RequestBill()
  /** Names of the models that were entered; few, so no set. */
  readonly #visited: string[] = []
  readonly #fallbacks: string[] = []
  /** Ids of the targets at which this request has failed. */
  readonly #failedTargets: string[] = []
  #entry: ModelEntry
  #queue: readonly TargetState[] = []
  #queueAt = 0
  #tries = 0
  #totalTries = 0
  #live: Attempt[] = []
  #winner: Attempt | undefined
  /** The attempt whose content opened the stream; from then on the caller sees status 200. */
  #opener: Attempt | undefined
  /** The attempt that sent content last. */
  #lastPart: Attempt | undefined
  #continuation: Continuation | undefined
  /** Why the stream broke off that is being carried on. */
  #interruption: BudError | undefined
  #routeRefusal: BudError | undefined
  #firstAttemptMs: number | undefined
  #totalTimer: Disposable | undefined
  #waitTimer: Disposable | undefined
  #hedgeTimer: Disposable | undefined
  #responseBytes = 0
  #callerGone = false
  /** Ended from outside its attempts. */
  #cutOff = false
  #done = false

  constructor(init: CallInit) {
    this.#context = init.context
    this.#services = init.context.services
    this.#exchange = init.context.exchange
    this.#plan = init.plan
    this.#entry = init.entry
    this.#requestedModel = init.requestedModel
    this.#affinityKey = init.affinityKey
    this.#tags = init.tags
    this.#snapshot = this.#services.snapshot
    this.#payload = this.#services.capture?.begin(this.#snapshot.config.telemetry.capture, init.plan)
    const filters = init.context.stages?.filters
    if (filters !== undefined) this.#output = new FilteredOutput(this, filters, this.#onUnexpected)
  }

  start(): void {
    this.#services.inFlight.add(this)
    this.#guard(() => {
      this.#start()
    })
  }

  #start(): void {
    const entry = this.#entry
    const services = this.#services
    services.budget.recordRequest(entry.retry)
    forwardRequestHeaders(this.#snapshot.headerPolicy, this.#exchange, this.#upstreamHeaders)
    this.#upstreamHeaders['traceparent'] = writeTraceparent(this.#context.trace)
    const { totalMs } = entry.timeouts
    this.#totalTimer = services.clock.schedule(totalMs, () => {
      this.#giveUp(gatewayErrors.REQUEST_TIMEOUT({ afterMs: totalMs }))
    })
    this.#exchange.listen(this)
    if (!this.#done) this.#enter(entry)
  }

  /** The gateway is closing and its patience has ended. */
  stop(): void {
    this.#giveUp(gatewayErrors.SHUTTING_DOWN(undefined, { retryAfterMs: 1_000 }))
  }

  // what the caller does

  onCallerGone(): void {
    if (this.#done) return
    this.#callerGone = true
    this.#guard(() => {
      this.#leave()
    })
  }

  #leave(): void {
    const { disconnect } = this.#snapshot.config
    if (disconnect.kind === 'abort' || this.#live.length === 0) {
      this.#giveUp(gatewayErrors.CLIENT_CLOSED_REQUEST())
      return
    }
    this.#waitTimer?.[Symbol.dispose]()
    this.#waitTimer = this.#services.clock.schedule(disconnect.drainMs, () => {
      this.#giveUp(gatewayErrors.CLIENT_CLOSED_REQUEST())
    })
    this.#winner?.resume()
  }

  onDrain(): void {
    this.#guard(() => {
      if (this.#output?.drained() !== false) this.#winner?.resume()
    })
  }

  // what attempts report

  onCommit(attempt: Attempt): boolean {
    if (this.#winner !== undefined) return this.#winner === attempt
    this.#guard(() => {
      this.#commit(attempt)
    })
    return !this.#done
  }

  #commit(attempt: Attempt): void {
    this.#winner = attempt
    this.#cancelOthers(attempt)
    this.#lastPart = attempt
    if (this.#opener !== undefined) return
    this.#opener = attempt
    this.#prepareContinuation(attempt)
    if (this.#callerGone) return
    const headers: Record<string, string | readonly string[]> = {
      'content-type': 'text/event-stream; charset=utf-8',
      'cache-control': 'no-cache',
      // Reverse proxies of nginx's kind would otherwise collect the stream.
      'x-accel-buffering': 'no',
    }
    this.#addHeaders(attempt, headers)
    if (this.#output === undefined) this.#exchange.start(200, headers)
    else this.#output.start(200, headers)
  }

  onBytes(_attempt: Attempt, bytes: Uint8Array): boolean {
    this.#continuation?.remember(bytes)
    return this.#output === undefined || this.#callerGone ? this.onFilteredBytes(bytes) : this.#output.write(bytes)
  }

  #noteBytes(bytes: Uint8Array): void {
    this.#responseBytes += bytes.byteLength
    this.#continuation?.remember(bytes)
    this.#payload?.add(bytes)
  }

  onStreamEnd(attempt: Attempt, last: readonly Uint8Array[]): void {
    this.#guard(() => {
      this.#endStream(attempt, last)
    })
  }

  #endStream(attempt: Attempt, last: readonly Uint8Array[]): void {
    this.#record(attempt, undefined)
    if (this.#output !== undefined && !this.#callerGone) {
      for (const bytes of last) this.onBytes(attempt, bytes)
      this.#output.end('complete', () => {
        this.#guard(() => {
          if (!this.#callerGone) this.#exchange.end()
          this.#settle(attempt, { status: 200, error: undefined })
        })
      })
      return
    }
    for (const bytes of last) this.#noteBytes(bytes)
    if (!this.#callerGone) this.#exchange.end(last)
    this.#settle(attempt, { status: 200, error: undefined })
  }

  onAnswer(attempt: Attempt, body: Uint8Array): void {
    this.#guard(() => {
      this.#answer(attempt, body)
    })
  }

  #answer(attempt: Attempt, body: Uint8Array): void {
    this.#winner = attempt
    this.#cancelOthers(attempt)
    this.#record(attempt, undefined)
    const status = attempt.status ?? 200
    const headers: Record<string, string | readonly string[]> = { 'content-type': 'application/json' }
    this.#addHeaders(attempt, headers)
    const settle = () => {
      this.#guard(() => {
        this.#settle(attempt, { status, error: undefined })
      })
    }
    if (this.#output === undefined || this.#callerGone) {
      this.onFilteredAnswer(status, headers, body)
      settle()
    } else this.#output.respond({ status, headers }, body, settle)
  }

  // what comes out of the filters

  onFilteredStart(status: number, headers: HeaderList): void {
    this.#exchange.start(status, headers)
  }

  onFilteredBytes(bytes: Uint8Array): boolean {
    try {
      this.#responseBytes += bytes.byteLength
      this.#payload?.add(bytes)
      return this.#callerGone || this.#exchange.write(bytes)
    } catch (error) {
      this.onBroken(error)
      return true
    }
  }

  onFilteredAnswer(status: number, headers: HeaderList, body: Uint8Array): void {
    this.#guard(() => {
      this.#responseBytes += body.byteLength
      this.#payload?.add(body)
      if (!this.#callerGone) this.#exchange.respond(status, headers, body)
    })
  }

  onFilterError(error: BudError): void {
    this.#giveUp(error)
  }

  onFilterDrain(): void {
    this.#guard(() => {
      this.#winner?.resume()
    })
  }

  readonly #onUnexpected = (error: unknown): void => {
    this.#services.logger.error('an output filter failed unexpectedly', { error })
  }

  onFailure(attempt: Attempt, error: BudError, verbatim: Verbatim | undefined): void {
    this.#guard(() => {
      this.#goOn(attempt, error, verbatim)
    })
  }

  #goOn(attempt: Attempt, error: BudError, verbatim: Verbatim | undefined): void {
    this.#failedTargets.push(attempt.state.target.id)
    this.#record(attempt, error)
    if (this.#done) return
    if (this.#callerGone || (this.#winner === attempt && this.#continuation?.interrupt(attempt) !== true)) {
      this.#end(error, undefined)
      return
    }
    if (this.#winner === attempt) {
      this.#winner = undefined
      this.#interruption = error
    }
    // A hedge is still on its way and may yet answer.
    if (this.#live.length > 0) return
    const step = nextStep({
      error,
      tries: this.#totalTries >= attemptsPerRequest ? Number.POSITIVE_INFINITY : this.#tries,
      targetsLeft: this.#peekTarget() !== undefined,
      fallbackLeft: this.#fallbacks.length > 0,
      retry: this.#entry.retry,
      random: this.#services.random.next(),
      takeBudget: () => this.#services.budget.take(this.#entry.retry, this.#services.clock.monotonicMs()),
    })
    switch (step.kind) {
      case 'next-target':
        this.#tryNext(this.#interruption ?? error)
        return
      case 'wait':
        this.#tryLater(step.waitMs, this.#interruption ?? error)
        return
      case 'fallback':
        this.#fallBack(this.#interruption ?? error)
        return
      case 'give-up':
        this.#end(this.#interruption ?? error, verbatim)
    }
  }

  #prepareContinuation({ entry }: Attempt): void {
    const { onFailure, rememberedBytes } = entry.config.stream
    if (onFailure !== 'continue' || !Continuation.suits(this.#plan)) return
    const createdUnixSeconds = Math.floor(this.#services.clock.nowMs() / 1_000)
    this.#continuation = new Continuation(this.#plan, { rememberedBytes, createdUnixSeconds })
  }

  #tryLater(waitMs: number, error: BudError): void {
    const wait = new AbortController()
    this.#waitTimer = {
      [Symbol.dispose]: () => {
        wait.abort()
      },
    }
    // `sleep` and not `schedule`: without an attempt on its way nothing else keeps a process alive that waits for this answer.
    this.#services.clock.sleep(waitMs, wait.signal).then(
      () => {
        this.#guard(() => {
          this.#rank()
          this.#tryNext(error)
        })
      },
      // The call ended meanwhile.
      () => undefined,
    )
  }

  #addHeaders(attempt: Attempt, headers: Record<string, string | readonly string[]>): void {
    forwardResponseHeaders(this.#snapshot.headerPolicy, attempt.headers, headers)
    const { dropped } = this.#plan
    if (dropped.size > 0) headers['x-bud-dropped-fields'] = [...dropped].join(', ')
  }

  // where it goes

  #enter(entry: ModelEntry): void {
    this.#entry = entry
    this.#visited.push(entry.name)
    for (const name of entry.config.fallbacks)
      if (!this.#visited.includes(name) && !this.#fallbacks.includes(name)) this.#fallbacks.push(name)
    this.#tries = 0
    this.#rank()
    this.#tryNext(undefined)
  }

  #rank(): void {
    const entry = this.#entry
    const { operation } = this.#plan
    const nowMs = this.#services.clock.monotonicMs()
    let available = availableTargets(entry, this.#snapshot.config.ejection, nowMs)
    if (available.some((state) => !state.provider.operations.has(operation)))
      available = available.filter((state) => state.provider.operations.has(operation))
    const context = {
      nowMs,
      random: this.#services.random,
      affinityKey: this.#affinityKey,
      blockHashes: entry.policy.usesBlockHashes === true && available.length > 1 ? this.#plan.blockHashes() : noHashes,
      inputTokensEstimate: this.#plan.inputTokensEstimate,
    }
    this.#queue = rankTargets(entry, operation, available, context)
    this.#queueAt = 0
    if (this.#context.stages !== undefined) this.#askRoute(this.#context.stages)
  }

  /** Observers may order the targets anew, or refuse to go anywhere. */
  #askRoute(stages: RequestStages): void {
    try {
      this.#queue = stages.onRoute(this.#queue, this.#entry.name)
    } catch (error) {
      if (!isBudError(error)) this.#services.logger.error('an observer of the route failed', { error })
      this.#routeRefusal = isBudError(error) ? error : gatewayErrors.INTERNAL(undefined, { cause: error })
      this.#queue = []
      this.#fallbacks.length = 0
    }
  }

  #peekTarget(): TargetState | undefined {
    const nowMs = this.#services.clock.monotonicMs()
    // What failed a moment ago may have taken its neighbours with it: the same credential, for instance.
    while (this.#queue[this.#queueAt]?.isAvailable(nowMs) === false) this.#queueAt += 1
    return this.#queue[this.#queueAt]
  }

  /** `cause` is the failure that led here; without a target left it decides the answer. */
  #tryNext(cause: BudError | undefined): void {
    const state = this.#peekTarget()
    if (state !== undefined) {
      this.#queueAt += 1
      this.#launch(state)
    } else if (this.#fallbacks.length > 0) this.#fallBack(cause)
    else this.#end(cause ?? this.#noTarget(), undefined)
  }

  #fallBack(cause: BudError | undefined): void {
    const name = this.#fallbacks.shift()
    const entry = name === undefined ? undefined : this.#snapshot.models.get(name)
    if (entry === undefined) this.#end(cause ?? this.#noTarget(), undefined)
    else if (this.#visited.includes(entry.name)) this.#fallBack(cause)
    else this.#enter(entry)
  }

  #noTarget(): BudError {
    if (this.#routeRefusal !== undefined) return this.#routeRefusal
    const entry = this.#entry
    const { operation } = this.#plan
    if (!entry.targets.some((state) => state.provider.operations.has(operation)))
      return gatewayErrors.UNSUPPORTED_OPERATION({ model: entry.name, operation })
    if (entry.targets.every((state) => state.credential.refused)) return gatewayErrors.UPSTREAM_CREDENTIALS_EXHAUSTED({ model: entry.name })
    const nowMs = this.#services.clock.monotonicMs()
    const reasons = unavailableReasons(entry, nowMs)
    return gatewayErrors.NO_HEALTHY_TARGET({ model: entry.name, reasons }, { retryAfterMs: unavailableForMs(entry, nowMs) })
  }

  #launch(state: TargetState): void {
    this.#tries += 1
    this.#totalTries += 1
    const next = this.#continuation?.next(state)
    const span = startAttemptSpan(this.#context, state.target, this.#services.clock.monotonicMs())
    const attempt = new Attempt({
      owner: this,
      services: this.#services,
      snapshot: this.#snapshot,
      plan: next?.plan ?? this.#plan,
      entry: this.#entry,
      state,
      joint: next?.encoder,
      isRetry: this.#failedTargets.includes(state.target.id),
      span,
      headers: span === undefined ? this.#upstreamHeaders : { ...this.#upstreamHeaders, ...span.headers },
    })
    this.#firstAttemptMs ??= attempt.startMs
    this.#context.stages?.onAttemptStart(state, this.#entry.name)
    this.#live.push(attempt)
    if (this.#entry.hedge !== undefined && this.#opener === undefined) this.#armHedge()
    attempt.start()
  }

  #armHedge(): void {
    const { hedge } = this.#entry
    if (hedge === undefined || this.#live.length >= hedge.maximum) return
    this.#hedgeTimer?.[Symbol.dispose]()
    const delayMs = hedgeDelayMs(hedge, this.#entry.name, this.#services.metrics)
    this.#hedgeTimer = this.#services.clock.schedule(delayMs, () => {
      const state = this.#peekTarget()
      const open = !this.#done && this.#winner === undefined && !this.#callerGone && this.#live.length > 0
      if (!open || state === undefined || this.#tries >= this.#entry.retry.attempts) return
      if (!this.#services.budget.take(this.#entry.retry, this.#services.clock.monotonicMs())) return
      this.#queueAt += 1
      this.#guard(() => {
        this.#launch(state)
      })
    })
  }

  // how it ends

  #cancelOthers(winner: Attempt): void {
    this.#hedgeTimer?.[Symbol.dispose]()
    if (this.#live.length < 2) return
    for (const other of this.#live.filter((attempt) => attempt !== winner)) {
      other.cancel(new Error('another try was faster'))
      this.#record(other, gatewayErrors.CLIENT_CLOSED_REQUEST(), 'aborted')
    }
  }

  #record(attempt: Attempt, error: BudError | undefined, outcome: RequestOutcome = attemptOutcome(attempt, error)): void {
    this.#live = this.#live.filter((other) => other !== attempt)
    const record: AttemptRecord = {
      targetId: attempt.state.target.id,
      providerId: attempt.state.target.providerId,
      startMs: Math.max(0, attempt.startMs - this.#context.startMs),
      durationMs: Math.max(0, attempt.endMs - attempt.startMs),
      status: attempt.status,
      outcome,
      errorCode: outcome === 'aborted' ? undefined : error?.code,
      timeToFirstTokenMs: attempt.firstContentMs === undefined ? undefined : attempt.firstContentMs - attempt.startMs,
      ...billFields(attempt),
    }
    this.#bill.add(attempt.bill)
    this.#records.push(record)
    endAttemptSpan(this.#context, attempt.span, record)
    if (this.#context.stages !== undefined) {
      const { entry, usage, contentEvents, bill } = attempt
      const { target, price } = attempt.state
      this.#context.stages.onAttemptEnd(record, { target, price, model: entry.name, usage, contentEvents, bill, error })
    }
  }

  /** Ends the request from outside its attempts: deadline, shutdown, a caller that has left. */
  #giveUp(error: BudError): void {
    if (this.#done) return
    this.#guard(() => {
      this.#cancelAll(error)
      this.#end(error, undefined)
    })
  }

  #cancelAll(error: BudError): void {
    this.#cutOff = true
    for (const attempt of this.#live) {
      attempt.cancel(error)
      this.#record(attempt, error, this.#callerGone ? 'aborted' : attemptOutcome(attempt, error))
    }
  }

  /** Everything that comes from outside: nobody stands above who could tell the caller what was thrown, or free what the request holds. */
  #guard(act: () => void): void {
    try {
      act()
    } catch (error) {
      this.onBroken(error)
    }
  }

  onBroken(cause: unknown): void {
    const { logger } = this.#services
    const error = isBudError(cause) ? cause : gatewayErrors.INTERNAL(undefined, { cause })
    try {
      if (!this.#done) this.#cancelAll(error)
    } catch (second) {
      logger.error('the tries of a broken request could not be cancelled', { error: second })
    }
    try {
      this.#settle(this.#winner ?? this.#lastPart, { status: this.#exchange.started ? 200 : error.status, error })
    } catch (second) {
      logger.error('a broken request could not be recorded', { error: second })
    }
    if (!this.#callerGone) failExchange(logger, this.#exchange, this.#plan.dialect, cause)
  }

  /** The one place where a failure becomes the caller's answer. */
  #end(error: BudError, verbatim: Verbatim | undefined): void {
    if (this.#done) return
    if (this.#output === undefined || this.#opener === undefined || this.#cutOff || this.#callerGone) this.#endNow(error, verbatim)
    else
      this.#output.end('interrupted', () => {
        this.#guard(() => {
          this.#endNow(error, verbatim)
        })
      })
  }

  /** Whether the caller has seen the beginning of a stream. */
  get #started(): boolean {
    return this.#output === undefined ? this.#opener !== undefined : this.#output.started
  }

  #endNow(error: BudError, verbatim: Verbatim | undefined): void {
    if (this.#done) return
    const started = this.#started
    const status = started ? 200 : (verbatim?.status ?? error.status)
    if (!this.#callerGone) this.#payload?.fail(verbatim?.body ?? this.#plan.dialect.encodeError(error, false))
    this.#settle(this.#winner ?? this.#lastPart, { status, error })
    if (this.#callerGone) return
    const { dialect } = this.#plan
    if (started) {
      const bytes = dialect.encodeError(error, true)
      this.#exchange.end([bytes])
    } else if (verbatim !== undefined) {
      this.#exchange.respond(verbatim.status, { 'content-type': verbatim.contentType, ...retryHeaders(error) }, verbatim.body)
    } else respondError(this.#exchange, dialect, error)
  }

  #settle(attempt: Attempt | undefined, result: { readonly status: number; readonly error: BudError | undefined }): void {
    if (this.#done) return
    this.#done = true
    this.#output?.stop()
    this.#totalTimer?.[Symbol.dispose]()
    this.#waitTimer?.[Symbol.dispose]()
    this.#hedgeTimer?.[Symbol.dispose]()
    try {
      this.#recordEnd(attempt, result)
    } finally {
      const services = this.#services
      services.inFlight.delete(this)
      if (services.inFlight.size === 0) services.onIdle?.()
    }
  }

  #recordEnd(attempt: Attempt | undefined, { status, error }: { readonly status: number; readonly error: BudError | undefined }): void {
    const last = this.#records.at(-1)
    const event = recordRequest(this.#context, {
      operation: this.#plan.operation,
      dialectId: this.#plan.dialect.id,
      stream: this.#plan.streaming,
      requestedModel: this.#requestedModel,
      model: attempt?.entry.name ?? this.#entry.name,
      targetId: attempt?.state.target.id ?? last?.targetId,
      providerId: attempt?.state.target.providerId ?? last?.providerId,
      status: this.#callerGone ? 499 : status,
      outcome: this.#outcome(status, error),
      errorCode: this.#callerGone ? 'GATEWAY_CLIENT_CLOSED_REQUEST' : error?.code,
      finishReason: attempt?.finishReason,
      firstContentMs: this.#opener?.firstContentMs,
      firstAttemptMs: this.#firstAttemptMs,
      endMs: this.#services.clock.monotonicMs(),
      usage: this.#continuation?.total(attempt) ?? attempt?.bill?.usage,
      gaps: attempt?.gaps,
      usageEstimated: this.#continuation?.isJoined === true || attempt?.bill?.estimated === true,
      bill: this.#bill,
      priceVersion: attempt?.bill?.price?.version,
      requestBytes: this.#plan.body.byteLength,
      responseBytes: this.#responseBytes,
      attempts: this.#records,
      tags: this.#tags,
    })
    if (this.#payload !== undefined) this.#services.capture?.submit(this.#payload, event)
  }

  #outcome(status: number, error: BudError | undefined): RequestOutcome {
    if (this.#callerGone) return 'aborted'
    if (error === undefined) return 'success'
    if (this.#started && status === 200) return 'partial'
    return this.#records.length === 0 && isBudError(error) ? 'rejected' : 'error'
  }
}

const noHashes: readonly bigint[] = []
