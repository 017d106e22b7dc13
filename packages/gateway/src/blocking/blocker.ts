/** Decides before authentication whether a caller may ask at all: allow rules, then deny rules, then the rest, then rates. */
import { createMemoryStore, systemClock, type BudError, type Claim, type Clock, type Store } from '@bud-foundry/core'
import { LRUCache } from 'lru-cache'
import { normalAddress, rateNetwork } from './address-set.ts'
import { blockingErrors } from './blocking-errors.ts'
import { blockingLimits } from './blocking-limits.ts'
import type { BlockingRules } from './blocking-rules.ts'
import type { BlockingConfig, BlockingRule } from './blocking-rule.ts'
import { compileRules, type CompiledRules, type Matcher } from './compiled-rules.ts'

/** Why a caller was turned away; for events, never for the caller. */
export interface Blocked {
  readonly error: BudError
  readonly reason: BlockingRule['kind'] | 'otherwise'
  /** Absent where no rule names the caller and the rest is denied. */
  readonly ruleId: string | undefined
}

export interface BlockerParts {
  readonly rules: BlockingRules
  /** ISO country of an address; undefined where unknown. */
  readonly countryOf?: ((address: string) => string | undefined) | undefined
  /** Counts rates over all processes; absent: in this one. */
  readonly store?: Store | undefined
  readonly clock?: Clock | undefined
  /** Told about a store that cannot be reached; rates are then counted in this process. */
  readonly onFailure?: ((error: unknown) => void) | undefined
}

export interface Caller {
  readonly address: string | undefined
  readonly userAgent: string | undefined
}

export interface Blocker extends AsyncDisposable {
  /** By address, country and user agent, and for addresses that are known to be over a rate. Undefined lets the caller in. */
  judge(caller: Caller): Blocked | undefined
  /** Counts a request that was let in. Undefined where there is nothing to count. */
  count(caller: Caller): Promise<Blocked | undefined> | undefined
  /** What holds for callers that no rule names. */
  otherwise: BlockingConfig['otherwise']
}

/** `in`: an allow rule names the caller; `open`: no rule does. */
type Verdict = { readonly kind: 'in' } | { readonly kind: 'open' } | { readonly kind: 'out'; readonly blocked: Blocked }

/** Of an address that the location database does not place. */
const unknownCountry = 'ZZ'
const letIn: Verdict = { kind: 'in' }
const undecided: Verdict = { kind: 'open' }

