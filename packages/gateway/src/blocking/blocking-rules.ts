/** The rules in force: those of the configuration, and those in a Store, which change while the gateway runs and reach every process. */
import { createId, storeLimits, systemClock, systemRandom, type Clock, type Random, type Store } from '@bud-foundry/core'
import type { z } from 'zod'
import { recordReloadMs } from '../limits.ts'
import { blockingErrors } from './blocking-errors.ts'
import { blockingLimits } from './blocking-limits.ts'
import { blockingRuleSchema, type BlockingRule, type BlockingRuleInput } from './blocking-rule.ts'

const storePrefix = 'gateway/blocking/'
const utf8 = new TextEncoder()
const text = new TextDecoder()

export interface BlockingRules extends AsyncDisposable {
  /** Resolves when the stored rules have been read; rejects when the store cannot be reached. */
  readonly ready: Promise<void>
  /** All rules, those of the configuration first. */
  list(): readonly BlockingRule[]
  get(id: string): BlockingRule | undefined
  /**
   * In force here at once, elsewhere as soon as the store has told. A stored rule of the same id is replaced.
   * @throws GATEWAY_BLOCKING_RULE_INVALID, GATEWAY_BLOCKING_RULE_CONFIGURED for the id of a configured rule, GATEWAY_BLOCKING_RULE_LIMIT.
   */
  add(rule: BlockingRuleInput): Promise<BlockingRule>
  /** False when there is no such rule. @throws GATEWAY_BLOCKING_RULE_CONFIGURED for a configured rule. */
  remove(id: string): Promise<boolean>
  /** What `configure` would refuse. @throws GATEWAY_BLOCKING_RULE_INVALID */
  check(rules: readonly ParsedRule[]): void
  /** Replaces the configured rules. @throws GATEWAY_BLOCKING_RULE_INVALID */
  configure(rules: readonly ParsedRule[]): void
  /** Calls back after every change; the callback must not throw. */
  subscribe(onChange: () => void): Disposable
}

export interface BlockingRulesParts {
  /** Absent: only configured rules, and `add` keeps rules in this process. */
  readonly store?: Store | undefined
  readonly clock?: Clock | undefined
  readonly random?: Random | undefined
  /** False refuses rules for countries: nothing here knows where an address is. Default true. */
  readonly canLocate?: boolean | undefined
  /** Told about records that cannot be read and stores that cannot be reached. */
  readonly onFailure?: ((error: unknown) => void) | undefined
}

type ParsedRule = z.output<typeof blockingRuleSchema>

function parseRule(input: unknown): ParsedRule {
  const result = blockingRuleSchema.safeParse(input)
  if (result.success) return result.data
  const [issue] = result.error.issues
  throw blockingErrors.BLOCKING_RULE_INVALID({ field: issue?.path.join('.') ?? '', problem: issue?.message ?? 'it is not valid' })
}

/** Whole milliseconds, as the store takes them, and no more of them than it does: a rule that outlives its record is one that holds still. */
const ttlUntil = (unixMs: number, nowMs: number): number => Math.min(Math.max(1, Math.ceil(unixMs - nowMs)), storeLimits.ttlMs)

class StoreBlockingRules implements BlockingRules {
  readonly ready: Promise<void>
  readonly #store: Store | undefined
  readonly #clock: Clock
  readonly #random: Random
  readonly #onFailure: (error: unknown) => void
  readonly #canLocate: boolean
  readonly #subscription: Disposable | undefined
  readonly #listeners = new Set<() => void>()
  readonly #stored = new Map<string, BlockingRule>()
  #configured: ReadonlyMap<string, BlockingRule> = new Map()
  /** Changes are read one after the other, so that an older read never overwrites a newer one. */
  #work: Promise<void> = Promise.resolve()
  #reload: Disposable | undefined

