/** An exchange that nobody listens to: the request of another one, its answer dropped. */
import type { BodyListener, Exchange, ExchangeListener } from './exchange.ts'

export class NullExchange implements Exchange {
  readonly method: string
  readonly path: string
  readonly query: string
  readonly remoteAddress: string | undefined
  readonly #original: Exchange
  #started = false

  constructor(original: Exchange) {
    this.#original = original
    this.method = original.method
    this.path = original.path
    this.query = original.query
    this.remoteAddress = original.remoteAddress
  }

  get started(): boolean {
    return this.#started
  }
  header(name: string): string | undefined {
    return this.#original.header(name)
  }
  headerNames(): Iterable<string> {
    return this.#original.headerNames()
  }
  readBody(_limitBytes: number, listener: BodyListener): void {
    listener.onBody({ kind: 'closed' })
  }
  listen(_listener: ExchangeListener): void {
    // Nobody leaves and nothing fills up.
  }
  setHeader(): void {
    // Nobody reads it.
  }
  respond(): void {
    this.#started = true
  }
  start(): void {
    this.#started = true
  }
  write(): boolean {
    return true
  }
  end(): void {
    this.#started = true
  }
  destroy(): void {
    this.#started = true
  }
}