class RuleBlocker implements Blocker {
  #otherwise: BlockingConfig['otherwise'] = 'allow'
  readonly #rules: BlockingRules
  readonly #countryOf: (address: string) => string | undefined
  readonly #clock: Clock
  readonly #store: Store | undefined
  readonly #local: Store
  readonly #onFailure: (error: unknown) => void
  readonly #subscription: Disposable
  /** Addresses over a rate, with the rule and when their window ends on the monotonic clock. */
  readonly #paused = new LRUCache<string, { readonly ruleId: string | undefined; readonly untilMs: number }>({
    max: blockingLimits.pausedAddresses,
  })
  readonly #verdicts = new LRUCache<string, Verdict>({ max: blockingLimits.rememberedAddresses })
  #compiled: CompiledRules = { allow: [], deny: [], rates: [] }
  /** Requests before this do not ask the store, which has just failed. */
  #downUntilMs = 0
  #nextExpiryMs = Number.POSITIVE_INFINITY

  constructor(parts: BlockerParts) {
    this.#rules = parts.rules
    this.#countryOf = parts.countryOf ?? (() => undefined)
    this.#clock = parts.clock ?? systemClock
    this.#store = parts.store
    this.#local = createMemoryStore({ clock: this.#clock })
    this.#onFailure = parts.onFailure ?? (() => undefined)
    this.#subscription = this.#rules.subscribe(() => {
      this.#compile()
    })
    this.#compile()
  }

  get otherwise(): BlockingConfig['otherwise'] {
    return this.#otherwise
  }

  set otherwise(otherwise: BlockingConfig['otherwise']) {
    this.#otherwise = otherwise
    this.#verdicts.clear()
  }

  judge(caller: Caller): Blocked | undefined {
    if (this.#clock.nowMs() >= this.#nextExpiryMs) this.#compile()
    const { allow, deny, rates } = this.#compiled
    if (allow.length + deny.length + rates.length === 0 && this.#otherwise === 'allow') return undefined
    const address = caller.address === undefined ? undefined : normalAddress(caller.address)
    const verdict = this.#verdictOf(address, caller.userAgent ?? '')
    if (verdict.kind === 'out') return verdict.blocked
    if (verdict.kind === 'in' || address === undefined || rates.length === 0) return undefined
    const paused = this.#paused.get(rateNetwork(address))
    if (paused === undefined || paused.untilMs <= this.#clock.monotonicMs()) return undefined
    return this.#overRate(paused.ruleId, paused.untilMs)
  }

  count(caller: Caller): Promise<Blocked | undefined> | undefined {
    if (this.#compiled.rates.length === 0 || caller.address === undefined) return undefined
    const address = normalAddress(caller.address)
    if (address === undefined || this.#verdictOf(address, caller.userAgent ?? '').kind !== 'open') return undefined
    return this.#count(rateNetwork(address))
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#subscription[Symbol.dispose]()
    await this.#local[Symbol.asyncDispose]()
  }

  #compile(): void {
    const rules = this.#rules.list()
    this.#compiled = compileRules(rules)
    this.#nextExpiryMs = Math.min(...rules.map(({ expiresUnixMs }) => expiresUnixMs ?? Number.POSITIVE_INFINITY))
    this.#verdicts.clear()
    this.#paused.clear()
  }

  /** What addresses, countries and user agents say; remembered, because most callers come back. */
  #verdictOf(address: string | undefined, userAgent: string): Verdict {
    const key = `${address ?? ''}\n${userAgent}`
    const known = this.#verdicts.get(key)
    if (known !== undefined) return known
    const verdict = this.#judge(address, userAgent)
    // A long user agent is cheap to judge and dear to keep.
    if (userAgent.length <= blockingLimits.userAgentLength) this.#verdicts.set(key, verdict)
    return verdict
  }

  #judge(address: string | undefined, userAgent: string): Verdict {
    const caller = { address, userAgent }
    const country = (): string => (address === undefined ? unknownCountry : (this.#countryOf(address) ?? unknownCountry))
    const names = (matcher: Matcher): boolean => matcher.matches(caller, country)
    if (this.#compiled.allow.some(names)) return letIn
    const denied = this.#compiled.deny.find(names)
    if (denied !== undefined) return out(denied.rule.kind, denied.rule.id)
    return this.#otherwise === 'deny' ? out('otherwise', undefined) : undecided
  }

  async #count(network: string): Promise<Blocked | undefined> {
    const claims = this.#compiled.rates.map(({ id, limit, windowMs }): Claim => ({
      key: `gateway/blocked-rate/${id}/${network}`,
      amount: 1,
      limit,
      windowMs,
    }))
    const reservation = await this.#reserve(claims)
    if (reservation.admitted) return undefined
    const [, , ruleId] = reservation.key.split('/')
    const untilMs = this.#clock.monotonicMs() + reservation.retryAfterMs
    this.#paused.set(network, { ruleId, untilMs })
    return this.#overRate(ruleId, untilMs)
  }

  #overRate(ruleId: string | undefined, untilMs: number): Blocked {
    const retryAfterMs = Math.max(1, Math.ceil(untilMs - this.#clock.monotonicMs()))
    return { error: blockingErrors.BLOCKED_RATE(undefined, { retryAfterMs }), reason: 'rate', ruleId }
  }

  /** A reservation that comes too late is counted in the store as well, and settled all the same. */
  async #reserveInTime(store: Store, claims: readonly Claim[]): ReturnType<Store['reserve']> {
    const late = Promise.withResolvers<never>()
    using _timer = this.#clock.schedule(blockingLimits.storeTimeoutMs, () => {
      late.reject(blockingErrors.BLOCKING_STORE_SLOW({ timeoutMs: blockingLimits.storeTimeoutMs }))
    })
    return await Promise.race([reserveOnce(store, claims, this.#onFailure), late.promise])
  }

  async #reserve(claims: readonly Claim[]): ReturnType<Store['reserve']> {
    const isUp = this.#store !== undefined && this.#clock.monotonicMs() >= this.#downUntilMs
    for (const store of isUp && this.#store !== undefined ? [this.#store, this.#local] : [this.#local]) {
      try {
        return await this.#reserveInTime(store, claims)
      } catch (error) {
        this.#onFailure(error)
        // Requests do not wait for a store that has just failed, one after the other.
        if (store === this.#store) this.#downUntilMs = this.#clock.monotonicMs() + blockingLimits.storeRecheckMs
      }
    }
    // More addresses than can be counted, and no store: refusing everybody would finish what an attack began.
    return { admitted: true, id: '', usage: [] }
  }
}

async function reserveOnce(store: Store, claims: readonly Claim[], onFailure: (error: unknown) => void): ReturnType<Store['reserve']> {
  const reservation = await store.reserve(claims)
  // Nothing will be given back: without this each request would leave a reservation until its window ends. What is not named stays counted.
  if (reservation.admitted) store.settle(reservation.id, []).catch(onFailure)
  return reservation
}

const out = (reason: Blocked['reason'], ruleId: string | undefined): Verdict => ({
  kind: 'out',
  blocked: { error: blockingErrors.BLOCKED(), reason, ruleId },
})

export function createBlocker(parts: BlockerParts): Blocker {
  return new RuleBlocker(parts)
}
