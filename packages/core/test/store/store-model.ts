/** A Store simple enough to be seen to be right: it remembers every grant and adds them up anew for each question. */
import type { Claim } from '../../src/contracts/store.ts'

interface Grant {
  readonly id: number
  readonly key: string
  readonly windowMs: number | 'lease'
  readonly startMs: number
  readonly endMs: number
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

  used(key: string, windowMs: number | 'lease'): number {
    return this.live(key, windowMs).reduce((sum, { amount }) => sum + amount, 0)
  }

  live(key: string, windowMs: number | 'lease'): readonly Grant[] {
    return this.grants.filter(
      (grant) => grant.key === key && grant.windowMs === windowMs && grant.endMs > this.nowMs && grant.startMs <= this.nowMs,
    )
  }

  fits(claims: readonly Claim[]): boolean {
    return claims.every(({ key, windowMs, amount, limit }) => this.used(key, windowMs) + amount <= limit)
  }

  grant(id: number, claims: readonly Claim[]): void {
    this.unsettled.add(id)
    for (const { key, amount, windowMs, leaseMs = 600_000 } of claims) {
      const startMs = windowMs === 'lease' ? this.nowMs : this.nowMs - (this.nowMs % windowMs)
      this.grants.push({ id, key, windowMs, amount, startMs, endMs: startMs + (windowMs === 'lease' ? leaseMs : windowMs) })
    }
  }

  settle(id: number, actual: readonly { readonly key: string; readonly amount: number }[]): void {
    if (!this.unsettled.delete(id)) return
    for (const grant of this.grants.filter((each) => each.id === id)) {
      const real = actual.find(({ key }) => key === grant.key)
      if (grant.windowMs === 'lease') grant.amount = 0
      else if (real !== undefined) grant.amount = real.amount
    }
  }
}
