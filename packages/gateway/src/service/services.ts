/** What every request of one gateway shares. */
import type { Clock, Dialect, Logger, Random, Transport } from '@bud-foundry/core'
import type { StageSet } from '../governance/stage-set.ts'
import type { KeyRing } from '../key/key-ring.ts'
import type { RetryBudget } from '../routing/retry-budget.ts'
import type { Snapshot } from '../routing/snapshot.ts'
import type { EventPump } from '../telemetry/event-pump.ts'
import type { GatewayMetrics } from '../telemetry/gateway-metrics.ts'
import type { LiveEvents } from '../telemetry/live-events.ts'
import type { PayloadCapture } from '../telemetry/payload-capture.ts'
import type { RequestTracer } from '../telemetry/request-span.ts'
import type { InFlight } from './in-flight.ts'

export interface Services {
  readonly transport: Transport
  readonly clock: Clock
  readonly random: Random
  readonly logger: Logger
  readonly dialects: ReadonlyMap<string, Dialect>
  readonly keys: KeyRing | undefined
  readonly pump: EventPump | undefined
  readonly live: LiveEvents
  readonly metrics: GatewayMetrics
  /** What `/metrics` answers: this gateway's, or that of all processes behind the same port. */
  readonly metricsText: () => string | Promise<string>
  readonly capture: PayloadCapture | undefined
  readonly tracer: RequestTracer | undefined
  readonly budget: RetryBudget
  readonly inFlight: InFlight
  /** Swapped whole on a configuration change; a request reads it once. */
  snapshot: Snapshot
  /** Swapped together with the snapshot; undefined when nothing governs. */
  stages: StageSet | undefined
  state: 'starting' | 'open' | 'closing' | 'closed'
  /** Called when the last request in flight has ended. */
  onIdle: (() => void) | undefined
}
