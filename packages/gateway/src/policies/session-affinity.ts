/** Keeps a session on one target by rendezvous hashing: adding or removing a target moves only the sessions that must move. */
import type { Candidate, RoutingPolicy } from '@bud-foundry/core'
import { byScore } from './by-score.ts'

/** FNV-1a (http://www.isthe.com/chongo/tech/comp/fnv/) with MurmurHash3's finalizer, because FNV alone mixes short keys badly. */
export function hash32(text: string): number {
  let hash = 0x811c9dc5
  for (let index = 0; index < text.length; index += 1) hash = Math.imul(hash ^ text.charCodeAt(index), 0x01000193)
  hash = Math.imul(hash ^ (hash >>> 16), 0x85ebca6b)
  hash = Math.imul(hash ^ (hash >>> 13), 0xc2b2ae35)
  return (hash ^ (hash >>> 16)) >>> 0
}

/** Weighted rendezvous: lowest `-ln(hash) / weight` wins (Schindelhauer and Schomaker, 2005). */
const distance = (key: string, { target }: Candidate): number => {
  const unit = (hash32(`${key}\n${target.id}`) + 1) / 4_294_967_297
  return -Math.log(unit) / Math.max(target.weight, Number.MIN_VALUE)
}

export function createSessionAffinity(): RoutingPolicy {
  return {
    contract: 'routing-policy/1',
    id: 'session-affinity',
    rank: (_request, candidates, context) => {
      const key = context.affinityKey
      if (key === undefined) return byScore(candidates, context.random, (candidate) => candidate.inFlight)
      return byScore(candidates, context.random, (candidate) => distance(key, candidate))
    },
  }
}
