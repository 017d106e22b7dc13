/** Blocking as a stage: rules before the key is checked, rates counted for every request, those without a valid key included. */
import type { BudError } from '@bud-foundry/core'
import type { GatewayConfig } from '../config.ts'
import type { StageFactory, StageKit } from '../governance/stage-factory.ts'
import type { Stage, StageRequest } from '../governance/stage.ts'
import { createBlocker, type Blocked, type Blocker, type Caller } from './blocker.ts'
import type { BlockingConfig } from './blocking-rule.ts'
import { createBlockingRules, type BlockingRules } from './blocking-rules.ts'

const metric = { name: 'bud_gateway_blocked_total', help: 'Requests that blocking rules turned away, by the kind of rule.' }

export class BlockingStage implements Stage, AsyncDisposable {
  readonly id = 'blocking'
  readonly rules: BlockingRules
  readonly ready: Promise<void>
  readonly #blocker: Blocker
  readonly #kit: StageKit
  /** Counts that began when the request arrived and are waited for when its key has been checked. */
  readonly #counts = new WeakMap<StageRequest, Promise<Blocked | undefined>>()

  /** @throws GATEWAY_BLOCKING_RULE_INVALID */
  constructor(kit: StageKit, config: BlockingConfig) {
    const { store, clock, random, logger, geo } = kit
    const onFailure = (error: unknown) => {
      logger.warn('blocking could not reach its store or read a rule', { error })
    }
    this.#kit = kit
    this.rules = createBlockingRules({ store, clock, random, onFailure, canLocate: geo !== undefined })
    this.#blocker = createBlocker({ rules: this.rules, store, clock, onFailure, countryOf: (address) => geo?.lookup(address)?.country })
    this.ready = this.rules.ready
    try {
      this.configure(config)
    } catch (error) {
      this[Symbol.asyncDispose]().catch(onFailure)
      throw error
    }
  }

  configure({ rules, otherwise }: BlockingConfig): void {
    this.rules.configure(rules)
    this.#blocker.otherwise = otherwise
  }

  onArrival(request: StageRequest): BudError | undefined {
    const caller: Caller = { address: request.clientAddress, userAgent: request.header('user-agent') }
    const blocked = this.#blocker.judge(caller)
    if (blocked !== undefined) return this.#refuse(request, blocked)
    const count = this.#blocker.count(caller)
    if (count !== undefined) this.#counts.set(request, count)
    return undefined
  }

  onRequest(request: StageRequest): Promise<BudError | undefined> | undefined {
    const count = this.#counts.get(request)
    return count?.then((blocked) => (blocked === undefined ? undefined : this.#refuse(request, blocked)))
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#blocker[Symbol.asyncDispose]()
    await this.rules[Symbol.asyncDispose]()
  }

  #refuse(request: StageRequest, { error, reason, ruleId }: Blocked): BudError {
    request.addTag('blockedBy', reason)
    if (ruleId !== undefined) request.note({ blockRuleId: ruleId })
    this.#kit.metrics.count(metric, { reason })
    return error
  }
}

export const blockingStage: StageFactory = {
  id: 'blocking',
  create: (config: GatewayConfig, kit, previous) => {
    if (config.blocking === undefined) return undefined
    if (!(previous instanceof BlockingStage)) return new BlockingStage(kit, config.blocking)
    previous.rules.check(config.blocking.rules)
    return previous
  },
  adopt: (stage, { blocking }) => {
    if (blocking !== undefined && stage instanceof BlockingStage) stage.configure(blocking)
  },
}
