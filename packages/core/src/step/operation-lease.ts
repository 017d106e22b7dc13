/** Holds an operation for one runner: taken in the store, renewed while the runner lives, aborting the work when it is lost. */
import type { Store } from '../contracts/store.ts'
import type { Clock } from '../time/clock.ts'
import { stepErrors } from './step-errors.ts'
import { stepLimits } from './step-limits.ts'

const encoder = new TextEncoder()
const decoder = new TextDecoder()

export interface OperationLeaseOptions {
  readonly store: Store
  readonly clock: Clock
  readonly key: string
  readonly operationId: string
  /** Unique to this run; starts with the owner, a space, and then anything. */
  readonly token: string
  /** Set when nobody else uses this owner, so that a lease of its name is one of a dead predecessor. */
  readonly takesOver: boolean
  readonly leaseMs: number
}

const ownerOf = (token: string) => token.slice(0, Math.max(0, token.lastIndexOf(' ')))

export class OperationLease implements AsyncDisposable {
  readonly #options: OperationLeaseOptions
  readonly #token: Uint8Array
  readonly #lost = new AbortController()
  #renewing: Promise<void> = Promise.resolve()
  #timer: Disposable | undefined
  #heldUntilMs: number
  #closed = false

  private constructor(options: OperationLeaseOptions, heldUntilMs: number) {
    this.#options = options
    this.#token = encoder.encode(options.token)
    this.#heldUntilMs = heldUntilMs
    this.#schedule()
  }

  /** @throws CORE_STEP_OPERATION_BUSY */
  static async acquire(options: OperationLeaseOptions): Promise<OperationLease> {
    const { store, clock, key, leaseMs, operationId } = options
    const token = encoder.encode(options.token)
    // Counted from before the call: the store starts counting later, never earlier.
    const heldUntilMs = clock.monotonicMs() + leaseMs
    if (await store.set(key, token, { ttlMs: leaseMs, ifAbsent: true })) return new OperationLease(options, heldUntilMs)
    const other = await store.get(key)
    const holder = other === undefined ? 'a runner that has just ended' : ownerOf(decoder.decode(other))
    const isPredecessor = options.takesOver && other !== undefined && holder === ownerOf(options.token)
    if (isPredecessor && (await store.compareAndSet(key, other, token, { ttlMs: leaseMs }))) return new OperationLease(options, heldUntilMs)
    throw stepErrors.STEP_OPERATION_BUSY({ operationId, holder }, { retryAfterMs: leaseMs })
  }

  /** Aborts with CORE_STEP_LEASE_LOST as its reason. */
  get signal(): AbortSignal {
    return this.#lost.signal
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#closed = true
    this.#timer?.[Symbol.dispose]()
    await this.#renewing
    if (this.#lost.signal.aborted) return
    try {
      await this.#options.store.compareAndSet(this.#options.key, this.#token, undefined)
    } catch {
      // The work is done and journaled; a lease that could not be given back ends by itself.
    }
  }

  #schedule(): void {
    if (this.#closed) return
    this.#timer = this.#options.clock.schedule(this.#options.leaseMs / stepLimits.renewalsPerLease, () => {
      this.#renewing = this.#renew()
    })
  }

  /** Never rejects: a lease that cannot be renewed in time is lost. */
  async #renew(): Promise<void> {
    const { store, clock, key, leaseMs } = this.#options
    const heldUntilMs = clock.monotonicMs() + leaseMs
    try {
      if (!(await store.compareAndSet(key, this.#token, this.#token, { ttlMs: leaseMs }))) {
        this.#lose()
        return
      }
      this.#heldUntilMs = heldUntilMs
    } catch (error) {
      const nextMs = clock.monotonicMs() + leaseMs / stepLimits.renewalsPerLease
      // Another renewal would come too late; somebody else may hold the lease by then.
      if (nextMs >= this.#heldUntilMs) {
        this.#lose(error)
        return
      }
    }
    this.#schedule()
  }

  #lose(cause?: unknown): void {
    this.#lost.abort(stepErrors.STEP_LEASE_LOST({ operationId: this.#options.operationId }, { cause }))
  }
}
