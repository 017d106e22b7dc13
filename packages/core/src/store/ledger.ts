/** The rules of reserve, settle and renew, written once over the tables of whichever synchronous driver holds them. */
import type { Claim, ClaimUsage, Reservation, SettledAmount, SettledWindow } from '../contracts/store.ts'
import { refuseOutside, refuseUnreserved } from './check-input.ts'
import { storeLimits } from './store-limits.ts'

export interface WindowRow {
  readonly startMs: number
  readonly endMs: number
  readonly used: number
}

/** One claim as it was granted; `startMs` says in which window, and is 0 for a lease. */
export interface ReservedClaim {
  readonly key: string
  readonly amount: number
  readonly windowMs: number | 'calendar' | 'lease'
  readonly startMs: number
}

/** Reads leave out what has expired at `nowMs`. */
export interface LedgerTables {
  window(key: string, windowMs: number | 'calendar'): WindowRow | undefined
  putWindow(key: string, windowMs: number | 'calendar', row: WindowRow): void
  leasedAmount(key: string, nowMs: number): number
  /** Live leases of a key, the first to expire first. */
  leases(key: string, nowMs: number): Iterable<{ readonly amount: number; readonly expiresAtMs: number }>
  putLease(key: string, id: string, lease: { readonly amount: number; readonly expiresAtMs: number }): void
  /** Does nothing when the lease has expired. */
  renewLease(key: string, id: string, at: { readonly nowMs: number; readonly expiresAtMs: number }): void
  deleteLease(key: string, id: string): void
  reservation(id: string, nowMs: number): readonly ReservedClaim[] | undefined
  putReservation(id: string, expiresAtMs: number, claims: readonly ReservedClaim[]): void
  /** Keeps the reservation at least until then. */
  extendReservation(id: string, expiresAtMs: number): void
  deleteReservation(id: string): void
}

/** The calendar window that holds `nowMs`. */
function calendarWindow({ key, boundariesUnixMs = [] }: Claim, nowMs: number): WindowRow {
  const next = boundariesUnixMs.findIndex((boundary) => boundary > nowMs)
  const startMs = boundariesUnixMs[next - 1]
  const endMs = boundariesUnixMs[next]
  return startMs === undefined || endMs === undefined ? refuseOutside(key) : { startMs, endMs, used: 0 }
}

function fixedWindow(windowMs: number, nowMs: number): WindowRow {
  const startMs = Math.floor(nowMs / windowMs) * windowMs
  return { startMs, endMs: startMs + windowMs, used: 0 }
}

/** The window that holds `nowMs`. A clock that stepped back stays in the later window, so that no window is ever granted twice. */
function currentWindow(tables: LedgerTables, claim: Claim, windowMs: number | 'calendar', nowMs: number): WindowRow {
  const fresh = windowMs === 'calendar' ? calendarWindow(claim, nowMs) : fixedWindow(windowMs, nowMs)
  const row = tables.window(claim.key, windowMs)
  return row !== undefined && row.startMs >= fresh.startMs ? row : fresh
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
    const row = claim.windowMs === 'lease' ? undefined : currentWindow(tables, claim, claim.windowMs, nowMs)
    windows.push(row)
    const used = row === undefined ? tables.leasedAmount(claim.key, nowMs) : row.used
    if (used + claim.amount <= claim.limit) continue
    const retryAfterMs = claim.amount > claim.limit ? Number.POSITIVE_INFINITY : untilRoom(tables, claim, { row, used, nowMs })
    if (refusal === undefined || retryAfterMs > refusal.retryAfterMs) refusal = { key: claim.key, retryAfterMs }
  }
  if (refusal !== undefined) return { admitted: false, ...refusal, usage: usageNow(tables, { id, claims, nowMs }, windows) }
  return { admitted: true, id, usage: grant(tables, { id, claims, nowMs }, windows) }
}

