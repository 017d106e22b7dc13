/** What a call wants, in the form that its attempts need: the body for each target, and how answers become the caller's. */
import type { CanonicalOperation, CanonicalRequest, Dialect, DroppedField, Provider, RequestHead } from '@bud-foundry/core'
import type { RepairsBodies } from '../providers/body-repair.ts'
import type { TargetState } from '../routing/target-state.ts'
import { promptBlockHashes } from './prompt-blocks.ts'

export class CallPlan {
  readonly operation: CanonicalOperation
  /** The caller's. */
  readonly dialect: Dialect
  readonly body: Uint8Array
  readonly head: RequestHead
  /** Fields that an upstream could not express and that were left out. */
  readonly dropped = new Set<string>()
  /** Rough, for routing: 4 bytes a token. */
  readonly inputTokensEstimate: number
  #canonical: CanonicalRequest | undefined
  #blockHashes: readonly bigint[] | undefined

  constructor(init: {
    readonly operation: CanonicalOperation
    readonly dialect: Dialect
    readonly body: Uint8Array
    readonly head: RequestHead
  }) {
    this.operation = init.operation
    this.dialect = init.dialect
    this.body = init.body
    this.head = init.head
    this.inputTokensEstimate = Math.ceil(init.body.byteLength / 4)
  }

  get streaming(): boolean {
    return this.head.stream
  }

  /** Whether the target speaks the caller's dialect. */
  passesThrough(state: TargetState): boolean {
    return state.provider.passThrough.has(this.dialect.id)
  }

  /** The request in the vocabulary that dialects are translated through. Throws BudError 400 for a body that cannot be read. */
  canonical(): CanonicalRequest {
    return (this.#canonical ??= this.dialect.decodeRequest(this.body, this.operation))
  }

  /** Worked out when a policy asks. */
  blockHashes(): readonly bigint[] {
    return (this.#blockHashes ??= promptBlockHashes(this.head))
  }

  /** The body for one target. Throws BudError 400 for what it cannot express. */
  bodyFor(state: TargetState): Uint8Array {
    const { modelId } = state.target
    const onDrop = ({ field }: DroppedField): void => void this.dropped.add(field)
    if (!this.passesThrough(state)) return state.provider.encodeRequest({ ...this.canonical(), model: modelId }, state.target, onDrop)
    const provider: Provider & Partial<RepairsBodies> = state.provider
    const body = provider.repairBody?.(this.body, state.target, onDrop) ?? this.body
    const includeUsage = this.head.stream && state.provider.acceptsStreamOptions?.(state.target) !== false
    return this.dialect.splice(body, { model: modelId, includeUsage }, body === this.body ? this.head : undefined)
  }
}
