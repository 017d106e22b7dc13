/** Requests of one process to the one that holds the store: numbered, sent in groups, bounded, each with a deadline. */
import type { Claim } from '../contracts/store.ts'
import type { BudError } from '../error/bud-error.ts'
import type { Clock } from '../time/clock.ts'
import {
  answersSchema,
  decodeError,
  isStoreMessage,
  type Answer,
  type Answers,
  type Call,
  type IpcEndpoint,
  type Requests,
} from './ipc-protocol.ts'
import { storeErrors } from './store-errors.ts'
import { storeLimits } from './store-limits.ts'

interface Pending {
  readonly call: Call
  deadlineMs: number
  readonly pages: unknown[]
  readonly resolve: (pages: readonly unknown[]) => void
  readonly reject: (error: BudError) => void
}

export interface IpcRequestsOptions {
  readonly endpoint: IpcEndpoint
  readonly clock: Clock
  readonly timeoutMs: number
  readonly onChanges: (changes: Answers['changes']) => void
  /** A reservation was answered after its caller had given up. */
  readonly onLateReservation: (claims: readonly Claim[], result: unknown) => void
}

const disconnected = () =>
  storeErrors.STORE_UNREACHABLE({
    what: 'the process that holds it has gone',
    fix: 'end this process, so that its parent starts a new one',
  })

export class IpcRequests {
  readonly #options: IpcRequestsOptions
  /** In the order of their deadlines, since all wait equally long; a page of a listing moves its request to the end. */
  readonly #pending = new Map<number, Pending>()
  /** Reservations that timed out and may have been granted, the oldest first. */
  readonly #abandoned = new Map<number, readonly Claim[]>()
  #unsent: Requests['requests'] = []
  #nextId = 1
  #timer: Disposable | undefined
  #gone: BudError | undefined

  constructor(options: IpcRequestsOptions) {
    this.#options = options
    options.endpoint.on('message', this.#onMessage)
    options.endpoint.on('disconnect', this.#onDisconnect)
  }

  /** The result, or its pages for a listing. */
  send(call: Call): Promise<readonly unknown[]> {
    if (this.#gone !== undefined) return Promise.reject(this.#gone)
    if (this.#pending.size >= storeLimits.ipc.pendingRequests) {
      const what = `${String(storeLimits.ipc.pendingRequests)} requests wait for an answer`
      return Promise.reject(storeErrors.STORE_BUSY({ what, fix: 'slow down, or use the Valkey store' }))
    }
    return new Promise((resolve, reject) => {
      const id = this.#nextId
      this.#nextId += 1
      const deadlineMs = this.#options.clock.monotonicMs() + this.#options.timeoutMs
      this.#pending.set(id, { call, deadlineMs, pages: [], resolve, reject })
      this.#unsent.push({ id, call })
      if (this.#unsent.length === 1) {
        setImmediate(() => {
          this.#flush()
        })
      }
      this.#timer ??= this.#schedule(this.#options.timeoutMs)
    })
  }

  close(error: BudError): void {
    if (this.#gone !== undefined) return
    this.#gone = error
    this.#timer?.[Symbol.dispose]()
    this.#options.endpoint.off('message', this.#onMessage)
    this.#options.endpoint.off('disconnect', this.#onDisconnect)
    for (const { reject } of this.#pending.values()) reject(error)
    this.#pending.clear()
  }

  readonly #onDisconnect = () => {
    this.close(disconnected())
  }

  #flush(): void {
    const requests = this.#unsent
    this.#unsent = []
    if (this.#gone !== undefined || requests.length === 0) return
    const message: Requests = { budStore: 'requests/1', requests }
    this.#options.endpoint.send?.(message, (error) => {
      if (error !== null) this.close(disconnected())
    })
  }

  readonly #onMessage = (message: unknown) => {
    if (!isStoreMessage(message, 'answers/1')) return
    const parsed = answersSchema.safeParse(message)
    if (!parsed.success) return
    for (const answer of parsed.data.answers) {
      const pending = this.#pending.get(answer.id)
      if (pending === undefined) {
        this.#onLate(answer)
        continue
      }
      this.#pending.delete(answer.id)
      if (answer.error !== undefined) {
        pending.reject(decodeError(answer.error))
        continue
      }
      pending.pages.push(answer.result)
      if (answer.more !== true) {
        pending.resolve(pending.pages)
        continue
      }
      pending.deadlineMs = this.#options.clock.monotonicMs() + this.#options.timeoutMs
      this.#pending.set(answer.id, pending)
    }
    if (parsed.data.changes.length > 0) this.#options.onChanges(parsed.data.changes)
  }

  #schedule(durationMs: number): Disposable {
    return this.#options.clock.schedule(durationMs, () => {
      this.#timer = undefined
      this.#expire()
    })
  }

  #expire(): void {
    const nowMs = this.#options.clock.monotonicMs()
    for (const [id, { call, deadlineMs, reject }] of this.#pending) {
      if (deadlineMs > nowMs) {
        this.#timer = this.#schedule(deadlineMs - nowMs)
        return
      }
      this.#pending.delete(id)
      if (call.op === 'reserve') this.#abandon(id, call.claims)
      reject(storeErrors.STORE_TIMEOUT({ operation: call.op, timeoutMs: this.#options.timeoutMs }))
    }
  }

  #abandon(id: number, claims: readonly Claim[]): void {
    this.#abandoned.set(id, claims)
    if (this.#abandoned.size <= storeLimits.ipc.pendingRequests) return
    for (const oldest of this.#abandoned.keys()) {
      this.#abandoned.delete(oldest)
      return
    }
  }

  #onLate({ id, result }: Answer): void {
    const claims = this.#abandoned.get(id)
    if (claims === undefined) return
    this.#abandoned.delete(id)
    this.#options.onLateReservation(claims, result)
  }
}
