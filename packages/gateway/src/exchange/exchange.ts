/**
 * One caller's request and the way to answer it, whatever door it came through: `node:http` or `fetch`. What cannot be sent, such as a header that
 * HTTP does not know, throws where it would be; then another answer can be given as long as none has started.
 */

export type HeaderList = Readonly<Record<string, string | readonly string[]>>

/** How reading a body ended. */
export type BodyResult = { readonly kind: 'body'; readonly bytes: Buffer } | { readonly kind: 'too-large' } | { readonly kind: 'closed' }

/** Gets the body of a request. An object and not a function: a function kept in a field of an exchange makes V8 keep finished requests. */
export interface BodyListener {
  /** Called exactly once. */
  onBody(result: BodyResult): void
}

export interface ExchangeListener {
  /** The caller left, or the answer broke on its way. Called at most once, never after `end`. */
  onCallerGone(): void
  /** The caller takes bytes again after `write` returned false. */
  onDrain(): void
}

export interface Exchange {
  readonly method: string
  /** Path without query. */
  readonly path: string
  /** Query with its question mark, or empty. */
  readonly query: string
  readonly remoteAddress: string | undefined
  /** Whether the first bytes of the answer are out. */
  readonly started: boolean
  /** One request header by its lower-case name. */
  header(name: string): string | undefined
  headerNames(): Iterable<string>
  /** Reads the whole body once, up to a bound. */
  readBody(limitBytes: number, listener: BodyListener): void
  listen(listener: ExchangeListener): void
  /** Sets a header that every answer carries, errors included; one of the same name that comes with the answer does not. */
  setHeader(name: string, value: string): void
  /** The whole answer at once. */
  respond(status: number, headers: HeaderList, body: Uint8Array): void
  /** Starts an answer in pieces; its head goes out with the first of them. */
  start(status: number, headers: HeaderList): void
  /** False asks the writer to wait for `onDrain`. */
  write(chunk: Uint8Array): boolean
  /** Ends an answer in pieces, with these as its last ones. */
  end(last?: readonly Uint8Array[]): void
  /** Breaks the answer off, so that no caller takes it for complete. Nothing where it has ended. */
  destroy(): void
}

/** Whether a flat list of names and values has a name. There are few: a set would cost more. */
export function hasName(list: readonly string[], name: string): boolean {
  for (let at = 0; at < list.length; at += 2) if (list[at] === name) return true
  return false
}
