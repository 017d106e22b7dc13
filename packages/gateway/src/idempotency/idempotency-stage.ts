/** Idempotency keys as a stage: the same key and request get the same answer, in whatever process they arrive. */
import { createMemoryStore, type RequestEvent, type Store } from '@bud-foundry/core'
import { hash } from 'node:crypto'
import { AnswerRecorder } from '../cache/answer-recorder.ts'
import { piecesOf, streamHeaders } from '../cache/stream-pieces.ts'
import type { StageFactory, StageKit } from '../governance/stage-factory.ts'
import type { Stage, StageAnswer, StageCall, Verdict } from '../governance/stage.ts'
import { IdempotencyClaim } from './idempotency-claim.ts'
import type { IdempotencyConfig } from './idempotency-config.ts'
import { idempotencyErrors } from './idempotency-errors.ts'
import { decodeRecord, encodeRecord, type IdempotencyRecord } from './idempotency-record.ts'

const validKey = /^[\x21-\x7e]{1,255}$/
const jsonHeaders = { 'content-type': 'application/json' }
/** How long one that got 409 is told to wait. */
const conflictRetryMs = 1_000

/** A request with an idempotency key. */
interface Keyed {
  readonly call: StageCall
  readonly storeKey: string
  /** Hash of what is asked. */
  readonly request: string
}

class IdempotencyStage implements Stage, AsyncDisposable {
  readonly id = 'idempotency'
  readonly config: IdempotencyConfig
  readonly #kit: StageKit
  readonly #store: Store
  readonly #ownStore: Store | undefined
  readonly #ending = new Set<Promise<void>>()

  constructor(config: IdempotencyConfig, kit: StageKit) {
    this.config = config
    this.#kit = kit
    // Without a store the guarantee holds in this process.
    this.#store = kit.store ?? createMemoryStore({ clock: kit.clock })
    this.#ownStore = kit.store === undefined ? this.#store : undefined
  }

  onCall(call: StageCall): Verdict | Promise<Verdict> {
    const key = call.header('idempotency-key')
    if (key === undefined) return undefined
    if (!validKey.test(key)) return { kind: 'refuse', error: idempotencyErrors.IDEMPOTENCY_KEY_INVALID() }
    const owner = `${call.key?.projectId ?? 'default'}/${call.key?.id ?? ''}`
    const storeKey = `gateway/idempotency/${hash('sha256', JSON.stringify([owner, key]), 'base64url')}`
    const request = hash('sha256', Buffer.concat([Buffer.from(`${call.path}\n`), call.body]), 'base64url')
    return this.#decide({ call, storeKey, request })
  }

  async [Symbol.asyncDispose](): Promise<void> {
    while (this.#ending.size > 0) await Promise.all(this.#ending)
    await this.#ownStore?.[Symbol.asyncDispose]()
  }

  async #decide(keyed: Keyed): Promise<Verdict> {
    try {
      for (;;) {
        const claimed = await this.#claim(keyed)
        if (claimed !== undefined) return claimed
        const bytes = await this.#store.get(keyed.storeKey)
        // Given back in between.
        if (bytes === undefined) continue
        const { record, body } = decodeRecord(bytes)
        const verdict = this.#answer(keyed, record, body)
        if (verdict !== undefined) return verdict
        await this.#changed(keyed)
        // Nobody waits for this answer any more, so nothing may be begun for it.
        if (keyed.call.signal.aborted) return inFlight()
      }
    } catch (error) {
      this.#warn(error)
      // The caller asked for a guarantee that cannot be given now.
      return {
        kind: 'refuse',
        error: idempotencyErrors.IDEMPOTENCY_UNAVAILABLE(undefined, { retryAfterMs: conflictRetryMs, cause: error }),
      }
    }
  }

