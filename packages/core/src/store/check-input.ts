/** Refuses keys, values, lifetimes and claims that some driver could not hold exactly. */
import type { Claim } from '../contracts/store.ts'
import { storeErrors } from './store-errors.ts'
import { storeLimits } from './store-limits.ts'

const encoder = new TextEncoder()

function refuse(field: string, problem: string, fix: string): never {
  throw storeErrors.STORE_INPUT_INVALID({ field, problem, fix })
}

function checkText(field: string, text: string): void {
  // A UTF-16 unit takes at most three bytes, so most keys need no encoding to be known to fit.
  if (text.length * 3 > storeLimits.keyBytes && encoder.encode(text).byteLength > storeLimits.keyBytes) {
    refuse(field, `it is longer than ${String(storeLimits.keyBytes)} bytes`, 'use a shorter one, for example a hash of it')
  }
  if (text.includes('\0') || !text.isWellFormed()) refuse(field, 'it holds a NUL or half a surrogate pair', 'encode it first')
}

export function checkKey(key: string): void {
  if (key.length === 0) refuse('key', 'it is empty', 'name what is stored')
  checkText('key', key)
}

export function checkPrefix(prefix: string): void {
  checkText('prefix', prefix)
}

export function checkValue(value: Uint8Array): void {
  if (value.byteLength > storeLimits.valueBytes) {
    refuse('value', `it has ${String(value.byteLength)} bytes of at most ${String(storeLimits.valueBytes)}`, 'store large things elsewhere')
  }
}

export function checkTtl(ttlMs: number | undefined): void {
  if (ttlMs !== undefined) checkDuration('ttlMs', ttlMs, storeLimits.ttlMs)
}

function checkDuration(field: string, durationMs: number, maxMs: number): void {
  if (Number.isInteger(durationMs) && durationMs >= 1 && durationMs <= maxMs) return
  refuse(field, `it is ${String(durationMs)}`, `use a whole number of milliseconds from 1 to ${String(maxMs)}`)
}

function checkAmount(field: string, amount: number): void {
  if (Number.isSafeInteger(amount) && amount >= 0) return
  refuse(field, `it is ${String(amount)}`, 'use a whole number from 0 to 2^53-1 (count money in micro-dollars)')
}

export function checkClaims(claims: readonly Claim[]): void {
  if (claims.length === 0 || claims.length > storeLimits.claims) {
    refuse('claims', `there are ${String(claims.length)}`, `reserve 1 to ${String(storeLimits.claims)} at once`)
  }
  const seen = new Set<string>()
  for (const { key, amount, limit, windowMs, leaseMs } of claims) {
    checkKey(key)
    checkAmount('claims.amount', amount)
    checkAmount('claims.limit', limit)
    if (windowMs !== 'lease') checkDuration('claims.windowMs', windowMs, storeLimits.windowMs)
    if (leaseMs !== undefined) checkDuration('claims.leaseMs', leaseMs, storeLimits.reservationMs)
    if (claims.length === 1) continue
    const name = `${String(windowMs)} ${key}`
    if (seen.has(name)) refuse('claims', `'${key}' is claimed twice in one window`, 'add the amounts up')
    seen.add(name)
  }
}

export function checkActual(actual: readonly { readonly key: string; readonly amount: number }[]): void {
  if (actual.length > storeLimits.claims)
    refuse('actual', `it has ${String(actual.length)} rows`, `settle at most ${String(storeLimits.claims)}`)
  const seen = new Set<string>()
  for (const { key, amount } of actual) {
    checkKey(key)
    checkAmount('actual.amount', amount)
    if (seen.has(key)) refuse('actual', `'${key}' is there twice`, 'add the amounts up')
    seen.add(key)
  }
}

/** @throws CORE_STORE_INPUT_INVALID; a key that was never reserved is a mistake of the caller, not usage. */
export function refuseUnreserved(key: string): never {
  return refuse('actual', `'${key}' is not part of the reservation`, 'settle only what was reserved')
}
