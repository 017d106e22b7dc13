/** What of an OTLP request was left out and why, as the specification has the sender told. */

/** Different reasons that one answer names. */
const reasonsTold = 20

/** Counts what is left out of one request, by reason. */
export class Refusals {
  readonly #countByReason = new Map<string, number>()
  #warning = ''

  /** @param reason Of few different texts: it is told once, however many it concerns. */
  add(reason: string): void {
    this.#countByReason.set(reason, (this.#countByReason.get(reason) ?? 0) + 1)
  }

  /** Something that the sender should know although it was accepted. */
  warn(text: string): void {
    this.#warning = text
  }

  /** The body of the answer: empty when everything was accepted as it came. A sender who is told of a part does not send it again. */
  toContent(rejected: 'rejectedSpans' | 'rejectedDataPoints'): Readonly<Record<string, unknown>> {
    const total = [...this.#countByReason.values()].reduce((sum, count) => sum + count, 0)
    if (total === 0 && this.#warning === '') return {}
    const reasons = Array.from(this.#countByReason, ([reason, count]) => `${reason} (${String(count)})`)
    const told = [...reasons.slice(0, reasonsTold), ...(reasons.length > reasonsTold ? ['...'] : [])]
    return {
      partialSuccess: { [rejected]: total, errorMessage: [...told, ...(this.#warning === '' ? [] : [this.#warning])].join('; ') },
    }
  }
}