  /** What another request with this key means; undefined: wait for it. */
  #answer({ call, request }: Keyed, record: IdempotencyRecord, body: Uint8Array): Verdict {
    if (record.request !== request) return { kind: 'refuse', error: idempotencyErrors.IDEMPOTENCY_KEY_REUSED() }
    switch (record.state) {
      case 'in-flight':
        return this.config.inFlight === 'wait' ? undefined : inFlight()
      case 'lost':
        return { kind: 'refuse', error: idempotencyErrors.IDEMPOTENCY_ANSWER_LOST() }
      case 'done': {
        call.setResponseHeader('idempotent-replayed', 'true')
        call.addTag('idempotentReplay', 'true')
        // No usage: it was charged with the first answer.
        const answer: StageAnswer =
          record.kind === 'stream'
            ? { status: 200, headers: streamHeaders, body: piecesOf(body), finishReason: record.finishReason }
            : { status: 200, headers: jsonHeaders, body, finishReason: record.finishReason }
        return { kind: 'answer', answer }
      }
    }
  }

  /** Undefined when another request holds the key or has been answered. */
  async #claim({ call, storeKey, request }: Keyed): Promise<Verdict> {
    const held = encodeRecord({ state: 'in-flight', request, owner: call.id })
    if (!(await this.#store.set(storeKey, held, { ttlMs: this.config.leaseMs, ifAbsent: true }))) return undefined
    const { clock } = this.#kit
    const onFailure = (error: unknown) => {
      this.#warn(error)
    }
    const claim = new IdempotencyClaim({ store: this.#store, clock, config: this.config, storeKey, held, onFailure })
    const recorder = new AnswerRecorder(this.config.answerBytes)
    return {
      kind: 'go',
      observer: {
        output: recorder,
        onFinish: (event) => {
          const ending: Promise<void> = this.#end({ claim, recorder, request, event })
            .catch(onFailure)
            .finally(() => this.#ending.delete(ending))
          this.#ending.add(ending)
        },
      },
    }
  }

  async #end(ended: {
    readonly claim: IdempotencyClaim
    readonly recorder: AnswerRecorder
    readonly request: string
    readonly event: RequestEvent
  }): Promise<void> {
    const { claim, recorder, request, event } = ended
    if (event.outcome !== 'success' || event.status !== 200) {
      await claim.release()
      return
    }
    const recorded = recorder.take()
    if (recorded === undefined) await claim.finish({ state: 'lost', request })
    else await claim.finish({ state: 'done', request, kind: recorded.kind, finishReason: event.finishReason }, recorded.body)
  }

  /** Resolves when the key may have changed: told by the store, or when a lease may have ended, which no store tells. */
  async #changed({ call, storeKey }: Keyed): Promise<void> {
    const { promise, resolve } = Promise.withResolvers<undefined>()
    const wake = () => {
      resolve(undefined)
    }
    let told = false
    using _subscription = this.#store.subscribe(storeKey, (change) => {
      // The first is no change but the beginning: what happened before it would be missed otherwise.
      if (change.kind !== 'resync' || told) wake()
      else {
        told = true
        this.#recheck(storeKey, wake)
      }
    })
    using _timer = this.#kit.clock.schedule(this.config.leaseMs, wake)
    call.signal.addEventListener('abort', wake, { once: true })
    await promise
    call.signal.removeEventListener('abort', wake)
  }

  /** Whether the answer came between looking and listening. */
  #recheck(storeKey: string, wake: () => void): void {
    this.#store
      .get(storeKey)
      .then((bytes) => {
        if (bytes === undefined || decodeRecord(bytes).record.state !== 'in-flight') wake()
      })
      // The loop asks again and meets the failure itself, also that of a record it cannot read.
      .catch(wake)
  }

  #warn(error: unknown): void {
    this.#kit.logger.warn('an idempotency key could not be read or written', { error })
  }
}

const inFlight = (): Verdict => ({
  kind: 'refuse',
  error: idempotencyErrors.IDEMPOTENCY_IN_FLIGHT(undefined, { retryAfterMs: conflictRetryMs }),
})

export const idempotencyStage: StageFactory = {
  id: 'idempotency',
  create: ({ idempotency }, kit, previous) => {
    if (idempotency === undefined) return undefined
    const unchanged = previous instanceof IdempotencyStage && JSON.stringify(previous.config) === JSON.stringify(idempotency)
    return unchanged ? previous : new IdempotencyStage(idempotency, kit)
  },
}
