/** Which targets one request may try, and in what order. */
import type { CanonicalOperation, RoutingContext } from '@bud-foundry/core'
import type { EjectionConfig } from '../config.ts'
import { namedTargets } from '../limits.ts'
import { breakerWaitMs } from './circuit-breaker.ts'
import type { ModelEntry } from './snapshot.ts'
import type { TargetState } from './target-state.ts'

function withoutEjected(targets: readonly TargetState[], config: EjectionConfig, nowMs: number): readonly TargetState[] {
  // Whatever the share, one target stays: with all of them set aside a model would answer nobody.
  const limit = Math.min(Math.floor(targets.length * config.maximumShare), targets.length - 1)
  let ejected = 0
  const kept = targets.filter((state) => {
    if (nowMs >= state.health.ejectedUntilMs || ejected >= limit) return true
    ejected += 1
    return false
  })
  return kept
}

/** The targets that may be tried now; the entry's own list when that is all of them. */
export function availableTargets(entry: ModelEntry, ejection: EjectionConfig, nowMs: number): readonly TargetState[] {
  const { targets } = entry
  let all = true
  let anyEjected = false
  for (const state of targets) {
    if (!state.isAvailable(nowMs)) all = false
    if (state.health.ejectedUntilMs > nowMs) anyEjected = true
  }
  const available = all ? targets : targets.filter((state) => state.isAvailable(nowMs))
  return anyEjected ? withoutEjected(available, ejection, nowMs) : available
}

/** How long until any target of a model may be tried again. */
export function unavailableForMs(entry: ModelEntry, nowMs: number): number {
  let shortest = Number.POSITIVE_INFINITY
  for (const state of entry.targets) {
    const waitMs = Math.max(
      breakerWaitMs(state.health.breaker, nowMs),
      state.credential.restingUntilMs - nowMs,
      state.health.checkedHealthy ? 0 : 1_000,
    )
    shortest = Math.min(shortest, waitMs)
  }
  return Math.max(0, shortest)
}

function unavailableReason({ health, credential }: TargetState, nowMs: number): string {
  if (!health.checkedHealthy) return 'its health check fails'
  if (!credential.isUsable(nowMs)) return credential.refused ? 'its credential was refused' : 'its credential is rate-limited'
  return health.lastErrorCode ?? 'no error yet'
}

/** Why each target of a model is not tried now: the code of its last error, its health check or its credential. */
export function unavailableReasons({ targets }: ModelEntry, nowMs: number): string {
  const named = targets.slice(0, namedTargets).map((state) => `${state.target.id}: ${unavailableReason(state, nowMs)}`)
  const left = targets.length - named.length
  return [...named, ...(left > 0 ? [`and ${String(left)} more`] : [])].join(', ')
}

/** Best first: by tier, and within one by the model's policy. */
export function rankTargets(
  entry: ModelEntry,
  operation: CanonicalOperation,
  available: readonly TargetState[],
  context: RoutingContext,
): readonly TargetState[] {
  if (available.length < 2) return available
  const request = { model: entry.name, operation }
  // A policy returns the very candidates it was given, which are TargetStates.
  const rank = (group: readonly TargetState[]) => entry.policy.rank(request, group, context) as readonly TargetState[]
  if (!entry.tiered) return rank(available)
  const tiers = new Map<number, TargetState[]>()
  for (const state of available) {
    const tier = tiers.get(state.target.tier)
    if (tier === undefined) tiers.set(state.target.tier, [state])
    else tier.push(state)
  }
  return [...tiers.keys()].sort((left, right) => left - right).flatMap((tier) => rank(tiers.get(tier) ?? []))
}
