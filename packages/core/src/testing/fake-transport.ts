/** A Transport that plays scripted answers on a clock: statuses, chunks, delays, stalls and failures, with back-pressure. */
import type { Transport, TransportCall, TransportHandlers, TransportTimeouts, UpstreamRequest } from '../contracts/transport.ts'
import { coreErrors } from '../error/core-errors.ts'
import type { Clock } from '../time/clock.ts'
import { toSteps, type FakeAnswer, type FakeStep } from './fake-answer.ts'

/** One dispatched call, as a test sees it. */
export interface FakeCall {
  readonly request: UpstreamRequest
  readonly signal: AbortSignal | undefined
  readonly timeouts: TransportTimeouts
  readonly state: 'open' | 'ended' | 'failed'
  /** Chunks handed over so far. */
  readonly chunks: number
}

/** A Transport that remembers its calls. */
export interface FakeTransport extends Transport {
  /** Every call so far, oldest first. */
  readonly calls: readonly FakeCall[]
}

const utf8 = new TextEncoder()

class Call implements FakeCall, TransportCall {
  readonly request: UpstreamRequest
  readonly signal: AbortSignal | undefined
  readonly timeouts: TransportTimeouts
  readonly #handlers: TransportHandlers
  readonly #clock: Clock
  readonly #stop = new AbortController()
  #continue: (() => void) | undefined
  state: 'open' | 'ended' | 'failed' = 'open'
  chunks = 0

  constructor(
    request: UpstreamRequest,
    handlers: TransportHandlers,
    options: { readonly signal: AbortSignal | undefined; readonly timeouts: TransportTimeouts; readonly clock: Clock },
  ) {
    this.request = request
    this.#handlers = handlers
    this.signal = options.signal
    this.timeouts = options.timeouts
    this.#clock = options.clock
  }

  async play(answerOf: () => FakeAnswer | Promise<FakeAnswer>): Promise<void> {
    const onAbort = () => {
      this.fail(coreErrors.ABORTED({ what: `the call to ${this.request.url.host}` }, { cause: this.signal?.reason }))
    }
    this.signal?.addEventListener('abort', onAbort, { once: true })
    try {
      if (this.signal?.aborted === true) onAbort()
      const answer = await answerOf()
      await this.#steps(answer.before ?? [], 'headers', this.timeouts.headersMs)
      if (!this.#isOpen()) return
      this.#handlers.onHeaders(answer.status ?? 200, answer.headers ?? {})
      await this.#steps(toSteps(answer.body), 'idle', this.timeouts.idleMs)
      if (!this.#isOpen()) return
      this.state = 'ended'
      this.#handlers.onEnd()
    } finally {
      this.signal?.removeEventListener('abort', onAbort)
    }
  }

  resume(): void {
    this.#continue?.()
  }

  abort(reason: unknown): void {
    this.fail(reason)
  }

  fail(error: unknown): void {
    if (this.state !== 'open') return
    this.state = 'failed'
    this.#stop.abort()
    this.#continue?.()
    this.#handlers.onError(error)
  }

  #isOpen(): boolean {
    return this.state === 'open'
  }

  async #steps(steps: readonly FakeStep[], phase: 'headers' | 'idle', limitMs: number | undefined): Promise<void> {
    let timer = this.#arm(phase, limitMs)
    try {
      for (const step of steps) {
        if (!this.#isOpen()) return
        switch (step.kind) {
          case 'chunk':
            timer?.[Symbol.dispose]()
            await this.#chunk(step.bytes)
            timer = this.#isOpen() ? this.#arm(phase, limitMs) : undefined
            break
          case 'wait':
            await this.#wait(step.durationMs)
            break
          case 'stall':
            await this.#wait(undefined)
            break
          case 'error':
            this.fail(step.error)
        }
      }
    } finally {
      timer?.[Symbol.dispose]()
    }
  }

  #arm(phase: 'headers' | 'idle', limitMs: number | undefined): Disposable | undefined {
    if (limitMs === undefined) return undefined
    return this.#clock.schedule(limitMs, () => {
      this.fail(coreErrors.TRANSPORT_TIMEOUT({ host: this.request.url.host, phase, limitMs }))
    })
  }

  async #chunk(bytes: Uint8Array | string): Promise<void> {
    const resumed = new Promise<void>((resolve) => {
      this.#continue = resolve
    })
    this.chunks += 1
    const more = this.#handlers.onData(typeof bytes === 'string' ? utf8.encode(bytes) : bytes)
    if (!more && this.#isOpen()) await resumed
    this.#continue = undefined
  }

  /** Waits, or without a duration until the call fails. */
  async #wait(durationMs: number | undefined): Promise<void> {
    const signal = this.#stop.signal
    if (durationMs === undefined) {
      await new Promise<void>((resolve) => {
        if (signal.aborted) resolve()
        signal.addEventListener('abort', () => {
          resolve()
        })
      })
      return
    }
    try {
      await this.#clock.sleep(durationMs, signal)
    } catch (error) {
      // Ended by this call's own failure, which was reported already.
      if (!signal.aborted) throw error
    }
  }
}

/**
 * Plays `answer(request, index)` for every call, on the clock's time. Handlers are called from a microtask, never within `dispatch`.
 * After closing, calls fail with CORE_TRANSPORT_FAILED.
 */
export function createFakeTransport(options: {
  readonly clock: Clock
  readonly answer: (request: UpstreamRequest, index: number) => FakeAnswer | Promise<FakeAnswer>
}): FakeTransport {
  const calls: Call[] = []
  let closed = false
  const failure = (request: UpstreamRequest, cause?: unknown) =>
    coreErrors.TRANSPORT_FAILED(
      { host: request.url.host, reason: closed ? 'the transport is closed' : 'its script or a handler threw' },
      { cause },
    )

  async function start(call: Call, index: number): Promise<void> {
    await Promise.resolve()
    if (closed) {
      call.fail(failure(call.request))
      return
    }
    try {
      await call.play(() => options.answer(call.request, index))
    } catch (error) {
      call.fail(failure(call.request, error))
    }
  }

  return {
    contract: 'transport/1',
    calls,
    dispatch: (request, handlers, signal, timeouts = {}) => {
      const call = new Call(request, handlers, { signal, timeouts, clock: options.clock })
      calls.push(call)
      void start(call, calls.length - 1)
      return call
    },
    [Symbol.asyncDispose]: () => {
      closed = true
      for (const call of calls) call.fail(failure(call.request))
      return Promise.resolve()
    },
  }
}
