/** Subpath ./node: an HTTP or HTTPS server around a gateway's `handle`, with the limits that a public listener needs. */
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http'
import { createServer as createTlsServer } from 'node:https'
import type { AddressInfo } from 'node:net'

export interface NodeListenerOptions {
  /** Default 127.0.0.1: reachable from this machine only. */
  readonly host?: string | undefined
  /** 0 takes a free port. */
  readonly port: number
  readonly tls?:
    | {
        readonly cert: string | Buffer
        readonly key: string | Buffer
        readonly ca?: string | Buffer | undefined
        readonly requestCert?: boolean | undefined
      }
    | undefined
  /** A caller must have sent all headers within this time (slow loris). Default 15 s. */
  readonly headersTimeoutMs?: number | undefined
  /** A caller must have sent the whole request within this time. Default 120 s. */
  readonly requestTimeoutMs?: number | undefined
  /** An idle connection is kept open for this time. Default 65 s, above the 60 s of common load balancers. */
  readonly keepAliveMs?: number | undefined
  /** Default 32 KiB. */
  readonly headerBytes?: number | undefined
  readonly headerCount?: number | undefined
  readonly connections?: number | undefined
}

export interface NodeListener extends AsyncDisposable {
  readonly server: Server
  readonly url: string
  readonly port: number
  /** Stops accepting and closes idle connections; resolves when the last one is closed. Safe to repeat. */
  close(): Promise<void>
}

type Handler = (req: IncomingMessage, res: ServerResponse) => void

const defaultHeaderBytes = 32 * 1024
/** How soon after its last answer a connection is closed while the listener closes. */
const closingSweepMs = 50

function serverOf(handler: Handler, options: NodeListenerOptions): Server {
  const common = {
    headersTimeout: options.headersTimeoutMs ?? 15_000,
    requestTimeout: options.requestTimeoutMs ?? 120_000,
    keepAliveTimeout: options.keepAliveMs ?? 65_000,
    maxHeaderSize: options.headerBytes ?? defaultHeaderBytes,
    connectionsCheckingInterval: Math.min(5_000, (options.headersTimeoutMs ?? 15_000) / 3),
    noDelay: true,
  }
  const { tls } = options
  if (tls === undefined) return createServer(common, handler)
  const { cert, key, requestCert = false, ca } = tls
  return createTlsServer(
    { ...common, cert, key, requestCert, rejectUnauthorized: requestCert, ...(ca === undefined ? {} : { ca }) },
    handler,
  )
}

/** Starts to listen. Rejects with Node's error (`EADDRINUSE`, `EACCES`) when it cannot. */
export async function listen(handler: Handler, options: NodeListenerOptions): Promise<NodeListener> {
  const server = serverOf(handler, options)
  server.maxHeadersCount = options.headerCount ?? 200
  if (options.connections !== undefined) server.maxConnections = options.connections
  const host = options.host ?? '127.0.0.1'
  const { promise, resolve, reject } = Promise.withResolvers<undefined>()
  server.once('error', reject)
  server.listen(options.port, host, () => {
    resolve(undefined)
  })
  await promise
  server.off('error', reject)
  // A server that listens on a port has an AddressInfo; only pipes have a string.
  const { port } = server.address() as AddressInfo
  let closing: Promise<void> | undefined
  const close = (): Promise<void> => {
    closing ??= new Promise((done) => {
      // A connection in use becomes idle with the end of its answer, and Node would then keep it open for keepAliveMs.
      const sweep = setInterval(() => {
        server.closeIdleConnections()
      }, closingSweepMs)
      server.close(() => {
        clearInterval(sweep)
        done()
      })
      server.closeIdleConnections()
    })
    return closing
  }
  const shownHost = host.includes(':') ? `[${host}]` : host
  return {
    server,
    port,
    url: `${options.tls === undefined ? 'http' : 'https'}://${shownHost}:${String(port)}`,
    close,
    [Symbol.asyncDispose]: close,
  }
}
