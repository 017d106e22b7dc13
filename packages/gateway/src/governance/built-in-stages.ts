/** The stages that the configuration switches on, in the order in which they are asked. */
import { blockingStage } from '../blocking/blocking-stage.ts'
import { cacheStage } from '../cache/cache-stage.ts'
import { clientInfoStage } from '../client-info/client-info-stage.ts'
import type { GatewayConfig } from '../config.ts'
import { idempotencyStage } from '../idempotency/idempotency-stage.ts'
import { guardrails } from '../guardrail/guardrail-stage.ts'
import { createLimitStageFactory } from '../limit/limit-stage.ts'
import type { StageFactory, StageKit } from './stage-factory.ts'
import type { OwnedStage } from './stage-set.ts'

/**
 * Cheap refusals first. What stands behind the cache is not asked for answers that come from it; answers from the cache pass the output filters of
 * what stands before it.
 */
const factories: readonly StageFactory[] = [
  clientInfoStage,
  blockingStage,
  idempotencyStage,
  createLimitStageFactory(),
  guardrails,
  cacheStage,
]

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
