/** Subpath ./node: an HTTP or HTTPS server around a gateway's `handle`, with the limits that a public listener needs. */
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http'
import { createServer as createTlsServer } from 'node:https'
import type { AddressInfo } from 'node:net'
import { Server as TlsServer, type SecureContextOptions } from 'node:tls'
import { systemClock } from '@bud-foundry/core'
import { gatewayErrors } from '../errors.ts'

/** TLS of the listener, all as PEM. */
export interface ListenerTls {
  /** The certificate, with its chain. */
  readonly cert: string | Buffer
  readonly key: string | Buffer
  readonly passphrase?: string | undefined
  /** Authorities whose client certificates are accepted; required with `requestCert`. */
  readonly ca?: string | Buffer | readonly (string | Buffer)[] | undefined
  /** True: only callers who show a certificate of one of `ca` get through the handshake (mutual TLS). Default false. */
  readonly requestCert?: boolean | undefined
  /** Default TLSv1.2. */
  readonly minVersion?: 'TLSv1.2' | 'TLSv1.3' | undefined
}

export interface NodeListenerOptions {
  /** Default 127.0.0.1: reachable from this machine only. */
  readonly host?: string | undefined
  /** 0 takes a free port. */
  readonly port: number
  readonly tls?: ListenerTls | undefined
  /** A caller must have sent all headers within this time (slow loris). Default 15 s. */
  readonly headersTimeoutMs?: number | undefined
  /** A caller must have sent the whole request within this time. Default 120 s. */
  readonly requestTimeoutMs?: number | undefined
  /** An idle connection is kept open for this time. Default 65 s, above the 60 s of common load balancers. */
  readonly keepAliveMs?: number | undefined
  /** Default 32 KiB. */
  readonly headerBytes?: number | undefined
  /** Headers beyond this are not read. Default 200. */
  readonly headerCount?: number | undefined
  /** Connections at once; further ones are closed at once. Default: as many as the system allows. */
  readonly connections?: number | undefined
  /** Time for a TLS handshake. Default 10 s. */
  readonly handshakeTimeoutMs?: number | undefined
}

export interface NodeListener extends AsyncDisposable {
  readonly server: Server
  readonly url: string
  readonly port: number
  /** Connections that come from now on get these certificates; those that stand keep theirs. Throws for PEM text that cannot be read. */
  replaceTls(tls: ListenerTls): void
  /**
   * Stops accepting and closes idle connections; resolves when the last one is closed. Safe to repeat.
   * With `graceMs` those that are still open after that time are cut off.
   */
  close(options?: { readonly graceMs?: number | undefined }): Promise<void>
}

type Handler = (req: IncomingMessage, res: ServerResponse) => void

const defaultHeaderBytes = 32 * 1024
/** How soon after its last answer a connection is closed while the listener closes. */
const closingSweepMs = 50

/** Of a TLS handshake, unless configured; Node's own two minutes are an invitation. */
const defaultHandshakeMs = 10_000

function secureContextOf(tls: ListenerTls): SecureContextOptions {
  const { cert, key, ca, passphrase, minVersion = 'TLSv1.2' } = tls
  // Without authorities of one's own, any certificate that any public authority ever signed would do.
  if (tls.requestCert === true && ca === undefined) throw gatewayErrors.CLIENT_CA_MISSING()
  return {
    cert,
    key,
    minVersion,
    ...(ca === undefined ? {} : { ca: typeof ca === 'string' || Buffer.isBuffer(ca) ? ca : [...ca] }),
    ...(passphrase === undefined ? {} : { passphrase }),
  }
}

function serverOf(handler: Handler, options: NodeListenerOptions): Server {
  const headersTimeout = options.headersTimeoutMs ?? 15_000
  const common = {
    headersTimeout,
    requestTimeout: options.requestTimeoutMs ?? 120_000,
    keepAliveTimeout: options.keepAliveMs ?? 65_000,
    maxHeaderSize: options.headerBytes ?? defaultHeaderBytes,
    connectionsCheckingInterval: Math.max(1, Math.min(5_000, headersTimeout / 3)),
    noDelay: true,
  }
  const { tls } = options
  if (tls === undefined) return createServer(common, handler)
  const requestCert = tls.requestCert ?? false
  const handshakeTimeout = options.handshakeTimeoutMs ?? defaultHandshakeMs
  const server = createTlsServer(
    { ...common, ...secureContextOf(tls), requestCert, rejectUnauthorized: requestCert, handshakeTimeout },
    handler,
  )
  return server
}

class HttpListener implements NodeListener {
  readonly server: Server
  readonly url: string
  readonly port: number
  #closing: Promise<void> | undefined

  constructor(server: Server, options: NodeListenerOptions) {
    this.server = server
    // A server that listens on a port has an AddressInfo; only pipes have a string.
    this.port = (server.address() as AddressInfo).port
    const host = options.host ?? '127.0.0.1'
    const shownHost = host.includes(':') ? `[${host}]` : host
    this.url = `${options.tls === undefined ? 'http' : 'https'}://${shownHost}:${String(this.port)}`
  }

  replaceTls(tls: ListenerTls): void {
    if (!(this.server instanceof TlsServer)) throw gatewayErrors.LISTENER_WITHOUT_TLS()
    this.server.setSecureContext(secureContextOf(tls))
  }

  close(options: { readonly graceMs?: number | undefined } = {}): Promise<void> {
    this.#closing ??= new Promise((done) => {
      // A connection in use becomes idle with the end of its answer, and Node would then keep it open for keepAliveMs.
      const sweep = setInterval(() => {
        this.server.closeIdleConnections()
      }, closingSweepMs)
      this.server.close(() => {
        clearInterval(sweep)
        done()
      })
      this.server.closeIdleConnections()
    })
    if (options.graceMs !== undefined) this.#cutOffAfter(options.graceMs, this.#closing)
    return this.#closing
  }

  #cutOffAfter(graceMs: number, closed: Promise<void>): void {
    const timer = systemClock.schedule(graceMs, () => {
      this.server.closeAllConnections()
    })
    // `closed` never rejects.
    void closed.then(() => {
      timer[Symbol.dispose]()
    })
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close()
  }
}

/** Starts to listen. Rejects with Node's error (`EADDRINUSE`, `EACCES`) when it cannot, and for certificates that cannot be read. */
export async function listen(handler: Handler, options: NodeListenerOptions): Promise<NodeListener> {
  const server = serverOf(handler, options)
  server.maxHeadersCount = options.headerCount ?? 200
  if (options.connections !== undefined) server.maxConnections = options.connections
  const { promise, resolve, reject } = Promise.withResolvers<undefined>()
  server.once('error', reject)
  server.listen(options.port, options.host ?? '127.0.0.1', () => {
    resolve(undefined)
  })
  await promise
  server.off('error', reject)
  return new HttpListener(server, options)
}
