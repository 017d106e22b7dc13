/** Between `node:http` and functions that turn a Request into a Response: for small answers, such as those of the administrator's routes. */
import type { IncomingMessage, ServerResponse } from 'node:http'
import { Readable } from 'node:stream'

export interface WebCaller {
  readonly remoteAddress: string | undefined
}
export type WebHandler = (request: Request, caller: WebCaller) => Promise<Response>

function toRequest(req: IncomingMessage): Request {
  const headers = new Headers()
  for (const [name, value] of Object.entries(req.headers)) {
    if (value !== undefined) headers.set(name, typeof value === 'string' ? value : value.join(', '))
  }
  const method = req.method ?? 'GET'
  // The host is whatever the caller wrote: nobody looks at it, but a URL needs one.
  const url = new URL(req.url ?? '/', 'http://gateway.invalid')
  if (method === 'GET' || method === 'HEAD') return new Request(url, { method, headers })
  // Safe: Node's streams of the web are those of `fetch`, whatever the two sets of types say.
  const init = { method, headers, body: Readable.toWeb(req), duplex: 'half' } as object as RequestInit
  return new Request(url, init)
}

async function answer(handler: WebHandler, req: IncomingMessage, res: ServerResponse): Promise<void> {
  const response = await handler(toRequest(req), { remoteAddress: req.socket.remoteAddress })
  const body = Buffer.from(await response.arrayBuffer())
  const headers = Object.fromEntries(response.headers)
  // Of a body that was not read to its end nobody knows where the next request begins.
  if (!req.complete) headers['connection'] = 'close'
  res.writeHead(response.status, { ...headers, 'content-length': body.byteLength }).end(req.method === 'HEAD' ? undefined : body)
}

/** For `listen`. What `handler` throws ends in a 400 without a body: it answers its errors itself, so only an unreadable request gets here. */
export const toNodeHandler =
  (handler: WebHandler): ((req: IncomingMessage, res: ServerResponse) => void) =>
  (req, res) => {
    answer(handler, req, res).catch(() => {
      if (!res.headersSent) res.writeHead(400, { connection: 'close' })
      res.end()
    })
  }
