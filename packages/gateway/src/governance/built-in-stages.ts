/** The stages that the configuration switches on, in the order in which they are asked. */
import type { Clock, Logger, Random, Secret, Store, Transport } from '@bud-foundry/core'
import { blockingStage } from '../blocking/blocking-stage.ts'
import { cacheStage } from '../cache/cache-stage.ts'
import { clientInfoStage } from '../client-info/client-info-stage.ts'
import type { GeoLookup } from '../client-info/client-info.ts'
import type { CredentialConfig, GatewayConfig } from '../config.ts'
import { idempotencyStage } from '../idempotency/idempotency-stage.ts'
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
  readonly metrics: GatewayMetrics
  readonly geo: GeoLookup | undefined
  /** Calls one of the gateway's own models. */
  callModel(call: InternalCall): Promise<InternalAnswer>
  /** The secret of a credential of the configuration, its references resolved. */
  secret(credential: CredentialConfig): Secret | undefined
}

/** Makes one concern's stage; undefined where the configuration does not ask for it. */
export interface StageFactory {
  readonly id: string
  /** `previous` is the stage of the configuration before: give it back when it can go on, so that what it remembers stays. Throws BudError 400. */
  create(config: GatewayConfig, kit: StageKit, previous: OwnedStage | undefined): OwnedStage | undefined
}

/**
 * Cheap refusals first. What stands behind the cache is not asked for answers that come from it; answers from the cache pass the output filters of
 * what stands before it.
 */
const factories: readonly StageFactory[] = [clientInfoStage, blockingStage, idempotencyStage, cacheStage]

/** @throws BudError 400 that names the field of the configuration. */
export function createBuiltInStages(config: GatewayConfig, kit: StageKit, previous: readonly OwnedStage[]): readonly OwnedStage[] {
  return factories.flatMap((factory) => {
    const stage = factory.create(
      config,
      kit,
      previous.find(({ id }) => id === factory.id),
    )
    return stage ?? []
  })
}
