/** Refuses keys, values, lifetimes and claims that some driver could not hold exactly. */
import type { Claim, SettledAmount } from '../contracts/store.ts'
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
  for (const [index, claim] of claims.entries()) {
    checkClaim(claim)
    // At most 64 of them, usually four: comparing each with those before it is quicker than a set.
    for (let before = 0; before < index; before += 1) {
      const other = claims[before]
      if (other?.key !== claim.key || other.windowMs !== claim.windowMs) continue
      refuse('claims', `'${claim.key}' is claimed twice in one window`, 'add the amounts up')
    }
  }
}

function checkClaim({ key, amount, limit, windowMs, boundariesUnixMs, leaseMs }: Claim): void {
  checkKey(key)
  checkAmount('claims.amount', amount)
  checkAmount('claims.limit', limit)
  if (windowMs === 'calendar') checkBoundaries(boundariesUnixMs)
  else if (windowMs !== 'lease') checkDuration('claims.windowMs', windowMs, storeLimits.windowMs)
  if (leaseMs !== undefined) checkDuration('claims.leaseMs', leaseMs, storeLimits.reservationMs)
}

function checkBoundaries(boundariesUnixMs: readonly number[] | undefined): void {
  const count = boundariesUnixMs?.length ?? 0
  if (count >= 2 && count <= storeLimits.boundaries && boundariesUnixMs?.every(isBoundary) === true) return
  refuse('claims.boundariesUnixMs', 'it holds no windows', `give 2 to ${String(storeLimits.boundaries)} ascending whole numbers`)
}

const isBoundary = (boundary: number, index: number, all: readonly number[]): boolean =>
  Number.isSafeInteger(boundary) && boundary >= 0 && boundary > (all[index - 1] ?? -1)

/** @throws CORE_STORE_INPUT_INVALID: the windows named do not hold the store's time. */
export function refuseOutside(key: string): never {
  return refuse('claims.boundariesUnixMs', `no window of '${key}' holds the store's time`, "compare this machine's clock with the store's")
}

export function checkRenewal(ids: readonly string[], leaseMs: number): void {
  checkDuration('leaseMs', leaseMs, storeLimits.reservationMs)
  if (ids.length > storeLimits.renewals) refuse('ids', `there are ${String(ids.length)}`, `renew at most ${String(storeLimits.renewals)}`)
}

export function checkActual(actual: readonly SettledAmount[]): void {
  if (actual.length > storeLimits.claims)
    refuse('actual', `it has ${String(actual.length)} rows`, `settle at most ${String(storeLimits.claims)}`)
  for (const [index, { key, amount }] of actual.entries()) {
    checkKey(key)
    checkAmount('actual.amount', amount)
    for (let before = 0; before < index; before += 1)
      if (actual[before]?.key === key) refuse('actual', `'${key}' is there twice`, 'add the amounts up')
  }
}

/** @throws CORE_STORE_INPUT_INVALID; a key that was never reserved is a mistake of the caller, not usage. */
export function refuseUnreserved(key: string): never {
  return refuse('actual', `'${key}' is not part of the reservation`, 'settle only what was reserved')
}
