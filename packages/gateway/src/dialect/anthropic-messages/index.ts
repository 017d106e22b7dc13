/** The anthropic-messages dialect. */
import type { Dialect } from '@bud-foundry/core'
import { classifyAnthropicFrame } from './classify.ts'
import { encodeAnthropicError } from './error.ts'
import { readAnthropicHead, spliceAnthropic } from './head.ts'
import { readAnthropicUsage } from './usage.ts'
import { untranslated } from '../untranslated.ts'

export const anthropicMessages: Dialect = {
  contract: 'dialect/1',
  id: 'anthropic-messages',
  readHead: readAnthropicHead,
  splice: spliceAnthropic,
  classify: classifyAnthropicFrame,
  usage: readAnthropicUsage,
  encodeError: encodeAnthropicError,
  decodeRequest: untranslated('anthropic-messages'),
  encodeResponse: untranslated('anthropic-messages'),
  streamEncoder: untranslated('anthropic-messages'),
}
