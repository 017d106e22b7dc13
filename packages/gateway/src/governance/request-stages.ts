/** What the pipeline asks of a request's stages. */
import type { Attempt, BudError, RequestEvent } from '@bud-foundry/core'
import type { CallPlan } from '../dispatch/call-plan.ts'
import type { ModelEntry } from '../routing/snapshot.ts'
import type { TargetState } from '../routing/target-state.ts'
import type { AttemptAccount, EventFacts, OutputFilter, StageAnswer } from './stage.ts'

/** What all stages together decided about a call. */
export type Decision =
  | { readonly kind: 'go'; readonly plan: CallPlan }
  | { readonly kind: 'refuse'; readonly error: BudError }
  | { readonly kind: 'answer'; readonly answer: StageAnswer }

export interface CallFacts {
  readonly plan: CallPlan
  readonly entry: ModelEntry
  /** As the caller named it. */
  readonly requestedModel: string
}

export interface RequestStages {
  /** For the RequestEvent. */
  readonly cache: 'none' | 'hit' | 'miss'
  readonly tags: Readonly<Record<string, string>> | undefined
  readonly facts: EventFacts | undefined
  readonly isFinished: boolean
  /** In the order in which answers pass them; undefined when there is none. */
  readonly filters: readonly OutputFilter[] | undefined
  /** Before the key is checked. */
  onArrival(): BudError | undefined
  /** Before the body is read; `decide` is called at once when no stage has to wait. */
  onRequest(decide: (refusal: BudError | undefined) => void): void
  /** Body and model are known; `decide` is called at once when no stage has to wait. */
  onCall(facts: CallFacts, decide: (decision: Decision) => void): void
  /** @throws BudError when an observer refuses. */
  onRoute(ranked: readonly TargetState[], model: string): readonly TargetState[]
  onAttemptStart(state: TargetState, model: string): void
  onAttemptEnd(attempt: Attempt, account: AttemptAccount): void
  /** The request is over; to be called once. */
  finish(event: RequestEvent): void
}
