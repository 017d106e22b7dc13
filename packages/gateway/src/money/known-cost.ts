/** What is known of a request's cost: what was spent counts, also where the price of another try is missing. */
import type { RequestEvent } from '@bud-foundry/core'
import { toNanos } from './nano-usd.ts'

/** Billionths of a dollar; 0 when no price is known. */
export function knownNanos({ costUsd, attempts }: RequestEvent): number {
  if (costUsd !== undefined) return toNanos(costUsd)
  let nanos = 0
  for (const attempt of attempts) nanos += toNanos(attempt.costUsd ?? 0)
  return nanos
}
