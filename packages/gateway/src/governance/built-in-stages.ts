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

/**
 * The stages of a configuration, before it is in force: those that go on are as they were.
 * @throws BudError 400 that names the field of the configuration; nothing is left behind then.
 */
export function createBuiltInStages(config: GatewayConfig, kit: StageKit, previous: readonly OwnedStage[]): readonly OwnedStage[] {
  const stages: OwnedStage[] = []
  try {
    for (const factory of factories) {
      const before = previous.find(({ id }) => id === factory.id)
      const stage = factory.create(config, kit, before)
      if (stage !== undefined) stages.push(stage)
    }
  } catch (error) {
    discardStages(stages, previous, (failure) => {
      kit.logger.warn('a stage could not be closed', { error: failure })
    })
    throw error
  }
  return stages
}

/** Puts the configuration in force on the stages that go on. */
export function adoptConfig(stages: readonly OwnedStage[], config: GatewayConfig): void {
  for (const factory of factories) {
    const stage = stages.find(({ id }) => id === factory.id)
    if (stage !== undefined) factory.adopt?.(stage, config)
  }
}

/** Disposes of stages that never came into force; those of `previous` still are. */
export function discardStages(stages: readonly OwnedStage[], previous: readonly OwnedStage[], onFailure: (error: unknown) => void): void {
  for (const stage of stages) if (!previous.includes(stage)) stage[Symbol.asyncDispose]?.().then(undefined, onFailure)
}
