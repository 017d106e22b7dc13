/** Hooks as a stage. */
import type { Attempt, BudError, RequestEvent } from '@bud-foundry/core'
import { parseExactOrNothing } from '../dialect/exact-json.ts'
import { asArray, asObject, parseFrame, toBuffer, encodeJson } from '../dialect/sse-frame.ts'
import { frameEnd } from '../dispatch/frame-end.ts'
import { gatewayErrors } from '../errors.ts'
import { after, isPromise, type Awaitable } from '../governance/after.ts'
import type {
  AttemptAccount,
  CallObserver,
  OutputFilter,
  RouteCandidate,
  Stage,
  StageCall,
  StageResult,
  Verdict,
} from '../governance/stage.ts'
import { HookRunner, type HookResult, type HookRunnerParts } from './hook-runner.ts'
import type { HookChunk, HookFunctions, Hooks, RequestDecision } from './hooks.ts'

class HookStage implements Stage, AsyncDisposable {
  readonly id = 'hooks'
  readonly #runner: HookRunner

  constructor(hooks: Hooks, parts: HookRunnerParts) {
    this.#runner = new HookRunner(hooks, parts)
  }

  onCall(call: StageCall): StageResult<Verdict> {
    const observer = new HookedCall(call, this.#runner)
    const request = this.#runner.function('request')
    if (request === undefined) return { kind: 'go', observer }
    return after(
      this.#runner.run('request', (signal) => after(request(call, signal), (decision) => readDecision(decision, call))),
      (result) => verdictOf(result, observer),
    )
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.#runner[Symbol.asyncDispose]()
  }
}

/** A decision as the call follows it. */
type ReadDecision = undefined | { readonly refuse: string } | { readonly body: Uint8Array }

/** The type says what a decision is, and JavaScript does not read types. */
function readDecision(decision: RequestDecision, call: StageCall): ReadDecision {
  if (decision === undefined || decision === null) return undefined
  const { refuse, body } = asObject(decision) ?? {}
  if (typeof refuse === 'string' && body === undefined) return { refuse }
  const fields = refuse === undefined ? asObject(body) : undefined
  if (fields === undefined) throw new Error('it gave something else than nothing, { refuse: string } or { body: object }')
  if (fields['model'] !== call.head.model)
    throw new Error(`it gave a body with another model than '${call.head.model}', which must stay the same`)
  return { body: encodeObject(fields) }
}

function verdictOf(result: HookResult<ReadDecision>, observer: CallObserver): Verdict {
  if (result.kind === 'failed')
    return result.error === undefined ? { kind: 'go', observer } : { kind: 'refuse', error: result.error, observer }
  const decision = result.value
  if (decision === undefined) return { kind: 'go', observer }
  if ('refuse' in decision) return { kind: 'refuse', error: gatewayErrors.HOOK_REFUSED({ message: decision.refuse }), observer }
  return { kind: 'go', body: decision.body, observer }
}

/** @throws where no target is left, or one is none of those: that is the hook's doing, and no upstream's. */
function checkRoute<Wanted>(wanted: Wanted, candidates: readonly RouteCandidate[]): Wanted {
  if (wanted === undefined || wanted === null || wanted instanceof Promise) return wanted
  const targets = asArray(wanted)
  if (targets.length === 0) throw new Error('it gave no target out of those that it was given')
  if (!targets.every((target) => candidates.some((candidate) => candidate === target)))
    throw new Error('it gave a target that it was not given; give the very objects')
  return wanted
}

/** What the caller gets in the place of a piece, encoded; null for nothing at all, undefined for the piece as it is. */
function readPiece(given: unknown, { streaming }: HookChunk): Uint8Array | null | undefined {
  if (given === undefined) return undefined
  if (given === null && streaming) return null
  const fields = asObject(given)
  if (fields !== undefined) return encodeObject(fields)
  throw new Error(`it gave something else than nothing, ${streaming ? 'null ' : ''}or an object`)
}

/** @throws for what is no object in JSON, a Date for instance, and for what JSON cannot say. */
function encodeObject(fields: Readonly<Record<string, unknown>>): Uint8Array {
  const json = encodeJson(fields)
  if (json[0] !== openBrace) throw new Error('it gave an object that is none in JSON')
  return json
}

const openBrace = 0x7b
const feeds = Buffer.from('\n\n')

/** What a call's hooks hear after its request. */
class HookedCall implements CallObserver {
  readonly output: OutputFilter | undefined
  readonly #call: StageCall
  readonly #runner: HookRunner
  /** Of a hook that nobody waited for, and whose failure ends the call. */
  #failure: BudError | undefined

