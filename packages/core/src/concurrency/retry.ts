/** Tries again what failed with a retryable error: exponential back-off with full jitter, under a deadline. */
import { isBudError } from '../error/bud-error.ts'
import { coreErrors } from '../error/core-errors.ts'
import { invariant } from '../error/invariant.ts'
import { coreLimits } from '../limits.ts'
import type { Random } from '../random/random.ts'
import type { Clock } from '../time/clock.ts'
import type { Deadline } from '../time/deadline.ts'

/** How often, and how long between. */
export interface RetryPolicy {
  /** Tries in all, the first included. */
  readonly attemptsMax: number
  /** Upper end of the first wait; it doubles with each. */
  readonly baseDelayMs: number
  /** Upper end of every wait; `coreLimits.retryDelayMsMax` when absent. */
  readonly delayMsMax?: number | undefined
}

/** What `retry` needs beside the action. */
export interface RetryOptions {
  readonly clock: Clock
  readonly random: Random
  readonly policy: RetryPolicy
  readonly signal: AbortSignal
  /** When a wait would outlast it, the last error is thrown at once. */
  readonly deadline?: Deadline | undefined
}

/**
 * The wait after a failed attempt, counted from 1: uniform between 0 and the exponential bound ("full jitter",
 * https://aws.amazon.com/blogs/architecture/exponential-backoff-and-jitter/), and never less than what the server asked for.
 */
export function retryDelayMs(policy: RetryPolicy, attempt: number, random: Random, retryAfterMs = 0): number {
  const boundMs = Math.min(policy.delayMsMax ?? coreLimits.retryDelayMsMax, policy.baseDelayMs * 2 ** (attempt - 1))
  return Math.max(retryAfterMs, random.next() * boundMs)
}

/** A call, because the type checker takes the flag for constant between two looks. */
const isAborted = (signal: AbortSignal): boolean => signal.aborted

/** Why no further attempt is made, read from `retryable` and `retryAfterMs` alone: undefined when one is. */
function delayBeforeNext(error: unknown, attempt: number, options: RetryOptions): number | undefined {
  if (!isBudError(error) || !error.retryable || attempt >= options.policy.attemptsMax) return undefined
  const retryAfterMs = error.retryAfterMs ?? 0
  if (retryAfterMs > coreLimits.retryAfterMsMax) return undefined
  const delayMs = retryDelayMs(options.policy, attempt, options.random, retryAfterMs)
  return options.deadline !== undefined && delayMs >= options.deadline.remainingMs() ? undefined : delayMs
}

/**
 * The action's result, or the error of its last attempt, unchanged. The action gets the number of its attempt, from 1.
 * Rejects with CORE_ABORTED when the signal or the deadline ends a wait.
 */
export async function retry<Value>(
  action: (attempt: number, signal: AbortSignal) => Promise<Value>,
  options: RetryOptions,
): Promise<Value> {
  const { clock, policy, deadline } = options
  const attemptsFit =
    Number.isSafeInteger(policy.attemptsMax) && policy.attemptsMax >= 1 && policy.attemptsMax <= coreLimits.retryAttemptsMax
  invariant(attemptsFit, `attemptsMax must be from 1 to ${String(coreLimits.retryAttemptsMax)}, not ${String(policy.attemptsMax)}`)
  const signal = deadline === undefined ? options.signal : AbortSignal.any([options.signal, deadline.signal])
  for (let attempt = 1; ; attempt += 1) {
    if (isAborted(signal)) throw coreErrors.ABORTED({ what: 'a retried action' }, { cause: signal.reason })
    try {
      return await action(attempt, signal)
    } catch (error) {
      const delayMs = isAborted(signal) ? undefined : delayBeforeNext(error, attempt, options)
      if (delayMs === undefined) throw error
      await clock.sleep(delayMs, signal)
    }
  }
}
