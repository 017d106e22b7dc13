/** What every request of one gateway shares. */
import type { Clock, Dialect, Random, Transport } from '@bud-foundry/core'
import type { KeyRing } from '../key/key-ring.ts'
import type { RetryBudget } from '../routing/retry-budget.ts'
import type { Snapshot } from '../routing/snapshot.ts'
import type { EventPump } from '../telemetry/event-pump.ts'
import type { GatewayMetrics } from '../telemetry/gateway-metrics.ts'
import type { LiveEvents } from '../telemetry/live-events.ts'
import type { HeaderPolicy } from '../pipeline/header-policy.ts'
import type { GatewayLogger } from './logger.ts'

/** Something in flight that a closing gateway waits for, and in the end stops. */
export interface Stoppable {
  stop(): void
}

export interface Services {
  readonly transport: Transport
  readonly clock: Clock
  readonly random: Random
  readonly logger: GatewayLogger
  readonly dialects: ReadonlyMap<string, Dialect>
  readonly keys: KeyRing | undefined
  readonly pump: EventPump | undefined
  readonly live: LiveEvents
  readonly metrics: GatewayMetrics
  readonly budget: RetryBudget
  readonly inFlight: Set<Stoppable>
  /** Swapped whole on a configuration change; a request reads it once. */
  snapshot: Snapshot
  headerPolicy: HeaderPolicy
  state: 'starting' | 'open' | 'closing' | 'closed'
  /** Called when the last request in flight has ended. */
  onIdle: (() => void) | undefined
}
