/** Paths and credentials of Anthropic's API. */
import type { CanonicalOperation, Target } from '@bud-foundry/core'
import { endpointUrls, joinUrl } from '../endpoint-url.ts'

/** The only version there has been since 2023 (platform.claude.com/docs/en/api/versioning). */
const apiVersion = '2023-06-01'

/** The base URL has no `/v1`, as in the official client's default `https://api.anthropic.com`; one that ends so is taken as it is. */
const anthropicUrl = endpointUrls((operation, target) => {
  const prefix = /\/v1\/*$/.test(target.baseUrl.pathname) ? '' : 'v1/'
  return joinUrl(target.baseUrl, `${prefix}messages${operation === 'count-tokens' ? '/count_tokens' : ''}`)
})

/** Where an operation goes. The option `auth: 'bearer'` sends the credential as an OAuth token; `beta` is sent as `anthropic-beta`. */
export function anthropicEndpoint(operation: CanonicalOperation, target: Target) {
  const headers: Record<string, string> = {
    'content-type': 'application/json',
    'anthropic-version': target.options['apiVersion'] ?? apiVersion,
  }
  if (target.credential !== undefined) {
    if (target.options['auth'] === 'bearer') headers['authorization'] = `Bearer ${target.credential.reveal()}`
    else headers['x-api-key'] = target.credential.reveal()
  }
  const beta = target.options['beta']
  if (beta !== undefined) headers['anthropic-beta'] = beta
  return { url: anthropicUrl(operation, target), headers }
}
