/** Moves bytes to an upstream and back, with back-pressure. */

/** One HTTP request, whole. */
export interface UpstreamRequest {
  readonly url: URL
  readonly method: string
  readonly headers: Readonly<Record<string, string>>
  readonly body: Uint8Array | undefined
}

/** Called in order: headers, data, then end or error. */
export interface TransportHandlers {
  onHeaders(status: number, headers: Readonly<Record<string, string | readonly string[] | undefined>>): void
  /** Returning false pauses the upstream until `resume()`. */
  onData(chunk: Uint8Array): boolean
  onEnd(): void
  /** Called at most once, instead of `onEnd`; nothing follows it. */
  onError(error: unknown): void
}

/** Each ends the call with an error; absent means none. */
export interface TransportTimeouts {
  readonly connectMs?: number | undefined
  /** Until response headers. */
  readonly headersMs?: number | undefined
  /** Between two chunks of the body. */
  readonly idleMs?: number | undefined
}

/** One call on its way. */
export interface TransportCall {
  /** Continues after `onData` returned false. */
  resume(): void
  /** Ends the call at once, cheaper than a signal; `onError` then gets the reason, unless the call is already over. Safe to repeat. */
  abort(reason: unknown): void
}

/** `fetch` is an adapter on top of this, never underneath: measured, it costs four times as much. */
export interface Transport extends AsyncDisposable {
  readonly contract: 'transport/1'
  /** Never throws: what goes wrong before the first byte goes to `onError` too. Handlers are never called before this returns. */
  dispatch(request: UpstreamRequest, handlers: TransportHandlers, signal?: AbortSignal, timeouts?: TransportTimeouts): TransportCall
}
