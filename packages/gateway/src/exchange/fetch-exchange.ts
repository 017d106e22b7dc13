/** An exchange behind `fetch(input, init)`: no socket, and no Request object where the caller did not make one. */
import { hasName, type BodyListener, type BodyResult, type Exchange, type ExchangeListener, type HeaderList } from './exchange.ts'

/** Bytes that may wait in a Response's stream before the upstream is paused. */
const highWaterMarkBytes = 64 * 1024

type HeaderSource = { readonly get: (name: string) => string | null; readonly keys: () => Iterable<string> }

function headerSource(init: RequestInit['headers'] | null): HeaderSource {
  if (init instanceof Headers) return init
  if (init === undefined || init === null) return new Headers()
  if (Array.isArray(init)) return new Headers(init)
  const map = new Map<string, string>()
  for (const [name, value] of Object.entries(init)) map.set(name.toLowerCase(), String(value))
  return { get: (name) => map.get(name) ?? null, keys: () => map.keys() }
}

function splitUrl(url: string): { readonly path: string; readonly query: string } {
  const scheme = url.indexOf('://')
  const slash = url.indexOf('/', scheme === -1 ? 0 : scheme + 3)
  if (slash === -1) return { path: '/', query: '' }
  const hash = url.indexOf('#', slash)
  const end = hash === -1 ? url.length : hash
  const mark = url.indexOf('?', slash)
  return mark === -1 || mark > end
    ? { path: url.slice(slash, end), query: '' }
    : { path: url.slice(slash, mark), query: url.slice(mark, end) }
}

async function readStream(stream: ReadableStream<Uint8Array>, limitBytes: number): Promise<BodyResult> {
  const chunks: Uint8Array[] = []
  let size = 0
  for await (const chunk of stream) {
    size += chunk.byteLength
    if (size > limitBytes) return { kind: 'too-large' }
    chunks.push(chunk)
  }
  return { kind: 'body', bytes: Buffer.concat(chunks, size) }
}

