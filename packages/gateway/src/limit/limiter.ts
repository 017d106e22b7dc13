/** Reserves all claims of a call at once, keeps its leases alive, settles it; and holds on when the store does not. */
import {
  createMemoryStore,
  isBudError,
  type Claim,
  type Clock,
  type Random,
  type Reservation,
  type SettledAmount,
  type Store,
} from '@bud-foundry/core'
import { renewedAtOnce, storeRecheckMs, unsettledReservations } from '../limits.ts'
import type { RateLimitsConfig } from './limit-config.ts'

/** Codes of stores that are there and cannot take these claims. */
const aboutClaims: ReadonlySet<string> = new Set(['CORE_STORE_INPUT_INVALID', 'CORE_STORE_FULL'])

export interface LimiterParts {
  /** Without one, calls are counted in this process. */
  readonly store: Store | undefined
  readonly clock: Clock
  readonly random: Random
  readonly onFailure: (error: unknown) => void
}

/** A reservation that was admitted, and the store that keeps it. */
export interface Held {
  readonly id: string
  readonly store: Store
  readonly usage: Extract<Reservation, { readonly admitted: true }>['usage']
}

export type Admission =
  | { readonly kind: 'admitted'; readonly held: Held }
  | { readonly kind: 'full'; readonly refusal: Extract<Reservation, { readonly admitted: false }> }
  | { readonly kind: 'unavailable' }

interface Unsettled {
  readonly id: string
  readonly actual: readonly SettledAmount[]
}

const hasLease = (claims: readonly Claim[]): boolean => claims.some(({ windowMs }) => windowMs === 'lease')
/** What is not named keeps what was reserved, so each window is. */
const unused = (claims: readonly Claim[]): readonly SettledAmount[] =>
  claims.filter(({ windowMs }) => windowMs !== 'lease').map(({ key }) => ({ key, amount: 0 }))
const unavailable: Admission = { kind: 'unavailable' }

export class Limiter implements AsyncDisposable {
  readonly #store: Store
  readonly #ownsStore: boolean
  readonly #parts: LimiterParts
  #config: RateLimitsConfig
  /** Counts this process's share while the store is away. */
  #share: Store | undefined
  /** Calls before this do not ask the store, which has just failed. */
  #downUntilMs = 0
  readonly #leased = new Map<string, Store>()
  #renewal: Disposable | undefined
  /** What the store could not be told. */
  readonly #unsettled: Unsettled[] = []
  #retry: Disposable | undefined
  readonly #settling = new Set<Promise<void>>()
  #closed = false

  constructor(config: RateLimitsConfig, parts: LimiterParts) {
    this.#config = config
    this.#parts = parts
    this.#ownsStore = parts.store === undefined
    this.#store = parts.store ?? createMemoryStore({ clock: parts.clock, random: parts.random })
  }

  configure(config: RateLimitsConfig): void {
    this.#config = config
  }

  /** A promise only where the store needs one. */
  reserve(claims: readonly Claim[]): Admission | Promise<Admission> {
    const { synchronous } = this.#store
    if (synchronous !== undefined) return this.#toAdmission(this.#store, claims, synchronous.reserve(claims))
    return this.#reserveFar(claims)
  }

