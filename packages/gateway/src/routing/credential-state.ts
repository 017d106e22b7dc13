/** What is known about one upstream credential: refused ones rest and are probed now and then, rate-limited ones rest until their limit lifts. */
import type { BudError } from '@bud-foundry/core'

/** A refused credential is probed after this time, because operators mend keys; it doubles with each refused probe. */
const refusedRestMs = 5_000
/** Longest rest between two probes of a refused credential. */
const refusedRestMaxMs = 60_000
/** Rest after a rate limit that named no time. */
const limitedRestMs = 1_000
/** Longest rest after a rate limit, whatever it named. */
const limitedRestMaxMs = 60_000

export class CredentialState {
  /** 0 when usable. */
  restingUntilMs = 0
  refused = false
  #restMs = refusedRestMs

  isUsable(nowMs: number): boolean {
    return nowMs >= this.restingUntilMs
  }

  /** A request is about to be sent with it. With a refused credential it is the one probe of this rest: the others go on waiting. */
  begin(nowMs: number): void {
    if (!this.refused) return
    this.#restMs = Math.min(this.#restMs * 2, refusedRestMaxMs)
    this.restingUntilMs = nowMs + this.#restMs
  }

  /** An upstream failed with scope `credential`: status 429 is a rate limit, any other a refusal. */
  recordFailure(error: BudError, nowMs: number): void {
    if (error.status === 429) {
      this.#clear()
      this.restingUntilMs = nowMs + Math.min(error.retryAfterMs ?? limitedRestMs, limitedRestMaxMs)
      return
    }
    // What failed together, and the probe itself, find the credential resting already.
    if (this.refused && nowMs < this.restingUntilMs) return
    this.refused = true
    this.restingUntilMs = nowMs + this.#restMs
  }

  recordSuccess(): void {
    this.#clear()
  }

  #clear(): void {
    this.restingUntilMs = 0
    this.refused = false
    this.#restMs = refusedRestMs
  }
}
