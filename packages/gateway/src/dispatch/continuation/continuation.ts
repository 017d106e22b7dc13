/**
 * The policy `continue`: a stream that breaks off after content is carried on by another target. Each part is charged as its upstream charges it:
 * the prompt counts once per part, and what was sent before a joint is output of the part that wrote it and prompt of the one after.
 */
import type { CanonicalRequest, StreamDecoder, StreamEncoder, TokenUsage } from '@bud-foundry/core'
import type { TargetState } from '../../routing/target-state.ts'
import type { Attempt } from '../attempt.ts'
import type { CallPlan } from '../call-plan.ts'
import { addUsage, noUsage } from './add-usage.ts'
import { chooseMeans, ContinuationPlan } from './continuation-plan.ts'
import { JointEncoder } from './joint-encoder.ts'
import { StreamMemory, type SentAnswer } from './stream-memory.ts'

/** What the attempt for the next part needs. */
export interface NextPart {
  readonly plan: CallPlan
  readonly encoder: StreamEncoder
}

export class Continuation {
  readonly #plan: CallPlan
  readonly #createdUnixSeconds: number
  readonly #memory: StreamMemory
  readonly #parts = new Map<Attempt, TokenUsage>()
  #request: CanonicalRequest | undefined
  #sent: SentAnswer | undefined

  constructor(plan: CallPlan, options: { readonly rememberedBytes: number; readonly createdUnixSeconds: number }) {
    this.#plan = plan
    this.#createdUnixSeconds = options.createdUnixSeconds
    this.#memory = new StreamMemory(() => this.#decoder(), options.rememberedBytes)
  }

  /** Whether an answer of this kind can be carried on at all. */
  static suits(plan: CallPlan): boolean {
    return plan.streaming && plan.operation === 'chat' && plan.head.choices === 1 && plan.dialect.streamDecoder !== undefined
  }

  #decoder(): StreamDecoder {
    this.#request = this.#plan.canonical()
    const decoder = this.#plan.dialect.streamDecoder?.(this.#request)
    if (decoder === undefined) throw new Error(`streams of the dialect '${this.#plan.dialect.id}' cannot be read`)
    return decoder
  }

  remember(bytes: Uint8Array): void {
    this.#memory.push(bytes)
  }

  /** Closes the account of the part that broke off; false when nobody can carry the answer on. */
  interrupt(attempt: Attempt): boolean {
    const sent = this.#memory.read()
    // A schema is enforced from the first character on: a second part would be a whole answer of its own.
    const format = this.#request?.responseFormat?.kind ?? 'text'
    if (sent === undefined || format !== 'text') return false
    this.#parts.set(attempt, attempt.bill?.usage ?? noUsage)
    this.#sent = sent
    return true
  }

  /** Undefined unless a part broke off before. */
  next(state: TargetState): NextPart | undefined {
    const sent = this.#sent
    const request = this.#request
    if (sent === undefined || request === undefined) return undefined
    const means = chooseMeans(sent, state)
    const plan = new ContinuationPlan(this.#plan, sent, { means, state })
    const answer = { includeUsage: this.#plan.head.includeUsage, createdUnixSeconds: this.#createdUnixSeconds }
    const encoder = new JointEncoder({
      encoder: this.#plan.dialect.streamEncoder(request, answer),
      sent,
      means,
      part: this.#parts.size + 1,
      earlier: [...this.#parts.values()].reduce(addUsage, noUsage),
    })
    return { plan, encoder }
  }

  /** Whether the answer came in several parts: then what the first ones used is an estimate. */
  get isJoined(): boolean {
    return this.#parts.size > 0
  }

  /** What all parts used together; undefined when the answer came in one part. `last` is the attempt that the answer ended with. */
  total(last: Attempt | undefined): TokenUsage | undefined {
    if (this.#parts.size === 0) return undefined
    const parts = [...this.#parts.values()]
    if (last?.bill !== undefined && !this.#parts.has(last)) parts.push(last.bill.usage)
    return parts.reduce(addUsage, noUsage)
  }
}
