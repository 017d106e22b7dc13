/** The ledger's tables in memory, bounded. */
import type { Claim } from '../contracts/store.ts'
import { ExpiringMap } from './expiring-map.ts'
import type { LedgerTables, ReservedClaim, WindowRow } from './ledger.ts'
import { storeErrors } from './store-errors.ts'
import { storeLimits } from './store-limits.ts'

interface Lease {
  readonly amount: number
  readonly expiresAtMs: number
}
interface LeasesOfKey {
  total: number
  /** No lease of this key expires earlier. */
  nothingDueBeforeMs: number
  readonly byId: Map<string, Lease>
}

interface Held {
  readonly claims: readonly ReservedClaim[]
  expiresAtMs: number
}

interface MutableWindow extends WindowRow {
  used: number
  readonly expiresAtMs: number
}
type WindowMap = ExpiringMap<MutableWindow>

const limits = storeLimits.memory

export class MemoryLedger implements LedgerTables {
  /** By length, of which there are few; joining it to the key would make a new string to hash for every claim. */
  readonly #windows = new Map<number | 'calendar', WindowMap>()
  readonly #reservations = new ExpiringMap<Held>()
  readonly #leases = new Map<string, LeasesOfKey>()
  #leaseCount = 0
  #nowMs = 0

  /** @throws CORE_STORE_FULL before anything is written. */
  makeRoom(claims: readonly Claim[], nowMs: number): void {
    this.#nowMs = nowMs
    if (this.#reservations.size >= limits.reservations) this.#reservations.sweep(nowMs)
    if (this.#reservations.size >= limits.reservations) throw storeErrors.STORE_FULL({ what: 'reservations', limit: limits.reservations })
    if (this.#windowCount() + claims.length > limits.windows) this.#sweepWindows(nowMs)
    if (this.#windowCount() + claims.length > limits.windows) throw storeErrors.STORE_FULL({ what: 'windows', limit: limits.windows })
    if (this.#leaseCount + claims.length > limits.leases) for (const key of this.#leases.keys()) this.#dropExpired(key, nowMs)
    if (this.#leaseCount + claims.length > limits.leases) throw storeErrors.STORE_FULL({ what: 'leases', limit: limits.leases })
  }

  window(key: string, windowMs: number | 'calendar'): WindowRow | undefined {
    return this.#windows.get(windowMs)?.get(key, this.#nowMs)
  }

  putWindow(key: string, windowMs: number | 'calendar', { startMs, endMs, used }: WindowRow): void {
    let map = this.#windows.get(windowMs)
    if (map === undefined) this.#windows.set(windowMs, (map = new ExpiringMap()))
    const row = map.get(key, this.#nowMs)
    if (row?.startMs === startMs) row.used = used
    else map.set(key, { startMs, endMs, used, expiresAtMs: endMs }, this.#nowMs)
  }

  leasedAmount(key: string, nowMs: number): number {
    return this.#dropExpired(key, nowMs)?.total ?? 0
  }

  leases(key: string, nowMs: number): Iterable<Lease> {
    const live = this.#dropExpired(key, nowMs)
    return live === undefined ? [] : [...live.byId.values()].sort((left, right) => left.expiresAtMs - right.expiresAtMs)
  }

  putLease(key: string, id: string, lease: Lease): void {
    const leases = this.#leases.get(key) ?? { total: 0, nothingDueBeforeMs: Number.POSITIVE_INFINITY, byId: new Map<string, Lease>() }
    this.#leases.set(key, leases)
    leases.byId.set(id, lease)
    leases.total += lease.amount
    leases.nothingDueBeforeMs = Math.min(leases.nothingDueBeforeMs, lease.expiresAtMs)
    this.#leaseCount += 1
  }

  renewLease(key: string, id: string, { nowMs, expiresAtMs }: { readonly nowMs: number; readonly expiresAtMs: number }): void {
    const leases = this.#dropExpired(key, nowMs)
    const lease = leases?.byId.get(id)
    if (leases === undefined || lease === undefined) return
    leases.byId.set(id, { amount: lease.amount, expiresAtMs })
    leases.nothingDueBeforeMs = Math.min(leases.nothingDueBeforeMs, expiresAtMs)
  }

  deleteLease(key: string, id: string): void {
    const leases = this.#leases.get(key)
    const lease = leases?.byId.get(id)
    if (leases === undefined || lease === undefined) return
    leases.byId.delete(id)
    leases.total -= lease.amount
    this.#leaseCount -= 1
    if (leases.byId.size === 0) this.#leases.delete(key)
  }

  reservation(id: string, nowMs: number): readonly ReservedClaim[] | undefined {
    this.#nowMs = nowMs
    return this.#reservations.get(id, nowMs)?.claims
  }

  putReservation(id: string, expiresAtMs: number, claims: readonly ReservedClaim[]): void {
    this.#reservations.set(id, { claims, expiresAtMs }, this.#nowMs)
  }

  extendReservation(id: string, expiresAtMs: number): void {
    const held = this.#reservations.get(id, this.#nowMs)
    if (held !== undefined) held.expiresAtMs = Math.max(held.expiresAtMs, expiresAtMs)
  }

  deleteReservation(id: string): void {
    this.#reservations.delete(id)
  }

  #windowCount(): number {
    let count = 0
    for (const map of this.#windows.values()) count += map.size
    return count
  }

  #sweepWindows(nowMs: number): void {
    for (const [windowMs, map] of this.#windows) {
      map.sweep(nowMs)
      if (map.size === 0) this.#windows.delete(windowMs)
    }
  }

  #dropExpired(key: string, nowMs: number): LeasesOfKey | undefined {
    const leases = this.#leases.get(key)
    if (leases === undefined || nowMs < leases.nothingDueBeforeMs) return leases
    let nextMs = Number.POSITIVE_INFINITY
    for (const [id, { expiresAtMs }] of leases.byId) {
      if (expiresAtMs <= nowMs) this.deleteLease(key, id)
      else nextMs = Math.min(nextMs, expiresAtMs)
    }
    leases.nothingDueBeforeMs = nextMs
    return this.#leases.get(key)
  }
}
