/** Canonical answer -> Anthropic answer. */
import type { CanonicalPart, CanonicalRequest, CanonicalResponse } from '@bud-foundry/core'
import { toAnthropicId } from '../answer-id.ts'
import { encodeJson } from '../sse-frame.ts'
import { estimateInputTokens } from '../token-estimate.ts'
import { encodeCitation } from './citation.ts'
import { toolInput } from './encode-messages.ts'
import { encodeStopReason } from './finish.ts'
import { fromTokenUsage } from './usage.ts'

type Json = Record<string, unknown>

/** The tier of an answer: `standard`, `priority` or `batch` there. */
export const toAnthropicTier = (tier: string): string => (tier === 'priority' || tier === 'batch' ? tier : 'standard')

function encodePart(part: CanonicalPart): Json | undefined {
  switch (part.kind) {
    case 'text':
      return { type: 'text', text: part.text, citations: part.citations === undefined ? null : part.citations.map(encodeCitation) }
    case 'refusal':
      return { type: 'text', text: part.text, citations: null }
    case 'thinking':
      // The member is required; thinking of other models has no signature, and an empty one is not accepted back by them either.
      return { type: 'thinking', thinking: part.text, signature: part.signature ?? '' }
    case 'redacted-thinking':
      return { type: 'redacted_thinking', data: part.data }
    case 'tool-call':
      // Malformed arguments stay visible under a name of their own.
      return { type: 'tool_use', id: part.id, name: part.name, input: toolInput(part.argumentsJson, () => undefined) }
    case 'other':
      return { ...part.value }
    case 'image':
    case 'file':
    case 'audio':
    case 'tool-result':
      // No upstream answers with these in a chat.
      return undefined
  }
}

export function encodeAnthropicResponse(response: CanonicalResponse, request: CanonicalRequest): Uint8Array {
  const estimated = response.usageEstimated === true ? { estimated: true } : {}
  if (request.operation === 'count-tokens')
    return encodeJson({ input_tokens: response.usage?.inputTokens ?? estimateInputTokens(request), ...estimated })
  const [choice] = response.choices
  const usage = response.usage ?? {
    inputTokens: estimateInputTokens(request),
    cachedInputTokens: 0,
    cacheWriteInputTokens: 0,
    outputTokens: 0,
    reasoningTokens: 0,
  }
  return encodeJson({
    id: toAnthropicId(response.id),
    type: 'message',
    role: 'assistant',
    model: response.model,
    content: (choice?.parts ?? []).map(encodePart).filter((block) => block !== undefined),
    stop_reason: encodeStopReason(choice?.finish ?? 'stop'),
    stop_sequence: choice?.stopSequence ?? null,
    stop_details: null,
    container: null,
    usage: {
      ...fromTokenUsage(usage),
      ...(response.serviceTier === undefined ? {} : { service_tier: toAnthropicTier(response.serviceTier) }),
      ...(response.usage === undefined ? { estimated: true } : estimated),
    },
  })
}
