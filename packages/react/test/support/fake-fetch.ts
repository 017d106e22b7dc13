/** A fetch that a test answers by hand, and that honours abort signals as a browser does. */

export interface Call {
  readonly url: string
  readonly method: string
  readonly headers: Headers
  readonly body: unknown
  readonly signal: AbortSignal | undefined
  readonly isAborted: () => boolean
}

export interface FakeFetch {
  readonly fetch: typeof fetch
  readonly calls: readonly Call[]
}

export function createFakeFetch(answer: (call: Call, index: number) => Response | Promise<Response>): FakeFetch {
  const calls: Call[] = []
  const fake = (input: RequestInfo | URL, init: RequestInit = {}): Promise<Response> => {
    const signal = init.signal ?? undefined
    const call: Call = {
      url: input instanceof Request ? input.url : String(input),
      method: init.method ?? 'GET',
      headers: new Headers(init.headers),
      body: typeof init.body === 'string' ? JSON.parse(init.body) : undefined,
      signal,
      isAborted: () => signal?.aborted === true,
    }
    calls.push(call)
    return new Promise((resolve, reject) => {
      const fail = () => {
        reject(new DOMException('This operation was aborted', 'AbortError'))
      }
      if (signal?.aborted === true) fail()
      signal?.addEventListener('abort', fail, { once: true })
      Promise.resolve(answer(call, calls.length - 1)).then(resolve, reject)
    })
  }
  return { fetch: fake, calls }
}

export const json = (body: unknown, status = 200): Response => Response.json(body, { status })

export interface OpenStream {
  readonly response: Response
  write(text: string): void
  end(): void
  /** As when the connection breaks. */
  fail(): void
  readonly isCancelled: () => boolean
}

/** A streamed answer; aborting the signal breaks it, as it does in a browser. */
export function openStream(signal?: AbortSignal): OpenStream {
  const encoder = new TextEncoder()
  let cancelled = false
  let sink: ReadableStreamDefaultController<Uint8Array> | undefined
  const stream = new ReadableStream<Uint8Array>({
    start: (controller) => {
      sink = controller
    },
    cancel: () => {
      cancelled = true
    },
  })
  signal?.addEventListener('abort', () => sink?.error(new DOMException('aborted', 'AbortError')), { once: true })
  return {
    response: new Response(stream, { headers: { 'content-type': 'text/event-stream' } }),
    write: (text) => sink?.enqueue(encoder.encode(text)),
    end: () => sink?.close(),
    fail: () => sink?.error(new TypeError('network error')),
    isCancelled: () => cancelled,
  }
}

export const pending = (): Promise<Response> => new Promise(() => {})
