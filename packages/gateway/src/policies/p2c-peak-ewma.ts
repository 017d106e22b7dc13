/** Power of two choices by peak-EWMA latency: looks at two random targets and takes the one expected to answer sooner. */
import type { Candidate, RoutingPolicy } from '@bud-foundry/core'
import { policyTargets } from './policy-limits.ts'

/** Time constant of the decay: a peak has lost two thirds of its weight after this time (10 s, as in Twitter's Finagle). */
const decayMs = 10_000

interface Peak {
  latencyMs: number
  atMs: number
}

/** Rises to a slow answer at once and falls slowly, so that a target in trouble is left alone quickly. */
function observePeak(peak: Peak | undefined, latencyMs: number, nowMs: number): Peak {
  if (peak === undefined || latencyMs > peak.latencyMs) return { latencyMs, atMs: nowMs }
  const kept = Math.exp(-Math.max(0, nowMs - peak.atMs) / decayMs)
  return { latencyMs: peak.latencyMs * kept + latencyMs * (1 - kept), atMs: nowMs }
}

export function createP2cPeakEwma(): RoutingPolicy {
  const peaks = new Map<string, Peak>()
  let nowMs = 0

  const load = (candidate: Candidate): number => {
    const latencyMs = peaks.get(candidate.target.id)?.latencyMs ?? candidate.latencyMsEwma
    return (latencyMs * (candidate.inFlight + 1)) / Math.max(candidate.target.weight, Number.MIN_VALUE)
  }

  return {
    contract: 'routing-policy/1',
    id: 'p2c-peak-ewma',
    rank: (_request, candidates, context) => {
      nowMs = context.nowMs
      const [one, other] = candidates
      // Of two, both are always drawn: which first decides only between equals.
      if (candidates.length === 2 && one !== undefined && other !== undefined) {
        const difference = load(one) - load(other)
        return difference < 0 || (difference === 0 && context.random.next() < 0.5) ? candidates : [other, one]
      }
      const rest = [...candidates]
      const ranked: Candidate[] = []
      while (rest.length > 1) {
        const first = Math.floor(context.random.next() * rest.length)
        const offset = 1 + Math.floor(context.random.next() * (rest.length - 1))
        const second = (first + offset) % rest.length
        const [left, right] = [rest[first], rest[second]]
        if (left === undefined || right === undefined) break
        const chosen = load(left) <= load(right) ? first : second
        ranked.push(...rest.splice(chosen, 1))
      }
      return ranked.concat(rest)
    },
    observe: (outcome) => {
      if (peaks.size >= policyTargets && !peaks.has(outcome.targetId)) peaks.clear()
      const latencyMs = outcome.timeToFirstTokenMs ?? outcome.latencyMs
      // A failure counts as a slow answer, however fast it came: otherwise a target that refuses at once would look best.
      const seenMs = outcome.ok ? latencyMs : Math.max(latencyMs, (peaks.get(outcome.targetId)?.latencyMs ?? decayMs / 10) * 2)
      peaks.set(outcome.targetId, observePeak(peaks.get(outcome.targetId), seenMs, nowMs))
    },
  }
}
