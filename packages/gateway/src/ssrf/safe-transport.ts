/** A Transport for URLs that tenants or callers chose: webhooks, guardrail services, images. */
import type { Clock, Transport } from '@bud-foundry/core'
import { undici } from '../transport/undici-module.ts'
import { createUndiciTransport } from '../transport/undici-transport.ts'
import { createAddressPolicy } from './address-policy.ts'
import { createSafeConnector, resolveBySystem, type ResolveHost } from './safe-connector.ts'
import { ssrfErrors } from './ssrf-errors.ts'
import { ssrfLimits } from './ssrf-limits.ts'

export interface SafeTransportOptions {
  /** Called although not public: addresses (`10.1.2.3`), networks (`10.1.0.0/16`), names (`guard.internal`) or suffixes (`*.internal`). */
  readonly allow?: readonly string[] | undefined
  /** Default: the system's resolver. */
  readonly resolve?: ResolveHost | undefined
  readonly clock?: Clock | undefined
}

const nothing = { resume: () => undefined, abort: () => undefined }

/** A URL as an error shows it: only where it leads to. Users, passwords, queries and, of webhooks, paths hold secrets. */
export function shownUrl({ protocol, host, pathname, search }: URL): string {
  return `${protocol}//${host}${pathname === '/' && search === '' ? '/' : '/…'}`.slice(0, ssrfLimits.shownUrlLength)
}

/** Why a URL is not called whatever it leads to. */
export function urlProblem(url: URL): string | undefined {
  if (url.protocol !== 'http:' && url.protocol !== 'https:') return 'protocol'
  return url.username !== '' || url.password !== '' ? 'credentials' : undefined
}

/**
 * Calls public addresses and those in `allow`, nothing else: private, loopback, link-local (metadata services), shared (CGNAT), mapped and
 * translated ones fail with GATEWAY_URL_REFUSED. The check is part of connecting, so a name that changes its address between two questions gains nothing.
 * It follows no redirects; `createSafeFetcher` does.
 */
export function createSafeTransport(options: SafeTransportOptions = {}): Transport {
  const policy = createAddressPolicy(options.allow ?? [])
  const resolve = options.resolve ?? resolveBySystem
  const transport = createUndiciTransport({
    clock: options.clock,
    dispatcher: (origin) => {
      // The transport has loaded undici by now.
      const { Pool, buildConnector } = undici()
      return new Pool(origin, {
        connections: ssrfLimits.connectionsPerOrigin,
        keepAliveTimeout: ssrfLimits.keepAliveMs,
        allowH2: false,
        connect: createSafeConnector(buildConnector, policy, resolve),
      })
    },
  })
  return {
    contract: 'transport/1',
    dispatch: (request, handlers, signal, timeouts) => {
      const reason = urlProblem(request.url)
      if (reason === undefined) return transport.dispatch(request, handlers, signal, timeouts)
      queueMicrotask(() => {
        handlers.onError(ssrfErrors.URL_REFUSED({ url: shownUrl(request.url), reason }))
      })
      return nothing
    },
    [Symbol.asyncDispose]: () => transport[Symbol.asyncDispose](),
  }
}
