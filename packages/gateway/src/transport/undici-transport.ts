/** Core's Transport over undici pools: one per origin, HTTP/1.1, no web streams anywhere. */
import type { Transport, TransportCall, TransportHandlers, TransportTimeouts, UpstreamRequest } from '@bud-foundry/core'
import { systemClock, type Clock } from '@bud-foundry/core'
import type { Dispatcher } from 'undici'
import { gatewayErrors } from '../errors.ts'
import { upstreamOrigins } from '../limits.ts'
import { createOriginDispatcher, type OriginOptions } from './origin-dispatcher.ts'
import { isUndiciLoaded, loadUndici } from './undici-module.ts'

/** TLS and proxy given at the top hold for every upstream; nothing is read from the environment. */
export interface UndiciTransportOptions extends OriginOptions {
  readonly clock?: Clock | undefined
  /** Connections per origin; default: as many as there are concurrent calls. */
  readonly connections?: number | undefined
  /** How long an idle connection is kept. Default 30 s, below the 60 s or more of common servers. */
  readonly keepAliveMs?: number | undefined
  /** Exceptions by origin, e.g. `https://engine.example:8443`; each field given there replaces the general one. */
  readonly origins?: Readonly<Record<string, OriginOptions>> | undefined
  /** Makes the dispatcher of an origin, in place of everything above. */
  readonly dispatcher?: ((origin: string) => Dispatcher) | undefined
}

interface Destination {
  readonly origin: string
  readonly path: string
  dispatcher: Dispatcher | undefined
}

class UndiciCall implements TransportCall, Dispatcher.DispatchHandler {
  readonly #handlers: TransportHandlers
  #controller: Dispatcher.DispatchController | undefined
  #connectTimer: Disposable | undefined
  #signal: AbortSignal | undefined
  #over = false
  readonly #onSignal = (): void => {
    this.abort(this.#signal?.reason)
  }

  constructor(handlers: TransportHandlers, signal: AbortSignal | undefined) {
    this.#handlers = handlers
    this.#signal = signal
    signal?.addEventListener('abort', this.#onSignal, { once: true })
  }

  watchConnect(clock: Clock, origin: string, connectMs: number): void {
    if (this.#controller !== undefined || this.#over) return
    this.#connectTimer = clock.schedule(connectMs, () => {
      this.abort(gatewayErrors.UPSTREAM_TIMEOUT({ targetId: origin, phase: 'connect', afterMs: connectMs }))
    })
  }

  get isOver(): boolean {
    return this.#over
  }

  resume(): void {
    this.#controller?.resume()
  }

  abort(reason: unknown): void {
    if (this.#over) return
    const error = reason instanceof Error ? reason : new Error('aborted', { cause: reason })
    this.#fail(error)
    this.#controller?.abort(error)
  }

  onRequestStart(controller: Dispatcher.DispatchController): void {
    this.#connectTimer?.[Symbol.dispose]()
    this.#controller = controller
    if (this.#over) controller.abort(new Error('aborted before it was sent'))
  }

  onResponseStart(
    _controller: Dispatcher.DispatchController,
    status: number,
    headers: Record<string, string | string[] | undefined>,
  ): void {
    if (!this.#over && status >= 200) this.#handlers.onHeaders(status, headers)
  }

  onResponseData(controller: Dispatcher.DispatchController, chunk: Buffer): void {
    if (!this.#over && !this.#handlers.onData(chunk)) controller.pause()
  }

  onResponseEnd(): void {
    if (this.#over) return
    this.#finish()
    this.#handlers.onEnd()
  }

  onResponseError(_controller: Dispatcher.DispatchController, error: Error): void {
    this.#fail(error)
  }

  #fail(error: unknown): void {
    if (this.#over) return
    this.#finish()
    this.#handlers.onError(error)
  }

  #finish(): void {
    this.#over = true
    this.#connectTimer?.[Symbol.dispose]()
    this.#signal?.removeEventListener('abort', this.#onSignal)
  }
}

/** Makes the transport that `createGateway` uses by default. Closing it breaks what is still on its way. */
export function createUndiciTransport(options: UndiciTransportOptions = {}): Transport {
  const clock = options.clock ?? systemClock
  // Begun now, so that the first call need not wait; should it fail, that call says so.
  loadUndici().catch(() => undefined)
  const pools = new Map<string, Dispatcher>()
  const destinations = new WeakMap<URL, Destination>()
  let closed = false

  const pool = { connections: options.connections ?? null, keepAliveMs: options.keepAliveMs ?? 30_000 }
  const newPool = (origin: string): Dispatcher => {
    const own = options.origins !== undefined && Object.hasOwn(options.origins, origin) ? options.origins[origin] : undefined
    const general = { tls: own?.tls ?? options.tls, proxy: own?.proxy ?? options.proxy }
    return options.dispatcher?.(origin) ?? createOriginDispatcher(origin, general, pool)
  }

  const poolOf = (origin: string): Dispatcher => {
    const known = pools.get(origin)
    if (known !== undefined) return known
    const oldest = pools.size >= upstreamOrigins ? pools.entries().next().value : undefined
    if (oldest !== undefined) {
      pools.delete(oldest[0])
      // `close` lets what is on its way finish; a failure to close an old pool concerns nobody.
      oldest[1].close().catch(() => undefined)
    }
    const opened = newPool(origin)
    pools.set(origin, opened)
    return opened
  }

  const destinationOf = (url: URL): Destination => {
    let destination = destinations.get(url)
    if (destination === undefined) {
      destination = { origin: url.origin, path: url.pathname + url.search, dispatcher: undefined }
      destinations.set(url, destination)
    }
    return destination
  }

  return {
    contract: 'transport/1',
    dispatch: (request: UpstreamRequest, handlers: TransportHandlers, signal?: AbortSignal, timeouts: TransportTimeouts = {}) => {
      const call = new UndiciCall(handlers, signal)
      if (closed || signal?.aborted === true) {
        queueMicrotask(() => {
          call.abort(signal?.reason ?? gatewayErrors.CLOSED())
        })
        return call
      }
      const { origin, path } = destinationOf(request.url)
      const dispatchOptions: Dispatcher.DispatchOptions = {
        origin,
        path,
        method: request.method,
        headers: request.headers,
        body: request.body ?? null,
        headersTimeout: timeouts.headersMs ?? 0,
        bodyTimeout: timeouts.idleMs ?? 0,
      }
      const send = () => {
        if (call.isOver) return
        try {
          poolOf(origin).dispatch(dispatchOptions, call)
          if (timeouts.connectMs !== undefined) call.watchConnect(clock, origin, timeouts.connectMs)
        } catch (error) {
          queueMicrotask(() => {
            call.abort(error)
          })
        }
      }
      if (isUndiciLoaded()) send()
      else
        loadUndici().then(send, (error: unknown) => {
          call.abort(error)
        })
      return call
    },
    [Symbol.asyncDispose]: async () => {
      closed = true
      const open = [...pools.values()]
      pools.clear()
      await Promise.all(open.map((dispatcher) => dispatcher.destroy()))
    },
  }
}
