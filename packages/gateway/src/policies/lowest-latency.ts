/** Prefers the target that has answered fastest: `lowest-latency` by the whole answer, `lowest-ttft` by the first token. */
import type { Candidate, RoutingPolicy } from '@bud-foundry/core'
import { byScore } from './by-score.ts'

/** A failing target looks slow: its latency counts as if each failure cost the time of another try. */
const withErrors = (latencyMs: number, errorRate: number) => latencyMs / Math.max(0.01, 1 - errorRate)

const policyBy = (id: string, latencyMs: (candidate: Candidate) => number): RoutingPolicy => ({
  contract: 'routing-policy/1',
  id,
  // A target without measurements has latency 0 and is tried first, so that it gets some.
  rank: (_request, candidates, context) =>
    byScore(candidates, context.random, (candidate) => withErrors(latencyMs(candidate), candidate.errorRate)),
})

export const createLowestLatency = (): RoutingPolicy => policyBy('lowest-latency', (candidate) => candidate.latencyMsEwma)

export const createLowestTtft = (): RoutingPolicy =>
  policyBy('lowest-ttft', (candidate) => candidate.timeToFirstTokenMsEwma || candidate.latencyMsEwma)
