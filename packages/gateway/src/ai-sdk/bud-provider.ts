/** Subpath ./ai-sdk: a provider for Vercel's AI SDK that asks a gateway, in this process or elsewhere. */
import { createOpenAICompatible, type OpenAICompatibleProvider } from '@ai-sdk/openai-compatible'
import type { Secret } from '@bud-foundry/core'

/** How `createBudProvider` reaches the gateway: one of `gateway` and `baseURL`. */
export type BudProviderOptions = {
  /** A virtual key; needed unless the gateway runs with `auth: { kind: 'none' }`. */
  readonly apiKey?: string | Secret | undefined
  /** Sent with every request, a session id for instance. */
  readonly headers?: Readonly<Record<string, string>> | undefined
} & (
  | {
      /** The gateway itself: no socket is opened. */
      readonly gateway: { readonly fetch: (input: Request | URL | string, init?: RequestInit) => Promise<Response> }
      readonly baseURL?: undefined
    }
  | {
      /** The address of its OpenAI door, with /v1. */
      readonly baseURL: string
      readonly gateway?: undefined
    }
)

// Only the path matters: no socket is opened.
const inProcessBaseUrl = 'http://gateway.invalid/v1'

/**
 * A provider whose models are the gateway's: `streamText({ model: bud('my-model'), … })`, `embed({ model: bud.embeddingModel('my-embedder'), … })`.
 * Provider options go under the name `bud`. Needs the optional peer `@ai-sdk/openai-compatible`.
 */
export function createBudProvider({ apiKey, headers, gateway, baseURL }: BudProviderOptions): OpenAICompatibleProvider {
  return createOpenAICompatible({
    name: 'bud',
    baseURL: baseURL ?? inProcessBaseUrl,
    // The gateway answers both in every stream and for every upstream, so the SDK need not do without.
    includeUsage: true,
    supportsStructuredOutputs: true,
    ...(apiKey === undefined ? {} : { apiKey: typeof apiKey === 'string' ? apiKey : apiKey.reveal() }),
    ...(headers === undefined ? {} : { headers: { ...headers } }),
    ...(gateway === undefined ? {} : { fetch: gateway.fetch }),
  })
}
