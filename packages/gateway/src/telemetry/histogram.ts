/** A Prometheus histogram over fixed bounds: an observation is a search and two additions. */

/** Index of the first of the ascending bounds that the value does not exceed; their number when it exceeds all. */
export function bucketOf(bounds: readonly number[], value: number): number {
  let low = 0
  let high = bounds.length
  while (low < high) {
    const middle = (low + high) >>> 1
    if (value <= (bounds[middle] ?? Number.POSITIVE_INFINITY)) high = middle
    else low = middle + 1
  }
  return low
}

export class Histogram {
  readonly bounds: readonly number[]
  readonly #counts: Float64Array
  #sum = 0

  /** `bounds` ascend; a last bucket for everything above them is implied. */
  constructor(bounds: readonly number[]) {
    this.bounds = bounds
    this.#counts = new Float64Array(bounds.length + 1)
  }

  observe(value: number): void {
    const bucket = bucketOf(this.bounds, value)
    this.#counts[bucket] = (this.#counts[bucket] ?? 0) + 1
    this.#sum += value
  }

  /** Takes over observations that were counted elsewhere by the same bounds, and `zeros` of nothing. */
  add(counts: Float64Array | undefined, zeros: number, sum: number): void {
    if (counts !== undefined) for (const [bucket, count] of counts.entries()) this.#counts[bucket] = (this.#counts[bucket] ?? 0) + count
    this.#counts[0] = (this.#counts[0] ?? 0) + zeros
    this.#sum += sum
  }

  get count(): number {
    let total = 0
    for (const count of this.#counts) total += count
    return total
  }

  /** Upper bound of the bucket that holds the quantile (0 to 1); undefined without observations. */
  quantile(share: number): number | undefined {
    const rank = this.count * share
    let seen = 0
    for (const [index, count] of this.#counts.entries()) {
      seen += count
      if (count > 0 && seen >= rank) return this.bounds[index] ?? this.bounds.at(-1)
    }
    return undefined
  }

  /** Lines of the text exposition format; `labels` is `a="1",b="2"` or empty. */
  render(name: string, labels: string): string {
    const comma = labels === '' ? '' : ','
    const lines: string[] = []
    let total = 0
    for (const [index, count] of this.#counts.entries()) {
      total += count
      const bound = this.bounds[index]
      lines.push(`${name}_bucket{${labels}${comma}le="${bound === undefined ? '+Inf' : String(bound)}"} ${String(total)}`)
    }
    const braces = labels === '' ? '' : `{${labels}}`
    lines.push(`${name}_sum${braces} ${String(this.#sum)}`, `${name}_count${braces} ${String(total)}`)
    return lines.join('\n')
  }
}
