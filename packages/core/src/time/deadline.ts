/** One budget of time, passed down as a signal and as the time that remains. */
import { coreErrors } from '../error/core-errors.ts'
import { invariant } from '../error/invariant.ts'
import { coreLimits } from '../limits.ts'
import type { Clock } from './clock.ts'

/** A running budget. */
export interface Deadline extends Disposable {
  /** Aborts with CORE_DEADLINE_EXCEEDED when the budget is spent, or with the parent's reason before that. */
  readonly signal: AbortSignal
  /** Never below 0. */
  remainingMs(): number
  /** A part of this budget: the smaller of the given time and what remains. Ends with this one. */
  part(what: string, budgetMs: number): Deadline
}

/** Settings of `createDeadline`. */
export interface DeadlineOptions {
  readonly clock: Clock
  /** What takes the time, for the error: `the request`, `the first attempt`. */
  readonly what: string
  readonly budgetMs: number
  /** Its abort ends the deadline too: the caller's own signal. */
  readonly parent?: AbortSignal | undefined
}

/** Starts now. Dispose it when the work has ended, so that no timer stays behind; disposing does not abort the signal. */
export function createDeadline(options: DeadlineOptions): Deadline {
  const { clock, what, budgetMs, parent } = options
  const fits = budgetMs >= 0 && budgetMs <= coreLimits.timerMsMax
  invariant(fits, `a deadline needs a budget from 0 to ${String(coreLimits.timerMsMax)} ms, not ${String(budgetMs)}`)
  const endMs = clock.monotonicMs() + budgetMs
  const controller = new AbortController()
  const timer = clock.schedule(budgetMs, () => {
    stop()
    controller.abort(coreErrors.DEADLINE_EXCEEDED({ what, budgetMs }))
  })
  const onParentAbort = () => {
    stop()
    controller.abort(parent?.reason)
  }
  function stop(): void {
    timer[Symbol.dispose]()
    parent?.removeEventListener('abort', onParentAbort)
  }
  const remainingMs = () => Math.max(0, endMs - clock.monotonicMs())

  if (parent?.aborted === true) onParentAbort()
  else parent?.addEventListener('abort', onParentAbort, { once: true })
  return {
    signal: controller.signal,
    remainingMs,
    part: (partWhat, partMs) =>
      createDeadline({ clock, what: partWhat, budgetMs: Math.min(partMs, remainingMs()), parent: controller.signal }),
    [Symbol.dispose]: stop,
  }
}
