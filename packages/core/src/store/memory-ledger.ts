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

const limits = storeLimits.memory
const windowName = (key: string, windowMs: number) => `${String(windowMs)} ${key}`

export class MemoryLedger implements LedgerTables {
  readonly #windows = new ExpiringMap<WindowRow & { readonly expiresAtMs: number }>()
  readonly #reservations = new ExpiringMap<{ readonly claims: readonly ReservedClaim[]; readonly expiresAtMs: number }>()
  readonly #leases = new Map<string, LeasesOfKey>()
  #leaseCount = 0
  #nowMs = 0

  /** @throws CORE_STORE_FULL before anything is written. */
  makeRoom(claims: readonly Claim[], nowMs: number): void {
    this.#nowMs = nowMs
    if (this.#reservations.size >= limits.reservations) this.#reservations.sweep(nowMs)
    if (this.#reservations.size >= limits.reservations) throw storeErrors.STORE_FULL({ what: 'reservations', limit: limits.reservations })
    if (this.#windows.size + claims.length > limits.windows) this.#windows.sweep(nowMs)
    if (this.#windows.size + claims.length > limits.windows) throw storeErrors.STORE_FULL({ what: 'windows', limit: limits.windows })
    if (this.#leaseCount + claims.length > limits.leases) for (const key of this.#leases.keys()) this.#dropExpired(key, nowMs)
    if (this.#leaseCount + claims.length > limits.leases) throw storeErrors.STORE_FULL({ what: 'leases', limit: limits.leases })
  }

  window(key: string, windowMs: number): WindowRow | undefined {
    return this.#windows.get(windowName(key, windowMs), this.#nowMs)
  }

  putWindow(key: string, windowMs: number, row: WindowRow): void {
    this.#windows.set(windowName(key, windowMs), { ...row, expiresAtMs: row.startMs + windowMs }, this.#nowMs)
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

  deleteReservation(id: string): void {
    this.#reservations.delete(id)
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
