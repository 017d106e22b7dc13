/** One try against one target: sends, reads the answer, and reports exactly one end. */
import type { BudError, Dialect, StreamEncoder, TokenUsage, TransportCall, TransportHandlers, UpstreamRequest } from '@bud-foundry/core'
import { isBudError } from '@bud-foundry/core'
import type { GatewayConfig } from '../config.ts'
import { parseFrame, parseObject } from '../dialect/sse-frame.ts'
import { gatewayErrors } from '../errors.ts'
import { closingGraceMs, failureBodyBytes } from '../limits.ts'
import { billOf, isOwnTimeout, type Bill, type BilledTry } from '../money/charge.ts'
import { toUsd } from '../money/nano-usd.ts'
import type { TargetPrice } from '../money/price-book.ts'
import type { ModelEntry, Snapshot } from '../routing/snapshot.ts'
import type { TargetState } from '../routing/target-state.ts'
import type { Services } from '../service/services.ts'
import type { AttemptSpan } from '../telemetry/request-span.ts'
import { BodyReader } from './body-reader.ts'
import type { CallPlan } from './call-plan.ts'
import { answerTextBytes } from './delta-bytes.ts'
import { readFinishReason } from './finish-reason.ts'
import { StreamReader, type StreamOwner } from './stream-reader.ts'
import { StreamTranslation } from './stream-translation.ts'
import type { TokenGaps } from './token-gaps.ts'
import { toTransportError } from './transport-error.ts'
import { answerProblem, essentialField } from './whole-json.ts'

export type UpstreamHeaders = Readonly<Record<string, string | readonly string[] | undefined>>

/** A refusal in the caller's own dialect, to be passed on as it came. */
export interface Verbatim {
  readonly status: number
  readonly body: Uint8Array
  readonly contentType: string
}

export interface AttemptOwner {
  /** The first content of a stream is there; false when another attempt was faster. */
  onCommit(attempt: Attempt): boolean
  onBytes(attempt: Attempt, bytes: Uint8Array): boolean
  /** A whole answer, in the caller's dialect. */
  onAnswer(attempt: Attempt, body: Uint8Array): void
  onStreamEnd(attempt: Attempt, last: readonly Uint8Array[]): void
  onFailure(attempt: Attempt, error: BudError, verbatim: Verbatim | undefined): void
  /** Something threw after the end of a try, or while that was told: no other end will come. */
  onBroken(error: unknown): void
}

export interface AttemptInit {
  readonly owner: AttemptOwner
  readonly services: Services
  readonly snapshot: Snapshot
  readonly plan: CallPlan
  readonly entry: ModelEntry
  readonly state: TargetState
  /** Headers beside the target's own. */
  readonly headers: Readonly<Record<string, string>>
  /** Ended by the owner. */
  readonly span: AttemptSpan | undefined
  /** Writes the answer of a continuation into the caller's stream. */
  readonly joint: StreamEncoder | undefined
  /** Whether this request has failed at this target before. */
  readonly isRetry: boolean
}

type Phase = 'sending' | 'refusal' | 'stream' | 'body' | 'over'

export class Attempt implements TransportHandlers, StreamOwner, BilledTry {
  readonly state: TargetState
  readonly entry: ModelEntry
  readonly startMs: number
  readonly span: AttemptSpan | undefined
  endMs = 0
  status: number | undefined
  headers: UpstreamHeaders = {}
  /** Of a stream's first content, on the clock's monotonic time. */
  firstContentMs: number | undefined
  usage: TokenUsage | undefined
  finishReason: string | undefined
  /** Events with content that a stream has had. */
  contentEvents = 0
  /** Between those. */
  gaps: TokenGaps | undefined
  /** About the bytes of what they say. */
  contentTextBytes = 0
  /** Of a whole answer. */
  answerBytes = 0
  sent = false
  /** Whether the answer was whole. */
  complete = false
  /** Ended by the gateway and not by the upstream. */
  stopped = false
  /** What it is charged, once it is over; undefined for nothing. */
  bill: Bill | undefined
  readonly plan: CallPlan
  readonly #owner: AttemptOwner
  readonly #services: Services
  readonly #config: GatewayConfig
  readonly #extraHeaders: Readonly<Record<string, string>>
  readonly #joint: StreamEncoder | undefined
  readonly #isRetry: boolean
  #phase: Phase = 'sending'
  #call: TransportCall | undefined
  #firstTimer: Disposable | undefined
  #body: BodyReader | undefined
  #stream: StreamReader | undefined
  #upstreamEnded = false
  /** Whether the prompt still counts as waiting at the target. */
  #isQueued = false
  #closingTimer: Disposable | undefined