function usageNow(
  tables: LedgerTables,
  { claims, nowMs }: ReserveCall,
  windows: readonly (WindowRow | undefined)[],
): readonly ClaimUsage[] {
  return claims.map(({ key }, index) => {
    const row = windows[index]
    return row === undefined ? { used: tables.leasedAmount(key, nowMs), resetMs: 0 } : { used: row.used, resetMs: row.endMs - nowMs }
  })
}

function untilRoom(
  tables: LedgerTables,
  claim: Claim,
  at: { readonly row: WindowRow | undefined; readonly used: number; readonly nowMs: number },
): number {
  return at.row === undefined ? leaseRetryAfterMs(tables, claim, at.used, at.nowMs) : at.row.endMs - at.nowMs
}

function grant(
  tables: LedgerTables,
  { id, claims, nowMs }: ReserveCall,
  windows: readonly (WindowRow | undefined)[],
): readonly ClaimUsage[] {
  let lastEndMs = nowMs
  const usage: ClaimUsage[] = []
  const reserved = claims.map(({ key, amount, windowMs, leaseMs }, index): ReservedClaim => {
    const row = windows[index]
    if (row === undefined || windowMs === 'lease') {
      const expiresAtMs = nowMs + (leaseMs ?? storeLimits.leaseMs)
      tables.putLease(key, id, { amount, expiresAtMs })
      lastEndMs = Math.max(lastEndMs, expiresAtMs)
      usage.push({ used: tables.leasedAmount(key, nowMs), resetMs: 0 })
      return { key, amount, windowMs: 'lease', startMs: 0 }
    }
    const used = row.used + amount
    tables.putWindow(key, windowMs, { startMs: row.startMs, endMs: row.endMs, used })
    lastEndMs = Math.max(lastEndMs, row.endMs)
    usage.push({ used, resetMs: row.endMs - nowMs })
    return { key, amount, windowMs, startMs: row.startMs }
  })
  tables.putReservation(id, Math.min(lastEndMs, nowMs + storeLimits.reservationMs), reserved)
  return usage
}

export interface SettleCall {
  readonly id: string
  readonly actual: readonly SettledAmount[]
  readonly nowMs: number
}

const amountOf = (actual: readonly SettledAmount[], key: string): number | undefined => {
  for (const row of actual) if (row.key === key) return row.amount
  return undefined
}

/** Does nothing for a reservation that is settled, expired or unknown. */
export function settleReservation(tables: LedgerTables, { id, actual, nowMs }: SettleCall): readonly SettledWindow[] {
  const reserved = tables.reservation(id, nowMs)
  if (reserved === undefined) return []
  for (const { key } of actual) if (!reserved.some((claim) => claim.key === key)) refuseUnreserved(key)
  const settled: SettledWindow[] = []
  for (const { key, amount, windowMs, startMs } of reserved) {
    if (windowMs === 'lease') {
      tables.deleteLease(key, id)
      continue
    }
    const real = amountOf(actual, key)
    const row = real === undefined ? undefined : tables.window(key, windowMs)
    if (real === undefined || row?.startMs !== startMs || row.endMs <= nowMs) continue
    const used = Math.min(row.used - amount + real, Number.MAX_SAFE_INTEGER)
    if (used !== row.used) tables.putWindow(key, windowMs, { startMs, endMs: row.endMs, used })
    settled.push({ key, windowMs, used })
  }
  tables.deleteReservation(id)
  return settled
}

/** Does nothing for reservations that are settled, expired or unknown. */
export function renewReservations(
  tables: LedgerTables,
  { ids, leaseMs, nowMs }: { readonly ids: readonly string[]; readonly leaseMs: number; readonly nowMs: number },
): void {
  const expiresAtMs = nowMs + leaseMs
  for (const id of ids) {
    const leased = tables.reservation(id, nowMs)?.filter(({ windowMs }) => windowMs === 'lease') ?? []
    for (const { key } of leased) tables.renewLease(key, id, { nowMs, expiresAtMs })
    if (leased.length > 0) tables.extendReservation(id, expiresAtMs)
  }
}
