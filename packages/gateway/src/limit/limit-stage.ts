/** The stage that counts calls against their limits. */
import type { Claim, RequestEvent, SettledAmount } from '@bud-foundry/core'
import type { StageFactory, StageKit } from '../governance/stage-factory.ts'
import type { OwnedStage } from '../governance/stage-set.ts'
import type { StageCall, StageResult, Verdict } from '../governance/stage.ts'
import { gatewayErrors } from '../errors.ts'
import { plannedLimits, plannedModels } from '../limits.ts'
import { askedTier } from '../money/charge.ts'
import { estimateNanos } from '../money/estimate.ts'
import { knownNanos } from '../money/known-cost.ts'
import { toUsd } from '../money/nano-usd.ts'
import type { RateLimitsConfig } from './limit-config.ts'
import { setLimitHeaders } from './limit-headers.ts'
import { planLimits, type PlannedLimit } from './limit-plan.ts'
import { Limiter, type Admission, type Held } from './limiter.ts'

/** Official clients wait at most this long; what takes longer they need not try again. */
const clientWaitMs = 60_000
const storeRetryAfterMs = 1_000
const placeRetryAfterMs = 1_000
/** More than any caller can mean; with a prompt it is still a number that sums stay exact with. */
const tokensMax = 2 ** 52

interface ExpectedTokens {
  readonly input: number
  readonly output: number
}

/** The most that a call may cost, reserved before it goes out: its tokens at the dearest price among its targets. Capped where whole numbers end. */
function mostNanos({ head, targets }: StageCall, { input, output }: ExpectedTokens): number {
  const expected = { inputTokens: input, maxOutputTokens: output, choices: 1, serviceTier: askedTier({ head }) }
  return Math.min(estimateNanos(expected, targets) ?? 0, Number.MAX_SAFE_INTEGER)
}

/** Counted together as one caller, where no key is asked for. */
const noKey = {}

class LimitStage implements OwnedStage {
  readonly id = 'limits'
  readonly kit: StageKit
  readonly #limiter: Limiter
  #config: RateLimitsConfig
  /** Plans of the present records and rules, by key and model. A changed record is another object. */
  #plans = new WeakMap<object, Map<string, readonly PlannedLimit[]>>()
  #version = -1

  constructor(config: RateLimitsConfig, kit: StageKit) {
    this.#config = config
    this.kit = kit
    const onFailure = (error: unknown) => {
      kit.logger.warn('the store of the limits does not answer', { error })
    }
    this.#limiter = new Limiter(config, { store: kit.store, clock: kit.clock, random: kit.random, onFailure })
  }

  configure(config: RateLimitsConfig): void {
    this.#config = config
    this.#limiter.configure(config)
    this.#plans = new WeakMap()
  }

  onCall(call: StageCall): StageResult<Verdict> {
    const plan = this.#planOf(call)
    if (plan.length === 0) return undefined
    if (plan.length > plannedLimits) {
      // Which of them to leave out is nobody's to choose.
      this.kit.logger.error('a call has more limits than the store takes at once; it is refused', { limits: plan.length, plannedLimits })
      return { kind: 'refuse', error: gatewayErrors.INTERNAL() }
    }
    const unpriced = this.#refuseUnpriced(plan, call)
    if (unpriced !== undefined) return unpriced
    const claims = this.#claimsOf(plan, call)
    const admission = this.#limiter.reserve(claims)
    if (admission instanceof Promise) return admission.then((result) => this.#decide(call, plan, claims, result))
    return this.#decide(call, plan, claims, admission)
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#limiter[Symbol.asyncDispose]()
  }

  #planOf({ key, model, requestedModel }: StageCall): readonly PlannedLimit[] {
    const { keys } = this.kit
    if (keys !== undefined && keys.version !== this.#version) {
      this.#version = keys.version
      this.#plans = new WeakMap()
    }
    const caller = key ?? noKey
    let byModel = this.#plans.get(caller)
    if (byModel === undefined) this.#plans.set(caller, (byModel = new Map<string, readonly PlannedLimit[]>()))
    const name = `${model}\n${requestedModel}`
    let plan = byModel.get(name)
    if (plan === undefined) {
      const project = key === undefined ? undefined : keys?.projects.get(key.projectId)
      const user = key?.userId === undefined ? undefined : keys?.users.get(key.userId)
      plan = planLimits(this.#config.rules, { key, project, user }, { model, requestedModel })
      if (byModel.size >= plannedModels) byModel.clear()
      byModel.set(name, plan)
    }
    return plan
  }

  /** Counting tokens is free everywhere, with a price or without one. */
  #refuseUnpriced(plan: readonly PlannedLimit[], { operation, model }: StageCall): Verdict {
    if (this.#config.unpriced === 'allow' || operation === 'count-tokens') return undefined
    const limit = plan.find(({ kind }) => kind === 'spend')
    if (limit === undefined) return undefined
    const [targetId] = this.kit.unpricedTargets(model)
    if (targetId === undefined) return undefined
    return { kind: 'refuse', error: gatewayErrors.MODEL_NOT_PRICED({ model, targetId, limit: limit.name }) }
  }

  #claimsOf(plan: readonly PlannedLimit[], call: StageCall): readonly Claim[] {
    const { leaseMs } = this.#config
    let tokens: ExpectedTokens | undefined
    let spend: number | undefined
    return plan.map(({ kind, claimKey, limit, windowMs, calendar }) => {
      let amount = 1
      if (kind === 'tokens' || kind === 'spend') tokens ??= this.#tokensOf(call)
      if (kind === 'tokens' && tokens !== undefined) amount = tokens.input + tokens.output
      if (kind === 'spend' && tokens !== undefined) amount = spend ??= mostNanos(call, tokens)
      const boundariesUnixMs = calendar?.boundariesUnixMs(this.kit.clock.nowMs())
      return { key: claimKey, amount, limit, windowMs, boundariesUnixMs, leaseMs: windowMs === 'lease' ? leaseMs : undefined }
    })
  }

