/** Which headers pass through the gateway, compiled from the configuration once. */
import type { GatewayConfig } from '../config.ts'
import type { Exchange } from '../exchange/exchange.ts'

interface NameSet {
  readonly exact: ReadonlySet<string>
  readonly prefixes: readonly string[]
}

export interface HeaderPolicy {
  readonly toUpstream: NameSet
  readonly toCaller: NameSet
  readonly trustedProxies: number
  readonly sessionHeader: string
}

/** Never passed on, whatever the configuration says: identity, hops and framing belong to each connection. */
const neverToUpstream = new Set([
  'authorization',
  'x-api-key',
  'api-key',
  'cookie',
  'host',
  'connection',
  'content-length',
  'transfer-encoding',
  'expect',
  'upgrade',
  'te',
  'trailer',
  'keep-alive',
  'accept-encoding',
  'traceparent',
])
const neverToCaller = new Set([
  'set-cookie',
  'connection',
  'content-length',
  'transfer-encoding',
  'content-encoding',
  'keep-alive',
  'trailer',
  'upgrade',
  'x-request-id',
])

function compile(names: readonly string[], never: ReadonlySet<string>): NameSet {
  const lower = names.map((name) => name.toLowerCase())
  return {
    exact: new Set(lower.filter((name) => !name.endsWith('*') && !never.has(name))),
    prefixes: lower.filter((name) => name.endsWith('*')).map((name) => name.slice(0, -1)),
  }
}

export function compileHeaderPolicy(config: GatewayConfig['headers']): HeaderPolicy {
  return {
    toUpstream: compile(config.toUpstream, neverToUpstream),
    toCaller: compile(config.toCaller, neverToCaller),
    trustedProxies: config.trustedProxies,
    sessionHeader: config.session.toLowerCase(),
  }
}

const hasPrefix = (prefixes: readonly string[], name: string): boolean => prefixes.some((prefix) => name.startsWith(prefix))

/** Copies what passes from the caller's headers into those of an upstream request. */
export function forwardRequestHeaders(policy: HeaderPolicy, exchange: Exchange, headers: Record<string, string>): void {
  const { exact, prefixes } = policy.toUpstream
  for (const name of exact) {
    const value = exchange.header(name)
    if (value !== undefined) headers[name] = value
  }
  if (prefixes.length === 0) return
  for (const name of exchange.headerNames()) {
    if (neverToUpstream.has(name) || !hasPrefix(prefixes, name)) continue
    const value = exchange.header(name)
    if (value !== undefined) headers[name] = value
  }
}

type UpstreamHeaders = Readonly<Record<string, string | readonly string[] | undefined>>

/** Copies what passes from an upstream's headers into those of the answer. */
export function forwardResponseHeaders(
  policy: HeaderPolicy,
  from: UpstreamHeaders,
  headers: Record<string, string | readonly string[]>,
): void {
  const { exact, prefixes } = policy.toCaller
  for (const name in from) {
    if (!exact.has(name) && (!hasPrefix(prefixes, name) || neverToCaller.has(name))) continue
    const value = from[name]
    if (value !== undefined) headers[name] = value
  }
}

/** Some proxies write the port too: `203.0.113.5:1234`, `[2001:db8::1]:80`. */
const withoutPort = (hop: string): string => /^\[([^\]]+)\](?::\d+)?$/.exec(hop)?.[1] ?? /^([\d.]+):\d+$/.exec(hop)?.[1] ?? hop

/** The caller's address: from X-Forwarded-For as far as own proxies wrote it, else of the connection. */
export function clientAddress(policy: HeaderPolicy, exchange: Exchange): string | undefined {
  if (policy.trustedProxies === 0) return exchange.remoteAddress
  const hops = (exchange.header('x-forwarded-for') ?? '').split(',').map((hop) => hop.trim())
  const address = hops.at(-policy.trustedProxies) ?? hops[0]
  return address === undefined || address === '' ? exchange.remoteAddress : withoutPort(address)
}
