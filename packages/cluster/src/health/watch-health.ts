/** The health of a cluster over time: what changed, when, and for how long it had been otherwise. */
import { coreErrors, type Clock } from '@bud-foundry/core'
import type { KubernetesApi } from '../kubernetes/kubernetes-api.ts'
import { healthIntervalMs } from '../limits.ts'
import { checkHealth, type ClusterHealth } from './cluster-health.ts'

/** One change of what is well and what is not. */
export interface HealthTransition {
  /** `cluster`, a check such as `storage`, or `node n1`. */
  readonly what: string
  readonly from: string | undefined
  readonly to: string | undefined
  readonly reason: string | undefined
  readonly atUnixMs: number
  /** How long `from` had held. */
  readonly heldMs: number | undefined
}

export interface HealthUpdate {
  readonly health: ClusterHealth
  readonly transitions: readonly HealthTransition[]
}

interface Known {
  readonly state: string
  readonly sinceMs: number
}

interface Told {
  readonly state: string
  readonly reason: string | undefined
}

function statesOf({ status, checks, nodes }: ClusterHealth): ReadonlyMap<string, Told> {
  return new Map<string, Told>([
    ['cluster', { state: status, reason: checks.find((check) => check.status !== 'healthy')?.reason }],
    ...checks.map((check) => [check.check, { state: check.status, reason: check.reason }] as const),
    ...nodes.map(({ name, ready, schedulable, reason }) => {
      const state = !ready ? 'not ready' : schedulable ? 'ready' : 'cordoned'
      return [`node ${name}`, { state, reason }] as const
    }),
  ])
}

function transitionsBetween(known: Map<string, Known>, health: ClusterHealth, clock: Clock): readonly HealthTransition[] {
  const found: HealthTransition[] = []
  const [nowMs, atUnixMs] = [clock.monotonicMs(), clock.nowMs()]
  const states = statesOf(health)
  // Nodes cannot be read while the API is away: they keep the state they had.
  const blind = health.checks.some(({ check, status }) => check === 'nodes' && status === 'failed') && health.nodes.length === 0
  for (const [what, { state, sinceMs }] of [...known]) {
    if (states.has(what) || (blind && what.startsWith('node '))) continue
    known.delete(what)
    found.push({ what, from: state, to: undefined, reason: 'it is gone', atUnixMs, heldMs: nowMs - sinceMs })
  }
  for (const [what, { state, reason }] of states) {
    const before = known.get(what)
    if (before?.state === state) continue
    known.set(what, { state, sinceMs: nowMs })
    found.push({
      what,
      from: before?.state,
      to: state,
      reason,
      atUnixMs,
      heldMs: before === undefined ? undefined : nowMs - before.sinceMs,
    })
  }
  return found
}

/** Yields the first look, and then every look at which something changed. Never ends by itself; leave the loop or abort. */
export async function* watchHealth(
  parts: { readonly api: KubernetesApi; readonly clock: Clock; readonly intervalMs?: number | undefined },
  signal: AbortSignal,
): AsyncIterable<HealthUpdate> {
  const { clock, intervalMs = healthIntervalMs } = parts
  const known = new Map<string, Known>()
  for (;;) {
    if (signal.aborted) throw coreErrors.ABORTED({ what: 'watching the health of a cluster' }, { cause: signal.reason })
    const health = await checkHealth(parts, signal)
    const transitions = transitionsBetween(known, health, clock)
    if (transitions.length > 0) yield { health, transitions }
    await clock.sleep(intervalMs, signal)
  }
}
