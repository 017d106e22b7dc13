/** An exchange over `node:http`: one header write, one body read, back-pressure both ways. */
import type { IncomingMessage, ServerResponse } from 'node:http'
import { hasName, type BodyListener, type BodyResult, type Exchange, type ExchangeListener, type HeaderList } from './exchange.ts'

const nothing: readonly Uint8Array[] = []

export class NodeExchange implements Exchange {
  readonly method: string
  readonly path: string
  readonly query: string
  readonly #req: IncomingMessage
  readonly #res: ServerResponse
  #listener: ExchangeListener | undefined
  #extraHeaders: string[] | undefined
  /** Of an answer in pieces, until its first one comes. */
  #head: { readonly status: number; readonly headers: string[] } | undefined
  /** Set while the body is being read. */
  #bodyListener: BodyListener | undefined
  #ended = false
  #draining = false

  constructor(req: IncomingMessage, res: ServerResponse) {
    this.#req = req
    this.#res = res
    this.method = req.method ?? 'GET'
    const url = req.url ?? '/'
    const mark = url.indexOf('?')
    this.path = mark === -1 ? url : url.slice(0, mark)
    this.query = mark === -1 ? '' : url.slice(mark)
    res.on('close', () => {
      if (this.#ended) return
      this.#ended = true
      // An answer that closes before the body has come is how Node tells of a caller who left.
      this.#finishBody({ kind: 'closed' })
      this.#listener?.onCallerGone()
    })
  }

  get remoteAddress(): string | undefined {
    return this.#req.socket.remoteAddress
  }

  get started(): boolean {
    return this.#res.headersSent
  }

  header(name: string): string | undefined {
    const value = this.#req.headers[name]
    return typeof value === 'string' || value === undefined ? value : value.join(', ')
  }

  headerNames(): Iterable<string> {
    return Object.keys(this.#req.headers)
  }

  readBody(limitBytes: number, listener: BodyListener): void {
    if (this.#ended) {
      listener.onBody({ kind: 'closed' })
      return
    }
    const req = this.#req
    const declared = Number(req.headers['content-length'] ?? 0)
    if (declared > limitBytes) {
      listener.onBody({ kind: 'too-large' })
      return
    }
    this.#bodyListener = listener
    let first: Buffer | undefined
    let chunks: Buffer[] | undefined
    let size = 0
    req.on('data', (chunk: Buffer) => {
      size += chunk.length
      if (size > limitBytes) this.#finishBody({ kind: 'too-large' })
      else if (first === undefined) first = chunk
      else (chunks ??= [first]).push(chunk)
    })
    req.on('end', () => {
      const bytes = chunks === undefined ? (first ?? Buffer.alloc(0)) : Buffer.concat(chunks, size)
      this.#finishBody({ kind: 'body', bytes })
    })
  }

  #finishBody(result: BodyResult): void {
    const listener = this.#bodyListener
    this.#bodyListener = undefined
    listener?.onBody(result)
  }

  listen(listener: ExchangeListener): void {
    this.#listener = listener
    if (this.#ended) listener.onCallerGone()
  }

  setHeader(name: string, value: string): void {
    ;(this.#extraHeaders ??= []).push(name, value)
  }

  respond(status: number, headers: HeaderList, body: Uint8Array): void {
    if (this.#ended) return
    const list = this.#headerList(headers)
    list.push('content-length', String(body.byteLength))
    this.#res.writeHead(status, list)
    if (this.method === 'HEAD') this.#res.end()
    else this.#res.end(body)
    // Not before: what cannot be sent throws, and then this is no answer yet.
    this.#ended = true
  }

  start(status: number, headers: HeaderList): void {
    if (!this.#ended) this.#head = { status, headers: this.#headerList(headers) }
  }

  write(chunk: Uint8Array): boolean {
    if (this.#ended) return true
    if (this.#head !== undefined) {
      this.#res.writeHead(this.#head.status, this.#head.headers)
      this.#head = undefined
    }
    const more = this.#res.write(chunk)
    if (!more && !this.#draining) {
      this.#draining = true
      this.#res.once('drain', () => {
        this.#draining = false
        this.#listener?.onDrain()
      })
    }
    return more
  }

  end(last: readonly Uint8Array[] = nothing): void {
    if (this.#ended) return
    const head = this.#head
    if (head !== undefined) {
      // All of it is here at once: with a length it needs no chunks, which cost more than the bytes.
      let byteLength = 0
      for (const bytes of last) byteLength += bytes.byteLength
      head.headers.push('content-length', String(byteLength))
      this.#res.writeHead(head.status, head.headers)
    }
    for (const bytes of last) this.#res.write(bytes)
    this.#res.end()
    this.#ended = true
  }

  destroy(): void {
    if (this.#ended) return
    this.#ended = true
    this.#res.destroy()
  }

  /** A flat list takes Node's fast path: `setHeader` before `writeHead` would cost a map per answer. */
  #headerList(headers: HeaderList): string[] {
    const own = this.#extraHeaders ?? []
    const list = own.slice()
    for (const name in headers) {
      if (hasName(own, name)) continue
      const value = headers[name]
      if (typeof value === 'string') list.push(name, value)
      else if (value !== undefined) for (const item of value) list.push(name, item)
    }
    return list
  }
}
