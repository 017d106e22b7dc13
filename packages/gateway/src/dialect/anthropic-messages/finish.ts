/** Why a model stopped, in Anthropic's words. */
import type { FinishReason } from '@bud-foundry/core'

const toCanonical: Readonly<Record<string, FinishReason>> = {
  end_turn: 'stop',
  max_tokens: 'length',
  model_context_window_exceeded: 'length',
  stop_sequence: 'stop-sequence',
  tool_use: 'tool-calls',
  pause_turn: 'pause',
  refusal: 'content-filter',
}

export const decodeStopReason = (reason: string): FinishReason => toCanonical[reason] ?? 'other'

const fromCanonical: Readonly<Record<FinishReason, string>> = {
  stop: 'end_turn',
  length: 'max_tokens',
  'stop-sequence': 'stop_sequence',
  'tool-calls': 'tool_use',
  pause: 'pause_turn',
  'content-filter': 'refusal',
  other: 'end_turn',
}

export const encodeStopReason = (reason: FinishReason): string => fromCanonical[reason]
