/** Paths and credentials of OpenAI's API and of those who imitate it. */
import type { CanonicalOperation, Target } from '@bud-foundry/core'
import { endpointUrls, joinUrl } from './endpoint-url.ts'

/** Below the base URL, which ends in `/v1` or its like (platform.openai.com/docs/api-reference). */
export const openaiPaths: Readonly<Record<CanonicalOperation, string>> = {
  chat: 'chat/completions',
  completion: 'completions',
  embedding: 'embeddings',
  // There is no such call; counts are estimated without one.
  'count-tokens': 'chat/completions',
}

const openaiUrl = endpointUrls((operation, target) => joinUrl(target.baseUrl, openaiPaths[operation]))

/** Where an operation goes. `organization` and `project` of the target's options become OpenAI's headers. */
export function openaiEndpoint(operation: CanonicalOperation, target: Target) {
  const headers: Record<string, string> = { 'content-type': 'application/json' }
  if (target.credential !== undefined) headers['authorization'] = `Bearer ${target.credential.reveal()}`
  const { organization, project } = target.options
  if (organization !== undefined) headers['openai-organization'] = organization
  if (project !== undefined) headers['openai-project'] = project
  return { url: openaiUrl(operation, target), headers }
}
