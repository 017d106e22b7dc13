/** Errors as OpenAI's API words them. */
import type { BudError } from '@bud-foundry/core'
import { asObject, asString, dataFrame, encodeJson } from '../sse-frame.ts'

/** `error.type` by status, as the official clients and OpenAI's error guide (platform.openai.com/docs/guides/error-codes) name them. */
function typeOf(status: number): string {
  if (status === 401) return 'authentication_error'
  if (status === 403) return 'permission_error'
  if (status === 404) return 'not_found_error'
  if (status === 429) return 'rate_limit_error'
  return status < 500 ? 'invalid_request_error' : 'server_error'
}

/** The error as a body, or as the event that ends a broken stream (without `[DONE]`: it did not end well). */
export function encodeOpenaiError(error: BudError, streaming: boolean): Uint8Array {
  // What an upstream says about the gateway's own credential or about itself is not about the caller's request.
  const details = error.status < 500 ? asObject(error.details) : undefined
  const body = {
    error: {
      message: error.message,
      type: asString(details?.['upstreamType']) ?? typeOf(error.status),
      param: asString(details?.['param']) ?? asString(details?.['field']) ?? null,
      code: asString(details?.['upstreamCode']) ?? error.code.replace(/^GATEWAY_/, '').toLowerCase(),
    },
  }
  return streaming ? dataFrame(body) : encodeJson(body)
}
