/** Paths and credentials of Azure OpenAI. */
import type { CanonicalOperation, Target } from '@bud-foundry/core'
import { endpointUrls, joinUrl } from '../endpoint-url.ts'
import { openaiPaths } from '../openai-endpoint.ts'
import { providerErrors } from '../provider-errors.ts'

/**
 * The base URL is the resource, `https://NAME.openai.azure.com`. Without `apiVersion` (or with `v1`) the v1 API is used, where the deployment stands in the
 * body; with a dated version the deployment stands in the path (learn.microsoft.com/azure/ai-foundry/openai/api-version-lifecycle).
 */
const azureUrl = endpointUrls((operation, target) => {
  const version = target.options['apiVersion'] ?? 'v1'
  if (version === 'v1') return joinUrl(target.baseUrl, `openai/v1/${openaiPaths[operation]}`)
  if (!/^\d{4}-\d{2}-\d{2}(-preview)?$/.test(version)) {
    throw providerErrors.TARGET_OPTION_INVALID({
      targetId: target.id,
      option: 'apiVersion',
      value: version,
      allowed: "'v1' or a date such as '2024-10-21'",
    })
  }
  const url = joinUrl(target.baseUrl, `openai/deployments/${encodeURIComponent(target.modelId)}/${openaiPaths[operation]}`)
  url.searchParams.set('api-version', version)
  return url
})

/** Where an operation goes. The option `auth: 'bearer'` sends the credential as an Entra ID token instead of an API key. */
export function azureEndpoint(operation: CanonicalOperation, target: Target) {
  const headers: Record<string, string> = { 'content-type': 'application/json' }
  if (target.credential !== undefined) {
    if (target.options['auth'] === 'bearer') headers['authorization'] = `Bearer ${target.credential.reveal()}`
    else headers['api-key'] = target.credential.reveal()
  }
  return { url: azureUrl(operation, target), headers }
}
