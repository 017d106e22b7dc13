/** Hooks: functions of the user's own at the points of a call's way, each with a time box and a policy for when it fails. */
import type { RequestEvent, TokenUsage } from '@bud-foundry/core'
import type { AttemptAccount, RouteCandidate, StageCall } from '../governance/stage.ts'

/** What a request hook may decide; nothing lets the call pass as it is. */
export type RequestDecision =
  | undefined
  | void
  /** Answers 403 with this message. */
  | { readonly refuse: string }
  /** A JSON object in the place of the body; the model must stay the same. */
  | { readonly body: Readonly<Record<string, unknown>> }

/** A try against one target: as it starts, and as it ends. */
export type HookAttempt =
  | { readonly phase: 'start'; readonly targetId: string; readonly providerId: string; readonly model: string }
  | ({
      readonly phase: 'end'
      readonly targetId: string
      readonly providerId: string
      readonly outcome: RequestEvent['outcome']
      readonly durationMs: number
    } & Pick<AttemptAccount, 'model' | 'usage' | 'error'>)

/** A piece of the answer, in the caller's dialect: one event of a stream, or the whole answer. */
export interface HookChunk {
  readonly streaming: boolean
  /** The event's name, where the dialect has names. */
  readonly event: string | undefined
  readonly data: Readonly<Record<string, unknown>>
}

/** What failed: a try, or, without `targetId`, the request. */
export interface HookError {
  readonly code: string
  readonly status: number
  readonly targetId: string | undefined
}

/** The points of a call's way. `call` is the same object at each of them. What a hook gives that is asked for nothing is not looked at. */
export interface HookFunctions {
  /** Before anything goes out. */
  readonly request: (call: StageCall, signal: AbortSignal) => RequestDecision | Promise<RequestDecision>
  /** Each time that targets are ranked: may give them, the very objects, in another order, or fewer. Synchronous. */
  readonly route: (call: StageCall, candidates: readonly RouteCandidate[], model: string) => readonly RouteCandidate[] | undefined | void
  readonly attempt: (call: StageCall, attempt: HookAttempt, signal: AbortSignal) => void | Promise<void>
  /** May give other data in the place of a piece, or `null` to leave it out of a stream. Anything else is a failure. */
  readonly chunk: (
    call: StageCall,
    chunk: HookChunk,
    signal: AbortSignal,
  ) => Readonly<Record<string, unknown>> | null | undefined | void | Promise<Readonly<Record<string, unknown>> | null | undefined | void>
  /** Once, where tokens were counted or estimated. */
  readonly usage: (
    call: StageCall,
    usage: TokenUsage & { readonly costUsd: number | undefined; readonly source: RequestEvent['usageSource'] },
    signal: AbortSignal,
  ) => void | Promise<void>
  readonly error: (call: StageCall, error: HookError, signal: AbortSignal) => void | Promise<void>
  /** Once, however the call ended. */
  readonly finish: (call: StageCall, event: RequestEvent, signal: AbortSignal) => void | Promise<void>
}

export type HookName = keyof HookFunctions

export const hookNames = ['request', 'route', 'attempt', 'chunk', 'usage', 'error', 'finish'] as const satisfies readonly HookName[]

/** A hook with its own time box and policy. */
export interface HookWithLimits<Run> {
  readonly run: Run
  /** Longest time that it may take; `signal` aborts then. */
  readonly budgetMs?: number | undefined
  /** When it throws or takes too long: `closed` ends the call with 500, `open` goes on without it. After the call has ended both mean: it is logged and counted. */
  readonly failPolicy?: 'closed' | 'open' | undefined
}

/** What a file of hooks exports. */
export type Hooks = { readonly [Name in HookName]?: HookFunctions[Name] | HookWithLimits<HookFunctions[Name]> | undefined } & {
  /** Of hooks that say nothing of their own. Default: 1,000. */
  readonly budgetMs?: number | undefined
  /** Of hooks that say nothing of their own. Default: `closed`. */
  readonly failPolicy?: 'closed' | 'open' | undefined
}

/** Gives hooks their types. */
export const defineHooks = (hooks: Hooks): Hooks => hooks