export class FetchExchange implements Exchange {
  readonly method: string
  readonly path: string
  readonly query: string
  readonly remoteAddress = undefined
  readonly response: Promise<Response>
  readonly #headers: HeaderSource
  readonly #body: RequestInit['body'] | ReadableStream<Uint8Array>
  readonly #signal: AbortSignal | undefined
  #extraHeaders: [string, string][] = []
  #listener: ExchangeListener | undefined
  readonly #resolve: (response: Response) => void
  readonly #reject: (reason: unknown) => void
  #controller: ReadableStreamDefaultController<Uint8Array> | undefined
  /** Of an answer in pieces, until its first one comes. */
  #head: { readonly status: number; readonly headers: [string, string][] } | undefined
  #started = false
  #ended = false
  #gone = false
  readonly #onAbort = (): void => {
    this.#callerGone()
    this.#reject(this.#signal?.reason)
    this.#controller?.error(this.#signal?.reason)
  }

  constructor(input: Request | URL | string, init?: RequestInit) {
    const request = input instanceof Request ? (init === undefined ? input : new Request(input, init)) : undefined
    const { path, query } = splitUrl(input instanceof Request ? input.url : typeof input === 'string' ? input : input.href)
    this.path = path
    this.query = query
    this.method = (request?.method ?? init?.method ?? 'GET').toUpperCase()
    this.#headers = request?.headers ?? headerSource(init?.headers)
    this.#body = request === undefined ? (init?.body ?? null) : request.body
    this.#signal = request?.signal ?? init?.signal ?? undefined
    const { promise, resolve, reject } = Promise.withResolvers<Response>()
    this.response = promise
    this.#resolve = resolve
    this.#reject = reject
    if (this.#signal?.aborted === true) this.#onAbort()
    else this.#signal?.addEventListener('abort', this.#onAbort, { once: true })
  }

  get started(): boolean {
    return this.#started
  }

  header(name: string): string | undefined {
    return this.#headers.get(name) ?? undefined
  }

  headerNames(): Iterable<string> {
    return this.#headers.keys()
  }

  readBody(limitBytes: number, listener: BodyListener): void {
    const body = this.#body
    let bytes: Buffer | undefined
    if (body === null || body === undefined) bytes = Buffer.alloc(0)
    else if (typeof body === 'string') bytes = Buffer.from(body)
    else if (ArrayBuffer.isView(body)) bytes = Buffer.from(body.buffer, body.byteOffset, body.byteLength)
    else if (body instanceof ArrayBuffer) bytes = Buffer.from(body)
    if (bytes !== undefined) {
      listener.onBody(bytes.length > limitBytes ? { kind: 'too-large' } : { kind: 'body', bytes })
      return
    }
    const stream = body instanceof ReadableStream ? body : new Response(body).body
    if (stream === null) listener.onBody({ kind: 'body', bytes: Buffer.alloc(0) })
    else
      readStream(stream, limitBytes).then(
        (result) => {
          listener.onBody(result)
        },
        () => {
          listener.onBody({ kind: 'closed' })
        },
      )
  }

  listen(listener: ExchangeListener): void {
    this.#listener = listener
    if (this.#gone) listener.onCallerGone()
  }

  setHeader(name: string, value: string): void {
    this.#extraHeaders.push([name, value])
  }

  respond(status: number, headers: HeaderList, body: Uint8Array): void {
    if (this.#ended) return
    // The bytes are ours and never change again; fetch's types ask for a view that is not shared, and Buffers are not.
    const content = status === 204 || status === 304 || this.method === 'HEAD' ? null : (body as Uint8Array<ArrayBuffer>)
    // What HTTP cannot carry throws, and another answer can still be given.
    const response = new Response(content, { status, headers: this.#headerList(headers) })
    this.#started = true
    this.#finish()
    this.#resolve(response)
  }

  start(status: number, headers: HeaderList): void {
    if (!this.#ended) this.#head = { status, headers: this.#headerList(headers) }
  }

  #open(head: { readonly status: number; readonly headers: [string, string][] }): void {
    const stream = new ReadableStream<Uint8Array>(
      {
        start: (controller) => {
          this.#controller = controller
        },
        pull: () => {
          this.#listener?.onDrain()
        },
        cancel: () => {
          this.#callerGone()
        },
      },
      { highWaterMark: highWaterMarkBytes, size: (chunk) => chunk.byteLength },
    )
    try {
      this.#resolve(new Response(stream, head))
    } catch (error) {
      // Nobody got the stream.
      this.#controller = undefined
      throw error
    }
    this.#head = undefined
    this.#started = true
  }

  write(chunk: Uint8Array): boolean {
    if (this.#ended) return true
    if (this.#head !== undefined) this.#open(this.#head)
    if (this.#controller === undefined) return true
    this.#controller.enqueue(chunk)
    return (this.#controller.desiredSize ?? 1) > 0
  }

  end(last: readonly Uint8Array[] = []): void {
    if (this.#ended) return
    const head = this.#head
    if (head !== undefined) {
      // All of it is here at once: no stream is needed.
      const [only] = last
      const body = last.length > 1 ? Buffer.concat(last) : only
      // As in `respond`: never shared memory.
      const response = new Response(body as Uint8Array<ArrayBuffer> | undefined, head)
      this.#started = true
      this.#resolve(response)
    } else for (const bytes of last) this.#controller?.enqueue(bytes)
    this.#finish()
    this.#controller?.close()
  }

  destroy(): void {
    if (this.#ended) return
    this.#finish()
    const reason = new TypeError('terminated')
    if (this.#controller === undefined) this.#reject(reason)
    else this.#controller.error(reason)
  }

  #finish(): void {
    this.#ended = true
    this.#signal?.removeEventListener('abort', this.#onAbort)
  }

  #callerGone(): void {
    if (this.#ended) return
    this.#finish()
    this.#gone = true
    this.#listener?.onCallerGone()
  }

  #headerList(headers: HeaderList): [string, string][] {
    const list = this.#extraHeaders.slice()
    const own = list.flat()
    for (const name in headers) {
      if (hasName(own, name)) continue
      const value = headers[name]
      if (typeof value === 'string') list.push([name, value])
      else if (value !== undefined) for (const item of value) list.push([name, item])
    }
    return list
  }
}
