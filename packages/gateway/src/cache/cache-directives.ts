/** What a caller says about caching, in the words of HTTP (RFC 9111, request directives) or in `x-bud-cache`. */
import { cacheErrors } from './cache-errors.ts'

export interface CacheDirectives {
  /** Whether an answer from the cache will do. */
  readonly read: boolean
  /** Whether the answer may be kept. */
  readonly write: boolean
  /** Whether nothing but an answer from the cache will do. */
  readonly only: boolean
  /** Oldest answer that will do. */
  readonly maxAgeMs: number
}

const usual: CacheDirectives = { read: true, write: true, only: false, maxAgeMs: Number.POSITIVE_INFINITY }
const bypass: CacheDirectives = { ...usual, read: false, write: false }
const refresh: CacheDirectives = { ...usual, read: false }

function readCacheControl(header: string): CacheDirectives {
  let directives = usual
  for (const part of header.toLowerCase().split(',')) {
    const [name = '', value = ''] = part.trim().split('=', 2)
    if (name === 'no-store') return bypass
    if (name === 'no-cache') directives = { ...directives, read: false }
    else if (name === 'only-if-cached') directives = { ...directives, only: true }
    else if (name === 'max-age') {
      const seconds = /^"?(\d{1,9})"?$/.exec(value)?.[1]
      // A directive that cannot be read is taken at its safest, as RFC 9111 (5.2, 4.2.1) has it for stale answers.
      directives = { ...directives, maxAgeMs: seconds === undefined ? 0 : Number(seconds) * 1_000 }
    }
  }
  return directives
}

/** `x-bud-cache` wins over `cache-control`. Throws GATEWAY_CACHE_HEADER_INVALID. */
export function readCacheDirectives(header: (name: string) => string | undefined): CacheDirectives {
  const own = header('x-bud-cache')
  switch (own?.trim().toLowerCase()) {
    case undefined: {
      const control = header('cache-control')
      return control === undefined ? usual : readCacheControl(control)
    }
    case 'bypass':
      return bypass
    case 'refresh':
      return refresh
    case 'only':
      return { ...usual, only: true }
    default:
      throw cacheErrors.CACHE_HEADER_INVALID({ value: (own ?? '').slice(0, 40) })
  }
}
