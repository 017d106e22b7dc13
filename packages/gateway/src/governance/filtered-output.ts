/** Leads an answer through output filters, in order and with back-pressure, before any of it reaches the caller. */
import { isBudError, type BudError } from '@bud-foundry/core'
import { gatewayErrors } from '../errors.ts'
import type { HeaderList } from '../exchange/exchange.ts'
import { filteredBytes } from '../limits.ts'
import { after, isPromise, type Awaitable } from './after.ts'
import type { OutputFilter } from './stage.ts'

/** Where filtered bytes go. None of it throws. */
export interface FilteredOwner {
  /** The first bytes of a stream have passed. */
  onFilteredStart(status: number, headers: HeaderList): void
  /** False when the caller takes no more for now. */
  onFilteredBytes(bytes: Uint8Array): boolean
  onFilteredAnswer(status: number, headers: HeaderList, body: Uint8Array): void
  /** A filter has ended the answer; nothing more comes. */
  onFilterError(error: BudError): void
  /** What waited in the filters has passed: the upstream may go on. */
  onFilterDrain(): void
}

interface Head {
  readonly status: number
  readonly headers: HeaderList
}

export class FilteredOutput {
  /** Whether the caller has been sent anything. */
  started = false
  readonly #owner: FilteredOwner
  /** In the order in which answers pass them. */
  readonly #filters: readonly OutputFilter[]
  readonly #onUnexpected: (error: unknown) => void
  #head: Head | undefined
  /** Work that waits for a filter that takes its time. */
  #jobs: (() => Awaitable<undefined>)[] = []
  #waitingBytes = 0
  #busy = false
  #congested = false
  /** The caller takes no more for now: its own drain lets the upstream go on. */
  #callerFull = false
  #stopped = false

  constructor(owner: FilteredOwner, filters: readonly OutputFilter[], onUnexpected: (error: unknown) => void) {
    this.#owner = owner
    this.#filters = filters
    this.#onUnexpected = onUnexpected
  }

  /** A stream begins; the caller hears of it with the first bytes that pass. */
  start(status: number, headers: HeaderList): void {
    this.#head = { status, headers }
  }

  /** False asks to wait for `onFilterDrain`, or for the caller. */
  write(bytes: Uint8Array): boolean {
    let more = true
    let isLate = false
    this.#waitingBytes += bytes.byteLength
    this.#enqueue(() =>
      after(this.#pass(0, bytes), (passed) => {
        this.#waitingBytes -= bytes.byteLength
        if (passed !== undefined && !this.#emit(passed)) {
          more = false
          // Whoever wrote it has its answer already.
          if (isLate) this.#callerFull = this.#congested = true
        }
        return undefined
      }),
    )
    isLate = true
    if (this.#waitingBytes > filteredBytes) this.#congested = true
    return more && !this.#congested
  }

  /** The caller takes more again; the upstream may go on where this gives true. */
  drained(): boolean {
    this.#callerFull = false
    if (!this.#busy) this.#congested = false
    return !this.#congested
  }

  /** The stream has ended; `onOut` is called when all of it has passed. */
  end(reason: 'complete' | 'interrupted', onOut: () => void): void {
    this.#enqueue(() =>
      after(this.#flush(0, reason), () => {
        if (this.#stopped) return undefined
        // A stream that was filtered to nothing still is an answer.
        if (reason === 'complete') this.#begin()
        this.#stopped = true
        onOut()
        return undefined
      }),
    )
  }

  /** A whole answer; `onOut` is called when it has passed. */
  respond({ status, headers }: Head, body: Uint8Array, onOut: () => void): void {
    this.#enqueue(() =>
      after(this.#whole(0, body), (passed) => {
        if (this.#stopped) return undefined
        this.#stopped = true
        this.#owner.onFilteredAnswer(status, headers, passed)
        this.started = true
        onOut()
        return undefined
      }),
    )
  }

  /** Nothing more may pass. */
  stop(): void {
    this.#stopped = true
    this.#jobs = []
  }

  #enqueue(job: () => Awaitable<undefined>): void {
    if (this.#stopped) return
    this.#jobs.push(job)
    if (!this.#busy) this.#work()
  }

  #work(): void {
    for (let job = this.#jobs.shift(); job !== undefined && !this.#stopped; job = this.#jobs.shift()) {
      try {
        const result = job()
        if (!isPromise(result)) continue
        this.#busy = true
        result.then(this.#goOn, this.#fail)
        return
      } catch (error) {
        this.#fail(error)
      }
    }
    if (!this.#congested || this.#callerFull || this.#stopped) return
    this.#congested = false
    this.#owner.onFilterDrain()
  }

  readonly #goOn = (): void => {
    this.#busy = false
    this.#work()
  }

  readonly #fail = (error: unknown): void => {
    this.#busy = false
    if (this.#stopped) return
    this.stop()
    if (!isBudError(error)) this.#onUnexpected(error)
    this.#owner.onFilterError(isBudError(error) ? error : gatewayErrors.INTERNAL(undefined, { cause: error }))
  }

  #pass(index: number, bytes: Uint8Array | undefined): Awaitable<Uint8Array | undefined> {
    const filter = this.#filters[index]
    if (bytes === undefined || filter === undefined) return bytes
    return after(filter.push(bytes), (passed) => this.#pass(index + 1, passed))
  }

  /** What one filter held back passes those after it before they end. */
  #flush(index: number, reason: 'complete' | 'interrupted'): Awaitable<undefined> {
    const filter = this.#filters[index]
    if (filter === undefined) return undefined
    return after(filter.end(reason), (rest) =>
      after(this.#pass(index + 1, rest), (passed) => {
        if (passed !== undefined) this.#emit(passed)
        return this.#flush(index + 1, reason)
      }),
    )
  }

  #whole(index: number, body: Uint8Array): Awaitable<Uint8Array> {
    const filter = this.#filters[index]
    return filter === undefined ? body : after(filter.whole(body), (passed) => this.#whole(index + 1, passed))
  }

  #emit(bytes: Uint8Array): boolean {
    if (this.#stopped || bytes.byteLength === 0) return true
    this.#begin()
    return this.#owner.onFilteredBytes(bytes)
  }

  #begin(): void {
    if (this.started || this.#head === undefined) return
    this.started = true
    this.#owner.onFilteredStart(this.#head.status, this.#head.headers)
  }
}
