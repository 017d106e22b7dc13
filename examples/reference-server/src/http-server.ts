/** One port for everything: /v1 and health go to the gateway's fast door, the rest to the API and the page. */
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http'
import { getRequestListener } from '@hono/node-server'
import type { Gateway } from '@bud-foundry/gateway'
import type { Hono } from 'hono'
import { isBudError, type Logger } from '@bud-foundry/core'
import { serverErrors } from './errors.ts'
import type { Identity } from './identity.ts'

/** Slow clients are cut: these bound how long a request may take to arrive, never how long its answer may stream. */
const timeouts = { headersTimeout: 15_000, requestTimeout: 120_000, keepAliveTimeout: 65_000 }

export interface HttpServer extends AsyncDisposable {
  readonly url: string
  /** No new connections; those that are idle are closed. */
  stopListening(): void
}

const belongsToGateway = (path: string) => path.startsWith('/v1/') || path === '/v1' || path === '/health' || path === '/ready'

/** The page calls models with its session cookie; the gateway knows keys only. */
function useSessionKey(request: IncomingMessage, identity: Identity): void {
  const header = (name: string) => {
    const value = request.headers[name]
    return Array.isArray(value) ? value.join(', ') : value
  }
  if (header('authorization') === undefined && header('x-api-key') === undefined) {
    const key = identity.sessionKey(header)
    if (key !== undefined) request.headers.authorization = `Bearer ${key}`
  }
  delete request.headers.cookie
}

function refuse(response: ServerResponse, error: unknown): void {
  const status = isBudError(error) ? error.status : 500
  const message = isBudError(error) ? error.message : 'something went wrong on our side'
  const code = isBudError(error) ? error.code : null
  response
    .writeHead(status, { 'content-type': 'application/json' })
    .end(JSON.stringify({ error: { message, type: 'invalid_request_error', param: null, code } }))
}

function listen(server: Server, host: string, port: number): Promise<number> {
  return new Promise((resolve, reject) => {
    server.once('error', (error: NodeJS.ErrnoException) => {
      reject(
        error.code === 'EADDRINUSE'
          ? serverErrors.PORT_TAKEN({ host, port }, { cause: error })
          : serverErrors.ADDRESS_UNUSABLE({ host, port, reason: error.message }, { cause: error }),
      )
    })
    server.listen(port, host, () => {
      const address = server.address()
      resolve(typeof address === 'object' && address !== null ? address.port : port)
    })
  })
}

export interface HttpServerParts {
  readonly host: string
  readonly port: number
  readonly gateway: Gateway
  readonly api: Hono
  readonly identity: Identity
  readonly logger: Logger
}

/** @throws SERVER_PORT_TAKEN, SERVER_ADDRESS_UNUSABLE */
export async function startHttpServer({ host, port, gateway, api, identity, logger }: HttpServerParts): Promise<HttpServer> {
  const apiListener = getRequestListener(api.fetch, { overrideGlobalObjects: false })
  const server = createServer(timeouts, (request, response) => {
    const path = (request.url ?? '/').split('?', 1)[0] ?? '/'
    if (!belongsToGateway(path)) {
      void apiListener(request, response)
      return
    }
    try {
      useSessionKey(request, identity)
    } catch (error) {
      refuse(response, error)
      return
    }
    gateway.handle(request, response)
  })
  server.on('clientError', (error, socket) => {
    logger.debug('a client spoke no HTTP', { error })
    if (socket.writable) socket.end('HTTP/1.1 400 Bad Request\r\nconnection: close\r\n\r\n')
  })
  const actualPort = await listen(server, host, port)
  const shownHost = host.includes(':') ? `[${host}]` : host
  return {
    url: `http://${shownHost === '0.0.0.0' ? '127.0.0.1' : shownHost}:${String(actualPort)}`,
    stopListening: () => {
      server.close()
      server.closeIdleConnections()
    },
    [Symbol.asyncDispose]: async () => {
      if (server.listening) server.close()
      server.closeAllConnections()
      await new Promise<void>((resolve) => {
        server.unref()
        resolve()
      })
    },
  }
}
