/** How the stages that the configuration switches on are made. */
import type { Clock, Logger, Random, Secret, Store, Transport } from '@bud-foundry/core'
import type { GeoLookup } from '../client-info/client-info.ts'
import type { CredentialConfig, GatewayConfig } from '../config.ts'
import type { KeyRing } from '../key/key-ring.ts'
import type { InternalAnswer, InternalCall } from '../inference/internal-call.ts'
import type { GatewayMetrics } from '../telemetry/gateway-metrics.ts'
import type { OwnedStage } from './stage-set.ts'

/** What built-in stages are made from. */
export interface StageKit {
  readonly clock: Clock
  readonly random: Random
  readonly logger: Logger
  readonly transport: Transport
  readonly store: Store | undefined
  /** Keys with the projects and users above them. */
  readonly keys: KeyRing | undefined
  readonly metrics: GatewayMetrics
  readonly geo: GeoLookup | undefined
  /** Ids of the targets without a price that a call of the model may reach, over its fallbacks too. */
  unpricedTargets(model: string): readonly string[]
  /** Calls one of the gateway's own models. */
  callModel(call: InternalCall): Promise<InternalAnswer>
  /** The secret of a credential of the configuration, its references resolved. */
  secret(credential: CredentialConfig): Secret | undefined
}

/** Makes one concern's stage; undefined where the configuration does not ask for it. */
export interface StageFactory {
  readonly id: string
  /**
   * `previous` is the stage of the configuration before: give it back when it can go on, so that what it remembers stays, but leave it as it is: the
   * configuration may yet be refused. Throws BudError 400.
   */
  create(config: GatewayConfig, kit: StageKit, previous: OwnedStage | undefined): OwnedStage | undefined
  /** Puts a configuration that `create` has accepted in force on a stage that goes on. Cannot fail. */
  adopt?(stage: OwnedStage, config: GatewayConfig): void
}
