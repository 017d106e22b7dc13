/** The ledger's tables in SQLite; every call runs inside the caller's transaction. */
import type { DatabaseSync, StatementSync } from 'node:sqlite'
import { z } from 'zod'
import type { LedgerTables, ReservedClaim, WindowRow } from './ledger.ts'

const windowRow = z.object({ start_ms: z.number(), ends_at_ms: z.number(), used: z.number() })
const leaseRow = z.object({ amount: z.number(), expires_at_ms: z.number() })
const totalRow = z.object({ total: z.number() })
const reservationRow = z.object({ claims: z.string() })
const claimsSchema = z.array(
  z.object({ key: z.string(), amount: z.number(), windowMs: z.union([z.number(), z.literal(['calendar', 'lease'])]), startMs: z.number() }),
)

/** Calendar windows have no one length, and no fixed window has length 0. */
const lengthOf = (windowMs: number | 'calendar'): number => (windowMs === 'calendar' ? 0 : windowMs)

export class FileLedger implements LedgerTables {
  readonly #statements: Readonly<
    Record<
      'window' | 'putWindow' | 'total' | 'leases' | 'putLease' | 'renewLease' | 'dropLease' | 'read' | 'put' | 'extend' | 'drop',
      StatementSync
    >
  >

  constructor(database: DatabaseSync) {
    this.#statements = {
      window: database.prepare('SELECT start_ms, ends_at_ms, used FROM windows WHERE key = ? AND window_ms = ?'),
      putWindow: database.prepare(
        `INSERT INTO windows (key, window_ms, start_ms, used, ends_at_ms) VALUES (?, ?, ?, ?, ?)
         ON CONFLICT DO UPDATE SET start_ms = excluded.start_ms, used = excluded.used, ends_at_ms = excluded.ends_at_ms`,
      ),
      total: database.prepare('SELECT coalesce(sum(amount), 0) AS total FROM leases WHERE key = ? AND expires_at_ms > ?'),
      leases: database.prepare('SELECT amount, expires_at_ms FROM leases WHERE key = ? AND expires_at_ms > ? ORDER BY expires_at_ms'),
      putLease: database.prepare('INSERT INTO leases (key, id, amount, expires_at_ms) VALUES (?, ?, ?, ?)'),
      renewLease: database.prepare('UPDATE leases SET expires_at_ms = ? WHERE key = ? AND id = ? AND expires_at_ms > ?'),
      dropLease: database.prepare('DELETE FROM leases WHERE key = ? AND id = ?'),
      read: database.prepare('SELECT claims FROM reservations WHERE id = ? AND expires_at_ms > ?'),
      put: database.prepare('INSERT INTO reservations (id, expires_at_ms, claims) VALUES (?, ?, ?)'),
      extend: database.prepare('UPDATE reservations SET expires_at_ms = max(expires_at_ms, ?) WHERE id = ?'),
      drop: database.prepare('DELETE FROM reservations WHERE id = ?'),
    }
  }

  window(key: string, windowMs: number | 'calendar'): WindowRow | undefined {
    const row = this.#statements.window.get(key, lengthOf(windowMs))
    if (row === undefined) return undefined
    const { start_ms: startMs, ends_at_ms: endMs, used } = windowRow.parse(row)
    return { startMs, endMs, used }
  }

  putWindow(key: string, windowMs: number | 'calendar', row: WindowRow): void {
    this.#statements.putWindow.run(key, lengthOf(windowMs), row.startMs, row.used, row.endMs)
  }

  leasedAmount(key: string, nowMs: number): number {
    return totalRow.parse(this.#statements.total.get(key, nowMs)).total
  }

  *leases(key: string, nowMs: number): Generator<{ readonly amount: number; readonly expiresAtMs: number }> {
    for (const row of this.#statements.leases.all(key, nowMs)) {
      const { amount, expires_at_ms: expiresAtMs } = leaseRow.parse(row)
      yield { amount, expiresAtMs }
    }
  }

  putLease(key: string, id: string, lease: { readonly amount: number; readonly expiresAtMs: number }): void {
    this.#statements.putLease.run(key, id, lease.amount, lease.expiresAtMs)
  }

  renewLease(key: string, id: string, { nowMs, expiresAtMs }: { readonly nowMs: number; readonly expiresAtMs: number }): void {
    this.#statements.renewLease.run(expiresAtMs, key, id, nowMs)
  }

  deleteLease(key: string, id: string): void {
    this.#statements.dropLease.run(key, id)
  }

  reservation(id: string, nowMs: number): readonly ReservedClaim[] | undefined {
    const row = this.#statements.read.get(id, nowMs)
    if (row === undefined) return undefined
    return claimsSchema.parse(JSON.parse(reservationRow.parse(row).claims))
  }

  putReservation(id: string, expiresAtMs: number, claims: readonly ReservedClaim[]): void {
    this.#statements.put.run(id, expiresAtMs, JSON.stringify(claims))
  }

  extendReservation(id: string, expiresAtMs: number): void {
    this.#statements.extend.run(expiresAtMs, id)
  }

  deleteReservation(id: string): void {
    this.#statements.drop.run(id)
  }
}
