/** The rules of reserve and settle, written once over the tables of whichever synchronous driver holds them. */
import type { Claim, Reservation } from '../contracts/store.ts'
import { refuseUnreserved } from './check-input.ts'
import { storeLimits } from './store-limits.ts'

export interface WindowRow {
  readonly startMs: number
  readonly used: number
}

/** One claim as it was granted; `startMs` says in which window, and is 0 for a lease. */
export interface ReservedClaim {
  readonly key: string
  readonly amount: number
  readonly windowMs: number | 'lease'
  readonly startMs: number
}

/** Reads leave out what has expired at `nowMs`. */
export interface LedgerTables {
  window(key: string, windowMs: number): WindowRow | undefined
  putWindow(key: string, windowMs: number, row: WindowRow): void
  leasedAmount(key: string, nowMs: number): number
  /** Live leases of a key, the first to expire first. */
  leases(key: string, nowMs: number): Iterable<{ readonly amount: number; readonly expiresAtMs: number }>
  putLease(key: string, id: string, lease: { readonly amount: number; readonly expiresAtMs: number }): void
  deleteLease(key: string, id: string): void
  reservation(id: string, nowMs: number): readonly ReservedClaim[] | undefined
  putReservation(id: string, expiresAtMs: number, claims: readonly ReservedClaim[]): void
  deleteReservation(id: string): void
}

/** The window that holds `nowMs`. A clock that stepped back stays in the later window, so that no window is ever granted twice. */
function currentWindow(tables: LedgerTables, key: string, windowMs: number, nowMs: number): WindowRow {
  const startMs = Math.floor(nowMs / windowMs) * windowMs
  const row = tables.window(key, windowMs)
  return row !== undefined && row.startMs >= startMs ? row : { startMs, used: 0 }
}

function leaseRetryAfterMs(tables: LedgerTables, claim: Claim, used: number, nowMs: number): number {
  let rest = used
  for (const { amount, expiresAtMs } of tables.leases(claim.key, nowMs)) {
    rest -= amount
    if (rest + claim.amount <= claim.limit) return expiresAtMs - nowMs
  }
  return Number.POSITIVE_INFINITY
}

export interface ReserveCall {
  readonly id: string
  readonly claims: readonly Claim[]
  /** Whole milliseconds. */
  readonly nowMs: number
}

/** Writes nothing unless every claim fits. */
export function reserveClaims(tables: LedgerTables, { id, claims, nowMs }: ReserveCall): Reservation {
  let refusal: { key: string; retryAfterMs: number } | undefined
  const windows: (WindowRow | undefined)[] = []
  for (const claim of claims) {
    const row = claim.windowMs === 'lease' ? undefined : currentWindow(tables, claim.key, claim.windowMs, nowMs)
    windows.push(row)
    const used = row === undefined ? tables.leasedAmount(claim.key, nowMs) : row.used
    if (used + claim.amount <= claim.limit) continue
    const retryAfterMs = claim.amount > claim.limit ? Number.POSITIVE_INFINITY : untilRoom(tables, claim, { row, used, nowMs })
    if (refusal === undefined || retryAfterMs > refusal.retryAfterMs) refusal = { key: claim.key, retryAfterMs }
  }
  if (refusal !== undefined) return { admitted: false, ...refusal }
  grant(tables, { id, claims, nowMs }, windows)
  return { admitted: true, id }
}

function untilRoom(
  tables: LedgerTables,
  claim: Claim,
  at: { readonly row: WindowRow | undefined; readonly used: number; readonly nowMs: number },
): number {
  if (at.row === undefined || claim.windowMs === 'lease') return leaseRetryAfterMs(tables, claim, at.used, at.nowMs)
  return at.row.startMs + claim.windowMs - at.nowMs
}

function grant(tables: LedgerTables, { id, claims, nowMs }: ReserveCall, windows: readonly (WindowRow | undefined)[]): void {
  let lastEndMs = nowMs
  const reserved = claims.map(({ key, amount, windowMs, leaseMs }, index): ReservedClaim => {
    const row = windows[index]
    if (row === undefined || windowMs === 'lease') {
      const expiresAtMs = nowMs + (leaseMs ?? storeLimits.leaseMs)
      tables.putLease(key, id, { amount, expiresAtMs })
      lastEndMs = Math.max(lastEndMs, expiresAtMs)
      return { key, amount, windowMs, startMs: 0 }
    }
    tables.putWindow(key, windowMs, { startMs: row.startMs, used: row.used + amount })
    lastEndMs = Math.max(lastEndMs, row.startMs + windowMs)
    return { key, amount, windowMs, startMs: row.startMs }
  })
  tables.putReservation(id, Math.min(lastEndMs, nowMs + storeLimits.reservationMs), reserved)
}

export interface SettleCall {
  readonly id: string
  readonly actual: readonly { readonly key: string; readonly amount: number }[]
  readonly nowMs: number
}

/** Does nothing for a reservation that is settled, expired or unknown. */
export function settleReservation(tables: LedgerTables, { id, actual, nowMs }: SettleCall): void {
  const reserved = tables.reservation(id, nowMs)
  if (reserved === undefined) return
  const unreserved = actual.find(({ key }) => !reserved.some((claim) => claim.key === key))
  if (unreserved !== undefined) refuseUnreserved(unreserved.key)
  for (const claim of reserved) {
    if (claim.windowMs === 'lease') {
      tables.deleteLease(claim.key, id)
      continue
    }
    const real = actual.find(({ key }) => key === claim.key)
    const row = tables.window(claim.key, claim.windowMs)
    if (real === undefined || row?.startMs !== claim.startMs) continue
    const used = Math.min(row.used - claim.amount + real.amount, Number.MAX_SAFE_INTEGER)
    tables.putWindow(claim.key, claim.windowMs, { startMs: row.startMs, used })
  }
  tables.deleteReservation(id)
}
