/** Shared state: bytes with expiry, compare-and-set, atomic reservations, change subscription. */

export interface Claim {
  readonly key: string
  /** Whole numbers, so that sums stay exact: tokens, requests, billionths of a dollar. */
  readonly amount: number
  readonly limit: number
  /**
   * A fixed window on the store's clock; `calendar`: the time between two of `boundariesUnixMs`, also on the store's clock;
   * or `lease`: held until settled, or until `leaseMs` after a crash.
   */
  readonly windowMs: number | 'calendar' | 'lease'
  /** With `calendar`: where windows begin, ascending, some before and some after now, so that clocks may differ. */
  readonly boundariesUnixMs?: readonly number[] | undefined
  readonly leaseMs?: number | undefined
}

/** What stands at a claim's key after the reservation, or would without it when it was refused. */
export interface ClaimUsage {
  readonly used: number
  /** Until the window ends; 0 for a lease. */
  readonly resetMs: number
}

export type Reservation =
  | {
      readonly admitted: true
      readonly id: string
      /** In the order of the claims. */
      readonly usage: readonly ClaimUsage[]
    }
  | {
      readonly admitted: false
      /** The claim that did not fit; of several, the one that has to wait longest. */
      readonly key: string
      /** After this the claim fits if nobody else takes the room, at the latest; `Infinity` when the amount alone exceeds the limit. */
      readonly retryAfterMs: number
      readonly usage: readonly ClaimUsage[]
    }

export interface SettledAmount {
  readonly key: string
  readonly amount: number
}

/** A window after an amount in it was replaced. */
export interface SettledWindow {
  readonly key: string
  readonly windowMs: number | 'calendar'
  readonly used: number
}

/** Reservations without a promise, where the state is in this process. */
export interface SynchronousReservations {
  reserve(claims: readonly Claim[]): Reservation
  settle(id: string, actual: readonly SettledAmount[]): readonly SettledWindow[]
}

export type StoreChange = { readonly kind: 'set' | 'delete'; readonly key: string } | { readonly kind: 'resync' }

/** Drivers: memory, file (survives a restart), cluster IPC, Valkey/Redis. All atomic, all pass one suite. */
export interface Store extends AsyncDisposable {
  readonly contract: 'store/1'
  get(key: string): Promise<Uint8Array | undefined>
  /** False only when `ifAbsent` found a value. Without `ttlMs` the value does not expire, whatever it replaces. */
  set(
    key: string,
    value: Uint8Array,
    options?: { readonly ttlMs?: number | undefined; readonly ifAbsent?: boolean | undefined },
  ): Promise<boolean>
  /** Replaces the value if it is still the expected one; `undefined` expects absence, or leaves it. */
  compareAndSet(
    key: string,
    expected: Uint8Array | undefined,
    value: Uint8Array | undefined,
    options?: { readonly ttlMs?: number | undefined },
  ): Promise<boolean>
  /** False when there was nothing to delete. */
  delete(key: string): Promise<boolean>
  /** Live keys under a prefix, in ascending order of their bytes. */
  list(prefix: string): AsyncIterable<string>
  /** Takes all claims or none, over all keys at once. */
  reserve(claims: readonly Claim[]): Promise<Reservation>
  /**
   * Replaces the reserved amounts by the real ones, in the window they were reserved in; keys that are not named keep what was reserved.
   * Releases leases. Safe to repeat: only the first call counts. Returns the windows of the keys named that are still open.
   */
  settle(id: string, actual: readonly SettledAmount[]): Promise<readonly SettledWindow[]>
  /** Makes the leases of these reservations end `leaseMs` from now. Those that have expired stay so: others may hold their room. */
  renew(ids: readonly string[], leaseMs: number): Promise<void>
  /** The same as `reserve` and `settle`, without waiting; only where that is possible. */
  readonly synchronous?: SynchronousReservations | undefined
  /**
   * Changes under a prefix. The first is always `resync`, sent once the subscription is live: load there. Another follows any gap,
   * so that nothing missed stays missed. Expiry is not announced. The callback must not throw.
   */
  subscribe(prefix: string, onChange: (change: StoreChange) => void): Disposable
}
