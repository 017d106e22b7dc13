/** Cross-origin access, where the configuration allows it. */
import type { CorsConfig } from '../config.ts'
import type { Exchange } from '../exchange/exchange.ts'

const noBytes = new Uint8Array(0)

/** Sets the headers of the answer; true when the request was a preflight and is answered. */
export function applyCors(cors: CorsConfig, exchange: Exchange, methods: string): boolean {
  const origin = exchange.header('origin')
  if (origin === undefined) return false
  const allowed = cors.origins.includes('*') || cors.origins.includes(origin)
  exchange.setHeader('vary', 'origin')
  const isPreflight = exchange.method === 'OPTIONS' && exchange.header('access-control-request-method') !== undefined
  if (allowed) {
    exchange.setHeader('access-control-allow-origin', cors.origins.includes('*') && !cors.credentials ? '*' : origin)
    if (cors.credentials) exchange.setHeader('access-control-allow-credentials', 'true')
    if (!isPreflight && cors.exposedHeaders.length > 0) exchange.setHeader('access-control-expose-headers', cors.exposedHeaders.join(', '))
  }
  if (!isPreflight) return false
  const headers: Record<string, string> = allowed
    ? {
        'access-control-allow-methods': methods,
        'access-control-allow-headers': cors.headers.includes('*')
          ? (exchange.header('access-control-request-headers') ?? '')
          : cors.headers.join(', '),
        'access-control-max-age': String(cors.maxAgeSeconds),
      }
    : {}
  exchange.respond(204, headers, noBytes)
  return true
}
