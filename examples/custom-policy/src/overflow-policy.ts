/** Prefers one target while it has room; the others follow, least busy first. */
import type { Candidate, RoutingPolicy } from '@bud-foundry/core'

/** `room` is the number of requests that the preferred target takes at once. */
export function createOverflowPolicy({
  preferredTargetId,
  room,
}: {
  readonly preferredTargetId: string
  readonly room: number
}): RoutingPolicy {
  // Tiers are no way to say this: a gateway never asks a higher one while a lower one is healthy.
  const place = ({ target, inFlight }: Candidate) => (target.id !== preferredTargetId ? 1 : inFlight < room ? 0 : 2)
  return {
    contract: 'routing-policy/1',
    id: 'overflow',
    rank: (_request, candidates) => candidates.toSorted((left, right) => place(left) - place(right) || left.inFlight - right.inFlight),
  }
}
