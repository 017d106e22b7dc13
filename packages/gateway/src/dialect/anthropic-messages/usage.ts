/** Token counts as Anthropic spells them: cached and written input stands beside `input_tokens`, not inside. */
import type { TokenUsage } from '@bud-foundry/core'
import { lastField } from '../json-body.ts'
import { asCount, asObject, frameJson, toBuffer } from '../sse-frame.ts'

type Json = Readonly<Record<string, unknown>>

const usageKey = Buffer.from('"usage"')

/** Usage in an event or a body, completed by `earlier` counts; undefined when there is none. */
export function readAnthropicUsage(frameOrBody: Uint8Array, earlier?: TokenUsage): TokenUsage | undefined {
  const bytes = toBuffer(frameOrBody)
  if (bytes.indexOf(usageKey) < 0) return undefined
  const event = bytes.indexOf('data:') >= 0 ? frameJson(bytes) : undefined
  if (event !== undefined) return usageOfEvent(event, earlier)
  const usage = asObject(lastField(bytes, 'usage'))
  // A whole answer tells both counts: half of them would charge nothing for the other half.
  return asCount(usage?.['input_tokens']) === undefined || asCount(usage?.['output_tokens']) === undefined
    ? undefined
    : toTokenUsage(usage, earlier)
}

/** Usage of a `message_start` or `message_delta` event. */
export const usageOfEvent = (event: Json, earlier?: TokenUsage): TokenUsage | undefined =>
  toTokenUsage(asObject(event['usage']) ?? asObject(asObject(event['message'])?.['usage']), earlier)

/** Anthropic's `usage` object; `message_delta` may leave the input counts out or send null, then `earlier` has them. */
export function toTokenUsage(usage: Json | undefined, earlier?: TokenUsage): TokenUsage | undefined {
  if (usage === undefined) return undefined
  const cached = asCount(usage['cache_read_input_tokens']) ?? earlier?.cachedInputTokens ?? 0
  const written = asCount(usage['cache_creation_input_tokens']) ?? earlier?.cacheWriteInputTokens ?? 0
  const earlierFresh = earlier === undefined ? 0 : earlier.inputTokens - earlier.cachedInputTokens - earlier.cacheWriteInputTokens
  const fresh = asCount(usage['input_tokens']) ?? earlierFresh
  const outputTokens = asCount(usage['output_tokens']) ?? earlier?.outputTokens ?? 0
  const write1h = asCount(asObject(usage['cache_creation'])?.['ephemeral_1h_input_tokens']) ?? earlier?.cacheWrite1hInputTokens
  const tier = typeof usage['service_tier'] === 'string' ? usage['service_tier'] : earlier?.serviceTier
  const thinking = asCount(asObject(usage['output_tokens_details'])?.['thinking_tokens']) ?? earlier?.reasoningTokens ?? 0
  return {
    inputTokens: fresh + cached + written,
    cachedInputTokens: cached,
    cacheWriteInputTokens: written,
    outputTokens,
    reasoningTokens: Math.min(thinking, outputTokens),
    ...(write1h === undefined || write1h === 0 ? {} : { cacheWrite1hInputTokens: write1h }),
    ...(tier === undefined ? {} : { serviceTier: tier }),
  }
}

/** `usage` as Anthropic writes it. */
export const fromTokenUsage = (usage: TokenUsage) => ({
  input_tokens: Math.max(0, usage.inputTokens - usage.cachedInputTokens - usage.cacheWriteInputTokens),
  cache_creation_input_tokens: usage.cacheWriteInputTokens,
  cache_read_input_tokens: usage.cachedInputTokens,
  output_tokens: usage.outputTokens,
  output_tokens_details: { thinking_tokens: usage.reasoningTokens },
})
