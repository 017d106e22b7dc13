/** A Store simple enough to be seen to be right: it remembers every grant and adds them up anew for each question. */
import type { Claim, SettledWindow } from '../../src/contracts/store.ts'

interface Grant {
  readonly id: number
  readonly key: string
  readonly windowMs: Claim['windowMs']
  readonly startMs: number
  endMs: number
  amount: number
}

export class StoreModel {
  nowMs: number
  readonly values = new Map<string, { value: string; endMs: number }>()
  readonly grants: Grant[]
  readonly unsettled = new Set<number>()

  constructor(nowMs: number, grants: Grant[] = []) {
    this.nowMs = nowMs
    this.grants = grants
  }

  /** What would fit at another time, if nothing else happened until then. */
  fitsAt(nowMs: number, claims: readonly Claim[]): boolean {
    return new StoreModel(nowMs, this.grants).fits(claims)
  }

  get(key: string): string | undefined {
    const found = this.values.get(key)
    return found !== undefined && found.endMs > this.nowMs ? found.value : undefined
  }

  set(key: string, value: string, ttlMs: number | undefined): void {
    this.values.set(key, { value, endMs: ttlMs === undefined ? Number.POSITIVE_INFINITY : this.nowMs + ttlMs })
  }

  keys(prefix: string): readonly string[] {
    return [...this.values.keys()].filter((key) => key.startsWith(prefix) && this.get(key) !== undefined).sort()
  }

  used(key: string, windowMs: Claim['windowMs']): number {
    return this.live(key, windowMs).reduce((sum, { amount }) => sum + amount, 0)
  }

  live(key: string, windowMs: Claim['windowMs']): readonly Grant[] {
    return this.grants.filter(
      (grant) => grant.key === key && grant.windowMs === windowMs && grant.endMs > this.nowMs && grant.startMs <= this.nowMs,
    )
  }

  fits(claims: readonly Claim[]): boolean {
    return claims.every(({ key, windowMs, amount, limit }) => this.used(key, windowMs) + amount <= limit)
  }

  grant(id: number, claims: readonly Claim[]): void {
    this.unsettled.add(id)
    for (const claim of claims)
      this.grants.push({ id, key: claim.key, windowMs: claim.windowMs, amount: claim.amount, ...this.span(claim) })
  }

  span({ windowMs, boundariesUnixMs = [], leaseMs = 600_000 }: Claim): { readonly startMs: number; readonly endMs: number } {
    if (windowMs === 'lease') return { startMs: this.nowMs, endMs: this.nowMs + leaseMs }
    if (windowMs !== 'calendar') {
      const startMs = this.nowMs - (this.nowMs % windowMs)
      return { startMs, endMs: startMs + windowMs }
    }
    const startMs = Math.max(...boundariesUnixMs.filter((each) => each <= this.nowMs))
    return { startMs, endMs: Math.min(...boundariesUnixMs.filter((each) => each > this.nowMs)) }
  }

  settle(id: number, actual: readonly { readonly key: string; readonly amount: number }[]): readonly SettledWindow[] {
    if (!this.unsettled.delete(id)) return []
    const settled: SettledWindow[] = []
    for (const grant of this.grants.filter((each) => each.id === id)) {
      const real = actual.find(({ key }) => key === grant.key)
      if (grant.windowMs === 'lease') grant.amount = 0
      else if (real !== undefined) {
        grant.amount = real.amount
        if (grant.endMs > this.nowMs) settled.push({ key: grant.key, windowMs: grant.windowMs, used: this.used(grant.key, grant.windowMs) })
      }
    }
    return settled
  }

  renew(id: number, leaseMs: number): void {
    if (!this.unsettled.has(id)) return
    for (const grant of this.grants)
      if (grant.id === id && grant.windowMs === 'lease' && grant.endMs > this.nowMs) grant.endMs = this.nowMs + leaseMs
  }
}
