/** A bounded map whose values expire: dead ones are removed little by little, so that no call ever pays for all. */

/** Two per write: dead values are then found at least as fast as new ones come. */
const sweptPerWrite = 2

export class ExpiringMap<Value extends { readonly expiresAtMs: number }> {
  readonly #values = new Map<string, Value>()
  readonly #onRemove: (value: Value) => void
  #cursor: IterableIterator<[string, Value]> | undefined
  /** Nothing expires before this; spares a full map from being searched again and again. */
  #nothingDueBeforeMs = 0

  constructor(onRemove: (value: Value) => void = () => undefined) {
    this.#onRemove = onRemove
  }

  get size(): number {
    return this.#values.size
  }

  get(key: string, nowMs: number): Value | undefined {
    const value = this.#values.get(key)
    if (value === undefined || value.expiresAtMs > nowMs) return value
    this.delete(key)
    return undefined
  }

  keys(): IterableIterator<string> {
    return this.#values.keys()
  }

  set(key: string, value: Value, nowMs: number): void {
    const before = this.#values.get(key)
    if (before !== undefined) this.#onRemove(before)
    this.#values.set(key, value)
    this.#nothingDueBeforeMs = Math.min(this.#nothingDueBeforeMs, value.expiresAtMs)
    this.#sweepSome(nowMs)
  }

  delete(key: string): boolean {
    const value = this.#values.get(key)
    if (value === undefined) return false
    this.#values.delete(key)
    this.#onRemove(value)
    return true
  }

  /** Removes everything dead, unless it is known that nothing is. */
  sweep(nowMs: number): void {
    if (nowMs < this.#nothingDueBeforeMs) return
    let nextMs = Number.POSITIVE_INFINITY
    for (const [key, { expiresAtMs }] of this.#values) {
      if (expiresAtMs <= nowMs) this.delete(key)
      else nextMs = Math.min(nextMs, expiresAtMs)
    }
    this.#nothingDueBeforeMs = nextMs
  }

  #sweepSome(nowMs: number): void {
    this.#cursor ??= this.#values.entries()
    for (let count = 0; count < sweptPerWrite; count += 1) {
      const next = this.#cursor.next()
      if (next.done === true) {
        this.#cursor = undefined
        return
      }
      const [key, { expiresAtMs }] = next.value
      if (expiresAtMs <= nowMs) this.delete(key)
    }
  }
}
