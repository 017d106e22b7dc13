/** What governance is made of: stages that may refuse, answer or change a call before it goes out, and watch and filter what comes back. */
import type {
  Attempt,
  BudError,
  CanonicalOperation,
  CanonicalRequest,
  Dialect,
  RequestEvent,
  RequestHead,
  Target,
  TokenUsage,
} from '@bud-foundry/core'
import type { KeyRecord } from '../key/key-record.ts'
import type { Bill } from '../money/charge.ts'
import type { TargetPrice } from '../money/price-book.ts'

/** What stages know of a request that the pipeline does not. */
export type EventFacts = Partial<
  Pick<
    RequestEvent,
    'countryCode' | 'region' | 'city' | 'deviceType' | 'browser' | 'os' | 'isBot' | 'blockRuleId' | 'guardrails' | 'guardrailMs'
  >
>

/** A request as far as it is known before its body is read. */
export interface StageRequest {
  /** Id of the RequestEvent. */
  readonly id: string
  /** As the caller sent it, else the id. */
  readonly requestId: string
  readonly method: string
  readonly path: string
  /** Undefined before the key was checked, and where no key is asked for. */
  readonly key: KeyRecord | undefined
  /** The caller's address, behind as many own proxies as are configured. */
  readonly clientAddress: string | undefined
  /** On the clock's monotonic time. */
  readonly startMs: number
  /** Aborts when the caller leaves, and when the request is over in any other way. */
  readonly signal: AbortSignal
  /** One request header by its lower-case name. */
  header(name: string): string | undefined
  /** Sets a header of the answer, whatever the answer will be. Too late once an answer has begun. */
  setResponseHeader(name: string, value: string): void
  /** Adds a tag to the RequestEvent. */
  addTag(name: string, value: string): void
  /** Sets fields of the RequestEvent. */
  note(facts: EventFacts): void
  /** What the RequestEvent tells about the cache. */
  noteCache(result: 'hit' | 'miss'): void
}

/** A target that a call may go to. */
export interface RouteCandidate {
  readonly target: Target
  readonly price: TargetPrice
}

/** A call of a model: body read, model found, nothing sent yet. */
export interface StageCall extends StageRequest {
  readonly operation: CanonicalOperation
  /** The caller's. */
  readonly dialect: Dialect
  /** As the stages before left it. */
  readonly body: Uint8Array
  /** Read from `body`. */
  readonly head: RequestHead
  /** As the caller named it, and as the gateway resolved it. */
  readonly requestedModel: string
  readonly model: string
  /** Every target that the model has, in the order of the configuration. Fallback models are not among them. */
  readonly targets: readonly RouteCandidate[]
  /** Rough: 4 bytes a token. */
  readonly inputTokensEstimate: number
  /** The most that a target is asked to write where the caller sets no limit; undefined where no target is told. */
  readonly defaultMaxOutputTokens: number | undefined
  /** The body in the vocabulary that dialects are translated through, parsed once. Throws BudError 400 for a body that cannot be read. */
  canonical(): CanonicalRequest
}

/** An answer that a stage gives in place of an upstream. */
export interface StageAnswer {
  readonly status: number
  readonly headers: Readonly<Record<string, string>>
  /** The whole body; or, for a stream, pieces of whole server-sent events in the caller's dialect. */
  readonly body: Uint8Array | Iterable<Uint8Array> | AsyncIterable<Uint8Array>
  readonly usage?: TokenUsage | undefined
  /** Default: 0 when there is a usage. */
  readonly costUsd?: number | undefined
  /** What the answer would have cost from an upstream. */
  readonly savedUsd?: number | undefined
  readonly finishReason?: string | undefined
}

/** What a stage decides about a call; undefined lets it pass. */
export type Verdict =
  | undefined
  | {
      readonly kind: 'refuse'
      readonly error: BudError
      /** Only its `onFinish` is called. */
      readonly observer?: CallObserver | undefined
    }
  | {
      readonly kind: 'answer'
      readonly answer: StageAnswer
      /** Only its `onFinish` is called. */
      readonly observer?: CallObserver | undefined
    }
  | {
      readonly kind: 'go'
      /** Takes the place of the body, for the stages after this one and for the upstream; the model must stay the same. */
      readonly body?: Uint8Array | undefined
      readonly observer?: CallObserver | undefined
    }

/** A value, or a promise of it. Only what really waits should be a promise: each one costs a turn of the event loop. */
export type StageResult<Value> = Value | Promise<Value>

/** Stands between the answer and the caller. Throwing, or rejecting with, a BudError ends the answer with it; any other error is answered by 500. */
export interface OutputFilter {
  /** Gets one or more whole server-sent events in the caller's dialect; gives whole events, or undefined while it holds them back. */
  push(events: Uint8Array): StageResult<Uint8Array | undefined>
  /** The stream has ended, well or `interrupted`: gives what was held back. */
  end(reason: 'complete' | 'interrupted'): StageResult<Uint8Array | undefined>
  /** Gets an answer that is not streamed. */
  whole(body: Uint8Array): StageResult<Uint8Array>
}

/** What one try used, as far as the upstream told. */
export interface AttemptAccount extends RouteCandidate {
  readonly model: string
  readonly usage: TokenUsage | undefined
  /** Events with content that a stream has had: about one a token, where nobody counts. */
  readonly contentEvents: number
  /** What it is charged; undefined for nothing. */
  readonly bill: Bill | undefined
  readonly error: BudError | undefined
}

/** Accompanies one admitted call. What it throws is logged and changes nothing, except in `onRoute` and `output`. */
export interface CallObserver {
  /** The available targets, best first, each time they are ranked; gives them in another order, or fewer. Throw a BudError to refuse. */
  onRoute?(candidates: readonly RouteCandidate[], model: string): readonly RouteCandidate[] | undefined
  onAttemptStart?(candidate: RouteCandidate, model: string): void
  onAttemptEnd?(attempt: Attempt, account: AttemptAccount): void
  readonly output?: OutputFilter | undefined
  /** Exactly once, however the request ended. Work that goes on afterwards belongs to the stage, which awaits it when it is disposed. */
  onFinish?(event: RequestEvent): void
}

/** One concern of governance. Stages are asked in order; answers pass their output filters in the reverse order. */
export interface Stage {
  readonly id: string
  /** Before the key is checked. An error refuses. */
  onArrival?(request: StageRequest): BudError | undefined
  /** Before the body is read. An error refuses. */
  onRequest?(request: StageRequest): StageResult<BudError | undefined>
  /** Throwing, or rejecting with, a BudError refuses; any other error is answered by 500. */
  onCall?(call: StageCall): StageResult<Verdict>
}
