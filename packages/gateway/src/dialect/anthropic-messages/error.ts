/** Errors as Anthropic's API words them. */
import type { BudError } from '@bud-foundry/core'
import { asObject, asString, encodeJson, eventFrame } from '../sse-frame.ts'

/** `error.type` by status (platform.claude.com/docs/en/api/errors). */
const typeByStatus: Readonly<Record<number, string>> = {
  400: 'invalid_request_error',
  401: 'authentication_error',
  402: 'billing_error',
  403: 'permission_error',
  404: 'not_found_error',
  413: 'request_too_large',
  429: 'rate_limit_error',
  503: 'overloaded_error',
  504: 'timeout_error',
  529: 'overloaded_error',
}
const knownTypes: ReadonlySet<string> = new Set([...Object.values(typeByStatus), 'api_error'])

/** An upstream's type where it is one of Anthropic's, else `fallback`. */
export const anthropicErrorType = (upstreamType: string | undefined, fallback: string): string =>
  upstreamType !== undefined && knownTypes.has(upstreamType) ? upstreamType : fallback

/** The error as a body, or as the `error` event that ends a broken stream. */
export function encodeAnthropicError(error: BudError, streaming: boolean): Uint8Array {
  // What an upstream says about the gateway's own credential or about itself is not about the caller's request.
  const upstreamType = error.status < 500 ? asString(asObject(error.details)?.['upstreamType']) : undefined
  const fallback = typeByStatus[error.status] ?? (error.status < 500 ? 'invalid_request_error' : 'api_error')
  const body = { type: 'error', error: { type: anthropicErrorType(upstreamType, fallback), message: error.message } }
  return streaming ? eventFrame('error', body) : encodeJson(body)
}
