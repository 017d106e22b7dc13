/** Canonical answer -> OpenAI chat answer. */
import type { CanonicalPart, CanonicalResponse } from '@bud-foundry/core'
import { toOpenaiId } from '../answer-id.ts'
import { encodeJson } from '../sse-frame.ts'
import { encodeFinish } from './finish.ts'
import { toAnnotation, toThinkingBlock } from './message-parts.ts'
import { fromTokenUsage } from './usage.ts'

/** Service tiers that OpenAI's specification lists; Anthropic's `standard` is its `default`. */
export const toOpenaiTier = (tier: string): string | undefined =>
  tier === 'standard' ? 'default' : ['auto', 'default', 'flex', 'scale', 'priority', 'fast'].includes(tier) ? tier : undefined

/** Members that OpenAI's specification lacks: reasoning_content, thinking_blocks (with signatures) and other_blocks (of another dialect). */
function encodeMessage(parts: readonly CanonicalPart[]) {
  const texts = parts.filter((part) => part.kind === 'text')
  const thinking = parts.filter((part) => part.kind === 'thinking' || part.kind === 'redacted-thinking')
  const reasoning = thinking.map((part) => (part.kind === 'thinking' ? part.text : '')).join('')
  const calls = parts.filter((part) => part.kind === 'tool-call')
  const refusals = parts.filter((part) => part.kind === 'refusal')
  const others = parts.filter((part) => part.kind === 'other')
  let end = 0
  const annotations = texts.flatMap((part) => {
    const start = end
    end += part.text.length
    return (part.citations ?? []).map((citation) => toAnnotation(citation, start, start + part.text.length))
  })
  return {
    role: 'assistant',
    content: texts.length === 0 ? null : texts.map((part) => part.text).join(''),
    refusal: refusals.length === 0 ? null : refusals.map((part) => part.text).join(''),
    ...(reasoning === '' ? {} : { reasoning_content: reasoning }),
    ...(thinking.some((part) => part.kind === 'redacted-thinking' || part.signature !== undefined)
      ? { thinking_blocks: thinking.map(toThinkingBlock) }
      : {}),
    ...(annotations.length === 0 ? {} : { annotations }),
    ...(others.length === 0 ? {} : { other_blocks: others.map((part) => part.value) }),
    ...(calls.length === 0
      ? {}
      : {
          tool_calls: calls.map((call) => ({
            id: call.id,
            type: 'function',
            function: { name: call.name, arguments: call.argumentsJson === '' ? '{}' : call.argumentsJson },
          })),
        }),
  }
}

export function encodeOpenaiResponse(response: CanonicalResponse): Uint8Array {
  const tier = response.serviceTier === undefined ? undefined : toOpenaiTier(response.serviceTier)
  return encodeJson({
    id: toOpenaiId(response.id),
    object: 'chat.completion',
    created: response.createdUnixSeconds,
    model: response.model,
    choices: response.choices.map((choice, index) => ({
      index,
      message: encodeMessage(choice.parts),
      logprobs: null,
      ...encodeFinish(choice.finish, choice.stopSequence),
    })),
    ...(response.usage === undefined
      ? {}
      : { usage: { ...fromTokenUsage(response.usage), ...(response.usageEstimated === true ? { estimated: true } : {}) } }),
    ...(tier === undefined ? {} : { service_tier: tier }),
  })
}