  constructor(call: StageCall, runner: HookRunner) {
    this.#call = call
    this.#runner = runner
    const chunk = runner.function('chunk')
    const mayEnd = (runner.has('attempt') && runner.isClosed('attempt')) || (runner.has('error') && runner.isClosed('error'))
    if (chunk !== undefined || mayEnd) this.output = new ChunkFilter({ call, runner, chunk, failure: () => this.#failure })
  }

  onRoute(candidates: readonly RouteCandidate[], model: string): readonly RouteCandidate[] | undefined {
    const route = this.#runner.function('route')
    if (route === undefined) return undefined
    const result = this.#runner.run('route', () => checkRoute(route(this.#call, candidates, model), candidates))
    // A promise would have no answer in time.
    if (result instanceof Promise) throw gatewayErrors.HOOK_FAILED({ hook: 'route' })
    if (result.kind === 'done') return result.value ?? undefined
    if (result.error !== undefined) throw result.error
    return undefined
  }

  onAttemptStart({ target }: RouteCandidate, model: string): void {
    const attempt = this.#runner.function('attempt')
    if (attempt === undefined) return
    const started = { phase: 'start', targetId: target.id, providerId: target.providerId, model } as const
    this.#runner.notify('attempt', (signal) => attempt(this.#call, started, signal), this.#fail)
  }

  onAttemptEnd({ targetId, providerId, outcome, durationMs, status }: Attempt, { model, usage, error }: AttemptAccount): void {
    const attempt = this.#runner.function('attempt')
    const ended = { phase: 'end', targetId, providerId, outcome, durationMs, model, usage, error } as const
    if (attempt !== undefined) this.#runner.notify('attempt', (signal) => attempt(this.#call, ended, signal), this.#fail)
    const onError = this.#runner.function('error')
    if (onError === undefined || error === undefined || outcome === 'aborted') return
    const failed = { code: error.code, status: status ?? error.status, targetId }
    this.#runner.notify('error', (signal) => onError(this.#call, failed, signal), this.#fail)
  }

  onFinish(event: RequestEvent): void {
    const call = this.#call
    const { inputTokens, cachedInputTokens, cacheWriteInputTokens, outputTokens, reasoningTokens, costUsd, usageSource: source } = event
    const usage = this.#runner.function('usage')
    if (usage !== undefined && source !== 'none') {
      const counted = { inputTokens, cachedInputTokens, cacheWriteInputTokens, outputTokens, reasoningTokens, costUsd, source }
      this.#runner.notify('usage', (signal) => usage(call, counted, signal))
    }
    const onError = this.#runner.function('error')
    const { errorCode: code, status } = event
    if (onError !== undefined && code !== undefined)
      this.#runner.notify('error', (signal) => onError(call, { code, status, targetId: undefined }, signal))
    const finish = this.#runner.function('finish')
    if (finish !== undefined) this.#runner.notify('finish', (signal) => finish(call, event, signal))
  }

  readonly #fail = (error: BudError): void => {
    this.#failure ??= error
  }
}

interface ChunkFilterInit {
  readonly call: StageCall
  readonly runner: HookRunner
  readonly chunk: HookFunctions['chunk'] | undefined
  readonly failure: () => BudError | undefined
}

class ChunkFilter implements OutputFilter {
  readonly #init: ChunkFilterInit

  constructor(init: ChunkFilterInit) {
    this.#init = init
  }

  push(events: Uint8Array): Awaitable<Uint8Array | undefined> {
    this.#check()
    if (this.#init.chunk === undefined) return events
    const pieces: Uint8Array[] = []
    return after(this.#events(toBuffer(events), 0, pieces), () => (pieces.length === 0 ? undefined : Buffer.concat(pieces)))
  }

  end(): undefined {
    this.#check()
    return undefined
  }

  whole(body: Uint8Array): Awaitable<Uint8Array> {
    this.#check()
    if (this.#init.chunk === undefined) return body
    const data = asObject(parseExactOrNothing(toBuffer(body).toString()))
    if (data === undefined) return body
    return after(this.#ask({ streaming: false, event: undefined, data }), (changed) => changed ?? body)
  }

  #check(): void {
    const failure = this.#init.failure()
    if (failure !== undefined) throw failure
  }

  #events(bytes: Buffer, from: number, pieces: Uint8Array[]): Awaitable<undefined> {
    for (let at = from; at < bytes.length;) {
      const end = frameEnd(bytes, at)
      const next = end === -1 ? bytes.length : end
      const piece = this.#event(bytes.subarray(at, next))
      if (isPromise(piece))
        return piece.then((passed) => {
          if (passed !== undefined) pieces.push(passed)
          return this.#events(bytes, next, pieces)
        })
      if (piece !== undefined) pieces.push(piece)
      at = next
    }
    return undefined
  }

  #event(frame: Buffer): Awaitable<Uint8Array | undefined> {
    const parsed = parseFrame(frame)
    const data = parsed === undefined || parsed.data === '[DONE]' ? undefined : asObject(parseExactOrNothing(parsed.data))
    if (parsed === undefined || data === undefined) return frame
    return after(this.#ask({ streaming: true, event: parsed.event, data }), (changed) => {
      if (changed === undefined) return frame
      if (changed === null) return undefined
      return Buffer.concat([Buffer.from(`${parsed.event === undefined ? '' : `event: ${parsed.event}\n`}data: `), changed, feeds])
    })
  }

  #ask(piece: HookChunk): Awaitable<Uint8Array | null | undefined> {
    const { call, runner, chunk } = this.#init
    if (chunk === undefined) return undefined
    return after(
      runner.run('chunk', (signal) => after(chunk(call, piece, signal), (given) => readPiece(given, piece))),
      (result) => {
        if (result.kind === 'done') return result.value
        if (result.error !== undefined) throw result.error
        return undefined
      },
    )
  }
}

/** Hooks as the stage that they are, with a life of their own: dispose of it when no call uses it any more. */
export const createHookStage = (hooks: Hooks, parts: HookRunnerParts): Stage & AsyncDisposable => new HookStage(hooks, parts)
