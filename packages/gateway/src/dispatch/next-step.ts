/** What to do after a failed try: a pure decision. */
import type { BudError } from '@bud-foundry/core'
import type { RetryConfig } from '../config.ts'
import { retryAfterWaitMs } from '../limits.ts'

export type NextStep =
  | { readonly kind: 'next-target' }
  /** Then every target of the model may be tried again. */
  | { readonly kind: 'wait'; readonly waitMs: number }
  | { readonly kind: 'fallback' }
  | { readonly kind: 'give-up' }

export interface FailedTry {
  readonly error: BudError
  /** Tries of this model so far, this one included. */
  readonly tries: number
  readonly targetsLeft: boolean
  readonly fallbackLeft: boolean
  readonly retry: RetryConfig
  /** Uniform in [0, 1). */
  readonly random: number
  /** Takes one try from the retry budget; called only when a retry would otherwise happen. */
  readonly takeBudget: () => boolean
}

/** Full jitter around the doubling backoff, so that callers who failed together do not return together. */
const backoffMs = ({ retry, tries, random }: FailedTry): number =>
  Math.min(retry.backoffMs * 2 ** (tries - 1), retry.backoffMaxMs) * (0.5 + random / 2)

export function nextStep(failed: FailedTry): NextStep {
  const { error, retry } = failed
  if (error.scope === 'request' && !error.retryable) return { kind: 'give-up' }
  const otherwise: NextStep = failed.fallbackLeft ? { kind: 'fallback' } : { kind: 'give-up' }
  if (failed.tries >= retry.attempts) return otherwise
  if (failed.targetsLeft) return failed.takeBudget() ? { kind: 'next-target' } : otherwise
  if (!error.retryable) return otherwise
  const waitMs = Math.max(backoffMs(failed), error.retryAfterMs ?? 0)
  // A long wait is worth it only when nobody else can answer.
  const longestMs = failed.fallbackLeft ? retry.backoffMaxMs : retryAfterWaitMs
  if (waitMs > longestMs) return otherwise
  return failed.takeBudget() ? { kind: 'wait', waitMs } : otherwise
}
