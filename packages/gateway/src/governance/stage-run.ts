/** One request's way through the stages: asks them in turn, keeps their observers, and tells each of those exactly once how it ended. */
import {
  invariant,
  isBudError,
  type Attempt,
  type BudError,
  type CanonicalRequest,
  type Dialect,
  type RequestEvent,
  type RequestHead,
} from '@bud-foundry/core'
import { CallPlan } from '../dispatch/call-plan.ts'
import { gatewayErrors } from '../errors.ts'
import type { ExchangeListener } from '../exchange/exchange.ts'
import type { KeyRecord } from '../key/key-record.ts'
import { clientAddress } from '../pipeline/header-policy.ts'
import type { RequestContext } from '../pipeline/request-context.ts'
import type { TargetState } from '../routing/target-state.ts'
import type { Stoppable } from '../service/in-flight.ts'
import { isPromise, type Awaitable } from './after.ts'
import type { CallFacts, Decision, RequestStages } from './request-stages.ts'
import type { AttemptAccount, CallObserver, EventFacts, OutputFilter, RouteCandidate, Stage, StageCall, Verdict } from './stage.ts'
import type { StageSet } from './stage-set.ts'

const headerName = /^[!#$%&'*+.^_`|~\w-]+$/
/** What HTTP can carry. */
const headerValue = /^[\t\x20-\x7e\x80-\xff]*$/

/** Here, and not when the answer is written, where nobody is left who could say whose header it is. JavaScript reads no types. */
function checkHeader(name: unknown, value: unknown): void {
  if (typeof name !== 'string' || !headerName.test(name))
    throw new Error(`'${String(name)}' is no name of a header; use letters, digits and '-'`)
  if (typeof value !== 'string' || !headerValue.test(value))
    throw new Error(
      `the value of the header '${name}' has characters that HTTP cannot carry; encode them, for instance with encodeURIComponent`,
    )
}

export class StageRun implements RequestStages, StageCall, ExchangeListener, Stoppable {
  place = 0
  cache: 'none' | 'hit' | 'miss' = 'none'
  tags: Record<string, string> | undefined
  facts: EventFacts | undefined
  readonly #context: RequestContext
  readonly #observers: CallObserver[] = []
  #set: StageSet
  #facts: CallFacts | undefined
  #abort: AbortController | undefined
  #event: RequestEvent | undefined
  #entered = false
  /** Gives up waiting for a stage. */
  #giveUp: ((error: BudError) => void) | undefined

  constructor(context: RequestContext, set: StageSet) {
    this.#context = context
    this.#set = set
  }

  // what stages see

  get id(): string {
    return this.#context.id
  }
  get requestId(): string {
    return this.#context.requestId
  }
  get method(): string {
    return this.#context.exchange.method
  }
  get path(): string {
    return this.#context.exchange.path
  }
  get key(): KeyRecord | undefined {
    return this.#context.key
  }
  get clientAddress(): string | undefined {
    return clientAddress(this.#context.services.snapshot.headerPolicy, this.#context.exchange)
  }
  get startMs(): number {
    return this.#context.startMs
  }
  get signal(): AbortSignal {
    this.#abort ??= new AbortController()
    if (this.isFinished) this.#abort.abort()
    return this.#abort.signal
  }
  get operation(): CallPlan['operation'] {
    return this.#call.plan.operation
  }
  get dialect(): Dialect {
    return this.#call.plan.dialect
  }
  get body(): Uint8Array {
    return this.#call.plan.body
  }
  get head(): RequestHead {
    return this.#call.plan.head
  }
  get requestedModel(): string {
    return this.#call.requestedModel
  }
  get model(): string {
    return this.#call.entry.name
  }
  get targets(): readonly RouteCandidate[] {
    return this.#call.entry.targets
  }
  get inputTokensEstimate(): number {
    return this.#call.plan.inputTokensEstimate
  }
  get defaultMaxOutputTokens(): number | undefined {
    const { plan, entry } = this.#call
    let most: number | undefined
    for (const state of entry.targets) {
      const told = plan.passesThrough(state) ? undefined : state.provider.defaultMaxOutputTokens?.(state.target)
      if (told !== undefined) most = Math.max(most ?? 0, told)
    }
    return most
  }
  canonical(): CanonicalRequest {
    return this.#call.plan.canonical()
  }
  header(name: string): string | undefined {
    return this.#context.exchange.header(name)
  }
  setResponseHeader(name: string, value: string): void {
    checkHeader(name, value)
    this.#context.exchange.setHeader(name, value)
  }
  addTag(name: string, value: string): void {
    ;(this.tags ??= {})[name] = value
  }
  note(facts: EventFacts): void {
    this.facts = this.facts === undefined ? facts : { ...this.facts, ...facts }
  }
  noteCache(result: 'hit' | 'miss'): void {
    this.cache = result
  }

  get #call(): CallFacts {
    invariant(this.#facts !== undefined, 'stages are asked about a call when its body is read')
    return this.#facts
  }

  // what the pipeline asks

  get isFinished(): boolean {
    return this.#event !== undefined
  }

  onArrival(): BudError | undefined {
    for (const stage of this.#set.arrival) {
      try {
        const error = stage.onArrival?.(this)
        if (error !== undefined) return error
      } catch (error) {
        return this.#failure(stage, error)
      }
    }
    return undefined
  }

  onRequest(decide: (refusal: BudError | undefined) => void): void {
    this.#awaitThen(this.#askRequest(0), decide, decide)
  }

  onCall(facts: CallFacts, decide: (decision: Decision) => void): void {
    this.#facts = facts
    const { stages } = this.#context.services
    // A body may take its time: what counts are the stages in force now, and they stay until this call is over.
    if (stages === undefined) {
      decide({ kind: 'go', plan: facts.plan })
      return
    }
    this.#set = stages
    this.#set.enter()
    this.#entered = true
    this.#awaitThen(this.#askCall(0), decide, (error) => {
      decide({ kind: 'refuse', error })
    })
  }

  get filters(): readonly OutputFilter[] | undefined {
    let filters: OutputFilter[] | undefined
    for (const { output } of this.#observers) if (output !== undefined) (filters ??= []).unshift(output)
    return filters
  }

  onRoute(ranked: readonly TargetState[], model: string): readonly TargetState[] {
    let order = ranked
    for (const observer of this.#observers) {
      const wanted = observer.onRoute?.(order, model)
      if (wanted !== undefined) order = wanted.filter((candidate): candidate is TargetState => ranked.some((state) => state === candidate))
    }
    return order
  }

  onAttemptStart(state: TargetState, model: string): void {
    for (const observer of this.#observers) this.#tell(() => observer.onAttemptStart?.(state, model))
  }

  onAttemptEnd(attempt: Attempt, account: AttemptAccount): void {
    for (const observer of this.#observers) this.#tell(() => observer.onAttemptEnd?.(attempt, account))
  }

  finish(event: RequestEvent): void {
    if (this.isFinished) return
    this.#event = event
    for (const observer of this.#observers) this.#tell(() => observer.onFinish?.(event))
    this.#abort?.abort(new Error('the request is over'))
    if (this.#entered) this.#set.leave()
  }

  // while a stage takes its time

  onCallerGone(): void {
    this.#giveUp?.(gatewayErrors.CLIENT_CLOSED_REQUEST())
  }

  onDrain(): void {
    // Nothing is being written yet.
  }

  stop(): void {
    this.#giveUp?.(gatewayErrors.SHUTTING_DOWN(undefined, { retryAfterMs: 1_000 }))
  }

  #awaitThen<Value>(value: Awaitable<Value>, use: (value: Value) => void, refuse: (error: BudError) => void): void {
    if (!isPromise(value)) {
      use(value)
      return
    }
    const { services, exchange } = this.#context
    const { totalMs } = this.#facts?.entry.timeouts ?? services.snapshot.config.timeouts
    let waiting = true
    const finish = (act: () => void) => {
      if (!waiting) return
      waiting = false
      this.#giveUp = undefined
      timer[Symbol.dispose]()
      services.inFlight.delete(this)
      this.#guard(act, refuse)
      if (services.inFlight.size === 0) services.onIdle?.()
    }
    this.#giveUp = (error) => {
      finish(() => {
        this.#abort?.abort(error)
        refuse(error)
      })
    }
    const timer = services.clock.schedule(totalMs, () => this.#giveUp?.(gatewayErrors.REQUEST_TIMEOUT({ afterMs: totalMs })))
    services.inFlight.add(this)
    exchange.listen(this)
    // Every stage's failure has become a refusal by now: this promise never rejects.
    void value.then((result) => {
      finish(() => {
        use(result)
      })
    })
  }

  /** Nothing stands above a promise: what escaped here would end the process. The refusal gives back what stages have reserved. */
  #guard(act: () => void, refuse: (error: BudError) => void): void {
    const { services, exchange } = this.#context
    try {
      act()
    } catch (error) {
      services.logger.error('a request failed unexpectedly', { path: exchange.path, error })
      if (exchange.started) exchange.destroy()
      try {
        if (!this.isFinished) refuse(gatewayErrors.INTERNAL(undefined, { cause: error }))
      } catch (second) {
        services.logger.error('a failed request could not be refused', { path: exchange.path, error: second })
        exchange.destroy()
      }
    }
  }

  #askRequest(index: number): Awaitable<BudError | undefined> {
    for (let at = index; at < this.#set.request.length; at += 1) {
      const stage = this.#set.request[at]
      if (stage === undefined) break
      try {
        const answer = stage.onRequest?.(this)
        if (isPromise(answer)) {
          return answer.then(
            (error) => error ?? this.#askRequest(at + 1),
            (error: unknown) => this.#failure(stage, error),
          )
        }
        if (answer !== undefined) return answer
      } catch (error) {
        return this.#failure(stage, error)
      }
    }
    return undefined
  }

  #askCall(index: number): Awaitable<Decision> {
    for (let at = index; at < this.#set.call.length; at += 1) {
      const stage = this.#set.call[at]
      if (stage === undefined) break
      try {
        const verdict = stage.onCall?.(this)
        if (isPromise(verdict)) return this.#askLater(stage, verdict, at + 1)
        const decision = this.#take(verdict)
        if (decision !== undefined) return decision
      } catch (error) {
        return { kind: 'refuse', error: this.#failure(stage, error) }
      }
    }
    return { kind: 'go', plan: this.#call.plan }
  }

  async #askLater(stage: Stage, pending: Promise<Verdict>, next: number): Promise<Decision> {
    let decision: Decision | undefined
    try {
      decision = this.#take(await pending)
    } catch (error) {
      decision = { kind: 'refuse', error: this.#failure(stage, error) }
    }
    if (decision !== undefined) return decision
    // Whoever gave up waiting has answered; no further stage may reserve anything.
    if (this.isFinished) return { kind: 'refuse', error: gatewayErrors.CLIENT_CLOSED_REQUEST() }
    return this.#askCall(next)
  }

  #take(verdict: Verdict): Decision | undefined {
    if (verdict === undefined) return undefined
    const { observer } = verdict
    const event = this.#event
    if (verdict.kind !== 'go') {
      if (observer !== undefined) this.#join({ onFinish: (end) => observer.onFinish?.(end) }, event)
      return verdict
    }
    if (observer !== undefined) this.#join(observer, event)
    if (verdict.body !== undefined) this.#replaceBody(verdict.body)
    return undefined
  }

  /** A stage that decides after the request is over hears of that at once: what it reserved must be given back. */
  #join(observer: CallObserver, event: RequestEvent | undefined): void {
    if (event === undefined) this.#observers.push(observer)
    else this.#tell(() => observer.onFinish?.(event))
  }

  #replaceBody(body: Uint8Array): void {
    const { plan, ...rest } = this.#call
    const { operation, dialect } = plan
    this.#facts = { ...rest, plan: new CallPlan({ operation, dialect, body, head: dialect.readHead(body) }) }
  }

  #failure(stage: Stage, error: unknown): BudError {
    if (isBudError(error)) return error
    this.#context.services.logger.error('a stage failed unexpectedly', { stage: stage.id, error })
    return gatewayErrors.INTERNAL(undefined, { cause: error })
  }

  #tell(act: () => void): void {
    try {
      act()
    } catch (error) {
      this.#context.services.logger.error('an observer of a call failed', { error })
    }
  }
}
