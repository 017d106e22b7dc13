/** Fetching URLs that somebody else chose, without reaching inside: transport and fetcher. */
export { createSafeFetcher, type SafeAnswer, type SafeFetcher, type SafeFetcherOptions, type SafeRequest } from './safe-fetcher.ts'
export { createSafeTransport, type SafeTransportOptions } from './safe-transport.ts'
export type { ResolveHost } from './safe-connector.ts'
export { ssrfErrors } from './ssrf-errors.ts'
