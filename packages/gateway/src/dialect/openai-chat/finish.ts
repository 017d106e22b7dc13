/** Why a model stopped, in OpenAI's words. */
import type { FinishReason } from '@bud-foundry/core'

const toCanonical: Readonly<Record<string, FinishReason>> = {
  stop: 'stop',
  length: 'length',
  tool_calls: 'tool-calls',
  function_call: 'tool-calls',
  content_filter: 'content-filter',
  // TGI (huggingface.co/docs/text-generation-inference), Mistral (docs.mistral.ai/api).
  eos_token: 'stop',
  stop_sequence: 'stop-sequence',
  model_length: 'length',
}

/** `stopReason` is vLLM's member beside it: the stop string that matched (docs.vllm.ai, OpenAI-compatible server). */
export function decodeFinish(reason: string, stopReason: unknown): { readonly reason: FinishReason; readonly stopSequence?: string } {
  if (reason === 'stop' && typeof stopReason === 'string') return { reason: 'stop-sequence', stopSequence: stopReason }
  return { reason: toCanonical[reason] ?? 'other' }
}

const fromCanonical: Readonly<Record<FinishReason, string>> = {
  stop: 'stop',
  length: 'length',
  'tool-calls': 'tool_calls',
  'content-filter': 'content_filter',
  'stop-sequence': 'stop',
  pause: 'stop',
  other: 'stop',
}

/** The members of a choice that say why it ended; what OpenAI has no word for stands in extension members. */
export const encodeFinish = (reason: FinishReason, stopSequence: string | undefined) => ({
  finish_reason: fromCanonical[reason],
  ...(stopSequence === undefined ? {} : { stop_reason: stopSequence }),
  ...(reason === 'pause' ? { native_finish_reason: 'pause_turn' } : {}),
})
