/**
 * Inter-token latency of one stream: the real gaps between its content events, as they arrived. Events that came in one piece count as they came:
 * the first of them with the time since the event before, the others with none.
 */
import { bucketOf } from '../telemetry/histogram.ts'

/** Seconds; those of vLLM's `vllm:inter_token_latency_seconds`, with finer steps below 100 ms and none above 30 s. */
export const gapBoundsSeconds = [
  0.001, 0.0025, 0.005, 0.0075, 0.01, 0.015, 0.02, 0.025, 0.03, 0.04, 0.05, 0.075, 0.1, 0.15, 0.2, 0.3, 0.4, 0.5, 0.75, 1, 2.5, 5, 7.5, 10,
  30,
] as const

export class TokenGaps {
  /** By the bounds above, the last one for everything longer; events of one piece are in the first. Made when a second piece comes. */
  counts: Float64Array | undefined
  /** Gaps of nothing: events that came together with the one before. */
  together = 0
  maxMs = 0
  sumMs = 0
  #gaps = 0
  #lastMs: number | undefined

  /** `events` more content events have come at this time of a monotonic clock. */
  note(events: number, nowMs: number): void {
    if (this.#lastMs === undefined) this.together += events - 1
    else {
      const gapMs = Math.max(0, nowMs - this.#lastMs)
      this.counts ??= new Float64Array(gapBoundsSeconds.length + 1)
      const bucket = bucketOf(gapBoundsSeconds, gapMs / 1_000)
      this.counts[bucket] = (this.counts[bucket] ?? 0) + 1
      this.#gaps += 1
      this.together += events - 1
      this.sumMs += gapMs
      if (gapMs > this.maxMs) this.maxMs = gapMs
    }
    this.#lastMs = nowMs
  }

  /** All gaps, those of nothing included: one less than there were events. */
  get count(): number {
    return this.#gaps + this.together
  }

  /** The gap that half of all do not exceed, from the buckets, straight between their bounds; undefined without gaps. */
  get p50Ms(): number | undefined {
    const { count } = this
    if (count === 0) return undefined
    let below = this.together
    if (below * 2 >= count) return 0
    for (const [index, inBucket] of (this.counts ?? []).entries()) {
      if ((below + inBucket) * 2 >= count) {
        const from = index === 0 ? 0 : (gapBoundsSeconds[index - 1] ?? 0)
        const to = Math.min(gapBoundsSeconds[index] ?? Number.POSITIVE_INFINITY, this.maxMs / 1_000)
        return (from + ((count / 2 - below) / inBucket) * Math.max(0, to - from)) * 1_000
      }
      below += inBucket
    }
    return this.maxMs
  }
}
