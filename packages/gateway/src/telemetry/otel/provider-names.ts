/** Names of operations and providers in OpenTelemetry's GenAI conventions. */
import type { RequestEvent } from '@bud-foundry/core'

/** Well-known values of `gen_ai.operation.name`; `count_tokens` and `list_models` have none and are custom, as the conventions allow. */
const operations: Readonly<Record<RequestEvent['operation'], string>> = {
  chat: 'chat',
  completion: 'text_completion',
  embedding: 'embeddings',
  'count-tokens': 'count_tokens',
  models: 'list_models',
}

/** Well-known values of `gen_ai.provider.name` whose spelling differs from the provider's id. */
const providers: Readonly<Record<string, string>> = {
  'azure-openai': 'azure.ai.openai',
  mistral: 'mistral_ai',
  xai: 'x_ai',
}

export const operationName = (operation: RequestEvent['operation']): string => operations[operation]

export const providerName = (providerId: string): string => providers[providerId] ?? providerId

/** `gen_ai.provider.name` of requests that reached no upstream. */
export const ownProviderName = 'bud'