  /** Never throws: what the store does not take now it is told later. */
  settle(held: Held, actual: readonly SettledAmount[]): void {
    this.#leased.delete(held.id)
    const { synchronous } = held.store
    if (synchronous !== undefined) synchronous.settle(held.id, actual)
    else this.#settleFar({ id: held.id, actual })
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await Promise.all(this.#settling)
    this.#closed = true
    this.#renewal?.[Symbol.dispose]()
    this.#retry?.[Symbol.dispose]()
    await this.#share?.[Symbol.asyncDispose]()
    if (this.#ownsStore) await this.#store[Symbol.asyncDispose]()
  }

  #toAdmission(store: Store, claims: readonly Claim[], reservation: Reservation): Admission {
    if (!reservation.admitted) return { kind: 'full', refusal: reservation }
    if (hasLease(claims)) {
      this.#leased.set(reservation.id, store)
      this.#scheduleRenewal()
    }
    return { kind: 'admitted', held: { id: reservation.id, store, usage: reservation.usage } }
  }

  async #reserveFar(claims: readonly Claim[]): Promise<Admission> {
    const { clock, onFailure } = this.#parts
    const nowMs = clock.monotonicMs()
    if (nowMs < this.#downUntilMs) return this.#withoutStore(claims)
    // While it was down, one call at a time finds out whether it is back.
    if (this.#downUntilMs > 0) this.#downUntilMs = nowMs + storeRecheckMs
    try {
      const reservation = await this.#inTime(this.#store.reserve(claims), claims)
      this.#downUntilMs = 0
      return this.#toAdmission(this.#store, claims, reservation)
    } catch (error) {
      if (this.#downUntilMs === 0) onFailure(error)
      // What is wrong with the claims of one call says nothing about those of the others.
      const isAway = !(isBudError(error) && aboutClaims.has(error.code))
      this.#downUntilMs = isAway ? clock.monotonicMs() + storeRecheckMs : 0
      return this.#withoutStore(claims)
    }
  }

  /** An answer that comes too late is given back: nobody waits for it any more. */
  #inTime(reserving: Promise<Reservation>, claims: readonly Claim[]): Promise<Reservation> {
    const { promise, resolve, reject } = Promise.withResolvers<Reservation>()
    let isLate = false
    const timer = this.#parts.clock.schedule(this.#config.storeTimeoutMs, () => {
      isLate = true
      reject(new Error(`the store did not answer within ${String(this.#config.storeTimeoutMs)} ms`))
    })
    reserving.then(
      (reservation) => {
        timer[Symbol.dispose]()
        resolve(reservation)
        if (isLate && reservation.admitted) this.#settleFar({ id: reservation.id, actual: unused(claims) })
      },
      (error: unknown) => {
        timer[Symbol.dispose]()
        // Whoever made the promise has said what is wrong; it passes on as it is.
        reject(error)
      },
    )
    return promise
  }

  #withoutStore(claims: readonly Claim[]): Admission {
    const { onStoreFailure: policy } = this.#config
    if (policy === 'closed') return unavailable
    const { clock, random } = this.#parts
    const share = (this.#share ??= createMemoryStore({ clock, random }))
    const shared = claims.map((claim) => ({ ...claim, limit: Math.floor(claim.limit / policy.processes) }))
    const reservation = share.synchronous?.reserve(shared)
    return reservation === undefined ? unavailable : this.#toAdmission(share, claims, reservation)
  }

  #scheduleRenewal(): void {
    if (this.#closed) return
    this.#renewal ??= this.#parts.clock.schedule(this.#config.leaseMs / 3, () => {
      this.#renewal = undefined
      if (this.#leased.size === 0) return
      for (const store of new Set(this.#leased.values())) this.#renew(store)
      this.#scheduleRenewal()
    })
  }

  #renew(store: Store): void {
    const ids = [...this.#leased].filter(([, keeper]) => keeper === store).map(([id]) => id)
    for (let from = 0; from < ids.length; from += renewedAtOnce) {
      store.renew(ids.slice(from, from + renewedAtOnce), this.#config.leaseMs).catch(this.#parts.onFailure)
    }
  }

  #settleFar(unsettled: Unsettled): void {
    const settling = this.#store.settle(unsettled.id, unsettled.actual).then(
      () => undefined,
      (error: unknown) => {
        this.#keepForLater(unsettled, error)
      },
    )
    this.#settling.add(settling)
    void settling.finally(() => this.#settling.delete(settling))
  }

  #keepForLater(unsettled: Unsettled, error: unknown): void {
    // Beyond the bound the window keeps what was reserved, which is the safe side.
    if (this.#unsettled.length >= unsettledReservations) this.#parts.onFailure(error)
    else this.#unsettled.push(unsettled)
    if (this.#closed) return
    this.#retry ??= this.#parts.clock.schedule(storeRecheckMs, () => {
      this.#retry = undefined
      for (const each of this.#unsettled.splice(0)) this.#settleFar(each)
    })
  }
}
