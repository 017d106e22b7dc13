/** Sorts candidates by a number, lowest first; equal ones by the load they have, then in random order. */
import type { Candidate, Random } from '@bud-foundry/core'

export function byScore(candidates: readonly Candidate[], random: Random, score: (candidate: Candidate) => number): readonly Candidate[] {
  return candidates
    .map((candidate) => ({ candidate, score: score(candidate), tie: candidate.inFlight + random.next() }))
    .sort((left, right) => left.score - right.score || left.tie - right.tie)
    .map(({ candidate }) => candidate)
}