  #tokensOf(call: StageCall): ExpectedTokens {
    const { head, operation, inputTokensEstimate } = call
    const writes = operation === 'chat' || operation === 'completion'
    // What the gateway itself sends as the most is reserved, or one call could pass the limit by far.
    const most = head.maxOutputTokens ?? Math.max(call.defaultMaxOutputTokens ?? 0, this.#config.defaultOutputTokens)
    const output = writes ? most * head.choices : 0
    return { input: Math.ceil(inputTokensEstimate), output: Math.min(Math.ceil(Math.max(0, output)), tokensMax) }
  }

  #decide(call: StageCall, plan: readonly PlannedLimit[], claims: readonly Claim[], admission: Admission): Verdict {
    if (admission.kind === 'unavailable')
      return { kind: 'refuse', error: gatewayErrors.LIMITS_UNAVAILABLE(undefined, { retryAfterMs: storeRetryAfterMs }) }
    const usage = admission.kind === 'admitted' ? admission.held.usage : admission.refusal.usage
    if (this.#config.headers) {
      const set = (name: string, value: string) => {
        call.setResponseHeader(name, value)
      }
      setLimitHeaders({ dialectId: call.dialect.id, plan, usage, nowUnixMs: this.kit.clock.nowMs(), set })
    }
    if (admission.kind === 'full') return this.#refuse(call, plan, claims, admission.refusal)
    return {
      kind: 'go',
      observer: {
        onFinish: (event) => {
          this.#settle(plan, claims, admission.held, event)
        },
      },
    }
  }

  #refuse(
    call: StageCall,
    plan: readonly PlannedLimit[],
    claims: readonly Claim[],
    refusal: Extract<Admission, { readonly kind: 'full' }>['refusal'],
  ): Verdict {
    const { key } = refusal
    const limit = plan.find(({ claimKey }) => claimKey === key)
    // A place is free as soon as any call ends: the lease's end is only the latest time.
    const retryAfterMs = limit?.kind === 'concurrency' ? Math.min(refusal.retryAfterMs, placeRetryAfterMs) : refusal.retryAfterMs
    const amount = claims.find((claim) => claim.key === key)?.amount ?? 0
    const isSpend = limit?.kind === 'spend'
    const details = {
      limit: limit?.name ?? key,
      kind: limit?.kind ?? 'requests',
      allowed: isSpend ? toUsd(limit.limit) : (limit?.limit ?? 0),
      requested: isSpend ? toUsd(amount) : amount,
      waitSeconds: Math.ceil(retryAfterMs / 1_000),
    }
    if (retryAfterMs > clientWaitMs) call.setResponseHeader('x-should-retry', 'false')
    if (retryAfterMs === Number.POSITIVE_INFINITY) return { kind: 'refuse', error: gatewayErrors.REQUEST_OVER_LIMIT(details) }
    const error = isSpend ? gatewayErrors.INSUFFICIENT_QUOTA : gatewayErrors.RATE_LIMIT_EXCEEDED
    return { kind: 'refuse', error: error(details, { retryAfterMs }) }
  }

  #settle(plan: readonly PlannedLimit[], claims: readonly Claim[], held: Held, event: RequestEvent): void {
    const actual: SettledAmount[] = []
    for (let index = 0; index < plan.length; index += 1) {
      const kind = plan[index]?.kind
      const claim = claims[index]
      if (claim === undefined || (kind !== 'tokens' && kind !== 'spend')) continue
      actual.push({ key: claim.key, amount: kind === 'tokens' ? event.inputTokens + event.outputTokens : knownNanos(event) })
    }
    this.#limiter.settle(held, actual)
  }
}

/** Exists wherever a limit may be found: in the configuration, or on a record. */
export const limitStage: StageFactory = {
  id: 'limits',
  create: (config, kit, previous) => {
    if (kit.keys === undefined && config.rateLimits.rules.length === 0) return undefined
    return previous instanceof LimitStage ? previous : new LimitStage(config.rateLimits, kit)
  },
  adopt: (stage, { rateLimits }) => {
    if (stage instanceof LimitStage) stage.configure(rateLimits)
  },
}
