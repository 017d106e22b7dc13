/** A gateway with authentication on in front of one scripted upstream, reached through either door. */
import { startGateway, type TestGateway } from '../support/gateway.ts'
import { startUpstream, type Upstream } from '../support/upstream.ts'
import { anthropicEngine } from './anthropic-engine.ts'
import { openaiEngine } from './openai-engine.ts'

export const upstreams = ['openai', 'anthropic'] as const
export const doors = ['http', 'in process'] as const
export type UpstreamName = (typeof upstreams)[number]
export type DoorName = (typeof doors)[number]

/** Every upstream behind every door, for `describe.each`. */
export const combinations = upstreams.flatMap((upstream) => doors.map((door) => ({ upstream, door })))

export interface Stack extends TestGateway {
  readonly upstream: Upstream
  /** The gateway's address without /v1. */
  readonly origin: string
  /** What the client must fetch with; undefined for its own. */
  readonly fetch: typeof globalThis.fetch | undefined
}

const targets = {
  // An engine that thinks: vLLM's dialect takes earlier thinking back.
  openai: { provider: 'vllm', model: 'upstream-m', credential: 'engine-secret' },
  anthropic: { provider: 'anthropic', model: 'claude-sonnet-4-5', credential: 'sk-ant-secret' },
} as const

export async function startStack({ upstream: name, door }: { readonly upstream: UpstreamName; readonly door: DoorName }): Promise<Stack> {
  const upstream = await startUpstream(name === 'openai' ? openaiEngine : anthropicEngine)
  const baseUrl = name === 'openai' ? upstream.baseUrl : upstream.url
  const test = await startGateway({ models: { m: { targets: [{ id: 'a', baseUrl, ...targets[name] }], retry: { attempts: 1 } } } })
  return {
    ...test,
    upstream,
    origin: door === 'http' ? test.listener.url : 'http://gateway.invalid',
    fetch: door === 'http' ? undefined : test.gateway.fetch,
    [Symbol.asyncDispose]: async () => {
      await test[Symbol.asyncDispose]()
      await upstream[Symbol.asyncDispose]()
    },
  }
}

/** A PNG of one pixel. */
export const pixelBase64 = 'iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg=='
export const pixelWords = 'image/png of 70 bytes'

export const weatherSchema = {
  type: 'object',
  properties: { city: { type: 'string' }, celsius: { type: 'number' } },
  required: ['city', 'celsius'],
  additionalProperties: false,
} as const

/** The tools of the script, by name; each answers from its arguments. */
export const toolResults = {
  get_weather: ({ city }: { readonly city: string }) => (city === 'Paris' ? '21' : '25'),
  mean: ({ values }: { readonly values: readonly string[] }) =>
    String(values.map(Number).reduce((sum, value) => sum + value, 0) / values.length),
} as const

export function callTool(name: string, argumentsOfCall: unknown): string {
  // The script calls its tools with these arguments only.
  if (name === 'get_weather') return toolResults.get_weather(argumentsOfCall as { city: string })
  return toolResults.mean(argumentsOfCall as { values: string[] })
}

/** What the script says once it has all results. */
export const toolWords = 'get_weather said 21, get_weather said 25, mean said 23.'
