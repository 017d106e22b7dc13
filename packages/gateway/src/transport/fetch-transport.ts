/** Core's Transport over the runtime's own `fetch`: for Bun, whose built-in `undici` cannot dispatch. Under Node it costs several times as much. */
import {
  systemClock,
  type Clock,
  type Transport,
  type TransportCall,
  type TransportHandlers,
  type TransportTimeouts,
} from '@bud-foundry/core'
import type { UpstreamRequest } from '@bud-foundry/core'
import { gatewayErrors } from '../errors.ts'

export interface FetchTransportOptions {
  readonly clock?: Clock | undefined
  /** Default: the global one. */
  readonly fetch?: typeof globalThis.fetch | undefined
}

interface CallOptions {
  readonly handlers: TransportHandlers
  readonly signal: AbortSignal | undefined
  readonly timeouts: TransportTimeouts
  readonly clock: Clock
  readonly onOver: (call: FetchCall) => void
}

/** `fetch` has undone the encoding that these describe. */
const undone = new Set(['content-encoding', 'content-length'])

class FetchCall implements TransportCall {
  readonly #options: CallOptions
  readonly #stop = new AbortController()
  #timer: Disposable | undefined
  #resumed: (() => void) | undefined
  #over = false
  readonly #onSignal = (): void => {
    this.abort(this.#options.signal?.reason)
  }

  constructor(options: CallOptions) {
    this.#options = options
    options.signal?.addEventListener('abort', this.#onSignal, { once: true })
  }

  resume(): void {
    this.#resumed?.()
  }

  abort(reason: unknown): void {
    this.#fail(reason instanceof Error ? reason : new Error('aborted', { cause: reason }))
  }

  async run(request: UpstreamRequest, fetch: typeof globalThis.fetch): Promise<void> {
    const { handlers, timeouts } = this.#options
    try {
      this.#arm('response-headers', timeouts.headersMs, request.url)
      const { method, headers, body } = request
      const init = {
        method,
        headers,
        body: body === undefined ? null : Uint8Array.from(body),
        redirect: 'manual',
        signal: this.#stop.signal,
      } as const
      const response = await fetch(request.url, init)
      this.#timer?.[Symbol.dispose]()
      if (this.#isOver()) return
      handlers.onHeaders(response.status, Object.fromEntries([...response.headers].filter(([name]) => !undone.has(name))))
      if (response.body !== null) await this.#read(response.body.getReader(), request.url)
      if (this.#isOver()) return
      this.#finish()
      handlers.onEnd()
    } catch (error) {
      // What `fetch` throws says little; its cause has the code.
      this.#fail(error instanceof TypeError && error.cause !== undefined ? error.cause : error)
    }
  }

  async #read(reader: ReadableStreamDefaultReader<Uint8Array>, url: URL): Promise<void> {
    for (;;) {
      this.#arm('idle', this.#options.timeouts.idleMs, url)
      const { done, value } = await reader.read()
      this.#timer?.[Symbol.dispose]()
      if (done || this.#isOver()) return
      const resumed = new Promise<void>((resolve) => {
        this.#resumed = resolve
      })
      if (!this.#options.handlers.onData(value) && !this.#isOver()) await resumed
    }
  }

  #arm(phase: 'response-headers' | 'idle', afterMs: number | undefined, url: URL): void {
    if (afterMs === undefined || this.#over) return
    this.#timer = this.#options.clock.schedule(afterMs, () => {
      this.#fail(gatewayErrors.UPSTREAM_TIMEOUT({ targetId: url.origin, phase, afterMs }))
    })
  }

  /** Keeps the type checker from narrowing a flag that callbacks change. */
  #isOver(): boolean {
    return this.#over
  }

  #fail(error: unknown): void {
    if (this.#over) return
    this.#finish()
    this.#stop.abort(error)
    this.#resumed?.()
    this.#options.handlers.onError(error)
  }

  #finish(): void {
    this.#over = true
    this.#timer?.[Symbol.dispose]()
    this.#options.signal?.removeEventListener('abort', this.#onSignal)
    this.#options.onOver(this)
  }
}

/** The transport that `createGateway` uses under Bun. It has no connection pools of its own: proxies and TLS are the runtime's. Closing it ends its calls. */
export function createFetchTransport({ clock = systemClock, fetch = globalThis.fetch }: FetchTransportOptions = {}): Transport {
  const calls = new Set<FetchCall>()
  let closed = false
  return {
    contract: 'transport/1',
    dispatch: (request, handlers, signal, timeouts = {}) => {
      const call = new FetchCall({ handlers, signal, timeouts, clock, onOver: (each) => calls.delete(each) })
      calls.add(call)
      queueMicrotask(() => {
        if (closed || signal?.aborted === true) call.abort(closed ? gatewayErrors.CLOSED() : signal?.reason)
        else void call.run(request, fetch)
      })
      return call
    },
    [Symbol.asyncDispose]: () => {
      closed = true
      for (const call of [...calls]) call.abort(gatewayErrors.CLOSED())
      return Promise.resolve()
    },
  }
}
