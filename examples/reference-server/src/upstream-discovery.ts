/** Asks real providers which models they serve, so that a key in the environment is all that a user gives. */
import { createSecret, type Clock, type Logger, type Secret } from '@bud-foundry/core'
import { z } from 'zod'
import type { ServerEnvironment } from './env.ts'

const listTimeoutMs = 5_000
const modelsMax = 500

const listSchema = z.looseObject({ data: z.array(z.looseObject({ id: z.string().min(1) })) })

export interface Upstream {
  readonly id: string
  readonly providerId: 'openai' | 'anthropic' | 'openai-compatible'
  readonly baseUrl: URL
  readonly credential: Secret | undefined
}

/** The providers that the environment has keys for, in the order in which they are preferred. */
export function configuredUpstreams(environment: ServerEnvironment): readonly Upstream[] {
  const upstreams: Upstream[] = []
  if (environment.BUD_UPSTREAM_URL !== undefined) {
    upstreams.push({
      id: 'upstream',
      providerId: 'openai-compatible',
      baseUrl: new URL(environment.BUD_UPSTREAM_URL),
      credential: environment.BUD_UPSTREAM_API_KEY,
    })
  }
  if (environment.OPENAI_API_KEY !== undefined) {
    upstreams.push({
      id: 'openai',
      providerId: 'openai',
      baseUrl: new URL(environment.OPENAI_BASE_URL),
      credential: environment.OPENAI_API_KEY,
    })
  }
  if (environment.ANTHROPIC_API_KEY !== undefined) {
    upstreams.push({
      id: 'anthropic',
      providerId: 'anthropic',
      baseUrl: new URL(environment.ANTHROPIC_BASE_URL),
      credential: environment.ANTHROPIC_API_KEY,
    })
  }
  return upstreams
}

function listRequest({ providerId, baseUrl, credential }: Upstream): { url: string; headers: Record<string, string> } {
  const base = baseUrl.href.replace(/\/$/, '')
  const key = (credential ?? createSecret('')).reveal()
  if (providerId === 'anthropic') {
    const root = base.endsWith('/v1') ? base : `${base}/v1`
    // The version that Anthropic's API reference names for every call.
    return { url: `${root}/models?limit=1000`, headers: { 'x-api-key': key, 'anthropic-version': '2023-06-01' } }
  }
  return { url: `${base}/models`, headers: key === '' ? {} : { authorization: `Bearer ${key}` } }
}

/** The models of one upstream; empty, with a warning in the log, when it does not answer. */
export async function listModels(
  upstream: Upstream,
  parts: { readonly clock: Clock; readonly logger: Logger; readonly fetch: typeof fetch },
): Promise<readonly string[]> {
  const { url, headers } = listRequest(upstream)
  const abort = new AbortController()
  using _ = parts.clock.schedule(listTimeoutMs, () => {
    abort.abort()
  })
  try {
    const response = await parts.fetch(url, { headers, signal: abort.signal })
    if (!response.ok) {
      parts.logger.warn('an upstream did not list its models', { upstream: upstream.id, status: response.status })
      return []
    }
    return listSchema
      .parse(await response.json())
      .data.slice(0, modelsMax)
      .map(({ id }) => id)
  } catch (error) {
    parts.logger.warn('an upstream did not list its models', { upstream: upstream.id, error })
    return []
  }
}
