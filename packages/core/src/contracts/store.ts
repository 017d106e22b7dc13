/** Shared state: bytes with expiry, compare-and-set, atomic reservations, change subscription. */

export interface Claim {
  readonly key: string
  readonly amount: number
  readonly limit: number
  /** A fixed window on the store's clock, or `lease`: held until settled, or until `leaseMs` after a crash. */
  readonly windowMs: number | 'lease'
  readonly leaseMs?: number | undefined
}

export type Reservation =
  | { readonly admitted: true; readonly id: string }
  | { readonly admitted: false; /** The claim that did not fit. */ readonly key: string; readonly retryAfterMs: number }

export type StoreChange = { readonly kind: 'set' | 'delete'; readonly key: string } | { readonly kind: 'resync' }

/** Drivers: memory, file (survives a restart), cluster IPC, Valkey/Redis. All atomic, all pass one suite. */
export interface Store extends AsyncDisposable {
  readonly contract: 'store/1'
  get(key: string): Promise<Uint8Array | undefined>
  /** False only when `ifAbsent` found a value. */
  set(
    key: string,
    value: Uint8Array,
    options?: { readonly ttlMs?: number | undefined; readonly ifAbsent?: boolean | undefined },
  ): Promise<boolean>
  /** Replaces the value if it is still the expected one; `undefined` expects absence. */
  compareAndSet(key: string, expected: Uint8Array | undefined, value: Uint8Array): Promise<boolean>
  delete(key: string): Promise<boolean>
  /** Live keys under a prefix, in ascending order of their bytes. */
  list(prefix: string): AsyncIterable<string>
  /** Takes all claims or none, over all keys at once. */
  reserve(claims: readonly Claim[]): Promise<Reservation>
  /** Replaces the reserved amounts by the real ones; releases leases. Safe to repeat. */
  settle(id: string, actual: readonly { readonly key: string; readonly amount: number }[]): Promise<void>
  /** Changes under a prefix; `resync` after any gap, so that nothing missed stays missed. */
  subscribe(prefix: string, onChange: (change: StoreChange) => void): Disposable
}
