/** Which of OpenAI's models reason, by name. */
import type { Target } from '@bud-foundry/core'
import { openaiQuirks, type OpenaiQuirks } from '../dialect/openai-chat/quirks.ts'
import { providerErrors } from './provider-errors.ts'

/** o-series and GPT-5 on, without their chat variants (platform.openai.com/docs/guides/reasoning, /docs/models). */
const reasons = (modelId: string) => /^(o\d|gpt-([5-9]|\d\d)|codex|gpt-oss)/.test(modelId) && !/-chat(-|$)/.test(modelId)

/**
 * OpenAI's quirks for a target. The option `reasoning` (`effort` or `none`) overrides what the name says, for deployments with names of their own.
 * Throws GATEWAY_TARGET_OPTION_INVALID.
 */
export function openaiModelQuirks(target: Target): OpenaiQuirks {
  const option = target.options['reasoning']
  if (option !== undefined && option !== 'effort' && option !== 'none') {
    throw providerErrors.TARGET_OPTION_INVALID({ targetId: target.id, option: 'reasoning', value: option, allowed: "'effort' or 'none'" })
  }
  const withEffort = option === undefined ? reasons(target.modelId) : option === 'effort'
  return withEffort ? openaiQuirks : { ...openaiQuirks, reasoning: 'none' }
}