  constructor(init: AttemptInit) {
    this.#owner = init.owner
    this.#services = init.services
    this.#config = init.snapshot.config
    this.plan = init.plan
    this.entry = init.entry
    this.state = init.state
    this.span = init.span
    this.#joint = init.joint
    this.#isRetry = init.isRetry
    this.#extraHeaders = init.headers
    this.startMs = init.services.clock.monotonicMs()
  }

  get price(): TargetPrice {
    return this.state.price
  }

  get isOver(): boolean {
    return this.#phase === 'over'
  }

  start(): void {
    const { state } = this
    const services = this.#services
    const plan = this.plan
    const nowMs = services.clock.monotonicMs()
    state.health.begin(this.#config.breaker, nowMs)
    state.credential.begin(nowMs)
    state.health.queuedTokens += plan.inputTokensEstimate
    this.#isQueued = true
    try {
      if (this.#answerLocally()) return
      const endpoint = state.endpoint(plan.operation)
      const request: UpstreamRequest = {
        url: endpoint.url,
        method: 'POST',
        headers: { ...endpoint.headers, ...this.#extraHeaders },
        body: plan.bodyFor(state),
      }
      if (state.provider.authorize === undefined) this.#send(request)
      else state.provider.authorize(request, state.target, services.clock).then(this.#send).catch(this.#failWith)
    } catch (error) {
      this.onBroken(error)
    }
  }

  /** Ends the attempt without judging the target. */
  cancel(reason: unknown): void {
    if (this.#phase === 'over') return
    this.stopped = true
    this.#finish()
    this.state.health.cancel(this.#config.breaker, this.endMs)
    this.#abort(reason)
  }

  /** Ends the attempt as a failure, for instance at the request's deadline. */
  fail(error: BudError): void {
    if (this.#phase === 'over') return
    try {
      this.#fail(error, undefined)
    } catch (thrown) {
      this.#owner.onBroken(thrown)
    }
    this.#abort(error)
  }

  resume(): void {
    this.#stream?.resume()
    this.#call?.resume()
  }

  // what the transport says

  onHeaders(status: number, headers: UpstreamHeaders): void {
    if (this.#phase === 'over') return
    try {
      this.#readHeaders(status, headers)
    } catch (error) {
      this.onBroken(error)
    }
  }

  #readHeaders(status: number, headers: UpstreamHeaders): void {
    if (!this.plan.streaming) this.#firstTimer?.[Symbol.dispose]()
    this.status = status
    this.headers = headers
    const type = headers['content-type']
    const contentType = typeof type === 'string' ? type.toLowerCase() : undefined
    if (status < 200 || status > 299) {
      this.#phase = 'refusal'
      this.#body = new BodyReader(failureBodyBytes)
    } else if (this.plan.streaming) this.#startStream(contentType)
    else this.#startBody(contentType)
  }

  onData(chunk: Uint8Array): boolean {
    switch (this.#phase) {
      case 'stream':
        return this.#stream?.push(chunk) ?? true
      case 'body':
        if (this.#body?.push(chunk) === false) {
          this.fail(gatewayErrors.ANSWER_TOO_LARGE({ limitBytes: this.#config.limits.answerBytes }))
        }
        return true
      case 'refusal':
        // What is cut off here was not going to be read anyway.
        this.#body?.push(chunk)
        return true
      case 'sending':
      case 'over':
        return true
    }
  }

  onEnd(): void {
    try {
      this.#readEnd()
    } catch (error) {
      this.onBroken(error)
    }
  }

  #readEnd(): void {
    this.#upstreamEnded = true
    this.#closingTimer?.[Symbol.dispose]()
    switch (this.#phase) {
      case 'stream':
        this.#stream?.end()
        return
      case 'body':
        this.#readAnswer(this.#body?.bytes() ?? new Uint8Array(0))
        return
      case 'refusal':
        this.#readRefusal(this.#body?.bytes() ?? new Uint8Array(0))
        return
      case 'sending':
      case 'over':
    }
  }

  onError(error: unknown): void {
    if (this.#phase === 'over') return
    try {
      this.#readError(error)
    } catch (thrown) {
      this.onBroken(thrown)
    }
  }

  #readError(error: unknown): void {
    if (this.#phase === 'refusal') {
      // The status has come; a body that broke off changes nothing about it.
      this.#readRefusal(this.#body?.bytes() ?? new Uint8Array(0))
      return
    }
    const inStream = this.#phase === 'stream'
    this.#upstreamEnded = true
    // What came before the break is delivered first; it may even have been everything.
    this.#stream?.flush()
    if (this.isOver) return
    this.#fail(toTransportError(error, { targetId: this.state.target.id, timeouts: this.entry.timeouts, inStream }), undefined)
  }

  // what the stream reader says

  onCommit(): boolean {
    if (!this.#owner.onCommit(this)) {
      this.cancel(new Error('another try was faster'))
      return false
    }
    this.firstContentMs = this.#services.clock.monotonicMs()
    this.#leaveQueue()
    this.#firstTimer?.[Symbol.dispose]()
    return true
  }

  onBytes(bytes: Uint8Array): boolean {
    return this.#owner.onBytes(this, bytes)
  }

  onStreamEnd(last: readonly Uint8Array[]): void {
    this.#succeed()
    if (!this.#upstreamEnded) {
      this.#closingTimer = this.#services.clock.schedule(closingGraceMs, () =>
        this.#abort(new Error('the stream stayed open after its end')),
      )
    }
    this.#owner.onStreamEnd(this, last)
  }

  onStreamError(error: BudError): void {
    this.fail(error)
  }

  /** Something threw that should not, perhaps code that is not the gateway's: the try fails, or where it was over already the whole request. */
  onBroken(error: unknown): void {
    if (this.#phase === 'over') this.#owner.onBroken(error)
    else this.fail(this.#unexpected(error))
  }

  /** Some answers need no upstream, an estimated count of tokens for instance. */
  #answerLocally(): boolean {
    const { provider } = this.state
    if (provider.answerLocally === undefined || this.plan.passesThrough(this.state)) return false
    const request = this.plan.canonical()
    const answer = provider.answerLocally(request)
    if (answer === undefined) return false
    this.#deliver(this.plan.dialect.encodeResponse(answer, request))
    return true
  }

  readonly #send = (request: UpstreamRequest): void => {
    if (this.#phase === 'over') return
    const { connectMs, headersMs, ttftMs, idleMs } = this.entry.timeouts
    const { streaming } = this.plan
    if (streaming) {
      this.#firstTimer = this.#services.clock.schedule(ttftMs, () => {
        this.fail(gatewayErrors.UPSTREAM_TIMEOUT({ targetId: this.state.target.id, phase: 'time-to-first-token', afterMs: ttftMs }))
      })
    } else {
      // The transport's own timers may be late by half a second.
      this.#firstTimer = this.#services.clock.schedule(headersMs, () => {
        this.fail(gatewayErrors.UPSTREAM_TIMEOUT({ targetId: this.state.target.id, phase: 'response-headers', afterMs: headersMs }))
      })
    }
    this.sent = true
    this.#call = this.#services.transport.dispatch(request, this, undefined, { connectMs, idleMs })
  }

  readonly #failWith = (error: unknown): void => {
    // A try that was given up meanwhile has failed already.
    if (this.#phase !== 'over') this.fail(this.#unexpected(error))
  }

  #abort(reason: unknown): void {
    try {
      this.#call?.abort(reason)
    } catch (error) {
      this.#services.logger.error('an upstream call could not be aborted', { targetId: this.state.target.id, error })
    }
  }

  #unexpected(error: unknown): BudError {
    if (isBudError(error)) return error
    this.#services.logger.error('an attempt failed unexpectedly', { targetId: this.state.target.id, error })
    return gatewayErrors.INTERNAL(undefined, { cause: error })
  }

  /** What the upstream's bytes are in: the caller's dialect when they pass through, else the provider's own. */
  #upstreamDialect(): Dialect | undefined {
    return this.plan.passesThrough(this.state) ? this.plan.dialect : this.#services.dialects.get(this.state.provider.dialect)
  }

  #startStream(contentType: string | undefined): void {
    const dialect = this.#upstreamDialect()
    if (dialect === undefined) {
      this.#failWith(
        new Error(`the dialect '${this.state.provider.dialect}' of provider '${this.state.provider.id}' is not among parts.dialects`),
      )
      return
    }
    if (contentType !== undefined && !contentType.startsWith('text/event-stream')) {
      this.fail(this.#invalid(`it has the content type '${contentType}' instead of 'text/event-stream'`))
      return
    }
    this.#phase = 'stream'
    const targetId = this.state.target.id
    this.#stream = new StreamReader({
      owner: this,
      clock: this.#services.clock,
      dialect,
      stripUsage: !this.plan.head.includeUsage,
      translation: this.#translation(),
      requireTerminator: this.entry.config.requireTerminator,
      errors: {
        interrupted: (problem) => gatewayErrors.STREAM_INTERRUPTED({ targetId, problem }),
        invalid: (problem) => this.#invalid(problem),
        reported: (frame) => this.#reported(frame),
        unexpected: (error) => this.#unexpected(error),
      },
    })
  }

  #startBody(contentType: string | undefined): void {
    if (contentType !== undefined && !/^application\/(?:[\w.-]+\+)?json/.test(contentType)) {
      this.fail(this.#invalid(`it has the content type '${contentType}' instead of 'application/json'`))
      return
    }
    this.#phase = 'body'
    this.#body = new BodyReader(this.#config.limits.answerBytes)
  }

  #translation(): StreamTranslation | undefined {
    const joint = this.#joint
    const passesThrough = this.plan.passesThrough(this.state)
    if (passesThrough && joint === undefined) return undefined
    const request = this.plan.canonical()
    if (joint !== undefined) {
      const own = passesThrough ? this.plan.dialect.streamDecoder?.(request) : undefined
      return new StreamTranslation(own ?? this.state.provider.streamDecoder(request), joint, (problem) => this.#invalid(problem))
    }
    const { includeUsage } = this.plan.head
    const createdUnixSeconds = Math.floor(this.#services.clock.nowMs() / 1_000)
    const decoder = this.state.provider.streamDecoder(request)
    const encoder = this.plan.dialect.streamEncoder(request, { includeUsage, createdUnixSeconds })
    return new StreamTranslation(decoder, encoder, (problem) => this.#invalid(problem))
  }

  /** An event that the dialect takes for an error: told by the upstream, or no event of the dialect at all. */
  #reported(frame: Uint8Array): BudError {
    const parsed = parseFrame(frame)
    if (parsed?.event !== 'error' && parseObject(parsed?.data) === undefined)
      return this.#invalid('an event of its stream is no JSON object')
    // Status 200 says nothing about the failure: it counts against the target unless its fields say otherwise.
    return this.#decodeFailure(this.status, Buffer.from(parsed?.data ?? ''))
  }

  #invalid(problem: string): BudError {
    return gatewayErrors.UPSTREAM_INVALID_ANSWER({ targetId: this.state.target.id, problem })
  }

  #decodeFailure(status: number | undefined, body: Uint8Array): BudError {
    const headers: Record<string, string | undefined> = {}
    for (const [name, value] of Object.entries(this.headers)) headers[name] = typeof value === 'string' ? value : value?.join(', ')
    return this.state.provider.decodeFailure({ status, headers, body, cause: undefined, target: this.state.target })
  }

  #readRefusal(body: Uint8Array): void {
    const error = this.#decodeFailure(this.status, body)
    const type = this.headers['content-type']
    const isJson = typeof type === 'string' && type.toLowerCase().includes('json')
    const answersCaller = error.scope === 'request' && !error.retryable && isJson && this.plan.passesThrough(this.state)
    const verbatim = answersCaller && this.status !== undefined ? { status: this.status, body, contentType: type } : undefined
    this.#fail(error, verbatim)
  }

  #readAnswer(body: Uint8Array): void {
    const { dialect, operation } = this.plan
    this.answerBytes = body.byteLength
    // An answer that is translated is read in full anyway.
    const problem = answerProblem(body, this.plan.passesThrough(this.state) ? essentialField(dialect.id, operation) : undefined)
    if (problem !== undefined) {
      this.fail(this.#invalid(problem))
      return
    }
    try {
      this.usage = this.#upstreamDialect()?.usage(body)
      this.complete = this.usage !== undefined
      // Nobody has counted what it says: the bill needs it.
      if (operation !== 'embedding' && (this.usage?.outputTokens ?? 0) === 0) this.contentTextBytes = answerTextBytes(body)
      this.finishReason = readFinishReason(body)
      const plan = this.plan
      if (plan.passesThrough(this.state)) this.#deliver(body)
      else {
        const request = plan.canonical()
        const answer = this.state.provider.decodeResponse(body, request)
        // Not every dialect says when an answer was made.
        const createdUnixSeconds = answer.createdUnixSeconds || Math.floor(this.#services.clock.nowMs() / 1_000)
        this.#deliver(plan.dialect.encodeResponse({ ...answer, createdUnixSeconds }, request))
      }
    } catch (error) {
      this.onBroken(error)
    }
  }

  #deliver(answer: Uint8Array): void {
    this.#succeed()
    this.#owner.onAnswer(this, answer)
  }

  #succeed(): void {
    this.complete = true
    this.#finish()
    const { usage, state, startMs, endMs, firstContentMs, bill } = this
    const seen = {
      latencyMs: endMs - startMs,
      timeToFirstTokenMs: firstContentMs === undefined ? undefined : firstContentMs - startMs,
    }
    state.health.succeed(seen, this.#config.breaker, endMs)
    if (state.credential.restingUntilMs !== 0) state.credential.recordSuccess()
    if (usage !== undefined) state.health.recordUsage(usage, bill?.nanos === undefined ? undefined : toUsd(bill.nanos))
    this.#observe(true)
  }

  #fail(error: BudError, verbatim: Verbatim | undefined): void {
    this.stopped = isOwnTimeout(error)
    this.#finish()
    const config = this.#config
    this.state.health.fail(error, config, { nowMs: this.endMs, isRetry: this.#isRetry })
    if (error.scope === 'credential') this.state.credential.recordFailure(error, this.endMs)
    if (error.scope === 'target') this.#observe(false)
    this.#owner.onFailure(this, error, verbatim)
  }

  #observe(ok: boolean): void {
    this.entry.policy.observe?.({
      targetId: this.state.target.id,
      ok,
      latencyMs: this.endMs - this.startMs,
      timeToFirstTokenMs: this.firstContentMs === undefined ? undefined : this.firstContentMs - this.startMs,
      blockHashes: this.entry.policy.usesBlockHashes === true ? this.plan.blockHashes() : [],
    })
  }

  #leaveQueue(): void {
    if (!this.#isQueued) return
    this.#isQueued = false
    this.state.health.queuedTokens -= this.plan.inputTokensEstimate
  }

  #finish(): void {
    this.#phase = 'over'
    this.endMs = this.#services.clock.monotonicMs()
    this.#firstTimer?.[Symbol.dispose]()
    this.#leaveQueue()
    if (this.#stream !== undefined) this.#readStream(this.#stream)
    this.bill = billOf(this, this.#services.clock.nowMs())
  }

  #readStream(stream: StreamReader): void {
    this.usage = stream.usage
    this.finishReason = stream.finishReason
    this.contentEvents = stream.contentEvents
    this.gaps = stream.gaps
    this.contentTextBytes = stream.contentTextBytes
    // Counts that came with or after the finish reason are the last, whatever happens to the closing event.
    this.complete ||= stream.usage !== undefined && stream.finishReason !== undefined
    stream.stop()
  }
}
