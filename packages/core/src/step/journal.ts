/** What an operation has finished, kept in a Store: one entry per step, and a lease that keeps two runners apart. */
import { z } from 'zod'
import type { Store } from '../contracts/store.ts'
import { stepErrors } from './step-errors.ts'
import { stepLimits } from './step-limits.ts'

const encoder = new TextEncoder()
const decoder = new TextDecoder()
const entrySchema = z.strictObject({ version: z.literal(1), value: z.json().optional() })

/** The keys of one operation; names are escaped, so that no operation can reach into another's journal. */
export class Journal {
  readonly #store: Store
  readonly #operationId: string
  readonly #prefix: string

  constructor(store: Store, operationId: string) {
    this.#store = store
    this.#operationId = operationId
    this.#prefix = `journal/${encodeURIComponent(operationId)}/`
  }

  get leaseKey(): string {
    return `${this.#prefix}lease`
  }

  /** @throws CORE_STEP_JOURNAL_DAMAGED */
  async read(step: string): Promise<{ readonly value: unknown } | undefined> {
    const bytes = await this.#store.get(this.#stepKey(step))
    if (bytes === undefined) return undefined
    try {
      return { value: entrySchema.parse(JSON.parse(decoder.decode(bytes))).value }
    } catch (error) {
      throw stepErrors.STEP_JOURNAL_DAMAGED({ operationId: this.#operationId, step }, { cause: error })
    }
  }

  /**
   * Returns the result as a later run will see it.
   * @throws CORE_STEP_RESULT_INVALID; CORE_STEP_LEASE_LOST when another runner has finished the same step.
   */
  async write(step: string, value: unknown): Promise<unknown> {
    const text = this.#encode(step, value)
    const isFirst = await this.#store.compareAndSet(this.#stepKey(step), undefined, encoder.encode(text))
    if (!isFirst) throw stepErrors.STEP_LEASE_LOST({ operationId: this.#operationId })
    return entrySchema.parse(JSON.parse(text)).value
  }

  async forget(): Promise<void> {
    for await (const key of this.#store.list(`${this.#prefix}step/`)) await this.#store.delete(key)
  }

  #stepKey(step: string): string {
    return `${this.#prefix}step/${encodeURIComponent(step)}`
  }

  #encode(step: string, value: unknown): string {
    const invalid = (problem: string, cause?: unknown) =>
      stepErrors.STEP_RESULT_INVALID({ operationId: this.#operationId, step, problem }, { cause })
    let text
    try {
      text = JSON.stringify({ version: 1, value })
    } catch (error) {
      throw invalid(error instanceof Error ? error.message : String(error), error)
    }
    if (typeof value === 'function' || typeof value === 'symbol') throw invalid(`it is a ${typeof value}`)
    const size = encoder.encode(text).byteLength
    if (size > stepLimits.resultBytes) throw invalid(`it has ${String(size)} bytes of at most ${String(stepLimits.resultBytes)}`)
    return text
  }
}
