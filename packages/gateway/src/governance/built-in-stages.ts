/** The stages that the configuration switches on, in the order in which they are asked. */
import { invariant } from '@bud-foundry/core'
import type { GatewayConfig } from '../config.ts'
import { limitStage } from '../limit/limit-stage.ts'
import type { StageFactory, StageKit } from './stage-factory.ts'
import type { OwnedStage } from './stage-set.ts'

/** A concern whose code and libraries are loaded with the first configuration that asks for it. */
class LazyConcern {
  readonly id: string
  readonly isWanted: (config: GatewayConfig) => boolean
  readonly #import: () => Promise<StageFactory>
  #loaded: StageFactory | undefined

  constructor(id: string, isWanted: (config: GatewayConfig) => boolean, importFactory: () => Promise<StageFactory>) {
    this.id = id
    this.isWanted = isWanted
    this.#import = importFactory
  }

  async load(): Promise<void> {
    this.#loaded ??= await this.#import()
  }

  get factory(): StageFactory {
    invariant(this.#loaded !== undefined, 'a stage is loaded before it is made')
    return this.#loaded
  }
}

const eager = (factory: StageFactory) => ({ id: factory.id, isWanted: () => true, factory })

/**
 * Cheap refusals first. What stands behind the cache is not asked for answers that come from it; answers from the cache pass the output filters of
 * what stands before it.
 */
const concerns = [
  new LazyConcern(
    'client-info',
    ({ clientInfo }) => clientInfo,
    async () => (await import('../client-info/client-info-stage.ts')).clientInfoStage,
  ),
  new LazyConcern(
    'blocking',
    ({ blocking }) => blocking !== undefined,
    async () => (await import('../blocking/blocking-stage.ts')).blockingStage,
  ),
  new LazyConcern(
    'idempotency',
    ({ idempotency }) => idempotency !== undefined,
    async () => (await import('../idempotency/idempotency-stage.ts')).idempotencyStage,
  ),
  eager(limitStage),
  new LazyConcern(
    'guardrails',
    (config) => config.guardrails !== undefined,
    async () => (await import('../guardrail/guardrail-stage.ts')).guardrails,
  ),
  new LazyConcern(
    'cache',
    ({ cache }) => cache !== undefined,
    async () => (await import('../cache/cache-stage.ts')).cacheStage,
  ),
]

/** To be awaited before `createBuiltInStages`. Undefined when the configuration asks for nothing that is loaded apart, whatever is loaded already. */
export function loadBuiltInStages(config: GatewayConfig): Promise<void> | undefined {
  const wanted = concerns.flatMap((concern) => (concern instanceof LazyConcern && concern.isWanted(config) ? concern : []))
  if (wanted.length === 0) return undefined
  return Promise.all(wanted.map((concern) => concern.load())).then(() => undefined)
}

/**
 * The stages of a configuration, before it is in force: those that go on are as they were.
 * @throws BudError 400 that names the field of the configuration; nothing is left behind then.
 */
export function createBuiltInStages(config: GatewayConfig, kit: StageKit, previous: readonly OwnedStage[]): readonly OwnedStage[] {
  const stages: OwnedStage[] = []
  try {
    for (const concern of concerns) {
      if (!concern.isWanted(config)) continue
      const before = previous.find(({ id }) => id === concern.id)
      const stage = concern.factory.create(config, kit, before)
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
  for (const concern of concerns) {
    const stage = stages.find(({ id }) => id === concern.id)
    if (stage !== undefined) concern.factory.adopt?.(stage, config)
  }
}

/** Disposes of stages that never came into force; those of `previous` still are. */
export function discardStages(stages: readonly OwnedStage[], previous: readonly OwnedStage[], onFailure: (error: unknown) => void): void {
  for (const stage of stages) if (!previous.includes(stage)) stage[Symbol.asyncDispose]?.().then(undefined, onFailure)
}
