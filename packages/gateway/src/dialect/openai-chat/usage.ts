/** Token counts as OpenAI and its imitators spell them, read and written. */
import type { TokenUsage } from '@bud-foundry/core'
import { lastField } from '../json-body.ts'
import { asCount, asObject, frameJson, toBuffer } from '../sse-frame.ts'

type Json = Readonly<Record<string, unknown>>

const usageKey = Buffer.from('"usage"')
const tierKey = Buffer.from('"service_tier"')
const openBrace = 0x7b

/** Usage of an answer of embeddings, which write nothing. */
export const readEmbeddingUsage = (body: Uint8Array): TokenUsage | undefined =>
  toTokenUsage(asObject(lastField(body, 'usage')), { writes: false })

/** Usage in an event or a body; undefined when there is none, or none that can be. */
export function readOpenaiUsage(frameOrBody: Uint8Array): TokenUsage | undefined {
  const bytes = toBuffer(frameOrBody)
  // No unescaped `"usage"` means no such field; a text can only hold it with backslashes before its quotes.
  if (bytes.indexOf(usageKey) < 0) return undefined
  if (!isBody(bytes)) return usageOfChunk(frameJson(bytes))
  const tier = bytes.indexOf(tierKey) < 0 ? undefined : lastField(bytes, 'service_tier')
  return toTokenUsage(asObject(lastField(bytes, 'usage')), { serviceTier: tier })
}

/** A body starts with a brace, an event with a field name. */
function isBody(bytes: Uint8Array): boolean {
  for (const byte of bytes) {
    if (byte === openBrace) return true
    if (byte > 0x20) return false
  }
  return false
}

/** Usage of a parsed chunk: `usage`, or Groq's `x_groq.usage` (console.groq.com/docs/api-reference). */
export const usageOfChunk = (chunk: Json | undefined): TokenUsage | undefined =>
  toTokenUsage(asObject(chunk?.['usage']), { serviceTier: chunk?.['service_tier'] }) ??
  toTokenUsage(asObject(asObject(chunk?.['x_groq'])?.['usage']))

/**
 * OpenAI's `usage` object. Variants: DeepSeek `prompt_cache_hit_tokens`, Moonshot `cached_tokens`, SGLang `reasoning_tokens` beside the totals,
 * Anthropic's compatibility layers `cache_creation_input_tokens`, and xAI, whose completion tokens leave the reasoning tokens out (seen from the total).
 */
export function toTokenUsage(
  usage: Json | undefined,
  { serviceTier, writes = true }: { readonly serviceTier?: unknown; readonly writes?: boolean } = {},
): TokenUsage | undefined {
  if (usage === undefined) return undefined
  const input = asCount(usage['prompt_tokens'])
  const completion = asCount(usage['completion_tokens'])
  // Half a usage would charge nothing for the other half: the gateway counts all of it instead.
  if (input === undefined || (writes && completion === undefined)) return undefined
  const promptDetails = asObject(usage['prompt_tokens_details'])
  const completionDetails = asObject(usage['completion_tokens_details'])
  const reasoning = asCount(completionDetails?.['reasoning_tokens']) ?? asCount(usage['reasoning_tokens']) ?? 0
  const separate = reasoning > 0 && usage['total_tokens'] === input + (completion ?? 0) + reasoning
  const inputTokens = input
  const outputTokens = (completion ?? 0) + (separate ? reasoning : 0)
  const cached =
    asCount(promptDetails?.['cached_tokens']) ?? asCount(usage['prompt_cache_hit_tokens']) ?? asCount(usage['cached_tokens']) ?? 0
  const written = asCount(promptDetails?.['cache_write_tokens']) ?? asCount(usage['cache_creation_input_tokens']) ?? 0
  // Parts never exceed their whole, whatever an upstream says: costs are computed from the differences.
  const cachedInputTokens = Math.min(cached, inputTokens)
  return {
    inputTokens,
    cachedInputTokens,
    cacheWriteInputTokens: Math.min(written, inputTokens - cachedInputTokens),
    outputTokens,
    reasoningTokens: Math.min(reasoning, outputTokens),
    ...otherCounts(promptDetails, completionDetails),
    ...(typeof serviceTier === 'string' ? { serviceTier } : {}),
  }
}

/** Counts with a price of their own that few answers have: audio, and images where an imitator tells them. */
function otherCounts(prompt: Json | undefined, completion: Json | undefined): Partial<TokenUsage> {
  const counts: { -readonly [Name in 'audioInputTokens' | 'imageInputTokens' | 'audioOutputTokens' | 'imageOutputTokens']?: number } = {}
  const audioInput = asCount(prompt?.['audio_tokens'])
  const imageInput = asCount(prompt?.['image_tokens'])
  const audioOutput = asCount(completion?.['audio_tokens'])
  const imageOutput = asCount(completion?.['image_tokens'])
  if (audioInput !== undefined && audioInput > 0) counts.audioInputTokens = audioInput
  if (imageInput !== undefined && imageInput > 0) counts.imageInputTokens = imageInput
  if (audioOutput !== undefined && audioOutput > 0) counts.audioOutputTokens = audioOutput
  if (imageOutput !== undefined && imageOutput > 0) counts.imageOutputTokens = imageOutput
  return counts
}

/** `usage` as OpenAI writes it. */
export const fromTokenUsage = (usage: TokenUsage) => ({
  prompt_tokens: usage.inputTokens,
  completion_tokens: usage.outputTokens,
  total_tokens: usage.inputTokens + usage.outputTokens,
  prompt_tokens_details: { cached_tokens: usage.cachedInputTokens, cache_write_tokens: usage.cacheWriteInputTokens },
  completion_tokens_details: { reasoning_tokens: usage.reasoningTokens },
})