  constructor(parts: BlockingRulesParts) {
    this.#store = parts.store
    this.#clock = parts.clock ?? systemClock
    this.#random = parts.random ?? systemRandom
    this.#onFailure = parts.onFailure ?? (() => undefined)
    this.#canLocate = parts.canLocate ?? true
    const { promise, resolve, reject } = Promise.withResolvers<undefined>()
    this.ready = promise
    // Whoever awaits `ready` sees the failure; nobody has to.
    promise.catch(this.#onFailure)
    this.#subscription = this.#store?.subscribe(storePrefix, (change) => {
      this.#enqueue(() => (change.kind === 'resync' ? this.#loadAll() : this.#loadOne(change.key)))
    })
    if (this.#store === undefined) resolve(undefined)
    else
      this.#enqueue(async () => {
        try {
          await this.#loadAll()
          resolve(undefined)
        } catch (error) {
          reject(error)
          throw error
        }
      })
  }

  list(): readonly BlockingRule[] {
    return [...this.#configured.values(), ...this.#stored.values()].filter((rule) => !this.#isOver(rule))
  }

  get(id: string): BlockingRule | undefined {
    const rule = this.#configured.get(id) ?? this.#stored.get(id)
    return rule === undefined || this.#isOver(rule) ? undefined : rule
  }

  async add(input: BlockingRuleInput): Promise<BlockingRule> {
    const parsed = this.#locatable(parseRule(input))
    const id = parsed.id ?? createId(this.#clock, this.#random)
    if (this.#configured.has(id)) throw blockingErrors.BLOCKING_RULE_CONFIGURED({ id })
    await this.ready
    if (!this.#stored.has(id) && this.#stored.size >= blockingLimits.rules)
      throw blockingErrors.BLOCKING_RULE_LIMIT({ limit: blockingLimits.rules })
    const rule: BlockingRule = { ...parsed, id, origin: 'store' }
    const { origin: _, ...record } = rule
    const ttlMs = rule.expiresUnixMs === undefined ? undefined : ttlUntil(rule.expiresUnixMs, this.#clock.nowMs())
    await this.#store?.set(storePrefix + id, utf8.encode(JSON.stringify(record)), { ttlMs })
    this.#stored.set(id, rule)
    this.#changed()
    return rule
  }

  async remove(id: string): Promise<boolean> {
    if (this.#configured.has(id)) throw blockingErrors.BLOCKING_RULE_CONFIGURED({ id })
    await this.ready
    const known = this.#stored.delete(id)
    const deleted = await this.#store?.delete(storePrefix + id)
    if (known) this.#changed()
    return deleted ?? known
  }

  check(rules: readonly ParsedRule[]): void {
    for (const rule of rules) this.#locatable(rule)
  }

  configure(rules: readonly ParsedRule[]): void {
    const named = rules.map((rule, index): [string, BlockingRule] => {
      const id = rule.id ?? `config.${String(index)}`
      return [id, { ...this.#locatable(rule), id, origin: 'config' }]
    })
    this.#configured = new Map(named)
    this.#changed()
  }

  subscribe(onChange: () => void): Disposable {
    this.#listeners.add(onChange)
    return { [Symbol.dispose]: () => void this.#listeners.delete(onChange) }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#subscription?.[Symbol.dispose]()
    await this.#work
    this.#reload?.[Symbol.dispose]()
  }

  /** A rule that could never match would only look like protection. */
  #locatable(rule: ParsedRule): ParsedRule {
    if (rule.kind !== 'country' || this.#canLocate) return rule
    const problem = 'nothing here knows the countries of addresses; pass parts.geo, openGeoDatabase(path) for instance'
    throw blockingErrors.BLOCKING_RULE_INVALID({ field: 'countries', problem })
  }

  #isOver({ expiresUnixMs }: BlockingRule): boolean {
    return expiresUnixMs !== undefined && expiresUnixMs <= this.#clock.nowMs()
  }

  #changed(): void {
    for (const listener of this.#listeners) listener()
  }

  #enqueue(work: () => Promise<void>): void {
    this.#work = this.#work.then(work).catch((error: unknown) => {
      this.#onFailure(error)
      // A change that could not be read must not be missed for ever: a rule that denies may hang on it.
      this.#reload ??= this.#clock.schedule(recordReloadMs, () => {
        this.#reload = undefined
        this.#enqueue(() => this.#loadAll())
      })
    })
  }

  async #read(storeKey: string): Promise<void> {
    const id = storeKey.slice(storePrefix.length)
    const bytes = await this.#store?.get(storeKey)
    if (bytes === undefined) this.#stored.delete(id)
    else this.#stored.set(id, { ...this.#locatable(parseRule(JSON.parse(text.decode(bytes)))), id, origin: 'store' })
  }

  async #loadOne(storeKey: string): Promise<void> {
    await this.#read(storeKey)
    this.#changed()
  }

  async #loadAll(): Promise<void> {
    const seen = new Set<string>()
    for await (const storeKey of this.#store?.list(storePrefix) ?? []) {
      if (seen.size >= blockingLimits.rules) throw blockingErrors.BLOCKING_RULE_LIMIT({ limit: blockingLimits.rules })
      seen.add(storeKey.slice(storePrefix.length))
      // One broken record must not put the other rules out of force.
      await this.#read(storeKey).catch(this.#onFailure)
    }
    // Asked again one by one: a rule may have been added while the list was read.
    for (const id of [...this.#stored.keys()]) if (!seen.has(id)) await this.#read(storePrefix + id)
    this.#changed()
  }
}

/** Until `ready`, the configured rules alone are in force. */
export function createBlockingRules(parts: BlockingRulesParts = {}): BlockingRules {
  return new StoreBlockingRules(parts)
}
