/** Decides what happens to the fields that an upstream cannot express: left out and reported, or refused. */
import type { DroppedField } from '@bud-foundry/core'
import { dialectErrors } from './dialect-errors.ts'

/** `error` refuses everything; `drop` leaves everything out that can be; `harmless` only what does not change what the answer is. */
export type UnsupportedPolicy = 'error' | 'drop' | 'harmless'

export class DropPolicy {
  readonly #upstream: string
  readonly #policy: UnsupportedPolicy
  readonly #onDrop: ((dropped: DroppedField) => void) | undefined

  constructor(options: {
    readonly upstream: string
    readonly policy: UnsupportedPolicy
    readonly onDrop?: ((dropped: DroppedField) => void) | undefined
  }) {
    this.#upstream = options.upstream
    this.#policy = options.policy
    this.#onDrop = options.onDrop
  }

  /** The answer stays what the caller asked for without this field: sampling nuances, bookkeeping. */
  harmless(field: string, reason: string): void {
    if (this.#policy === 'error') this.impossible(field, reason)
    this.#onDrop?.({ field, reason })
  }

  /** The answer would lack something that the caller asked for. */
  material(field: string, reason: string): void {
    if (this.#policy !== 'drop') this.impossible(field, reason)
    this.#onDrop?.({ field, reason })
  }

  /** No answer could be right. Throws GATEWAY_NOT_EXPRESSIBLE. */
  impossible(field: string, reason: string): never {
    throw dialectErrors.NOT_EXPRESSIBLE({ field, upstream: this.#upstream, reason })
  }
}
