/** What is known about one upstream credential: refused ones rest long, rate-limited ones until their limit lifts. */
import type { BudError } from '@bud-foundry/core'

/** A refused credential is tried again after this time, because operators re-enable keys. */
const refusedRestMs = 300_000
/** Rest after a rate limit that named no time. */
const limitedRestMs = 1_000
/** Longest rest after a rate limit, whatever it named. */
const limitedRestMaxMs = 60_000

export class CredentialState {
  /** 0 when usable. */
  restingUntilMs = 0
  refused = false

  isUsable(nowMs: number): boolean {
    return nowMs >= this.restingUntilMs
  }

  /** An upstream failed with scope `credential`: status 429 is a rate limit, any other a refusal. */
  recordFailure(error: BudError, nowMs: number): void {
    this.refused = error.status !== 429
    const restMs = !this.refused ? Math.min(error.retryAfterMs ?? limitedRestMs, limitedRestMaxMs) : refusedRestMs
    this.restingUntilMs = nowMs + restMs
  }

  recordSuccess(): void {
    this.restingUntilMs = 0
    this.refused = false
  }
}
