/** Makes the connections to one upstream origin: directly or through a proxy, with the authorities and certificates of that origin. */
import { createSecureContext, type SecureContext } from 'node:tls'
import type { Dispatcher } from 'undici'
import { undici } from './undici-module.ts'

/** What undici's own connect timeout is set to: the backstop behind the per-call one. */
const connectBackstopMs = 60_000

/** TLS towards upstreams, all as PEM text. */
export interface UpstreamTls {
  /** Certificate authorities to trust instead of the system's. */
  readonly ca?: string | readonly string[] | undefined
  /** Client certificate, with its chain, and its key; shown to servers that ask for one. */
  readonly cert?: string | undefined
  readonly key?: string | undefined
  readonly passphrase?: string | undefined
  /** False trusts any certificate; for tests only. */
  readonly rejectUnauthorized?: boolean | undefined
}

/** An HTTP proxy towards upstreams. URLs may hold a user and password; the environment is never read. */
export interface UpstreamProxy {
  /** Proxy for `http:` upstreams, e.g. `http://proxy.example:3128`. */
  readonly http?: string | undefined
  /** Proxy for `https:` upstreams, which are reached through a CONNECT tunnel; default: that for `http:`. */
  readonly https?: string | undefined
  /** Hosts that are reached directly: names, `.suffixes`, `host:port`, or `*` for all. */
  readonly except?: readonly string[] | undefined
  /** Authorities, and a client certificate, for a proxy that is itself reached over TLS. */
  readonly tls?: UpstreamTls | undefined
}

/** What holds for upstreams in general, or for one origin. */
export interface OriginOptions {
  readonly tls?: UpstreamTls | undefined
  /** `none` goes directly where the general setting has a proxy. */
  readonly proxy?: UpstreamProxy | 'none' | undefined
}

export interface PoolOptions {
  /** Null: as many as there are concurrent calls. */
  readonly connections: number | null
  readonly keepAliveMs: number
}

interface TlsConnect {
  readonly secureContext?: SecureContext
  readonly rejectUnauthorized?: boolean
}

/** One context for all connections: reading a bundle of authorities anew for each would cost milliseconds per connection. */
function connectOptionsOf(tls: UpstreamTls | undefined): TlsConnect {
  if (tls === undefined) return {}
  const { ca, cert, key, passphrase, rejectUnauthorized } = tls
  const hasOwnFiles = ca !== undefined || cert !== undefined || key !== undefined
  const context = {
    ...(ca === undefined ? {} : { ca: typeof ca === 'string' ? ca : [...ca] }),
    ...(cert === undefined ? {} : { cert }),
    ...(key === undefined ? {} : { key }),
    ...(passphrase === undefined ? {} : { passphrase }),
  }
  return {
    ...(hasOwnFiles ? { secureContext: createSecureContext(context) } : {}),
    ...(rejectUnauthorized === undefined ? {} : { rejectUnauthorized }),
  }
}

function viaProxy(proxy: UpstreamProxy, requestTls: TlsConnect, pool: PoolOptions): Dispatcher {
  const { EnvHttpProxyAgent } = undici()
  return new EnvHttpProxyAgent({
    // Empty texts, because undici would look into the environment for what is absent.
    httpProxy: proxy.http ?? '',
    httpsProxy: proxy.https ?? proxy.http ?? '',
    noProxy: (proxy.except ?? []).join(','),
    connections: pool.connections,
    keepAliveTimeout: pool.keepAliveMs,
    allowH2: false,
    connectTimeout: connectBackstopMs,
    connect: { timeout: connectBackstopMs, ...requestTls },
    requestTls: { timeout: connectBackstopMs, ...requestTls },
    proxyTls: { timeout: connectBackstopMs, ...connectOptionsOf(proxy.tls) },
  })
}

/** @throws Node's or undici's error when PEM text or a proxy's URL cannot be read. */
export function createOriginDispatcher(origin: string, options: OriginOptions, pool: PoolOptions): Dispatcher {
  const tls = connectOptionsOf(options.tls)
  const { proxy } = options
  if (proxy !== undefined && proxy !== 'none' && (proxy.http ?? proxy.https) !== undefined) return viaProxy(proxy, tls, pool)
  const { Pool } = undici()
  return new Pool(origin, {
    connections: pool.connections,
    allowH2: false,
    keepAliveTimeout: pool.keepAliveMs,
    connect: { timeout: connectBackstopMs, ...tls },
  })
}
